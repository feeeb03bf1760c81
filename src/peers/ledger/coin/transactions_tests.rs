//! Transactions that go from one coin node to another.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, TxKind, U256};

use super::tests::node;
use super::*;
use crate::peers::blame::Offence;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::impersonation;
use crate::wallet::keys::Key;
use crate::wallet::words::Words;

/// The first keys of the public test words, whose accounts are rich on dev.
fn rich(count: u32) -> Vec<Key> {
    let words = "test test test test test test test test test test test junk";
    let seed = Words::parse(words).expect("words").seed("");
    let keys = (0..count).map(|index| Key::derive(&seed, index).expect("a key"));
    keys.collect()
}

fn payment(key: &Key, nonce: u64, chain_id: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 1_000,
        to: TxKind::Call(Address::repeat_byte(5)),
        value: U256::from(7),
        ..TxEip1559::default()
    };
    let signature = key.sign(transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

#[test]
fn transactions_go_from_node_to_node() {
    let (from, to) = (node(), node());
    let chain_id = Parameters::dev().chain_id;
    let keys = rich(3);
    let sent: Vec<Bytes> = keys
        .iter()
        .flat_map(|key| (0..5).map(|nonce| payment(key, nonce, chain_id)))
        .collect();
    let taken = from.ledger.take(sent.clone()).expect("it writes");
    let ids = from.ledger.waiting().expect("it reads");
    assert_eq!(ids.len(), 15);
    assert_eq!(
        taken,
        ids.iter().map(|id| Taken::Waits(*id)).collect::<Vec<_>>()
    );
    assert_eq!(to.ledger.lacks(&ids), Ok(ids.clone()));
    // In the order asked for, up to the one that reaches the limit.
    let some = from.ledger.transactions(&ids, sent[0].len() + 1);
    assert_eq!(some.as_deref(), Ok(&sent[..2]));
    let all = from
        .ledger
        .transactions(&ids, usize::MAX)
        .expect("it reads");
    assert_eq!(all, sent);
    assert_eq!(to.ledger.take(all.clone()).as_ref(), Ok(&taken));
    assert_eq!(to.ledger.waiting(), Ok(ids.clone()));
    assert_eq!(
        to.ledger.take(all.clone()).as_ref(),
        Ok(&taken),
        "known ones wait"
    );
    assert_eq!(to.ledger.lacks(&ids), Ok(Vec::new()));
    // Neither what stands in a block is lacked.
    from.mine(1, 1);
    assert_eq!(from.ledger.waiting(), Ok(Vec::new()));
    assert_eq!(from.ledger.lacks(&ids), Ok(Vec::new()));
    assert_eq!(from.ledger.transactions(&ids, usize::MAX), Ok(Vec::new()));
    assert_eq!(from.ledger.take(all), Ok(taken));
    assert_eq!(from.ledger.waiting(), Ok(Vec::new()));
}

#[test]
fn transactions_that_hold_nowhere_are_their_senders_doing() {
    let to = node();
    let chain_id = Parameters::dev().chain_id;
    let keys = rich(2);
    let good = payment(&keys[0], 0, chain_id);
    let mut cut = good.to_vec();
    cut.pop();
    let sent = vec![
        cut.into(),
        Bytes::new(),
        payment(&keys[1], 0, chain_id + 1),
        payment(&keys[0], 500, chain_id),
        good,
    ];
    let taken = to.ledger.take(sent).expect("it writes");
    let [
        Taken::Broken(Offence::Malformed, _),
        Taken::Broken(Offence::Malformed, _),
        Taken::Broken(Offence::Invalid, _),
        Taken::Refused(..),
        Taken::Waits(good),
    ] = taken.as_slice()
    else {
        panic!("{taken:?}");
    };
    assert_eq!(to.ledger.waiting(), Ok(vec![*good]));
}

/// On chain 31337 a transaction may be marked instead of signed, and nodes believe each other's.
#[test]
fn what_is_sent_in_the_name_of_others_travels_too() {
    let (from, to) = (node(), node());
    let sender = rich(1)[0].address();
    let transaction = TxEip1559 {
        chain_id: Parameters::dev().chain_id,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000,
        to: TxKind::Call(Address::repeat_byte(5)),
        ..TxEip1559::default()
    };
    let marked = TxEnvelope::from(transaction.into_signed(impersonation(sender)));
    let sent = vec![marked.encoded_2718().into()];
    from.ledger.take(sent).expect("it writes");
    let ids = from.ledger.waiting().expect("it reads");
    let carried = from
        .ledger
        .transactions(&ids, usize::MAX)
        .expect("it reads");
    let taken = to.ledger.take(carried).expect("it writes");
    assert_eq!(taken, [Taken::Waits(ids[0])]);
    assert_eq!(to.ledger.waiting(), Ok(ids));
}
