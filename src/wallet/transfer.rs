//! A transfer of coins: a [`Transaction`] without input.

use alloy_primitives::{Address, Bytes, TxKind};

use super::keys::Key;
use super::transaction::{Signed, Transaction, TransactionError};
use crate::protocol::coin::amount::Amount;

/// What a transfer to an account without code uses.
pub const TRANSFER_GAS: u64 = 21_000;

/// A transfer, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The network's, so that the transfer is void on every other.
    pub chain_id: u64,
    /// How many transactions the sender has sent before.
    pub nonce: u64,
    pub to: Address,
    pub amount: Amount,
    pub gas_limit: u64,
    /// The greatest fee, in units a gas.
    pub greatest_fee: u128,
    /// What of it goes to the miner beside the base fee at most, in units a gas.
    pub priority_fee: u128,
}

/// Why a transfer is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("a transfer uses {TRANSFER_GAS} gas, {limit} are allowed")]
    TooLittleGas { limit: u64 },
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl Transfer {
    /// What the transfer's gas can cost at most.
    pub fn highest_fee(&self) -> Option<Amount> {
        self.transaction().highest_fee()
    }

    /// What the sender must have: amount and highest fee.
    pub fn total(&self) -> Option<Amount> {
        self.transaction().total()
    }

    /// Signs the transfer.
    ///
    /// # Errors
    /// One variant a rule that every node would refuse it by.
    pub fn sign(&self, key: &Key) -> Result<Signed, TransferError> {
        if self.gas_limit < TRANSFER_GAS {
            let limit = self.gas_limit;
            return Err(TransferError::TooLittleGas { limit });
        }
        Ok(self.transaction().sign(key)?)
    }

    fn transaction(&self) -> Transaction {
        Transaction {
            chain_id: self.chain_id,
            nonce: self.nonce,
            to: TxKind::Call(self.to),
            amount: self.amount,
            input: Bytes::new(),
            gas_limit: self.gas_limit,
            greatest_fee: self.greatest_fee,
            priority_fee: self.priority_fee,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::TxEnvelope;
    use alloy_consensus::transaction::SignerRecoverable;
    use alloy_eips::eip2718::Decodable2718;
    use alloy_primitives::U256;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn some() -> Transfer {
        Transfer {
            chain_id: 31_337,
            nonce: 7,
            to: Address::repeat_byte(0x11),
            amount: "1.5".parse().unwrap(),
            gas_limit: TRANSFER_GAS,
            greatest_fee: 1_000_000_001,
            priority_fee: 1_000_000_000,
        }
    }

    fn key() -> Key {
        format!("{:064x}", 7).parse().unwrap()
    }

    #[test]
    fn bytes_are_those_of_eth_account() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/vectors/eip1559.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 12);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let number = |name: &str| vector[name].as_u64().unwrap();
            let transfer = Transfer {
                chain_id: number("chain_id"),
                nonce: number("nonce"),
                to: text("to").parse().unwrap(),
                amount: Amount::from_units(text("value").parse().unwrap()),
                gas_limit: number("gas"),
                greatest_fee: text("max_fee").parse().unwrap(),
                priority_fee: text("priority_fee").parse().unwrap(),
            };
            let signed = transfer.sign(&text("key").parse().unwrap()).unwrap();
            assert_eq!(signed.raw.to_string(), text("raw"));
            assert_eq!(signed.hash.to_string(), text("hash"));
            assert_eq!(signed.from.to_string(), text("sender"));
        }
    }

    #[test]
    fn fee_and_total_are_exact() {
        assert_eq!(
            some().highest_fee().unwrap().to_string(),
            "0.000021000000021"
        );
        assert_eq!(some().total().unwrap().to_string(), "1.500021000000021");
    }

    #[test]
    fn what_every_node_would_refuse_is_not_signed() {
        let greater = Transfer {
            priority_fee: 1_000_000_002,
            ..some()
        };
        assert_eq!(
            greater.sign(&key()),
            Err(TransferError::Transaction(
                TransactionError::PriorityAboveGreatest {
                    priority: 1_000_000_002,
                    greatest: 1_000_000_001
                }
            ))
        );
        let short = Transfer {
            gas_limit: 20_999,
            ..some()
        };
        let limit = 20_999;
        assert_eq!(
            short.sign(&key()),
            Err(TransferError::TooLittleGas { limit })
        );
        let large = Transfer {
            amount: Amount::from_units(U256::MAX),
            ..some()
        };
        assert_eq!(large.sign(&key()), Err(TransactionError::TooLarge.into()));
    }

    proptest! {
        #[test]
        fn whatever_is_signed_reads_back_and_names_its_sender(
            chain_id in any::<u64>(), nonce in any::<u64>(), to in prop::array::uniform20(any::<u8>()), amount in any::<u128>(),
            gas_limit in TRANSFER_GAS.., fees in any::<[u128; 2]>(), secret in prop::array::uniform32(1u8..255),
        ) {
            let key = Key::from_bytes(&secret).unwrap();
            let transfer = Transfer {
                chain_id, nonce, to: to.into(), amount: Amount::from_units(U256::from(amount)), gas_limit,
                greatest_fee: fees[0].max(fees[1]), priority_fee: fees[0].min(fees[1]),
            };
            let signed = transfer.sign(&key).unwrap();
            let read = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
            prop_assert_eq!(read.recover_signer().unwrap(), key.address());
            prop_assert_eq!(*read.tx_hash(), signed.hash);
            prop_assert_eq!(alloy_primitives::keccak256(&signed.raw), signed.hash);
        }
    }
}
