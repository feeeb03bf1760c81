//! What a classic node makes of identities and blocks that do not hold, and of more than it has room for.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use super::tests::{chain, extended, node, node_with_room, sent, stand, stand_of};
use super::*;
use crate::peers::blame::Offence;
use crate::peers::ledger::Outlined;
use crate::peers::ledger::tests::{assert_blames, planned, with_items};
use crate::protocol::classic::block::{Block, MAX_BLOCK_BYTES};

#[test]
fn wrong_identities_are_their_senders_doing() {
    let chain = chain("a", 600);
    let (from, to) = (node(&chain), node(&[Block::first("b")]));
    let honest = {
        let import = to.begin().expect("it reads");
        from.headers(&import.locator()).expect("it reads")
    };
    assert_eq!((honest.after, honest.after_id), (0, BlockId::default()));
    let blamed = |headers: &Headers| {
        let mut import = to.begin().expect("it reads");
        assert_blames(import.headers(headers), Some(Offence::Malformed));
    };
    blamed(&with_items(&honest, |items| items.truncate(95)));
    blamed(&with_items(&honest, |items| items.extend([1; 32])));
    blamed(&with_items(&honest, |items| items[95] ^= 1));
    for step in [0, 100_000] {
        blamed(&Headers {
            step,
            ..honest.clone()
        });
    }
    blamed(&Headers {
        after: 7,
        ..honest.clone()
    });
    blamed(&Headers {
        after: 1,
        after_id: honest.end.id,
        ..honest.clone()
    });
    // A weight that is not the height is not believed.
    let end = Stand {
        height: 1,
        id: honest.end.id,
        weight: Weight(U256::MAX),
    };
    let short = Headers {
        end,
        items: honest.end.id.0.to_vec().into(),
        ..honest
    };
    let mut import = to.begin().expect("it reads");
    let shown = claimed(1, end.id);
    assert_eq!(
        import.headers(&short),
        Ok(Outlined::NotBetter { shown, all: true })
    );
}

#[test]
fn wrong_blocks_are_their_senders_doing_and_nothing_of_them_is_taken() {
    let shared = chain("shared", 5);
    let honest = extended(shared.clone(), "a", 300);
    let others = extended(shared, "b", 300);
    let (from, to) = (node(&honest), node(&[Block::first("own")]));
    let before = stand(&to);
    let blamed = |items: Vec<BlockItem>, good: u64, offence| {
        let mut import = to.begin().expect("it reads");
        planned(&from, &mut *import);
        assert_blames(import.check(items), Some(offence));
        let checked = import.check(Vec::new()).expect("nothing is wrong with it");
        assert_eq!(checked.height, good);
        assert_eq!(stand(&to), before, "nothing was connected");
    };
    // Another chain is noticed where an identity was promised.
    blamed(sent(&others), 255, Offence::Invalid);
    blamed(sent(&honest[1..]), 0, Offence::Invalid);
    let mut more = sent(&honest);
    more.extend(sent(&honest[304..]));
    blamed(more, 305, Offence::Malformed);
    let changed = |change: &dyn Fn(&str) -> Vec<u8>| {
        let mut items = sent(&honest);
        items[9].block = change(honest[9].text()).into();
        items
    };
    let proof = honest[9].proof().to_string();
    let edited = |from: &str, to: &str| {
        changed(&|text| {
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1).into_bytes()
        })
    };
    blamed(edited(&proof, "7"), 9, Offence::Invalid);
    blamed(
        edited("\"index\": 10", "\"index\": 11"),
        9,
        Offence::Invalid,
    );
    // The same block in another spelling.
    blamed(edited(": ", ":"), 9, Offence::Invalid);
    blamed(edited("}", ""), 9, Offence::Invalid);
    blamed(changed(&|_| vec![0xff]), 9, Offence::Invalid);
    blamed(changed(&|_| Vec::new()), 9, Offence::Invalid);
    let long = changed(&|text| {
        let mut text = text.to_owned().into_bytes();
        text.resize(MAX_BLOCK_BYTES + 1, b' ');
        text
    });
    blamed(long, 9, Offence::Invalid);
    // What another sent before may have led astray: who goes on honestly is not to blame.
    let mut import = to.begin().expect("it reads");
    planned(&from, &mut *import);
    import.check(sent(&others[..100])).expect("they hold");
    assert_blames(import.check(sent(&honest[100..])), None);
    // The good ones before a bad one stand, and connect.
    let mut import = to.begin().expect("it reads");
    planned(&from, &mut *import);
    assert_blames(import.check(edited(&proof, "7")), Some(Offence::Invalid));
    assert_eq!(import.connect(), Ok(stand_of(&honest[8])));
    import.check(sent(&honest[9..])).expect("they hold");
    assert_eq!(import.connect(), Ok(stand_of(&honest[304])));
}

#[test]
fn a_branch_has_only_so_much_room() {
    let own = chain("own", 20);
    let peers = chain("peers", 30);
    let from = node(&peers);
    let bytes: usize = peers[..10].iter().map(|block| block.text().len()).sum();
    for (bytes, blocks) in [(bytes as u64, 100), (1_000_000, 10)] {
        let room = BranchRoom {
            folder: std::env::temp_dir(),
            bytes,
            blocks,
        };
        let to = node_with_room(&own, room);
        let mut import = to.begin().expect("it reads");
        planned(&from, &mut *import);
        import.check(sent(&peers[..10])).expect("they hold");
        assert_eq!(import.connect(), Ok(stand_of(&own[19])));
        import.check(sent(&peers[10..11])).expect("it holds");
        assert_blames(import.connect(), None);
        // Once it is longer it needs no room.
        let mut import = to.begin().expect("it reads");
        planned(&from, &mut *import);
        import.check(sent(&peers)).expect("they hold");
        assert_eq!(import.connect(), Ok(stand_of(&peers[29])));
    }
}

#[test]
fn answers_that_begin_anew_without_end_are_their_senders_doing() {
    let (from, to) = (node(&chain("a", 2_000)), node(&[Block::first("b")]));
    let mut import = to.begin().expect("it reads");
    let honest = from.headers(&import.locator()).expect("it reads");
    let far = claimed(1_000_000, BlockId([7; 32]));
    let part = Headers {
        end: far,
        ..with_items(&honest, |items| items.truncate(64))
    };
    let mut again = 0;
    let refused = loop {
        match import.headers(&part) {
            Ok(Outlined::More { .. }) => again += 1,
            other => break other,
        }
        assert!(again < 100, "it asks for ever");
    };
    assert!(again > 1, "a peer may go over to another branch");
    assert_blames(refused, Some(Offence::Malformed));
}
