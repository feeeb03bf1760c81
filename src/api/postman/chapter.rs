//! What the chapter does on every network, in pieces between which each puts its own.

use super::{Step, get, post};

const HOLDS_ITS_LENGTH: &[&str] = &["pm.expect(answer.length).to.equal(answer.chain.length);"];
const IS_VALID: &[&str] = &["pm.expect(answer.message).to.equal(sentences.VALID);"];
const IS_CONNECTED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.CONNECTED);",
    "pm.expect(answer.total_nodes.length).to.be.at.least(2);",
];
const HAS_NODE_1S_CHAIN: &[&str] =
    &["pm.expect(answer.chain.length).to.equal(Number(pm.collectionVariables.get('length1')));"];
/// A node that follows others by itself has the chain already.
const IS_REPLACED: &[&str] = &[
    "pm.expect(answer.message).to.equal(answer.replaced ? sentences.REPLACED : sentences.KEPT);",
    "if (answer.replaced) pm.expect(answer.peers.map(peer => peer.outcome)).to.include('adopted');",
];

/// Three nodes that know each other.
pub(super) const OPENING: [Step; 6] = [
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
];

/// Node 1 mines two blocks; `mined` is what an answer must hold.
pub(super) const fn mining(mined: &'static [&'static str]) -> [Step; 2] {
    [
        get("Node 1: mine", 0, "/mine_block").checks(mined),
        Step {
            method: "POST",
            ..get("Node 1: mine again, by POST", 0, "/mine_block")
        }
        .checks(mined),
    ]
}

/// Node 1 is ahead, and the others take its chain.
pub(super) const FOLLOWING: [Step; 9] = [
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
];

/// What no node does on any network.
pub(super) const WRONG: [Step; 2] = [
    post("Wrong: connect nobody", 0, "/connect_node", Some("{}"))
        .ends(&[400])
        .checks(&["pm.expect(answer.detail).to.include(sentences.NO_NODE);"]),
    Step {
        method: "POST",
        ..get("Wrong: POST to a call that reads", 0, "/get_chain")
    }
    .ends(&[405])
    .checks(&["pm.expect(answer.allowed).to.eql(['GET']);"]),
];
