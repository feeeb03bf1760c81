//! What a coin node makes of headers and blocks that do not hold.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use alloy_primitives::B256;

use super::tests::{node, nonce, parted};
use super::*;
use crate::peers::blame::Offence;
use crate::peers::ledger::Outlined;
use crate::peers::ledger::tests::{assert_blames, brought, planned, with_items};
use crate::protocol::coin::block::commitment;
use crate::protocol::coin::header::HEADER_BYTES;

#[test]
fn wrong_headers_are_their_senders_doing() {
    let (from, to) = (node(), node());
    from.mine(20, 1);
    let honest = {
        let import = to.ledger.begin().expect("it reads");
        from.ledger.headers(&import.locator()).expect("it reads")
    };
    let blamed = |headers: &Headers, offence| {
        let mut import = to.ledger.begin().expect("it reads");
        assert_blames(import.headers(headers), offence);
        assert_blames(import.check(Vec::new()), None);
    };
    let malformed = Some(Offence::Malformed);
    blamed(&with_items(&honest, |items| items.truncate(799)), malformed);
    blamed(
        &Headers {
            step: 2,
            ..honest.clone()
        },
        malformed,
    );
    blamed(
        &Headers {
            after: 1,
            ..honest.clone()
        },
        malformed,
    );
    blamed(
        &Headers {
            after_id: honest.end.id,
            ..honest.clone()
        },
        malformed,
    );
    // The time of the eighth; the third left out.
    let invalid = Some(Offence::Invalid);
    blamed(
        &with_items(&honest, |items| items[7 * HEADER_BYTES + 68] ^= 1),
        invalid,
    );
    let without_third = |items: &mut Vec<u8>| {
        items.drain(2 * HEADER_BYTES..3 * HEADER_BYTES);
    };
    blamed(&with_items(&honest, without_third), invalid);
    // Fewer than there are: those that came are worth their blocks.
    let mut import = to.ledger.begin().expect("it reads");
    let few = with_items(&honest, |items| items.truncate(5 * HEADER_BYTES));
    let found = import.headers(&few).expect("they hold");
    assert!(matches!(found, Outlined::Planned(plan) if plan.end.height == 5));
}

#[test]
fn wrong_blocks_are_their_senders_doing_and_nothing_of_them_is_taken() {
    let (from, other) = parted(5, 20, 20);
    let to = node();
    let blocks_of = |ledger: &CoinLedger| -> Vec<BlockItem> {
        let (genesis, tip) = (to.stand().id, ledger.stand().expect("it reads").id);
        let read = ledger.blocks(genesis, tip, usize::MAX).expect("it reads");
        read.expect("they are on the chain").0
    };
    let (honest, others) = (blocks_of(&from.ledger), blocks_of(&other.ledger));
    let blamed = |sent: Vec<BlockItem>, good: u64, offence| {
        let mut import = to.ledger.begin().expect("it reads");
        planned(&from.ledger, &mut *import);
        assert_blames(import.check(sent), Some(offence));
        let stand = import.check(Vec::new()).expect("nothing is wrong with it");
        assert_eq!(stand.height, good);
        assert_eq!(to.stand().height, 0, "nothing was connected");
    };
    blamed(others.clone(), 5, Offence::Invalid);
    blamed(honest[1..].to_vec(), 0, Offence::Invalid);
    let mut twice = honest.clone();
    twice.push(honest[24].clone());
    blamed(twice, 25, Offence::Malformed);
    let changed = |at: usize, change: &dyn Fn(&mut Vec<u8>)| {
        let mut sent = honest.clone();
        let mut block = sent[at].block.to_vec();
        change(&mut block);
        sent[at].block = block.into();
        sent
    };
    // In the header, in the record, no end, no beginning, too much.
    blamed(changed(9, &|block| block[40] ^= 1), 9, Offence::Invalid);
    blamed(changed(9, &|block| block[200] ^= 1), 9, Offence::Invalid);
    blamed(
        changed(9, &|block| block.truncate(300)),
        9,
        Offence::Invalid,
    );
    blamed(changed(9, &Vec::clear), 9, Offence::Invalid);
    blamed(changed(9, &|block| block.push(0)), 9, Offence::Invalid);
    // The good ones before a bad one stand, and connect.
    let mut import = to.ledger.begin().expect("it reads");
    planned(&from.ledger, &mut *import);
    assert_blames(import.check(others), Some(Offence::Invalid));
    assert_eq!(import.connect().expect("they connect").height, 5);
    import.check(honest[5..].to_vec()).expect("they hold");
    assert_eq!(import.connect(), Ok(from.stand()));
}

#[test]
fn a_block_that_fails_execution_condemns_itself_and_nobody() {
    let (from, to) = (node(), node());
    from.mine(3, 1);
    brought(&from.ledger, &to.ledger).expect("it is honest");
    let mut template = from.template(1);
    template.record.state_root = B256::repeat_byte(9);
    template.header.commitment = commitment(&template.record);
    let block = template.sealed(nonce(&template.header));
    let before = to.stand();
    let headers = Headers {
        after: before.height,
        after_id: before.id,
        items: block.header.encode().to_vec().into(),
        step: 1,
        end: Stand {
            height: 4,
            id: id_of(block.header.hash()),
            ..before
        },
    };
    let mut import = to.ledger.begin().expect("it reads");
    let found = import.headers(&headers).expect("it holds");
    assert!(matches!(found, Outlined::Planned(_)));
    let sent = BlockItem {
        block: block.encode().into(),
        beside: Bytes::new(),
    };
    import.check(vec![sent]).expect("it holds by itself");
    assert_blames(import.connect(), None);
    assert_eq!(to.stand(), before);
    let mut again = to.ledger.begin().expect("it reads");
    assert_blames(again.headers(&headers), None);
}
