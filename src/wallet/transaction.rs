//! A transaction of any kind: a transfer, a call of a contract or the creation of one, built as Ethereum's
//! [EIP-1559](https://eips.ethereum.org/EIPS/eip-1559) transaction, signed, encoded. Any node of the chain takes its bytes.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, B256, Bytes, TxKind};

use super::keys::Key;
use crate::protocol::coin::amount::Amount;

/// A transaction, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The network's, so that the transaction is void on every other.
    pub chain_id: u64,
    /// How many transactions the sender has sent before.
    pub nonce: u64,
    /// The account that is called, or that a contract is created.
    pub to: TxKind,
    pub amount: Amount,
    /// A call's selector and arguments, or the code that creates a contract.
    pub input: Bytes,
    pub gas_limit: u64,
    /// The greatest fee, in units a gas.
    pub greatest_fee: u128,
    /// What of it goes to the miner beside the base fee at most, in units a gas.
    pub priority_fee: u128,
}

/// A signed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The EIP-2718 envelope: what `{"raw": "0x…"}` and `eth_sendRawTransaction` carry.
    pub raw: Bytes,
    /// By which everyone knows the transaction.
    pub hash: B256,
    pub from: Address,
}

/// Why a transaction is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    #[error("the priority fee is {priority} units a gas, the greatest fee {greatest}")]
    PriorityAboveGreatest { priority: u128, greatest: u128 },
    #[error("amount and highest fee together are above 2^256 units")]
    TooLarge,
}

impl Transaction {
    /// What the transaction's gas can cost at most.
    pub fn highest_fee(&self) -> Option<Amount> {
        Amount::from_units(alloy_primitives::U256::from(self.greatest_fee))
            .checked_mul(self.gas_limit)
    }

    /// What the sender must have: amount and highest fee.
    pub fn total(&self) -> Option<Amount> {
        self.highest_fee()?.checked_add(self.amount)
    }

    /// Signs the transaction.
    ///
    /// # Errors
    /// One variant a rule that every node would refuse it by.
    pub fn sign(self, key: &Key) -> Result<Signed, TransactionError> {
        let (priority, greatest) = (self.priority_fee, self.greatest_fee);
        if priority > greatest {
            return Err(TransactionError::PriorityAboveGreatest { priority, greatest });
        }
        if self.total().is_none() {
            return Err(TransactionError::TooLarge);
        }
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: self.gas_limit,
            max_fee_per_gas: greatest,
            max_priority_fee_per_gas: priority,
            to: self.to,
            value: self.amount.units(),
            access_list: AccessList::default(),
            input: self.input,
        };
        let signature = key.sign(transaction.signature_hash());
        let signed = transaction.into_signed(signature);
        Ok(Signed {
            raw: signed.encoded_2718().into(),
            hash: *signed.hash(),
            from: key.address(),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::transaction::SignerRecoverable;
    use alloy_consensus::{Transaction as _, TxEnvelope};
    use alloy_eips::eip2718::Decodable2718;
    use alloy_primitives::U256;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_signed_reads_back_and_names_its_sender(
            creates in any::<bool>(), nonce in any::<u64>(), amount in any::<u128>(), input in prop::collection::vec(any::<u8>(), 0..200),
            gas_limit in any::<u64>(), fees in any::<[u128; 2]>(), secret in prop::array::uniform32(1u8..255),
        ) {
            let key = Key::from_bytes(&secret).unwrap();
            let to = match creates {
                true => TxKind::Create,
                false => TxKind::Call(Address::repeat_byte(7)),
            };
            let transaction = Transaction {
                chain_id: 31_337, nonce, to, amount: Amount::from_units(U256::from(amount)), input: input.into(), gas_limit,
                greatest_fee: fees[0].max(fees[1]), priority_fee: fees[0].min(fees[1]),
            };
            let signed = transaction.clone().sign(&key).unwrap();
            let read = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
            prop_assert_eq!(read.recover_signer().unwrap(), key.address());
            prop_assert_eq!(*read.tx_hash(), signed.hash);
            prop_assert_eq!(read.kind(), to);
            prop_assert_eq!(read.input(), &transaction.input);
        }
    }
}
