//! The first block of a network, and the state it begins with.

use alloy_consensus::constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_primitives::{Address, B64, B256, Bytes, U256, keccak256};
use alloy_trie::TrieAccount;
use alloy_trie::root::state_root_unhashed;

use super::block::{Block, Record, commitment, mix_hash, record_hash};
use super::header::{Header, PowHash};
use super::parameters::Parameters;
use super::place::Place;

/// A network's first block and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    pub parameters: Parameters,
    pub block: Block,
    pub place: Place,
    /// Keccak-256 of its record.
    pub record_hash: B256,
}

impl Genesis {
    /// The first block of a network with these parameters, which hold.
    pub fn of(parameters: Parameters) -> Self {
        let bits = parameters.easiest_bits;
        let work = parameters.easiest().work();
        let record = Record {
            parent_hash: B256::ZERO,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: Address::ZERO,
            state_root: first_state_root(&parameters),
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            difficulty: work.0,
            number: 0,
            gas_limit: parameters.gas_limit,
            gas_used: 0,
            timestamp: parameters.time.into(),
            extra_data: Bytes::copy_from_slice(parameters.hash().as_slice()),
            mix_hash: mix_hash(PowHash::ZERO),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(parameters.base_fee),
            ..Record::default()
        };
        let header = Header {
            version: Header::VERSION,
            previous: PowHash::ZERO,
            commitment: commitment(&record),
            time: parameters.time,
            bits,
            nonce: 0,
        };
        Self {
            place: Place::genesis(&header, work),
            record_hash: record_hash(&record),
            parameters,
            block: Block {
                header,
                record,
                envelopes: Vec::new(),
            },
        }
    }

    /// The genesis block's hash, by which nodes know each other's network.
    pub fn hash(&self) -> PowHash {
        self.place.hash
    }
}

fn first_state_root(parameters: &Parameters) -> B256 {
    state_root_unhashed(parameters.accounts.iter().map(|account| {
        let has_code = !account.code.is_empty();
        let stored = TrieAccount {
            nonce: u64::from(has_code),
            balance: U256::from(account.balance),
            storage_root: EMPTY_ROOT_HASH,
            code_hash: if has_code {
                keccak256(&account.code)
            } else {
                KECCAK_EMPTY
            },
        };
        (account.address, stored)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genesis_block_commits_to_all_parameters() {
        let dev = Genesis::of(Parameters::dev());
        let mut changed = Parameters::dev();
        changed.reorg_depth += 1;
        assert_ne!(dev.hash(), Genesis::of(changed).hash());
        assert_eq!(
            dev.block.record.extra_data.as_ref(),
            Parameters::dev().hash().as_slice()
        );
        let bytes = dev.block.encode();
        assert_eq!(Block::decode(&bytes, &dev.parameters), Ok(dev.block));
    }
}
