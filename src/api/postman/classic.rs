//! The book's chapter on the classic network.

use super::super::openapi;
use super::chapter::{FOLLOWING, OPENING, WRONG, mining};
use super::{Collection, Step, post};

/// The collection.
pub(super) fn collection() -> Collection {
    Collection {
        name: "B-Coin",
        description: "The book's chapter against three nodes of `bcoin up`, in order, then every other call. The classic network is a lesson, not a currency.",
        document: openapi::document(),
        chapter: chapter(),
        named: &[],
        left_out: &["/v1/events", "/v1/session"],
    }
}

const IS_MINED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.MINED);",
    "pm.expect(answer.transactions).to.not.be.empty;",
];
fn chapter() -> Vec<Step> {
    [
        &OPENING[..],
        &[ADDING],
        &mining(IS_MINED),
        &FOLLOWING,
        &WRONG_HERE,
        &WRONG,
    ]
    .concat()
}

const ADDING: Step = post("Node 1: add a transaction", 0, "/add_transaction", None).checks(&[
    r"pm.expect(answer.message).to.match(/^This transaction will be added to the Block \d+$/);",
]);

const WRONG_HERE: [Step; 2] = [
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
    post(
        "Wrong: connect what is no address",
        0,
        "/connect_node",
        Some(r#"{"nodes": ["http://"]}"#),
    )
    .ends(&[400]),
];
