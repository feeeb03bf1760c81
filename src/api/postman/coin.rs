//! The book's chapter with real coins, on the network dev: transfers that the test accounts have signed.

use super::super::openapi;
use super::{Collection, Step, get, post};

/// 1.5 coins of the second test account to the third, its first transaction. Another run of the chapter finds it known.
const SIGNED: &str = r#"{"raw": "0x02f874827a6980843b9aca01843b9aca01825208943c44cdddb6a900fa2b585dd299e03d12fa4293bc8814d1120d7b16000080c080a0bdb5243dd6915466c7abe7588db1d539f124d645d127fc0aa1a84e1a7c831517a04b3ae1a2ff23b2c91a3be6019d80d81be63641c7299afacb3b99259a64252cb0"}"#;
/// The hash of that.
const HASH: &str = "0xf5ce673243e8767c2eba4b46517f953e7215f29d116b6ce78c6c4923ed94a59b";
/// The account that it pays.
const RECEIVER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/// The collection.
pub(super) fn collection() -> Collection {
    Collection {
        name: "B-Coin with real coins",
        description: "The book's chapter against three nodes of `bcoin up --network dev`, in order, then every other call. Everybody has the keys of this network's first accounts: nothing on it has value.",
        document: openapi::coin::document(),
        chapter: &CHAPTER,
        named: &[("hash", HASH), ("address", RECEIVER)],
        left_out: &["/v1/events", "/v1/mining/searches/{number}"],
    }
}

const HOLDS_ITS_LENGTH: &[&str] = &["pm.expect(answer.length).to.equal(answer.chain.length);"];
const IS_VALID: &[&str] = &["pm.expect(answer.message).to.equal(sentences.VALID);"];
const IS_MINED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.MINED);",
    "pm.expect(answer.index).to.equal(answer.number + 1);",
    "pm.expect(answer.subsidy).to.equal('50');",
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
const CHAPTER: [Step; 23] = [
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
    // The second time it is known.
    post(
        "Node 1: add a transaction that its sender signed",
        0,
        "/add_transaction",
        Some(SIGNED),
    )
    .ends(&[200, 201])
    .checks(&["pm.expect(answer.hash).to.match(/^0x[0-9a-f]{64}$/);"]),
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
        "Wrong: a transaction that nobody signed",
        0,
        "/add_transaction",
        Some(
            r#"{"sender": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "receiver": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "amount": 1}"#,
        ),
    )
    .ends(&[403])
    .checks(&["pm.expect(answer.detail).to.include('--unlock');"]),
    post(
        "Wrong: a transaction without a receiver",
        0,
        "/add_transaction",
        Some(r#"{"sender": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "amount": 1}"#),
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
        "Wrong: a block without proof",
        0,
        "/v1/mining/blocks",
        Some(r#"{"block": "0x00"}"#),
    )
    .ends(&[422])
    .checks(&["pm.expect(answer.rule).to.equal('seal_version');"]),
    Step {
        method: "POST",
        ..get("Wrong: POST to a call that reads", 0, "/get_chain")
    }
    .ends(&[405])
    .checks(&["pm.expect(answer.allowed).to.eql(['GET']);"]),
];
