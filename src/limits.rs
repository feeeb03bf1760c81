//! Every limit of the node, in one table.
//!
//! Each line names a limit, its unit, its value and what the value protects. The macro makes a constant of it, with the
//! reason as its documentation, and a row of [`TABLE`], which the documentation and the tests print: so no number is
//! said twice. Whoever enforces a limit takes it from here; a component whose limits a test wants to shorten keeps them
//! in a struct with a `Default` from these constants (as [`HttpLimits`] does).
//!
//! Units and their types: `seconds` and `milliseconds` are a [`Duration`], everything else a `usize`.

use std::time::Duration;

use crate::protocol::classic::block::MAX_BLOCK_BYTES;
use crate::protocol::classic::json::Grammar;

/// One row of the table, for people and programs that print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// How much, in `unit`.
    pub value: usize,
    /// What is counted: `seconds`, `bytes`, `connections` …
    pub unit: &'static str,
    /// What it protects, or what breaks without it.
    pub why: &'static str,
}

macro_rules! limit_type {
    (seconds) => {
        Duration
    };
    (milliseconds) => {
        Duration
    };
    ($unit:ident) => {
        usize
    };
}

macro_rules! limit_value {
    (seconds, $value:expr) => {
        Duration::from_secs($value)
    };
    (milliseconds, $value:expr) => {
        Duration::from_millis($value)
    };
    ($unit:ident, $value:expr) => {
        $value
    };
}

macro_rules! limits {
    ($($name:ident: $unit:ident = $value:expr, $why:literal;)*) => {
        $(
            #[doc = concat!($why, ".")]
            pub const $name: limit_type!($unit) = limit_value!($unit, $value);
        )*

        /// Every limit above, in the same order.
        pub const TABLE: &[Limit] = &[
            $(Limit { name: stringify!($name), value: $value, unit: stringify!($unit), why: $why },)*
        ];
    };
}

limits! {
    // HTTP: time.
    HTTP_FIRST_BYTE: seconds = 5, "a socket that says nothing after it was accepted is closed";
    HTTP_HEADERS: seconds = 5, "a request's headers are complete this long after their first byte, however slowly they trickle";
    HTTP_BODY: seconds = 10, "a request's body is complete this long after its headers, else 408";
    HTTP_STALLED_READER: seconds = 10, "a client that takes no byte of its answer for this long is cut, since the answer occupies memory";
    HTTP_IDLE: seconds = 15, "a kept-alive connection without a next request is closed";
    HTTP_CLOSING: seconds = 1, "after the last answer, what the client still sends is read and dropped, so that a reset does not destroy the answer on its way";
    HTTP_SHUTDOWN: seconds = 4, "requests in flight may finish before the node stops; the whole stop has 5 s";

    // HTTP: sizes.
    HTTP_HEADER_BYTES: bytes = 8 * 1024, "request line and headers of one request, else 431";
    HTTP_TRANSACTION_BYTES: bytes = 16 * 1024, "the body of add_transaction, else 413: each of its three members may be any JSON";
    HTTP_RAW_BYTES: bytes = 2 * POOL_ENVELOPE_BYTES + 1024, "the body of add_transaction on a coin network, else 413: the largest envelope that may wait, in hexadecimal";
    HTTP_BLOCK_BODIES: bodies = 2, "blocks handed in by miners that are read at the same time, the others wait: each may have twice a block's bytes";
    HTTP_CONNECT_NODE_BYTES: bytes = 8 * 1024, "the body of connect_node, else 413";
    HTTP_CONNECT_NODE_ADDRESSES: addresses = 16, "addresses in one connect_node, since each may cost a name lookup";
    HTTP_JSON_NESTING: levels = Grammar::REQUEST.max_depth, "depth of JSON in a request to this node";

    // HTTP: numbers.
    HTTP_CONNECTIONS: connections = 512, "open connections in all, for file descriptors and memory; when full, the one longest without a request goes";
    HTTP_ACCEPT_QUEUE: connections = 4096, "connections that the kernel holds until they are accepted: a burst beyond it waits a second for its next try";
    HTTP_CONNECTIONS_OF_PUBLIC: connections = 16, "of one public address, connections that have not yet completed a request";
    HTTP_CONNECTIONS_OF_PRIVATE: connections = 256, "the same of a loopback or private address: a whole class may sit behind one";
    HTTP_IN_FLIGHT: requests = 256, "requests at once, from their headers to the last byte of their answers, else 503 with Retry-After";
    HTTP_EVENT_STREAMS: streams = 64, "open event streams: they last for hours, so they are counted apart from requests in flight";
    METRICS_UPKEEP: seconds = 5, "samples of durations pile up for this long, then they are summed into their histogram";

    // HTTP: what one answer holds.
    PAGE_ENTRIES: entries = 1_000, "entries on one page of a list under /v1, else 400: a client that wants more asks again";
    PAGE_ENTRIES_DEFAULT: entries = 100, "entries on a page when nobody says how many";
    PAGE_BYTES: bytes = 8 * 1024 * 1024, "a page ends early once it has this much text, since a single block may have as much";
    NAME_INDEX_BYTES: bytes = 64 * 1024 * 1024, "the explorer's index of names on a classic network, 8 for each name in each block; blocks before it are read one by one, a thousand for each request";

    // Break it: altered copies of blocks, which pages have judged.
    BREAK_BYTES: bytes = 256 * 1024, "an altered copy, else 413: it is judged in a few thousandths of a second";
    BREAK_BLOCKS: blocks = 16, "in an altered copy, else 400";
    BREAK_COPY_BYTES: bytes = 16 * 1024, "of blocks' text in the page that offers a copy: a form field has many times its value's bytes";
    BREAK_AT_ONCE: copies = 2, "judged or mined at the same time, the others wait: each takes a core";
    BREAK_TURN: seconds = 5, "that a copy waits for its turn, else 503";
    BREAK_SEARCH: seconds = 2, "that mining a copy again may take: proofs that were typed in may have to be searched for";
    BREAK_RATE_TIME: milliseconds = 100, "that measuring this machine's search for proofs takes all its cores";
    BREAK_RATE_KEPT: seconds = 10 * 60, "between two such measurements";

    // Mining on a coin network.
    MINING_ANSWER: seconds = 30, "how long mine_block lets its caller wait for a block; then it says where to ask, and the search goes on";
    MINING_SEARCHES: searches = 16, "searches for a block at once or in line, else 503: each caller holds a connection";
    MINING_RESULTS: searches = 256, "searches that mine_block left behind and that can still be asked about";
    PROOF_SLOTS: slots = 64, "words of storage that one account proof covers, else 400: each costs a walk down a tree";
    DIFFICULTY_BLOCKS: blocks = 1_000, "blocks that one answer about the difficulty goes back, else 400";

    // Sources of contracts that the node keeps.
    HTTP_SOURCE_BYTES: bytes = 2 * 1024 * 1024, "the body that hands in a contract's source, else 413: artifact and source text together";
    CONTRACT_SOURCES: contracts = 1_024, "contracts whose sources a node keeps, else 409: together they stay below 2 GiB";

    // Contracts from outside: what `bcoin contract` and programs read.
    ARTIFACT_BYTES: bytes = 64 * 1024 * 1024, "a compiler's artifact: whole build outputs have some megabytes, and a wrong file is not read into memory";
    RPC_ANSWER_BYTES: bytes = 64 * 1024 * 1024, "one JSON-RPC answer that a program here reads";

    // Ethereum's JSON-RPC at /rpc.
    RPC_REQUEST_BYTES: bytes = 2 * 1024 * 1024, "the body of one request to /rpc, or one message of a WebSocket, each held in memory";
    RPC_RESPONSE_BYTES: bytes = 32 * 1024 * 1024, "one answer, a whole batch's included, else an error says that it is too big";
    RPC_BATCH: calls = 1_000, "calls in one batch, as many as client libraries put into one";
    RPC_BATCH_RUNS: seconds = 5, "that the calls of one batch may run the EVM together: the others get an error, so that batches do not hold all turns";
    RPC_CALL_GAS: gas = 50_000_000, "that a call which changes nothing may use: about a second of a core at the worst";
    RPC_TURN: seconds = 10, "that a call waits for a core to run on, else an error says so";
    RPC_TRACED: transactions = 64, "in one trace of a whole block: each is run on what those before it left";
    RPC_LOG_BYTES: bytes = 8 * 1024 * 1024, "data of the logs in one answer of eth_getLogs; as text each byte is two";
    RPC_FEED_BYTES: bytes = 32 * 1024 * 1024, "data of the logs that are kept for subscribers and filters; those of older blocks are let go";
    RPC_LOG_BLOCKS: blocks = 100_000, "that one eth_getLogs goes through, since each block's receipts are read";
    RPC_LOGS: logs = 20_000, "in one answer of eth_getLogs";
    RPC_FEE_HISTORY_BLOCKS: blocks = 1_024, "in one eth_feeHistory; whoever asks for more gets these, as from other nodes";
    RPC_MINED: blocks = 100_000, "that one call mines on the network dev: each is a commit";
    RPC_SNAPSHOTS: snapshots = 1_024, "to which a node of the network dev can go back; then the oldest is forgotten";
    RPC_IMPERSONATED: accounts = 10_000, "in whose name a node of the network dev sends";
    RPC_FEED: news = 1_024, "blocks and waiting transactions that a subscriber or a filter may fall behind; then it is told to begin anew";
    RPC_FEED_WAIT: milliseconds = 200, "that a question for a filter's news waits for those of a block that its client may have seen already";
    RPC_FILTERS: filters = 256, "that clients have set and not removed";
    RPC_FILTER_IDLE: seconds = 5 * 60, "that a filter is kept which nobody asks for";
    RPC_SUBSCRIPTIONS: subscriptions = 64, "of one WebSocket";
    RPC_UNREAD: messages = 1_024, "that wait for a WebSocket's reader; then its subscriptions wait";
    RPC_PING: seconds = 20, "between two pings to a WebSocket";
    RPC_SILENT: seconds = 40, "that a WebSocket says nothing, not even in answer to a ping, before it is closed";

    // The store and the writer.
    STORE_CACHE_BYTES: bytes = 16 * 1024 * 1024, "memory for database pages, which the system keeps besides; the database's own default is 1 GiB";
    BLOCK_TRANSACTIONS_BYTES: bytes = 1024 * 1024, "text of waiting transactions that one mined block takes, the rest wait for the next";
    WAITING_TRANSACTIONS: transactions = 10_000_000, "transactions that wait for a block, else 503: the disk is not endless";
    WAITING_BYTES: bytes = 1024 * 1024 * 1024, "their text together, else 503";

    // What waits on a coin network.
    POOL_TRANSACTIONS: transactions = 5_000, "transactions that wait on a coin network; beyond it who pays least a gas leaves";
    POOL_BYTES: bytes = 32 * 1024 * 1024, "their envelopes together: in memory each is there twice, as bytes and taken apart";
    POOL_IN_A_ROW: transactions = 64, "that one account may have waiting ahead of its own nonce, gaps counted, so that nobody fills the pool from one";
    POOL_EXPIRY: seconds = 72 * 60 * 60, "a transaction that no block has taken for this long waits no more: its sender has forgotten it";
    POOL_ENVELOPE_BYTES: bytes = 128 * 1024, "one transaction that waits, as wallets and other nodes of this kind expect; a block may hold larger ones";
    POOL_EXPIRY_PAUSE: seconds = 60, "between two looks for transactions that have waited too long";
    POOL_REPLACEMENT_PERCENT: percent = 10, "that a replacement pays more, of both fees: a new transaction for a unit more would be free traffic";

    TRAVELLING_TRANSACTION_BYTES: bytes = 6 * HTTP_TRANSACTION_BYTES, "the canonical text of a transaction from another node: a byte of a request becomes six at most, as \\u007f";
    EVENT_RETURNED: transactions = 100, "that came back from displaced blocks and that one event names";
    EVENT_RETURNED_BYTES: bytes = 16 * 1024, "their text in one event, since the last events are kept in memory";
    KNOWN_PEERS: peers = 64, "peers of a node that is told of them by hand, else 409";
    WRITER_QUEUE: commands = 1_024, "commands that wait for the writer; callers wait for a place";
    WRITER_GROUP: commands = 512, "commands that share one commit, so that none waits long for its answer";
    CHAIN_TEXT_BYTES: bytes = 96 * 1024 * 1024, "text of the chain that is kept in memory for get_chain; what lies beyond is read while it is sent";
    CHAIN_TEXT_SEGMENT_BYTES: bytes = 1024 * 1024, "a stretch of that text, which goes out in one write";
    NETWORK_BLOCKS_DEFAULT: blocks = 32, "of the current chain in the tree of /v1/network that did not say how many";
    NETWORK_BLOCKS: blocks = 256, "of the current chain in that tree, and as many beside it";
    NETWORK_READ_BYTES: bytes = 32 * 1024 * 1024, "of blocks that are read for it: a block may have megabytes; twice that with displaced ones on classic";
    NETWORK_WATCH: seconds = 2, "for one node to say how its tree of blocks looks, while somebody looks at the network page; and between two such rounds";
    NETWORK_WATCH_KEPT: seconds = 10, "such an answer is shown: an older one says nothing about now";
    NETWORK_WATCH_BYTES: bytes = 256 * 1024, "of such an answer";
    NETWORK_WATCH_BLOCKS: blocks = 256, "in such an answer; one with more is not read";
    NETWORK_WATCHED: nodes = 16, "asked so in one round, in turn";
    EVENTS_KEPT: events = 1_024, "events that a client which was away can still ask for by Last-Event-ID";

    // Peers: their addresses.
    PEER_ADDRESS_BYTES: bytes = 255, "an address of a peer: a DNS name has at most 253 characters";
    NODES_FILE_BYTES: bytes = 64 * 1024, "nodes.json: 64 of the longest addresses fit three times";

    // Peers: the address book of those that a node finds by itself.
    BOOK_OPERATORS: addresses = 256, "named by the operator: they live apart from the buckets, and nothing displaces them";
    BOOK_NEW_BUCKETS: buckets = 176, "for addresses that were only heard of; a secret of the node's own says which goes where";
    BOOK_TRIED_BUCKETS: buckets = 64, "for addresses that answered us; no flood of words alone gets in";
    BOOK_BUCKET: addresses = 16, "in one bucket: what collides inside it has to wait until the one there is given up";
    BOOK_SOURCE_BUCKETS: buckets = 16, "of the new ones that the tales of one group of sources can reach: an eleventh of them";
    BOOK_GROUP_BUCKETS: buckets = 4, "of the tried ones that the addresses of one group can reach: a sixteenth of them";
    BOOK_ADDRESSES: addresses = BOOK_OPERATORS + (BOOK_NEW_BUCKETS + BOOK_TRIED_BUCKETS) * BOOK_BUCKET, "in the whole book, since everybody can name more";
    BOOK_CONTESTS: contests = 16, "for a place among the tried, until a feeler has called the one that holds it";
    BOOK_LEFT_ALONE: addresses = 1_024, "that misbehaved and are not called for a while; beyond it the first to end goes";
    BOOK_LEFT_ALONE_FOR: seconds = 24 * 60 * 60, "the longest that an address is left alone: tomorrow somebody else may have it";
    BOOK_ANCHORS: addresses = 4, "of the last good peers that are called first after a start; the other half comes from the buckets, in case these were bad";
    BOOK_FILE_BYTES: bytes = 2 * 1024 * 1024, "peers.json: a full book has half of it";

    // Peers: whom a node calls by itself, and whom of them it keeps.
    OUTBOUND_PEERS: sessions = 8, "that a node opens to peers of its own choice, each public group once: who owns most addresses must not own all of them";
    OUTBOUND_PROTECTED: sessions = 4, "of these, the longest standing, that no newcomer displaces as long as they keep up";
    OUTBOUND_LAG: seconds = 120, "a peer of our choice whose tip has less work than ours for this long is hung up on: it hides the chain, or has lost it";
    OUTBOUND_SILENT_BLOCKS: blocks = 16, "that others showed us first, one after another, until even a peer of long standing can be displaced";
    FEELER_PAUSE: seconds = 10, "between calls that only see who is there and what tip it shows: they end an eclipse, and fill the tried buckets";
    FEELER_STAY: seconds = 10, "a feeler that shows nothing we lack is hung up on";
    FEELER_AHEAD: seconds = 60, "a feeler that shows more work than ours has to deliver it";
    FEELERS: sessions = 4, "feelers at once, since one that claims to be ahead stays longer";
    CHALLENGER_STAY: seconds = 900, "one more peer is listened to for this long; if it shows blocks it takes the place of one that does not";
    CHALLENGERS: sessions = 4, "such peers at once while few of ours show blocks, else one";
    GUEST_PATIENCE: seconds = 5, "feelers and challengers are told of a new block this much later, so that they can show whether they have it by themselves";

    // Peers: what a coin node sends them of its chain.
    PEER_LOCATOR: hashes = 64, "in the list by which a peer says where its chain is, else 400: enough for 2^52 blocks";
    PEER_HEADERS: headers = 100_000, "headers in one answer; whoever lacks more asks again";
    PEER_BLOCKS_BYTES: bytes = 64 * 1024 * 1024, "blocks in one answer, as many as one pull reads; the answer ends with the block that reaches it";
    PEER_PIECE_BYTES: bytes = 512 * 1024, "of such an answer, read from the store at once: the store is not held in between";

    // Peers: sessions between nodes.
    SESSION_MESSAGE_BYTES: bytes = 9 * 1024 * 1024, "one message of a session, as received: the largest classic block and what stands beside it";
    SESSION_NAME_BYTES: bytes = 64, "a network's or a program's name in a greeting";
    SESSION_TEXT_BYTES: bytes = 240, "of the reason that a node gives when it ends a session";
    SESSION_HEADERS_BYTES: bytes = 160 * 1024, "of headers in one message: 2,048 of 80 bytes, a millisecond or two of checking";
    SESSION_BLOCKS: blocks = 4_096, "in one message: each is a place in memory, however short";
    SESSION_BLOCKS_BYTES: bytes = 1024 * 1024, "of blocks that one request asks for: several are under way at once";
    SESSION_TRANSACTIONS: transactions = 1_024, "announced, asked for or sent in one message";
    SESSION_TRANSACTIONS_BYTES: bytes = 1024 * 1024, "of transactions in one message, with the one that reaches it";
    SESSION_ADDRESSES: addresses = 64, "in one message";
    SESSION_QUEUE_BYTES: bytes = 32 * 1024 * 1024, "on their way to one peer; who reads so little is parted from";
    SESSION_SERVED_BYTES: bytes = 4 * 1024 * 1024, "on their way to one peer, beyond which its next blocks are not read from the store yet";
    SESSION_SERVING: questions = 16, "of one peer that the store is working on; more at once are a flood";
    SESSION_KNOWN_TRANSACTIONS: transactions = 8_192, "that a peer is remembered to know, so that it is told of each once";
    SESSION_RELAYED: blocks = 8, "kept in memory a moment for peers that ask before the disk has them";
    SESSION_RELAYED_BYTES: bytes = 2 * 1024 * 1024, "of such a block: a larger one is served from the store";
    SESSION_GREETING: seconds = 5, "from a connection to the proof of the other's key";
    SESSION_PING: seconds = 1, "without a word, then a ping is sent: a cut network must be noticed within seconds";
    SESSION_SILENCE: seconds = 3, "after a ping, then the session is over; what was lost in a cut comes by the next";
    SESSION_TOLD_ALL: peers = 6, "that are told of a new tip with its identity and weight at once; the others in nine bytes";
    SESSION_TIP_ANSWER: milliseconds = 500, "for a peer to say in full where it stands, before another is asked that stands there too";
    SESSION_ROUND_TRIP: seconds = 30, "between two measures of a busy peer's round trip";
    PLAIN_POLL: seconds = 10, "between two questions to a node without sessions, which sends its whole chain each time";
    PLAIN_PAUSE: seconds = 60, "the longest between two questions to such a node while none of them leads to a chain, or PLAIN_POLL if that is more";
    PLAIN_ROUNDS: rounds = 3, "such nodes asked at the same time, beside PULL_BODIES: each holds as much";
    PLAIN_SLOW_ROUNDS: rounds = 2, "of these that take longer than PLAIN_QUICK: slow nodes wait for each other, and nobody else for them";
    PLAIN_QUICK: seconds = 2, "for a question that is not slow; a slow one ends here if others are slow already, and waits for its place";
    PLAIN_NUDGE: seconds = 30, "for such a node to fetch our chain when told to, which it does before it answers";
    PLAIN_STEP: milliseconds = 250, "between two looks at which such nodes are to be asked or told: blocks that come faster share one telling";
    SESSION_EVENTS: events = 256, "of all sessions on their way to the one task that decides: when it is busy they read nothing";
    BOOK_KEPT: seconds = 60, "between two writings of the address book";
    SESSIONS: sessions = 64, "settled at the same time";
    SESSIONS_GREETING: sessions = 64, "not yet settled, beyond which callers are turned away";
    SYNCS: chains = 8, "brought in at the same time, one a peer: one that promises much and sends nothing holds up nobody";
    SYNCS_OF_GUESTS: chains = 5, "of these from peers that called this node: anybody can call, under any number of keys";
    SYNC_ANSWER: seconds = 5, "for headers to come";
    SYNC_BLOCKS_ANSWER: seconds = 20, "for a request's blocks to come: 64 KiB a second would do";
    SYNC_SECOND_PEER: seconds = 1, "that a peer holds up the others before a second one is asked too";
    SYNC_HEADERS: seconds = 10, "that a peer's answers with headers may take beyond half a second each and PULL_RATE, all together; a fortieth of what passes is forgiven";
    SYNC_HEADERS_OWED: seconds = 60, "that a peer which does not answer with its headers is not asked for them again";
    SYNC_TURN: seconds = 5, "that a chain's headers may take while another chain waits for one of SYNCS; doubled for whoever has waited out as much";
    SYNC_FALLEN: seconds = 10, "that a peer may stand below what it had: no chain loses weight, but messages under way may cross";
    SYNC_CONNECT: seconds = 1, "that checked blocks wait to share a commit";
    SYNC_AGAIN: seconds = 5, "before a chain that failed is asked for again, doubled each time";
    SYNC_NOT_YET: milliseconds = 500, "before a peer is asked again that showed less than it said: its disk may not have had it yet";
    SYNC_TOLD: seconds = 1, "between two reports of how far a sync has come";
    TRANSACTIONS_TOLD: milliseconds = 20, "that a transaction waits for others to be announced with it";
    TRANSACTIONS_REQUESTED: transactions = 20_000, "asked for and not yet here";
    TRANSACTIONS_ANSWER: seconds = 5, "for a transaction to come, then another peer is asked";
    PEER_LEFT_ALONE: seconds = 24 * 60 * 60, "an address is not dialled after its node earned 100 points of blame";
    PEER_KEPT_OUT: seconds = 60, "a caller's key is refused after it earned them: never a whole shared address";
    PEER_OTHER_NETWORK: seconds = 10 * 60, "before a node of another network, or this one itself, is called again";
    PEER_BROKEN_GREETING: seconds = 30, "before an address is called again whose greeting broke the rules";
    PEER_NO_SESSIONS: seconds = 30, "before a node that answered without sessions is called again: it may be started anew with them";
    DIALLING_STEP: milliseconds = 250, "between two looks at whom to call";

    // Peers: sessions as connections.
    SESSION_SMALL_BYTES: bytes = 64 * 1024, "a message that has no more is read at once; a larger one waits for its place in SESSION_ROOM_BYTES";
    SESSION_ROOM_BYTES: bytes = 32 * 1024 * 1024, "messages of all sessions together that are being read or wait to be looked at, the small ones left out; whoever sends more waits";
    SESSION_QUEUE: messages = 1_024, "messages on their way to one peer, else its session ends: it does not take what it is sent";
    SESSION_STALL: seconds = 10, "a peer that takes no byte of what waits for it is cut, and so is one whose message falls this far behind PULL_RATE: both occupy memory";
    SESSION_CLOSING: seconds = 1, "what is still to be said when a session ends, and the peer's own goodbye";
    SESSION_IDLE_FRAMES: frames = 1_000, "pings and empty frames between two messages, else the session ends: they cost work and say nothing";
    SESSION_CONNECT: seconds = 2, "resolving a peer's name, and connecting to it: a session that is not there is tried again soon";
    SESSION_ANSWER: seconds = 3, "for a peer to say whether it opens a session";
    SESSION_HEAD_BYTES: bytes = 8 * 1024, "the head of that answer, and as much of its text";
    SESSION_SEND_BUFFER: bytes = 256 * 1024, "what the kernel holds for one peer: it reports a slow reader's progress by thirds of this, which must not take SESSION_STALL";
    SESSION_UPGRADES: connections = 80, "sessions opened by others at once, else 503: 64 peers, and 16 that are yet to introduce themselves";

    // Peers: chains pulled from them. Those of bytes and blocks are defaults that a flag raises.
    PULL_BLOCK_BYTES: bytes = MAX_BLOCK_BYTES, "one block of a peer, since it is held in memory; far more than this node puts into one";
    PULL_BYTES: bytes = 64 * 1024 * 1024, "one pulled chain, as sent: bounds the disk and the time that one peer can take (--max-pull-bytes)";
    PULL_BLOCKS: blocks = 100_000, "one pulled chain, since forging a chain of any length costs one hash a block (--max-pull-blocks)";
    PULL_CONNECT: seconds = 5, "resolving a peer's name, and connecting to it: whoever asked is waiting";
    PULL_SILENCE: seconds = 5, "without a byte from a peer, the head of its answer included";
    PULL_RATE: bytes_per_second = 64 * 1024, "a peer's least average over PULL_RATE_WINDOW, since a drip would hold its turn for hours";
    PULL_RATE_WINDOW: seconds = 30, "what PULL_RATE is averaged over, so that one lost packet ends nothing";
    PULL_PLANNED_RATE: bytes_per_second = 512 * 1024, "a whole body's time limit is its size limit at this rate, 128 s by default";
    PULL_BODIES: bodies = 8, "chains read at the same time: each holds a thread, a file and a block in memory";
    PULL_ROUNDS: rounds = 4, "replace_chain requests that call peers at the same time, the others wait: each opens a socket a peer";
    PULL_ANSWERS: answers = 64, "answers in which a coin node's headers, or its blocks, may come: each is a call";
    PULL_WAYPOINTS: hashes = 4_096, "hashes of a peer's headers that are remembered to know its blocks by; of longer chains every second, every fourth …";
    PULL_CONNECTING: blocks = 64, "a peer's coin blocks on their way to the writer, which commits them together";
    PULL_CONNECTING_BYTES: bytes = 8 * 1024 * 1024, "their bytes together, or one block that has more";
    PULL_ERROR_CHARACTERS: characters = 200, "of the text that came with an error status: enough for its first sentence";
}

// Requests, event streams and sessions together can never hold every connection: there is always one to close for a newcomer.
const _: () = assert!(HTTP_IN_FLIGHT + HTTP_EVENT_STREAMS + SESSION_UPGRADES < HTTP_CONNECTIONS);

// A message that waits for its place gets it in the end.
const _: () = assert!(SESSION_MESSAGE_BYTES <= SESSION_ROOM_BYTES);

/// The limits that the HTTP server enforces itself, so that a test can shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// See [`HTTP_FIRST_BYTE`].
    pub first_byte: Duration,
    /// See [`HTTP_HEADERS`].
    pub headers: Duration,
    /// See [`HTTP_BODY`].
    pub body: Duration,
    /// See [`HTTP_STALLED_READER`].
    pub stalled_reader: Duration,
    /// See [`HTTP_IDLE`].
    pub idle: Duration,
    /// See [`HTTP_CLOSING`].
    pub closing: Duration,
    /// See [`HTTP_SHUTDOWN`].
    pub shutdown: Duration,
    /// See [`HTTP_HEADER_BYTES`].
    pub header_bytes: usize,
    /// See [`HTTP_CONNECTIONS`].
    pub connections: usize,
    /// See [`HTTP_CONNECTIONS_OF_PUBLIC`].
    pub connections_of_public: usize,
    /// See [`HTTP_CONNECTIONS_OF_PRIVATE`].
    pub connections_of_private: usize,
    /// See [`HTTP_IN_FLIGHT`].
    pub in_flight: usize,
    /// See [`HTTP_EVENT_STREAMS`].
    pub event_streams: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            first_byte: HTTP_FIRST_BYTE,
            headers: HTTP_HEADERS,
            body: HTTP_BODY,
            stalled_reader: HTTP_STALLED_READER,
            idle: HTTP_IDLE,
            closing: HTTP_CLOSING,
            shutdown: HTTP_SHUTDOWN,
            header_bytes: HTTP_HEADER_BYTES,
            connections: HTTP_CONNECTIONS,
            connections_of_public: HTTP_CONNECTIONS_OF_PUBLIC,
            connections_of_private: HTTP_CONNECTIONS_OF_PRIVATE,
            in_flight: HTTP_IN_FLIGHT,
            event_streams: HTTP_EVENT_STREAMS,
        }
    }
}

/// The limits of the queue of waiting transactions, so that a test can shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// See [`WAITING_TRANSACTIONS`].
    pub transactions: u64,
    /// See [`WAITING_BYTES`].
    pub bytes: u64,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            transactions: WAITING_TRANSACTIONS as u64,
            bytes: WAITING_BYTES as u64,
        }
    }
}

/// The limits of what waits on a coin network, so that a test can shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// See [`POOL_TRANSACTIONS`]; at least 1.
    pub transactions: usize,
    /// See [`POOL_BYTES`].
    pub bytes: usize,
    /// See [`POOL_IN_A_ROW`].
    pub per_account: usize,
    /// See [`POOL_EXPIRY`].
    pub expiry: Duration,
    /// See [`POOL_ENVELOPE_BYTES`].
    pub envelope_bytes: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            transactions: POOL_TRANSACTIONS,
            bytes: POOL_BYTES,
            per_account: POOL_IN_A_ROW,
            expiry: POOL_EXPIRY,
            envelope_bytes: POOL_ENVELOPE_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_limit_has_a_name_of_its_own_a_value_and_a_reason() {
        let names: HashSet<_> = TABLE.iter().map(|limit| limit.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for limit in TABLE {
            assert!(limit.value > 0, "{} is zero", limit.name);
            assert!(
                !limit.why.is_empty() && !limit.why.ends_with('.'),
                "{}",
                limit.name
            );
        }
    }
}
