//! Transactions that go from one classic node to another, and their tags with blocks.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use super::tests::{chain, extended, has_taken, mined, node, stand};
use super::*;
use crate::peers::blame::Offence;
use crate::peers::ledger::tests::{assert_blames, brought, messages, planned};
use crate::peers::ledger::waiting::wait_for;
use crate::protocol::classic::block::Height;
use crate::protocol::classic::tag::{BlockTags, Tag};
use crate::protocol::classic::transaction::Transaction;

fn add(ledger: &ClassicLedger, amount: i64) {
    let transaction = Transaction::between("alice", "bob", amount);
    wait_for(ledger.node.add_transaction(transaction)).expect("it is taken");
}

#[test]
fn equal_transactions_go_from_node_to_node_and_stay_two() {
    let chain = chain("a", 3);
    let (from, to) = (node(&chain), node(&chain));
    for amount in [5, 5, 6] {
        add(&from, amount);
    }
    let ids = from.waiting().expect("it reads");
    assert_eq!(ids.len(), 3);
    assert_eq!(to.lacks(&ids), Ok(ids.clone()));
    let items = from.transactions(&ids, usize::MAX).expect("it reads");
    assert_eq!(items.len(), 3);
    assert_eq!(items[0][..Tag::BYTES], ids[0].0[..Tag::BYTES]);
    // In the order asked for, up to the one that reaches the limit.
    let some = from.transactions(&ids, items[0].len() + 1);
    assert_eq!(some.as_deref(), Ok(&items[..2]));
    let waits: Vec<Taken> = ids.iter().map(|id| Taken::Waits(*id)).collect();
    assert_eq!(to.take(items.clone()).as_ref(), Ok(&waits));
    assert_eq!(to.waiting(), Ok(ids.clone()));
    assert_eq!(to.lacks(&ids), Ok(Vec::new()));
    assert_eq!(to.take(items), Ok(waits), "known ones wait");
    assert_eq!(to.waiting().map(|ids| ids.len()), Ok(3));
    // The block takes them off the other's queue, by its tags.
    mined(&from);
    assert_eq!(from.waiting(), Ok(Vec::new()));
    assert_eq!(from.transactions(&ids, usize::MAX), Ok(Vec::new()));
    add(&to, 5);
    brought(&from, &to).expect("it is honest");
    let left = to.waiting().expect("it reads");
    assert_eq!(left.len(), 1, "an equal one that entered here is another");
    assert!(!ids.contains(&left[0]));
    assert_eq!(to.lacks(&ids), Ok(Vec::new()));
}

#[test]
fn tags_are_kept_with_a_branch_that_waits_on_disk() {
    let shared = chain("a", 3);
    let (from, to) = (node(&shared), node(&shared));
    add(&from, 5);
    let ids = from.waiting().expect("it reads");
    let items = from.transactions(&ids, usize::MAX).expect("it reads");
    to.take(items).expect("it writes");
    for _ in 0..3 {
        mined(&from);
    }
    // Blocks of its own, which leave out what waits: it is not as long, and lets go of the transaction with the branch.
    let own = extended(shared, "own", 2);
    has_taken(&to.node, own);
    let mut import = to.begin().expect("it reads");
    let plan = planned(&from, &mut *import);
    for blocks in messages(&from, &plan, std::iter::repeat(1)) {
        import.check(blocks).expect("they hold");
        import.connect().expect("they are kept");
    }
    assert_eq!(stand(&to), stand(&from));
    assert!(!to.waiting().expect("it reads").contains(&ids[0]));
    let tags = |ledger: &ClassicLedger| {
        let read = ledger.node.read(|snapshot| snapshot.block_tags(Height(4)));
        read.expect("it reads")
    };
    assert_eq!(tags(&to), tags(&from));
    assert!(!tags(&to).none_known());
}

#[test]
fn tags_of_blocks_that_came_without_them_are_learnt() {
    let shared = chain("a", 40);
    let from = node(&shared);
    add(&from, 5);
    mined(&from);
    mined(&from);
    let tip = stand(&from);
    let (sent, _) = from
        .blocks(BlockId::default(), tip.id, usize::MAX)
        .expect("it reads")
        .expect("they are there");
    assert!(!sent[40].beside.is_empty());
    // Another node has the first 41, as a node without tags would send them.
    let to = node(&shared);
    let mut import = to.begin().expect("it reads");
    let (height, id) = (
        41,
        BlockId(BlockHash::of(std::str::from_utf8(&sent[40].block).expect("text")).0),
    );
    import.next_block(&claimed(height, id));
    let bare = BlockItem {
        beside: Bytes::new(),
        ..sent[40].clone()
    };
    import.check(vec![bare]).expect("it holds");
    import.connect().expect("it connects");
    let tags = || {
        let read = to.node.read(|snapshot| snapshot.block_tags(Height(41)));
        read.expect("it reads")
    };
    let expected = BlockTags::from_bytes(&sent[40].beside).expect("tags");
    let known = |tags: &BlockTags| tags.at(0) == expected.at(0);
    assert!(!known(&tags()));
    // A peer whose answer begins further back sends it once more.
    let mut import = to.begin().expect("it reads");
    let headers = Headers {
        after: 0,
        after_id: BlockId::default(),
        items: tip.id.0.to_vec().into(),
        step: 256,
        end: tip,
    };
    import.headers(&headers).expect("they hold");
    import.check(sent).expect("they hold");
    assert_eq!(import.connect(), Ok(tip));
    assert!(known(&tags()));
}

#[test]
fn transactions_and_tags_that_are_none_are_their_senders_doing() {
    let chain = chain("a", 3);
    let (from, to) = (node(&chain), node(&chain));
    add(&from, 5);
    let ids = from.waiting().expect("it reads");
    let good = from.transactions(&ids, usize::MAX).expect("it reads")[0].clone();
    let (tag, text) = good.split_at(Tag::BYTES);
    let with = |tag: &[u8], text: &[u8]| Bytes::from([tag, text].concat());
    let reward = Transaction::reward("aec29907bbc749cb8bde77b963b881fa", "Meghna");
    let sent = vec![
        Bytes::new(),
        with(&tag[1..], b""),
        with(&[0; 24], text),
        with(tag, b"{}"),
        with(tag, &[0xff]),
        with(tag, reward.text().as_bytes()),
        with(tag, &[text, b" "].concat()),
        good,
    ];
    let bad = sent.len() - 1;
    let taken = to.take(sent).expect("it writes");
    for taken in &taken[..bad] {
        assert!(
            matches!(taken, Taken::Broken(Offence::Malformed, _)),
            "{taken:?}"
        );
    }
    assert_eq!(taken[bad], Taken::Waits(ids[0]));
    assert_eq!(to.waiting(), Ok(ids));
    // Beside a block.
    mined(&from);
    let tip = stand(&from);
    let answer = from.blocks(stand(&to).id, tip.id, 1).expect("it reads");
    let (blocks, _) = answer.expect("it is there");
    assert_eq!(blocks[0].beside.len() % Tag::BYTES, 0);
    for wrong in [1, Tag::BYTES + 1, 3 * Tag::BYTES] {
        let mut import = to.begin().expect("it reads");
        import.next_block(&tip);
        let item = BlockItem {
            beside: vec![1; wrong].into(),
            ..blocks[0].clone()
        };
        assert_blames(import.check(vec![item]), Some(Offence::Malformed));
        assert_eq!(import.check(blocks.clone()), Ok(tip));
    }
}
