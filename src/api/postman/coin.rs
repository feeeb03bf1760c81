//! The book's chapter with real coins, on the network dev: transfers that the test accounts have signed.

use super::super::openapi;
use super::chapter::{FOLLOWING, OPENING, WRONG, mining};
use super::{Collection, Step, post};

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
        chapter: chapter(),
        named: &[("hash", HASH), ("address", RECEIVER)],
        left_out: &["/v1/events", "/v1/session", "/v1/mining/searches/{number}"],
    }
}

const IS_MINED: &[&str] = &[
    "pm.expect(answer.message).to.equal(sentences.MINED);",
    "pm.expect(answer.index).to.equal(answer.number + 1);",
    "pm.expect(answer.subsidy).to.equal('50');",
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

// The second time it is known.
const ADDING: Step = post(
    "Node 1: add a transaction that its sender signed",
    0,
    "/add_transaction",
    Some(SIGNED),
)
.ends(&[200, 201])
.checks(&["pm.expect(answer.hash).to.match(/^0x[0-9a-f]{64}$/);"]);

const WRONG_HERE: [Step; 3] = [
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
    post(
        "Wrong: a block without proof",
        0,
        "/v1/mining/blocks",
        Some(r#"{"block": "0x00"}"#),
    )
    .ends(&[422])
    .checks(&["pm.expect(answer.rule).to.equal('seal_version');"]),
];
