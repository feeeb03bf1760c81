//! Chains that go from one classic node to another, honest ones and others.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use redb::backends::InMemoryBackend;

use super::serving::{ID_BYTES, STEP};
use super::*;
use crate::limits::QueueLimits;
use crate::node::{Adoption, Branch, BranchBlocks, Settings, start, system_clock};
use crate::peers::blame::Offence;
use crate::peers::ledger::tests::{assert_blames, brought, messages, odd_sizes, outlined, planned};
use crate::peers::ledger::waiting::wait_for;
use crate::peers::ledger::{Outlined, Plan};
use crate::protocol::classic::block::Block;
use crate::protocol::classic::proof::Proof;
use crate::protocol::classic::tag::BlockTags;
use crate::store::{Store, StoreOptions};

/// The proof at `position`, counted from 0, of every chain that is mined as the book mines.
fn proofs() -> impl Iterator<Item = Proof> {
    let vector = include_str!("../../../../tests/vectors/classic/proofs.json");
    let vector: serde_json::Value = serde_json::from_str(vector).expect("the vector is JSON");
    let back = vector["then_back_to_position"].as_u64().expect("a number") as usize;
    let proofs = vector["proofs"].as_array().expect("a list of proofs");
    let proofs: Vec<Proof> = proofs
        .iter()
        .map(|value| Proof::new(value.as_i64().expect("a number").into()).expect("a short proof"))
        .collect();
    let again = proofs[back..].to_vec();
    proofs.into_iter().chain(again.into_iter().cycle())
}

/// A chain with more blocks on top, in each of which stands `name`.
pub(super) fn extended(mut blocks: Vec<Block>, name: &str, more: usize) -> Vec<Block> {
    for proof in proofs().skip(blocks.len()).take(more) {
        let parent = blocks.last().expect("at least a first block").link();
        let transaction = format!(r#"{{"amount": 1, "receiver": "{name}", "sender": "a"}}"#);
        blocks.push(Block::on_top_of(&parent, proof, name, &transaction));
    }
    blocks
}

pub(super) fn chain(name: &str, length: usize) -> Vec<Block> {
    extended(vec![Block::first(name)], name, length - 1)
}

struct InMemory(Vec<Block>);

impl BranchBlocks for InMemory {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        self.0
            .drain(..)
            .try_for_each(|block| visit(block, BlockTags::default()))
    }
}

pub(super) fn has_taken(node: &NodeHandle, blocks: Vec<Block>) {
    let branch = Branch {
        fork: None,
        tip: blocks.last().expect("a block").height(),
        blocks: Box::new(InMemory(blocks)),
    };
    let adopted = wait_for(node.adopt(branch)).expect("it writes");
    assert!(matches!(adopted, Adoption::Adopted { .. }));
}

/// Has a node mine a block with a proof that is known.
pub(super) fn mined(ledger: &ClassicLedger) {
    let node = &ledger.node;
    let known = proofs().nth(node.tip().link.height.0 as usize);
    let previous = node.tip().link.proof;
    wait_for(node.remember_proof(previous, async { known })).expect("it is remembered");
    let mined = wait_for(node.mine_if_searched()).expect("it writes");
    assert!(mined.is_ok(), "the proof follows");
}

/// A node with this chain.
pub(super) fn node_with_room(blocks: &[Block], room: BranchRoom) -> ClassicLedger {
    let first = blocks.first().expect("a block").clone();
    let store = Store::over(
        InMemoryBackend::new(),
        "in memory".into(),
        StoreOptions::default(),
        || first,
    );
    let settings = Settings {
        miner: "Bharathi".to_owned(),
        clock: system_clock(),
        queue_limits: QueueLimits::default(),
        travels: true,
        recorder: Arc::new(metrics::NoopRecorder),
    };
    let (node, _writer) = start(store.expect("a store"), settings).expect("a writer");
    if blocks.len() > 1 {
        has_taken(&node, blocks.to_vec());
    }
    ClassicLedger::new(node, room)
}

pub(super) fn node(blocks: &[Block]) -> ClassicLedger {
    node_with_room(blocks, BranchRoom::in_folder(std::env::temp_dir()))
}

pub(super) fn stand(ledger: &ClassicLedger) -> Stand {
    ledger.stand().expect("it reads")
}

pub(super) fn stand_of(block: &Block) -> Stand {
    stand_at(Some(block.link()))
}

pub(super) fn sent(blocks: &[Block]) -> Vec<BlockItem> {
    let sent = |block: &Block| BlockItem {
        block: Bytes::copy_from_slice(block.text().as_bytes()),
        beside: Bytes::new(),
    };
    blocks.iter().map(sent).collect()
}

#[test]
fn a_new_node_takes_a_chain_over_in_pieces_of_any_size() {
    let chain = chain("a", 1_000);
    let (from, to) = (node(&chain), node(&[Block::first("b")]));
    let mut import = to.begin().expect("it reads");
    let Plan {
        base,
        end,
        stretches,
    } = planned(&from, &mut *import);
    assert_eq!((base, end), (Stand::default(), stand_of(&chain[999])));
    let heights: Vec<u64> = stretches.iter().map(|stretch| stretch.height).collect();
    assert_eq!(heights, [256, 512, 768, 1_000]);
    assert_eq!(brought(&from, &to), Ok(end));
    assert_eq!(stand(&to), end);
    let displaced = to.node.snapshot().expect("it reads").displaced_total();
    assert_eq!(displaced, Ok(1), "its own first block");
}

#[test]
fn a_branch_waits_on_disk_until_it_is_longer() {
    let shared = chain("shared", 300);
    let light = extended(shared.clone(), "light", 50);
    let heavy = extended(shared, "heavy", 51);
    let (light_node, heavy_node) = (node(&light), node(&heavy));
    let mut import = heavy_node.begin().expect("it reads");
    let (found, _) = outlined(&light_node, &mut *import).expect("they hold");
    let shown = stand_of(&light[349]);
    assert_eq!(found, Outlined::NotBetter { shown, all: true });

    let mut import = light_node.begin().expect("it reads");
    let plan = planned(&heavy_node, &mut *import);
    assert!((256..=300).contains(&plan.base.height), "{plan:?}");
    for blocks in messages(&heavy_node, &plan, std::iter::repeat(1)) {
        let checked = import.check(blocks).expect("they hold").height;
        let connected = import.connect().expect("they are kept");
        // None of them stands before all do.
        let best = if checked == 351 {
            &heavy[350]
        } else {
            &light[349]
        };
        assert_eq!(connected, stand_of(best));
    }
    // And back.
    let light = extended(light, "light", 2);
    has_taken(&light_node.node, light.clone());
    assert_eq!(brought(&light_node, &heavy_node), Ok(stand_of(&light[351])));
}

#[test]
fn a_deep_branch_is_found_by_a_coarse_locator() {
    let shared = chain("shared", 700);
    let (own, peers) = (
        extended(shared.clone(), "own", 300),
        extended(shared, "peers", 800),
    );
    let (from, to) = (node(&peers), node(&own));
    let displaced = || {
        let snapshot = to.node.snapshot().expect("it reads");
        snapshot.displaced_total().expect("it reads")
    };
    let before = displaced();
    let mut import = to.begin().expect("it reads");
    let plan = planned(&from, &mut *import);
    assert!((445..=700).contains(&plan.base.height), "{plan:?}");
    assert_eq!(brought(&from, &to), Ok(stand_of(&peers[1_499])));
    assert_eq!(displaced() - before, 300, "what both have stays");
}

#[test]
fn what_was_connected_is_not_asked_for_again() {
    let chain = chain("a", 600);
    let (from, to) = (node(&chain), node(&[Block::first("b")]));
    let mut import = to.begin().expect("it reads");
    let plan = planned(&from, &mut *import);
    for blocks in messages(&from, &plan, odd_sizes().take(12)) {
        import.check(blocks).expect("they hold");
        import.connect().expect("they connect");
    }
    let half = stand(&to);
    assert!((20..600).contains(&half.height), "{half:?}");
    let mut import = to.begin().expect("it reads");
    let plan = planned(&from, &mut *import);
    assert_eq!(plan.base, half);
    assert_eq!(brought(&from, &to), Ok(stand_of(&chain[599])));
}

#[test]
fn equal_length_is_not_better() {
    let (one, other) = (chain("a", 5), chain("b", 5));
    let (from, to) = (node(&one), node(&other));
    let mut import = to.begin().expect("it reads");
    let (found, _) = outlined(&from, &mut *import).expect("they hold");
    let shown = stand_of(&one[4]);
    assert_eq!(found, Outlined::NotBetter { shown, all: true });
}

#[test]
fn a_long_chain_is_named_in_several_answers() {
    let own = node(&[Block::first("own")]);
    let mut import = own.begin().expect("it reads");
    let end = claimed(2_000_000, BlockId([9; 32]));
    let most = limits::SESSION_HEADERS_BYTES;
    let first = Headers {
        after: 0,
        after_id: BlockId::default(),
        items: vec![1; most].into(),
        step: STEP,
        end,
    };
    let reached = (most / ID_BYTES) as u64 * u64::from(STEP);
    let Ok(Outlined::More { locator }) = import.headers(&first) else {
        panic!("there is more");
    };
    assert_eq!(locator, [BlockId([1; 32]), stand(&own).id]);
    let left = (2_000_000 - reached).div_ceil(STEP.into()) as usize;
    let mut ids = vec![2; (left - 1) * ID_BYTES];
    ids.extend_from_slice(&[9; 32]);
    let second = Headers {
        after: reached,
        after_id: BlockId([1; 32]),
        items: ids.into(),
        ..first
    };
    let Ok(Outlined::Planned(plan)) = import.headers(&second) else {
        panic!("it is worth its blocks");
    };
    assert_eq!((plan.base, plan.end), (Stand::default(), end));
    assert_eq!(plan.stretches.len(), most / ID_BYTES + left);
}

#[test]
fn a_chain_that_grows_meanwhile_is_outgrown_or_left() {
    let own = chain("own", 10);
    let peers = extended(own[..5].to_vec(), "peers", 10);
    let (from, to) = (node(&peers), node(&own));
    let mut import = to.begin().expect("it reads");
    planned(&from, &mut *import);
    let base = import.check(Vec::new()).expect("nothing is wrong with it");
    let sent_behind = sent(&peers[base.height as usize..12]);
    import.check(sent_behind).expect("they hold");
    let own = extended(own, "own", 3);
    has_taken(&to.node, own.clone());
    assert_eq!(
        import.connect(),
        Ok(stand_of(&own[12])),
        "12 are not more than 13"
    );
    import.check(sent(&peers[12..])).expect("they hold");
    assert_eq!(import.connect(), Ok(stand_of(&peers[14])));
    // One whose beginning is gone cannot be taken any more.
    let longer = extended(peers, "peers", 5);
    let next = [longer[15].clone()];
    let mut import = to.begin().expect("it reads");
    import.next_block(&stand_of(&next[0]));
    import.check(sent(&next)).expect("it holds");
    let other = chain("other", 16);
    has_taken(&to.node, other.clone());
    assert_eq!(
        import.connect(),
        Ok(stand_of(&other[15])),
        "it is no longer"
    );
    let mut import = to.begin().expect("it reads");
    import.next_block(&stand_of(&next[0]));
    assert_blames(import.check(sent(&next)), Some(Offence::Invalid));
}

#[test]
fn the_next_block_comes_without_identities() {
    let chain = chain("a", 7);
    let (from, to) = (node(&chain), node(&chain[..6]));
    let mut import = to.begin().expect("it reads");
    let plan = import.next_block(&stand(&from));
    assert_eq!((plan.base, plan.end), (stand(&to), stand(&from)));
    let answer = from.blocks(plan.base.id, plan.end.id, 1).expect("it reads");
    let (blocks, last) = answer.expect("it is there");
    assert_eq!((blocks.len(), last), (1, plan.end.id));
    assert_eq!(import.check(blocks), Ok(plan.end));
    assert_eq!(import.connect(), Ok(plan.end));
}

#[test]
fn blocks_are_served_within_limits() {
    let chain = chain("a", 30);
    let from = node(&chain);
    let at = |height: u64| match height {
        0 => BlockId::default(),
        height => id_of(chain[height as usize - 1].hash()),
    };
    let served = |after, to, bytes| from.blocks(after, to, bytes).expect("it reads");
    assert_eq!(
        served(at(0), at(30), usize::MAX),
        Some((sent(&chain), at(30)))
    );
    assert_eq!(served(at(0), at(30), 0), Some((sent(&chain[..1]), at(1))));
    let two = chain[9].text().len() + chain[10].text().len();
    assert_eq!(
        served(at(9), at(30), two),
        Some((sent(&chain[9..11]), at(11)))
    );
    assert_eq!(
        served(at(9), at(30), two - 1),
        Some((sent(&chain[9..10]), at(10)))
    );
    assert_eq!(
        served(at(9), at(10), usize::MAX),
        Some((sent(&chain[9..10]), at(10)))
    );
    assert_eq!(served(at(9), at(9), 1), None);
    assert_eq!(served(at(10), at(9), 1), None);
    assert_eq!(served(at(9), BlockId([1; 32]), 1), None);
    assert_eq!(served(BlockId([1; 32]), at(9), 1), None);
    // As many as one message has.
    let chain = self::chain("b", 5_000);
    let from = node(&chain);
    let mut after = BlockId::default();
    let mut counts = Vec::new();
    while let Some((blocks, last)) = from
        .blocks(after, stand(&from).id, usize::MAX)
        .expect("it reads")
    {
        let bytes: usize = blocks.iter().map(BlockItem::bytes).sum();
        assert!(bytes <= limits::SESSION_BLOCKS_BYTES);
        counts.push(blocks.len());
        after = last;
    }
    assert_eq!(counts.iter().sum::<usize>(), 5_000);
    assert!(counts[0] <= limits::SESSION_BLOCKS);
}
