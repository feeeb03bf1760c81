//! One lie each: what is said of it, and that the node is none the worse.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes};
use axum::response::IntoResponse;
use bcoin::peers::coin::wire::{HEADERS_PATH, Items};
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::block::Block;
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::header::Header;
use bcoin::protocol::coin::parameters::Parameters;

use super::forged::{header_behind, header_of, proven};
use super::liar::{Liar, block_answer, broken, header_answer, preamble, silent};
use super::world::{Served, assert_is, impatient, parameters};

/// A chain of three blocks that a liar has, and a node that has only the genesis block.
struct Stage {
    node: Served,
    genesis: Arc<Genesis>,
    headers: Vec<Header>,
    blocks: Vec<Bytes>,
}

impl Stage {
    async fn set() -> Self {
        let author = Served::with_chain(parameters(), 0xa1, 3).await;
        let node = Served::new(parameters()).await;
        Self {
            genesis: Arc::clone(node.node.genesis()),
            headers: author.headers(),
            blocks: author.blocks(),
            node,
        }
    }

    fn header_answer(&self) -> Vec<u8> {
        header_answer(&self.genesis, 0, &self.headers)
    }

    /// Asks a liar that has the chain's headers and these as its blocks.
    async fn asked_for(&self, blocks: &[Bytes], outcome: Outcome, detail: &str) {
        let answer = block_answer(&self.genesis, 0, blocks);
        self.asked_for_bytes(answer, outcome, detail).await;
    }

    async fn asked_for_bytes(&self, blocks: Vec<u8>, outcome: Outcome, detail: &str) {
        let liar = Liar::saying(self.header_answer(), blocks).await;
        assert_is(&self.node.report_on(&liar.address).await, outcome, detail);
    }

    /// The node took no block, and takes the honest chain.
    async fn is_unharmed(&self) {
        assert_eq!(self.node.known(), 1, "no block was kept");
        self.asked_for(&self.blocks, Outcome::Adopted, "adopted: block 3")
            .await;
        assert_eq!(self.node.tip().number, 3);
    }
}

#[tokio::test]
async fn answers_that_are_none_are_explained() {
    let node = Served::with_chain(parameters(), 0xa1, 1).await;
    let genesis = Arc::clone(node.node.genesis());
    let honest = header_answer(&genesis, 0, &[]);
    let header = header_behind(&genesis.place, &genesis.parameters, 1);
    let with_header = header_answer(&genesis, 0, &[header]);
    let mut other = genesis.parameters.clone();
    other.subsidy += 1;
    let other = Genesis::of(other);
    for (answer, outcome, detail) in [
        (
            Vec::new(),
            Outcome::Invalid,
            "ends within its first 56 bytes",
        ),
        (
            honest[..55].to_vec(),
            Outcome::Invalid,
            "ends within its first 56 bytes",
        ),
        (
            with_header[..135].to_vec(),
            Outcome::Invalid,
            "ends in the middle of header 1",
        ),
        (
            b"bcoin-h2".to_vec(),
            Outcome::Invalid,
            "begins with \"bcoin-h2\", where bcoin-h1 is to stand",
        ),
        (
            preamble(&genesis, 0, 0).encode(Items::Blocks),
            Outcome::Invalid,
            "begins with \"bcoin-b1\"",
        ),
        (
            header_answer(&genesis, 7, &[]),
            Outcome::Invalid,
            "behind block 7, which this node did not name",
        ),
        (
            header_answer(&other, 0, &[]),
            Outcome::Refused,
            "another network",
        ),
    ] {
        let liar = Liar::saying(answer, Vec::new()).await;
        assert_is(&node.report_on(&liar.address).await, outcome, detail);
    }
}

#[tokio::test]
async fn other_blocks_than_the_headers_promised_are_not_kept() {
    let stage = Stage::set().await;
    let other = Served::with_chain(parameters(), 0xa2, 3).await;
    let found = header_of(&other.blocks()[0]).hash().to_string();
    stage
        .asked_for(
            &other.blocks(),
            Outcome::Invalid,
            &format!("it sends {found} as block 1, where its headers promised"),
        )
        .await;
    stage
        .asked_for(&stage.blocks[1..], Outcome::Invalid, "as block 1")
        .await;
    let nobodys = Block {
        header: proven(Header {
            nonce: stage.headers[0].nonce + 1,
            ..stage.headers[0]
        }),
        ..Block::decode(&stage.blocks[0], stage.node.node.parameters()).expect("a block")
    };
    stage
        .asked_for(&[nobodys.encode().into()], Outcome::Invalid, "as block 1")
        .await;
    stage.is_unharmed().await;
}

#[tokio::test]
async fn blocks_that_do_not_hold_by_themselves_are_named_and_not_kept() {
    let stage = Stage::set().await;
    let parameters = stage.node.node.parameters();
    let first = Block::decode(&stage.blocks[0], parameters).expect("a block");

    // The right header over another record: neither is condemned by it.
    let mut other = first.clone();
    other.record.beneficiary = Address::repeat_byte(0x66);
    stage
        .asked_for(
            &[other.encode().into()],
            Outcome::Invalid,
            "breaks the rule commitment: the header commits to record",
        )
        .await;
    let mut more = first.clone();
    more.envelopes.push(Bytes::from_static(b"\x02\xc0"));
    stage
        .asked_for(
            &[more.encode().into()],
            Outcome::Invalid,
            "breaks the rule transactions_root",
        )
        .await;

    let mut unknown_seal = stage.blocks[0].to_vec();
    unknown_seal[0] = 9;
    stage
        .asked_for(
            &[unknown_seal.into()],
            Outcome::Invalid,
            "block 1 breaks the rule seal_version: ",
        )
        .await;
    let mut longer = stage.blocks[0].to_vec();
    longer.push(0);
    stage
        .asked_for(
            &[longer.into()],
            Outcome::Invalid,
            "breaks the rule encoding",
        )
        .await;
    stage
        .asked_for(
            &[stage.blocks[0].slice(..60)],
            Outcome::Invalid,
            "breaks the rule encoding: the block cannot be read: it ends within the header",
        )
        .await;
    stage
        .asked_for(&[Bytes::new()], Outcome::Invalid, "rule seal_version")
        .await;
    stage.is_unharmed().await;
}

#[tokio::test]
async fn the_longest_block_is_taken_and_one_that_is_said_to_be_longer_is_not_waited_for() {
    let most = 1_024;
    let small = Parameters {
        byte_limit: most,
        ..parameters()
    };
    let author = Served::with_chain(small.clone(), 0xa1, 1).await;
    let node = Served::new(small).await;
    let genesis = Arc::clone(node.node.genesis());
    let headers = header_answer(&genesis, 0, &author.headers());
    let claims = |bytes: u32| {
        let mut answer = preamble(&genesis, 0, 1).encode(Items::Blocks);
        answer.extend_from_slice(&bytes.to_le_bytes());
        answer
    };
    let said = |blocks: Vec<u8>| {
        let headers = headers.clone();
        Liar::answering(move |path| {
            if path.starts_with(HEADERS_PATH) {
                headers.clone().into_response()
            } else {
                silent(blocks.clone())
            }
        })
    };
    for bytes in [most as u32 + 1, u32::MAX] {
        let liar = said(claims(bytes)).await;
        assert_is(
            &node.report_on(&liar.address).await,
            Outcome::Invalid,
            &format!("block 1 is said to have {bytes} bytes, 1024 are the most on this network"),
        );
    }
    let liar = said(claims(most as u32)).await;
    let waiting = node.report_within(impatient(), &liar.address).await;
    assert_is(&waiting, Outcome::Unreachable, "not a byte for 0.2 s");
    assert_eq!(node.known(), 1);
}

#[tokio::test]
async fn truncated_answers_leave_what_came_before() {
    let mut stage = Stage::set().await;
    let answer = block_answer(&stage.genesis, 0, &stage.blocks);
    let second_ends = 56 + 2 * 4 + stage.blocks[0].len() + stage.blocks[1].len();
    for (length, detail) in [
        (20, "ends within its first 56 bytes"),
        (58, "ends in the middle of block 1"),
        (60, "ends in the middle of block 1"),
        (
            second_ends - 1,
            "ends in the middle of block 2; up to block 1 its chain holds and was adopted",
        ),
        (
            second_ends + 4,
            "ends in the middle of block 3; up to block 2",
        ),
    ] {
        stage.node = Served::new(parameters()).await;
        stage
            .asked_for_bytes(answer[..length].to_vec(), Outcome::Invalid, detail)
            .await;
    }
    assert_eq!(stage.node.tip().number, 2);
    let rest = header_answer(&stage.genesis, 2, &stage.headers[2..]);
    let liar = Liar::saying(rest, block_answer(&stage.genesis, 2, &stage.blocks[2..])).await;
    let report = stage.node.report_on(&liar.address).await;
    assert_is(&report, Outcome::Adopted, "the same up to block 2");
    assert_eq!(stage.node.tip().hash, stage.headers[2].hash());
}

#[tokio::test]
async fn whoever_falls_silent_or_breaks_off_is_told_apart_from_liars() {
    let stage = Stage::set().await;
    let (headers, answer) = (
        stage.header_answer(),
        block_answer(&stage.genesis, 0, &stage.blocks),
    );
    let first_ends = 56 + 4 + stage.blocks[0].len();
    let falls_silent = {
        let (headers, answer) = (headers.clone(), answer[..first_ends + 50].to_vec());
        Liar::answering(move |path| {
            if path.starts_with(HEADERS_PATH) {
                headers.clone().into_response()
            } else {
                silent(answer.clone())
            }
        })
        .await
    };
    let report = stage
        .node
        .report_within(impatient(), &falls_silent.address)
        .await;
    assert_is(
        &report,
        Outcome::Unreachable,
        "not a byte for 0.2 s; up to block 1 its chain holds and was adopted",
    );
    assert_eq!(stage.node.tip().number, 1);
    let breaks_off = Liar::answering(move |path| {
        if path.starts_with(HEADERS_PATH) {
            broken(headers[..56 + 80].to_vec())
        } else {
            answer.clone().into_response()
        }
    })
    .await;
    let report = stage.node.report_on(&breaks_off.address).await;
    assert_is(&report, Outcome::Unreachable, "the connection broke");
    assert_eq!(stage.node.known(), 2);
}
