//! Signed transactions: Ethereum's envelopes, their form, and who sent them. `docs/coin-format.md`, section 6.

use alloy_consensus::crypto::secp256k1::recover_signer_unchecked;
use alloy_consensus::{Transaction as _, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256, uint};

use super::broken::{Broken, Fault};
use super::execution::intrinsic_gas;
use super::parameters::{Parameters, Spec};

/// Half the order of the group; a signature with a greater `s` is another form of one with a smaller.
const HALF_ORDER: U256 =
    uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);
/// EIP-7825: what one transaction may use.
pub const GAS_CAP: u64 = 1 << 24;
/// EIP-3860: bytes of init code.
pub const INIT_CODE_BYTES: usize = 49_152;

/// What stands in the place of a signature where a transaction is sent in the name of an account without its key; only on networks for development.
/// `docs/coin-format.md`, section 10.
pub fn impersonation(sender: Address) -> Signature {
    Signature::new(U256::from_be_slice(sender.as_slice()), U256::ONE, false)
}

/// In whose name the envelope is sent without a key, if it is.
fn impersonated(signature: &Signature, parameters: &Parameters) -> Option<Address> {
    let bytes = signature.r().to_be_bytes::<32>();
    let sender = Address::from_slice(bytes.last_chunk::<20>()?);
    (parameters.is_dev() && *signature == impersonation(sender)).then_some(sender)
}

/// An envelope whose form holds; nobody has looked at the signature yet.
#[derive(Debug, Clone)]
pub struct Unsigned {
    bytes: Bytes,
    hash: B256,
    envelope: TxEnvelope,
    impersonated: Option<Address>,
}

/// A transaction whose form and signature hold.
#[derive(Debug, Clone)]
pub struct Transaction {
    bytes: Bytes,
    hash: B256,
    sender: Address,
    envelope: TxEnvelope,
    is_impersonated: bool,
}

impl Unsigned {
    /// Reads an envelope and checks its form.
    ///
    /// # Errors
    /// The first rule of the form that does not hold.
    pub fn decode(bytes: Bytes, parameters: &Parameters, spec: Spec) -> Result<Self, Broken> {
        match bytes.first() {
            Some(0x01 | 0x02 | 0xc0..) => {}
            Some(found) => return Err(Broken::TransactionType { found: *found }),
            None => return Err(Broken::TransactionEncoding("it is empty".to_owned())),
        }
        let envelope = TxEnvelope::decode_2718_exact(&bytes)
            .map_err(|error| Broken::TransactionEncoding(error.to_string()))?;
        if envelope.encoded_2718() != bytes {
            let detail = "it is not in its canonical form".to_owned();
            return Err(Broken::TransactionEncoding(detail));
        }
        check_form(&envelope, parameters, spec)?;
        Ok(Self {
            hash: keccak256(&bytes),
            bytes,
            impersonated: impersonated(signature_of(&envelope), parameters),
            envelope,
        })
    }

    /// Keccak-256 of the envelope.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// The transaction of a sender that was recovered before.
    pub(super) fn sent_by(self, sender: Address) -> Transaction {
        Transaction {
            bytes: self.bytes,
            hash: self.hash,
            sender,
            envelope: self.envelope,
            is_impersonated: self.impersonated.is_some(),
        }
    }

    /// Finds the sender; the dear part.
    ///
    /// # Errors
    /// [`Broken::TransactionSignature`] when the signature gives no key.
    pub fn recover(self) -> Result<Transaction, Broken> {
        if let Some(sender) = self.impersonated {
            return Ok(self.sent_by(sender));
        }
        let signature = signature_of(&self.envelope);
        let sender = recover_signer_unchecked(signature, self.envelope.signature_hash())
            .map_err(|_| Broken::TransactionSignature)?;
        Ok(self.sent_by(sender))
    }
}

fn signature_of(envelope: &TxEnvelope) -> &Signature {
    envelope.signature()
}

fn check_form(envelope: &TxEnvelope, parameters: &Parameters, spec: Spec) -> Result<(), Broken> {
    match envelope.chain_id() {
        None => return Err(Broken::TransactionUnprotected),
        Some(found) if found != parameters.chain_id => {
            return Err(Broken::TransactionChain {
                found,
                expected: parameters.chain_id,
            });
        }
        Some(_) => {}
    }
    if envelope.nonce() == u64::MAX {
        return Err(Broken::TransactionNonceMax);
    }
    let gas = envelope.gas_limit();
    if gas > GAS_CAP {
        return Err(Broken::TransactionGasCap {
            found: gas,
            most: GAS_CAP,
        });
    }
    let needed = intrinsic_gas(envelope, spec);
    if gas < needed {
        return Err(Broken::TransactionIntrinsicGas { found: gas, needed });
    }
    let bytes = envelope.input().len();
    if envelope.kind() == TxKind::Create && bytes > INIT_CODE_BYTES {
        return Err(Broken::TransactionInitCode {
            found: bytes,
            most: INIT_CODE_BYTES,
        });
    }
    let most = envelope.max_fee_per_gas();
    if let Some(priority) = envelope.max_priority_fee_per_gas()
        && priority > most
    {
        return Err(Broken::TransactionPriorityOverMax { priority, most });
    }
    if signature_of(envelope).s() > HALF_ORDER {
        return Err(Broken::TransactionHighS);
    }
    Ok(())
}

impl Transaction {
    /// Reads and checks an envelope, signature and all.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn decode(bytes: Bytes, parameters: &Parameters, spec: Spec) -> Result<Self, Broken> {
        Unsigned::decode(bytes, parameters, spec)?.recover()
    }

    /// The envelope's EIP-2718 bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Keccak-256 of the envelope.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    pub fn sender(&self) -> Address {
        self.sender
    }

    /// Whether it is marked as the sender's instead of signed by it.
    pub fn is_impersonated(&self) -> bool {
        self.is_impersonated
    }

    pub fn envelope(&self) -> &TxEnvelope {
        &self.envelope
    }

    pub fn nonce(&self) -> u64 {
        self.envelope.nonce()
    }

    pub fn gas_limit(&self) -> u64 {
        self.envelope.gas_limit()
    }

    /// Who gets the value; none for a creation.
    pub fn receiver(&self) -> Option<Address> {
        self.envelope.to()
    }

    /// In units.
    pub fn value(&self) -> U256 {
        self.envelope.value()
    }

    /// The greatest fee a gas, in units.
    pub fn greatest_fee(&self) -> u128 {
        self.envelope.max_fee_per_gas()
    }

    /// What a gas costs where the base fee is this, in units.
    pub fn fee_a_gas(&self, base_fee: u64) -> u128 {
        self.envelope.effective_gas_price(Some(base_fee))
    }

    /// All that the sender must have: gas at the greatest fee, and the value; none above 2^256.
    pub fn greatest_cost(&self) -> Option<U256> {
        // Below 2^128 times 2^24.
        (U256::from(self.greatest_fee()) * U256::from(self.gas_limit())).checked_add(self.value())
    }
}

/// A transaction's place in a block, for errors.
pub(super) fn at(index: usize) -> impl Fn(Broken) -> Fault {
    move |rule| Fault {
        rule,
        transaction: Some(index),
    }
}
