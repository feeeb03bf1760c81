//! What a node answers, as the view keeps it. Here texts from outside become printable and short, and lists end: whoever
//! answered, what stands behind this module is bounded.

use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;

use super::super::answer::{Members, shown};
use super::super::terminal::cell;

/// Most entries that are kept of a list.
pub const MOST_BLOCKS: usize = 24;
pub const MOST_TREE: usize = 96;
pub const MOST_WAITING: usize = 32;
pub const MOST_PEERS: usize = 64;

/// Longest texts: hashes and decimal numbers whole, names and words as far as a screen shows them.
const HASH: usize = 66;
const NAME: usize = 48;

/// What a node said, in one round of questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub id: String,
    pub version: String,
    pub miner: Option<String>,
    pub chain: Chain,
    pub height: u64,
    pub tip: String,
    /// What decides between chains, as decimal text: blocks on classic, work on coin.
    pub weight: String,
    pub uptime_seconds: u64,
    pub waiting: u64,
    /// Known ones, and sessions of a node that follows others by itself.
    pub peers: u64,
    pub connected: Option<u64>,
    pub sync: String,
    /// Chains that are being brought in: at which height of which.
    pub syncs: Vec<(u64, u64)>,
    /// Why the node is not ready, if it is not.
    pub not_ready: Option<String>,
    /// Addresses of peers, as the node knows them.
    pub known: Vec<String>,
    pub tree: Vec<TreeBlock>,
    /// Who stands where, by the node's word: names and hashes of tips.
    pub standing: Vec<(String, String)>,
    /// Newest first.
    pub blocks: Vec<Block>,
    pub pool: Vec<Waiting>,
    pub difficulty: Option<String>,
    pub hash_rate: Option<String>,
    /// What of this could not be had, and why.
    pub missing: Vec<String>,
}

/// Which chain a node keeps: two nodes can only be compared if theirs is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    pub network: String,
    pub protocol: String,
    pub genesis: Option<String>,
}

/// A block of the tree that a node knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeBlock {
    pub height: u64,
    pub hash: String,
    pub parent: Option<String>,
    pub transactions: Option<u64>,
}

/// A block of a node's chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub height: u64,
    pub hash: String,
    /// As the block has it; of a classic one any text.
    pub time: String,
    /// In seconds, where it can be read as a time.
    pub seconds: Option<f64>,
    pub transactions: u64,
    /// Its proof on classic, its miner on coin.
    pub by: String,
}

/// A transaction that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub from: String,
    pub to: String,
    pub amount: String,
    /// What it pays on coin; on classic, whether it came back from a displaced block.
    pub more: String,
}

/// Text from outside on one line, of `most` characters at most.
pub fn clean(text: &str, most: usize) -> String {
    // Cut first: what is escaped is longer.
    let beginning: String = text.chars().take(most + 1).collect();
    cell(&beginning, most)
}

fn hash(text: &str) -> String {
    clean(text, HASH)
}

#[derive(Debug, Deserialize)]
pub struct NodeAnswer {
    #[serde(default)]
    id: String,
    #[serde(default)]
    version: String,
    network: String,
    protocol: String,
    genesis_hash: Option<String>,
    miner: Option<String>,
    #[serde(default)]
    uptime_seconds: u64,
    tip: TipAnswer,
    work: Option<String>,
    #[serde(default)]
    waiting: u64,
    #[serde(default)]
    peers: u64,
    peers_connected: Option<u64>,
    #[serde(default)]
    sync: String,
}

#[derive(Debug, Deserialize)]
struct TipAnswer {
    #[serde(alias = "number")]
    height: u64,
    hash: String,
}

impl NodeAnswer {
    /// The report of a node of which no more is known yet.
    pub fn report(self) -> Report {
        let weight = self.work.filter(|work| is_decimal(work));
        Report {
            id: clean(&self.id, HASH),
            version: clean(&self.version, NAME),
            miner: self.miner.map(|miner| clean(&miner, NAME)),
            chain: Chain {
                network: clean(&self.network, NAME),
                protocol: clean(&self.protocol, NAME),
                genesis: self.genesis_hash.as_deref().map(hash),
            },
            height: self.tip.height,
            tip: hash(&self.tip.hash),
            weight: weight.unwrap_or_else(|| self.tip.height.to_string()),
            uptime_seconds: self.uptime_seconds,
            waiting: self.waiting,
            peers: self.peers,
            connected: self.peers_connected,
            sync: clean(&self.sync, NAME),
            ..Report::default()
        }
    }
}

/// Whether a text is a whole number of at most 256 bits.
fn is_decimal(text: &str) -> bool {
    (1..=78).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Debug, Deserialize)]
pub struct PeersAnswer {
    peers: Vec<PeerEntry>,
    #[serde(default)]
    syncs: Vec<SyncEntry>,
}

#[derive(Debug, Deserialize)]
struct PeerEntry {
    address: String,
}

#[derive(Debug, Deserialize)]
struct SyncEntry {
    at: u64,
    to: u64,
}

impl PeersAnswer {
    pub fn add_to(self, report: &mut Report) {
        let peers = self.peers.iter().take(MOST_PEERS);
        report.known = peers.map(|peer| clean(&peer.address, 100)).collect();
        let syncs = self.syncs.iter().take(4);
        report.syncs = syncs.map(|sync| (sync.at, sync.to)).collect();
    }
}

#[derive(Debug, Deserialize)]
pub struct NetworkAnswer {
    blocks: Vec<TreeEntry>,
    #[serde(default)]
    standing: Vec<StandingEntry>,
}

#[derive(Debug, Deserialize)]
struct TreeEntry {
    height: u64,
    hash: String,
    parent: Option<String>,
    transactions: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct StandingEntry {
    node: String,
    hash: String,
}

impl NetworkAnswer {
    pub fn add_to(self, report: &mut Report) {
        let blocks = self.blocks.iter().take(MOST_TREE).map(|block| TreeBlock {
            height: block.height,
            hash: hash(&block.hash),
            parent: block.parent.as_deref().map(hash),
            transactions: block.transactions,
        });
        report.tree = blocks.collect();
        let standing = self.standing.iter().take(MOST_PEERS);
        report.standing = standing
            .map(|one| (clean(&one.node, NAME), hash(&one.hash)))
            .collect();
    }
}

#[derive(Debug, Deserialize)]
pub struct DifficultyAnswer {
    difficulty: Option<String>,
    hash_rate: Option<String>,
}

impl DifficultyAnswer {
    pub fn add_to(self, report: &mut Report) {
        report.difficulty = self.difficulty.filter(|number| is_decimal(number));
        report.hash_rate = self.hash_rate.filter(|number| is_decimal(number));
    }
}

/// The blocks of a page of `/v1/blocks`, of either protocol. Blocks of peers can hold what is JSON to Python alone.
pub fn blocks(page: &[u8]) -> Result<Vec<Block>, String> {
    let entries = entries(page, "blocks")?;
    Ok(entries.into_iter().take(MOST_BLOCKS).map(block).collect())
}

fn block(entry: Members) -> Block {
    let number = |members: &Members, name| members.raw(name)?.parse::<u64>().ok();
    let text = |members: &Members, name, most| clean(&members.shown(name), most);
    let inner = entry.raw("block").map(Members::of);
    let Some(Ok(classic)) = inner else {
        let seconds = entry.raw("time").and_then(|time| time.parse::<u32>().ok());
        return Block {
            height: number(&entry, "number").unwrap_or_default(),
            hash: text(&entry, "hash", HASH),
            time: seconds
                .and_then(|time| DateTime::from_timestamp(time.into(), 0))
                .map_or_else(|| "-".to_owned(), |time| time.format("%F %T").to_string()),
            seconds: seconds.map(f64::from),
            transactions: entry.items("transactions").len() as u64,
            by: format!("miner {}", text(&entry, "miner", 42)),
        };
    };
    let time = text(&classic, "timestamp", NAME);
    Block {
        height: number(&entry, "height").unwrap_or_default(),
        hash: text(&entry, "hash", HASH),
        seconds: python_time(&time),
        time,
        transactions: classic.items("transactions").len() as u64,
        by: format!("proof {}", text(&classic, "proof", 32)),
    }
}

/// Seconds of a time as Python prints `datetime.now()`: of which zone it does not say, so that only differences mean anything.
fn python_time(text: &str) -> Option<f64> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(time.and_utc().timestamp_micros() as f64 / 1e6)
}

/// What waits, out of `/v1/transactions/waiting` of a classic node or `/v1/mempool` of a coin node.
pub fn waiting(page: &[u8], protocol: &str) -> Result<Vec<Waiting>, String> {
    let classic = protocol == "classic";
    let list = if classic { "transactions" } else { "waiting" };
    let entries = entries(page, list)?;
    let row = |entry: Members| {
        let more = match (classic, entry.raw("in_front"), entry.is_true("returned")) {
            (true, _, true) => "came back from a displaced block".to_owned(),
            (true, ..) => String::new(),
            (false, Some("null"), _) => "waits for a lower nonce".to_owned(),
            (false, ..) => format!("fee {} a gas", clean(&entry.shown("fee"), 24)),
        };
        let members = match entry.raw("transaction").map(Members::of) {
            Some(Ok(inner)) => inner,
            _ => entry,
        };
        let text = |name: &str| match members.raw(name) {
            None => "-".to_owned(),
            Some("null") if !classic => "a new contract".to_owned(),
            Some(value) => clean(&shown(value), NAME),
        };
        let [from, to, amount] = ["sender", "receiver", "amount"].map(text);
        Waiting {
            from,
            to,
            amount,
            more,
        }
    };
    Ok(entries.into_iter().take(MOST_WAITING).map(row).collect())
}

fn entries<'a>(page: &'a [u8], list: &str) -> Result<Vec<Members<'a>>, String> {
    let text = std::str::from_utf8(page).map_err(|error| error.to_string())?;
    let page = Members::of(text).map_err(|error| clean(&error.to_string(), 100))?;
    page.raw(list)
        .ok_or_else(|| format!("it has no member {list:?}"))?;
    let items = page.items(list).into_iter();
    Ok(items.filter_map(|item| Members::of(item).ok()).collect())
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
