//! The six calls, described. [`super::super::book`] has their handlers, and stays free of all this so that it reads like
//! the book.
#![allow(dead_code, reason = "the functions only carry descriptions")]

use serde::Serialize;
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::super::v1::blocks::BlockShape;
use super::common::ProblemShape;

/// The six calls, and what the document says of itself.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "B-Coin node",
        description = "A small blockchain node: the book's six calls, durable, and `/v1` for programs. The classic network is a lesson, not a currency: anyone can forge a longer chain of it in a moment, and nothing on it has value.",
        license(name = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The node that this document came from.")),
    tags(
        (name = "book", description = "The book's six calls, to the letter."),
        (name = "v1", description = "What the node knows, for programs. Reading only."),
        (name = "health", description = "For whoever starts and watches the node."),
    ),
    paths(get_chain, mine_block, is_valid, add_transaction, connect_node, replace_chain),
    components(schemas(ProblemShape))
)]
pub(super) struct SixCalls;

/// The whole chain.
#[derive(Serialize, ToSchema)]
struct Chain {
    chain: Vec<BlockShape>,
    /// Blocks in the chain.
    #[schema(minimum = 1)]
    length: u64,
}

/// The whole chain, first block first.
#[utoipa::path(
    get, path = "/get_chain", tag = "book",
    responses(
        (status = 200, description = "All blocks.", body = Chain,
            headers(("ETag" = String, description = "The last block's hash."), ("Cache-Control" = String, description = "`no-cache`.")),
            example = json!({"chain": [{"index": 1, "previous_hash": "0", "proof": 1, "timestamp": "2026-11-21 10:18:34.281773", "transactions": []}], "length": 1})),
        (status = 304, description = "`If-None-Match` named the last block's hash."),
    )
)]
fn get_chain() {}

/// A block, just mined.
#[derive(Serialize, ToSchema)]
struct Mined {
    #[schema(minimum = 2)]
    index: u64,
    message: String,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    previous_hash: String,
    #[schema(minimum = 1)]
    proof: u64,
    timestamp: String,
    transactions: Vec<Value>,
}

/// Mines a block: the waiting transactions in order, and last the reward for this node's miner.
///
/// The book uses GET; POST does the same.
#[utoipa::path(
    method(get, post), path = "/mine_block", tag = "book",
    responses((status = 200, description = "The block, durable and at the end of the chain.", body = Mined,
        example = json!({"index": 2, "message": "Congrats, you just mined a block!", "previous_hash": "9e52986d889f887be3da28ad95e36dc3a366349e70337b7701cb261720a49638", "proof": 533, "timestamp": "2026-11-21 10:18:36.034726", "transactions": [{"amount": 1, "receiver": "Bharathi", "sender": "aec29907bbc749cb8bde77b963b881fa"}]})))
)]
fn mine_block() {}

/// Whether a chain holds.
#[derive(Serialize, ToSchema)]
struct Validity {
    message: String,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// The member of the block that is wrong, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
}

/// Reads the stored chain again, hashes it again and holds it against every rule.
///
/// The answer is a 200 both times; `message` says which it is.
#[utoipa::path(
    get, path = "/is_valid", tag = "book",
    responses((status = 200, description = "Whether the chain holds.", body = Validity,
        example = json!({"message": "Everything is fine. The Blockchain is correct."})))
)]
fn is_valid() {}

/// A transaction; each of the three may be any JSON. Other members are dropped.
#[derive(Serialize, ToSchema)]
struct NewTransaction {
    sender: Value,
    receiver: Value,
    amount: Value,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct Done {
    message: String,
}

/// Hands in a transaction, which the next block takes.
///
/// The body is read as JSON whatever `Content-Type` says, in UTF-8 or UTF-16, and has at most 16 KiB and 64 levels.
#[utoipa::path(
    post, path = "/add_transaction", tag = "book",
    request_body(content = NewTransaction, example = json!({"sender": "alice", "receiver": "bob", "amount": 1})),
    responses(
        (status = 201, description = "It waits, and is durable.", body = Done,
            example = json!({"message": "This transaction will be added to the Block 2"})),
        (status = 400, description = "No JSON object, or a member is missing: `missing` lists which."),
    )
)]
fn add_transaction() {}

/// Addresses of nodes.
#[derive(Serialize, ToSchema)]
struct NewNodes {
    /// Each as `http://host:port` or `host:port`; this node's own and known ones are left out.
    #[schema(max_items = 16)]
    nodes: Vec<String>,
}

/// The known nodes.
#[derive(Serialize, ToSchema)]
struct Connected {
    message: String,
    total_nodes: Vec<String>,
}

/// Names nodes that this one asks when it is told to replace its chain.
///
/// One bad address refuses the whole call, and adds none. With `"sync": "auto"` (see `/v1/node`) the node calls them at once.
#[utoipa::path(
    post, path = "/connect_node", tag = "book",
    request_body(content = NewNodes, example = json!({"nodes": ["http://127.0.0.1:1002", "http://127.0.0.1:1003"]})),
    responses(
        (status = 201, description = "All known nodes, in the order in which they became known.", body = Connected,
            example = json!({"message": "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.", "total_nodes": ["127.0.0.1:1002", "127.0.0.1:1003"]})),
        (status = 400, description = "No JSON object, no `nodes`, or an address that is none or may not be called: `address` names it."),
        (status = 409, description = "The node would know more than 64 nodes; `limit` says so."),
    )
)]
fn connect_node() {}

/// What became of asking.
#[derive(Serialize, ToSchema)]
struct Replaced {
    message: String,
    /// This node's chain, as it is now.
    new_chain: Vec<BlockShape>,
    /// What each known node said, in the order in which they became known.
    peers: Vec<PeerSaid>,
    /// Whether the chain is another now.
    replaced: bool,
}

/// What one known node said.
#[derive(Serialize, ToSchema)]
struct PeerSaid {
    address: String,
    outcome: PeerOutcome,
    /// Blocks of its chain as counted, where all of them hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    length: Option<u64>,
    /// For people.
    detail: String,
    /// Waited for it.
    #[schema(minimum = 0)]
    seconds_peer: f64,
    /// This node's own checking.
    #[schema(minimum = 0)]
    seconds_checking: f64,
}

/// What became of asking one node.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PeerOutcome {
    Adopted,
    ValidNotLonger,
    LongerNotChosen,
    Invalid,
    Unreachable,
    Refused,
}

/// Asks every known node for its chain, and takes the longest valid one that is longer than its own.
///
/// The book uses GET; POST does the same. Transactions of displaced blocks wait again.
#[utoipa::path(
    method(get, post), path = "/replace_chain", tag = "book",
    responses((status = 200, description = "The chain as it is now, and what each node said.", body = Replaced,
        example = json!({"message": "Everything seems to be fine. It is the most extensive chain.", "new_chain": [{"index": 1, "previous_hash": "0", "proof": 1, "timestamp": "2026-11-21 10:18:34.281773", "transactions": []}], "peers": [{"address": "127.0.0.1:1002", "outcome": "valid_not_longer", "length": 1, "detail": "its chain holds and is no longer than this node's", "seconds_peer": 0.002, "seconds_checking": 0.0001}], "replaced": false})))
)]
fn replace_chain() {}
