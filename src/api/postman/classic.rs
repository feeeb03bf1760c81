//! The book's chapter on the classic network.

use super::super::openapi;
use super::{Collection, Step, get, post};

/// The collection.
pub(super) fn collection() -> Collection {
    Collection {
        name: "B-Coin",
        description: "The book's chapter against three nodes of `bcoin up`, in order, then every other call. The classic network is a lesson, not a currency.",
        document: openapi::document(),
        chapter: &CHAPTER,
        named: &[],
        left_out: &["/v1/events"],
    }
}

const HOLDS_ITS_LENGTH: &[&str] = &["pm.expect(answer.length).to.equal(answer.chain.length);"];
const IS_VALID: &[&str] = &["pm.expect(answer.message).to.equal(sentences.VALID);"];
const IS_MINED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.MINED);",
    "pm.expect(answer.transactions).to.not.be.empty;",
];
const IS_CONNECTED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.CONNECTED);",
    "pm.expect(answer.total_nodes.length).to.be.at.least(2);",
];
const HAS_NODE_1S_CHAIN: &[&str] =
    &["pm.expect(answer.chain.length).to.equal(Number(pm.collectionVariables.get('length1')));"];
const IS_REPLACED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.REPLACED);",
    "pm.expect(answer.replaced).to.equal(true);",
    "pm.expect(answer.peers.map(peer => peer.outcome)).to.include('adopted');",
];

/// The chapter. Node 1 gets ahead, so that the others take its chain.
const CHAPTER: [Step; 22] = [
    get("Node 1: the chain", 0, "/get_chain").checks(HOLDS_ITS_LENGTH),
    get("Node 2: the chain", 1, "/get_chain").checks(HOLDS_ITS_LENGTH),
    get("Node 3: the chain", 2, "/get_chain").checks(HOLDS_ITS_LENGTH),
    post(
        "Node 1: connect the others",
        0,
        "/connect_node",
        Some(r#"{"nodes": ["{{base2}}", "{{base3}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post(
        "Node 2: connect the others",
        1,
        "/connect_node",
        Some(r#"{"nodes": ["{{base1}}", "{{base3}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post(
        "Node 3: connect the others",
        2,
        "/connect_node",
        Some(r#"{"nodes": ["{{base1}}", "{{base2}}"]}"#),
    )
    .checks(IS_CONNECTED),
    post("Node 1: add a transaction", 0, "/add_transaction", None).checks(&[
        r"pm.expect(answer.message).to.match(/^This transaction will be added to the Block \d+$/);",
    ]),
    get("Node 1: mine", 0, "/mine_block").checks(IS_MINED),
    Step {
        method: "POST",
        ..get("Node 1: mine again, by POST", 0, "/mine_block")
    }
    .checks(IS_MINED),
    get("Node 1: the chain is longer", 0, "/get_chain").checks(&[
        "pm.expect(answer.length).to.be.above(2);",
        "pm.collectionVariables.set('length1', answer.length);",
    ]),
    get("Node 2: replace the chain", 1, "/replace_chain").checks(IS_REPLACED),
    Step {
        method: "POST",
        ..get("Node 3: replace the chain, by POST", 2, "/replace_chain")
    }
    .checks(IS_REPLACED),
    get("Node 2: has node 1's chain", 1, "/get_chain").checks(HAS_NODE_1S_CHAIN),
    get("Node 3: has node 1's chain", 2, "/get_chain").checks(HAS_NODE_1S_CHAIN),
    get("Node 1: keeps its chain", 0, "/replace_chain").checks(&[
        "pm.expect(answer.message).to.equal(sentences.KEPT);",
        "pm.expect(answer.replaced).to.equal(false);",
    ]),
    get("Node 1: is the chain valid?", 0, "/is_valid").checks(IS_VALID),
    get("Node 2: is the chain valid?", 1, "/is_valid").checks(IS_VALID),
    get("Node 3: is the chain valid?", 2, "/is_valid").checks(IS_VALID),
    post(
        "Wrong: a transaction without a receiver",
        0,
        "/add_transaction",
        Some(r#"{"sender": "alice", "recipient": "bob", "amount": 1}"#),
    )
    .ends(&[400])
    .checks(&[
        "pm.expect(answer.detail).to.include(sentences.MEMBERS_MISSING);",
        "pm.expect(answer.missing).to.eql(['receiver']);",
    ]),
    post("Wrong: connect nobody", 0, "/connect_node", Some("{}"))
        .ends(&[400])
        .checks(&["pm.expect(answer.detail).to.include(sentences.NO_NODE);"]),
    post(
        "Wrong: connect what is no address",
        0,
        "/connect_node",
        Some(r#"{"nodes": ["http://"]}"#),
    )
    .ends(&[400]),
    Step {
        method: "POST",
        ..get("Wrong: POST to a call that reads", 0, "/get_chain")
    }
    .ends(&[405])
    .checks(&["pm.expect(answer.allowed).to.eql(['GET']);"]),
];
