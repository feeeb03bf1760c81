//! Judges a stretch of blocks that somebody altered: every rule that each breaks, as far as it shows without the ledger.
//!
//! The rules are those of [`super::block`], [`super::transaction`] and [`super::place`], which stop at the first. A block is held against the block
//! before it as that one stands in the stretch. What needs accounts is left out: nonces, balances, and the roots that execution gives.

use alloy_primitives::{B256, Bytes};

use super::block::{
    Block, Record, commitment_holds, encode_record, header_is_valid, record_hash, record_is_valid,
    transactions_root,
};
use super::broken::{Broken, Fault};
use super::header::{Header, PowHash};
use super::parameters::Parameters;
use super::place::{Place, time_is_valid};
use super::target::{Target, Work};
use super::transaction::{Transaction, at};

/// What a block is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    pub place: Place,
    /// Keccak-256 of its record.
    pub record_hash: B256,
}

/// What a block turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub hash: PowHash,
    /// What its bits stand for, if they stand for anything.
    pub work: Option<Work>,
    pub faults: Vec<Fault>,
    /// What the block behind it is held against; none where nothing is known of what stands before it.
    pub own: Option<Before>,
}

/// Judges a block that stands behind `before`, or for itself alone; `now` is in seconds since 1970.
pub fn judge(before: Option<&Before>, block: &Block, parameters: &Parameters, now: u64) -> Judged {
    let Block {
        header,
        record,
        envelopes,
    } = block;
    let mut faults = Vec::new();
    let mut note = |rule: Result<(), Broken>| faults.extend(rule.err().map(Fault::from));
    if let Some(before) = before {
        note(names_parent(header, &before.place));
    }
    note(header_is_valid(header, parameters).map(drop));
    note(commitment_holds(header, &encode_record(record)));
    if let Some(before) = before {
        let parent = &before.place;
        note(bits_are_demanded(header, parent, parameters));
        note(time_is_valid(header.time, parent.time, parameters, now));
        note(record_names_parent(record, before));
        note(number_is_next(record, parent));
    }
    let work = header.bits.target().ok().map(Target::work);
    if let Some(work) = work {
        note(record_is_valid(header, record, work, parameters));
    }
    note(transactions_root_holds(record, envelopes));
    let spec = parameters.spec_at(before.map_or(record.number, |before| before.place.number + 1));
    for (index, envelope) in envelopes.iter().enumerate() {
        let read = Transaction::decode(envelope.clone(), parameters, spec);
        faults.extend(read.err().map(at(index)));
    }
    Judged {
        hash: header.hash(),
        work,
        faults,
        own: before.map(|before| before.behind(header, record, work, parameters)),
    }
}

impl Before {
    /// Behind a block whose rules may not hold; times that run backwards count for nothing.
    fn behind(
        &self,
        header: &Header,
        record: &Record,
        work: Option<Work>,
        parameters: &Parameters,
    ) -> Self {
        let parent = &self.place;
        let number = parent.number + 1;
        let gap = header.time.saturating_sub(parent.time);
        Self {
            place: Place {
                hash: header.hash(),
                number,
                time: header.time,
                bits: header.bits,
                counted_time: parent.counted_time.after(parameters, number, gap.into()),
                work: parent.work + work.unwrap_or_default(),
            },
            record_hash: record_hash(record),
        }
    }
}

fn names_parent(header: &Header, parent: &Place) -> Result<(), Broken> {
    if header.previous == parent.hash {
        return Ok(());
    }
    Err(Broken::ParentUnknown {
        parent: header.previous,
    })
}

fn bits_are_demanded(
    header: &Header,
    parent: &Place,
    parameters: &Parameters,
) -> Result<(), Broken> {
    let expected = parent.required_bits_of_child(parameters);
    if header.bits == expected {
        return Ok(());
    }
    Err(Broken::BitsWrong {
        found: header.bits,
        expected,
    })
}

fn record_names_parent(record: &Record, before: &Before) -> Result<(), Broken> {
    if record.parent_hash == before.record_hash {
        return Ok(());
    }
    Err(Broken::RecordParent {
        found: record.parent_hash,
        expected: before.record_hash,
    })
}

fn number_is_next(record: &Record, parent: &Place) -> Result<(), Broken> {
    let expected = parent.number + 1;
    if record.number == expected {
        return Ok(());
    }
    Err(Broken::Number {
        found: record.number,
        expected,
    })
}

fn transactions_root_holds(record: &Record, envelopes: &[Bytes]) -> Result<(), Broken> {
    let found = transactions_root(envelopes);
    if record.transactions_root == found {
        return Ok(());
    }
    Err(Broken::TransactionsRoot {
        claimed: record.transactions_root,
        found,
    })
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
    use alloy_eips::eip2718::Encodable2718;
    use alloy_primitives::{Address, B64, TxKind, U256};
    use proptest::prelude::*;

    use super::super::block::{commitment, mix_hash};
    use super::super::built_in::DEV_ACCOUNTS;
    use super::super::genesis::Genesis;
    use super::super::target::Bits;
    use super::super::transaction::impersonation;
    use super::*;

    const NOW: u64 = 1_900_000_000;

    /// A transaction that is marked as its sender's, as `dev` allows.
    fn transaction(parameters: &Parameters) -> Bytes {
        let transaction = TxEip1559 {
            chain_id: parameters.chain_id,
            gas_limit: 21_000,
            max_fee_per_gas: 2,
            to: TxKind::Call(Address::ZERO),
            ..TxEip1559::default()
        };
        let signed = transaction.into_signed(impersonation(DEV_ACCOUNTS[0]));
        TxEnvelope::from(signed).encoded_2718().into()
    }

    /// Three blocks on the genesis block that break no rule seen here, the middle one with a transaction.
    fn chain(parameters: &Parameters) -> (Before, Vec<Block>) {
        let genesis = Genesis::of(parameters.clone());
        let first = Before {
            place: genesis.place,
            record_hash: genesis.record_hash,
        };
        let mut before = first;
        let mut blocks = Vec::new();
        for number in 1..=3_u64 {
            let envelopes = match number {
                2 => vec![transaction(parameters)],
                _ => Vec::new(),
            };
            let time = before.place.time + 10;
            let bits = before.place.required_bits_of_child(parameters);
            let mut record = genesis.block.record.clone();
            record.number = number;
            record.parent_hash = before.record_hash;
            record.timestamp = time.into();
            record.gas_limit = parameters.gas_limit;
            record.mix_hash = mix_hash(before.place.hash);
            record.difficulty = bits.target().expect("a target").work().0;
            record.transactions_root = transactions_root(&envelopes);
            let mut header = Header {
                version: Header::VERSION,
                previous: before.place.hash,
                commitment: commitment(&record),
                time,
                bits,
                nonce: 0,
            };
            while header_is_valid(&header, parameters).is_err() {
                header.nonce += 1;
            }
            let block = Block {
                header,
                record,
                envelopes,
            };
            let judged = judge(Some(&before), &block, parameters, NOW);
            assert_eq!(judged.faults, []);
            before = judged.own.expect("something stands before it");
            blocks.push(block);
        }
        (first, blocks)
    }

    fn names(before: Before, blocks: &[Block], parameters: &Parameters) -> Vec<Vec<&'static str>> {
        let mut before = Some(before);
        let judged = blocks.iter().map(|block| {
            let judged = judge(before.as_ref(), block, parameters, NOW);
            before = judged.own;
            judged
                .faults
                .iter()
                .map(|fault| fault.rule.name())
                .collect()
        });
        judged.collect()
    }

    /// A change, and the rule that finds it at the block itself.
    type Change = (fn(&mut Block, u64), &'static str);

    const CHANGES: [Change; 20] = [
        (
            |block, by| block.header.version ^= by as u32 | 2,
            "header_version",
        ),
        (
            |block, by| block.header.previous = PowHash(B256::from(U256::from(by))),
            "parent_unknown",
        ),
        (
            |block, by| block.header.commitment = B256::from(U256::from(by)),
            "commitment",
        ),
        (
            |block, by| block.header.time ^= by as u32 | 1,
            "time_mismatch",
        ),
        (
            |block, by| block.header.bits = Bits(block.header.bits.0 ^ (by as u32 | 1)),
            "bits_wrong",
        ),
        (
            |block, by| block.record.parent_hash = B256::from(U256::from(by)),
            "record_parent",
        ),
        (
            |block, by| block.record.ommers_hash = B256::from(U256::from(by)),
            "ommers_hash",
        ),
        (
            |block, _| block.record.beneficiary = DEV_ACCOUNTS[1],
            "commitment",
        ),
        (
            |block, by| block.record.state_root = B256::from(U256::from(by)),
            "commitment",
        ),
        (
            |block, by| block.record.transactions_root = B256::from(U256::from(by)),
            "transactions_root",
        ),
        (
            |block, by| block.record.receipts_root = B256::from(U256::from(by)),
            "commitment",
        ),
        (
            |block, by| block.record.difficulty += U256::from(by | 1),
            "difficulty_field",
        ),
        (
            |block, by| block.record.number = block.record.number.wrapping_add(by | 1),
            "number",
        ),
        (|block, by| block.record.gas_limit ^= by | 1, "gas_limit"),
        (|block, _| block.record.gas_used ^= 1, "commitment"),
        (
            |block, by| block.record.timestamp ^= by | 1,
            "time_mismatch",
        ),
        (
            |block, by| block.record.extra_data = Bytes::from(by.to_be_bytes().to_vec()),
            "commitment",
        ),
        (
            |block, by| block.record.mix_hash = B256::from(U256::from(by)),
            "mix_hash",
        ),
        (
            |block, by| block.record.nonce = B64::from((by | 1).to_be_bytes()),
            "record_nonce",
        ),
        (
            |block, by| block.envelopes.push(Bytes::from(by.to_be_bytes().to_vec())),
            "transactions_root",
        ),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any single change is found at its block, or at the link behind it.
        #[test]
        fn any_single_change_is_found_at_the_right_block(at in 0..3_usize, change in 0..CHANGES.len(), by: u64) {
            let parameters = Parameters::dev();
            let (before, mut blocks) = chain(&parameters);
            let (alter, rule) = CHANGES[change];
            let whole = blocks[at].clone();
            alter(&mut blocks[at], by);
            let found = names(before, &blocks, &parameters);
            prop_assert!(found[at].contains(&rule), "{rule}: {found:?}");
            let is_another = blocks[at].header != whole.header;
            if let Some(next) = found.get(at + 1) {
                prop_assert_eq!(next.contains(&"parent_unknown"), is_another);
            }
            let elsewhere = found.iter().enumerate().filter(|(place, _)| *place != at && *place != at + 1);
            prop_assert!(elsewhere.into_iter().all(|(_, names)| names.is_empty()), "{:?}", found);
        }

        /// A nonce is free as long as the hash meets the target; then it is another block, which the next one does not name.
        #[test]
        fn another_nonce_breaks_the_proof_or_the_link_behind(at in 0..3_usize, nonce: u32) {
            let parameters = Parameters::dev();
            let (before, mut blocks) = chain(&parameters);
            prop_assume!(blocks[at].header.nonce != nonce);
            blocks[at].header.nonce = nonce;
            let found = names(before, &blocks, &parameters);
            let is_met = header_is_valid(&blocks[at].header, &parameters).is_ok();
            prop_assert_eq!(found[at].contains(&"proof_of_work"), !is_met);
            if let Some(next) = found.get(at + 1) {
                prop_assert!(next.contains(&"parent_unknown"));
            }
        }
    }

    #[test]
    fn a_flipped_bit_of_a_transaction_breaks_its_root() {
        let parameters = Parameters::dev();
        let (before, blocks) = chain(&parameters);
        let whole = blocks[1].envelopes[0].to_vec();
        for byte in 0..whole.len() {
            let mut blocks = blocks.clone();
            let mut bytes = whole.clone();
            bytes[byte] ^= 1;
            blocks[1].envelopes = vec![bytes.into()];
            let found = names(before, &blocks, &parameters);
            assert!(
                found[1].contains(&"transactions_root") && found[2].is_empty(),
                "{byte}: {found:?}"
            );
        }
    }
}
