//! The tables of a coin store.

use redb::TableDefinition;

type Hash = [u8; 32];
type Bytes = &'static [u8];

/// The state's record in the store's own table.
pub(super) const STATE: &str = "coin_state";

/// Every known block by its proof-of-work hash, side chains included.
pub(super) const KNOWN: TableDefinition<'_, Hash, Bytes> = TableDefinition::new("known_blocks");
/// Encoded blocks.
pub(super) const BODIES: TableDefinition<'_, Hash, Bytes> = TableDefinition::new("bodies");
/// The current chain by number.
pub(super) const CHAIN: TableDefinition<'_, u64, Bytes> = TableDefinition::new("chain");
/// Block numbers of the current chain by record hash, for Ethereum's clients.
pub(super) const BY_RECORD: TableDefinition<'_, Hash, u64> = TableDefinition::new("by_record");
/// Receipts of the current chain's blocks, by number.
pub(super) const RECEIPTS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("receipts");
/// What undoes the current chain's blocks, by number.
pub(super) const UNDO: TableDefinition<'_, u64, Bytes> = TableDefinition::new("undo");
/// Where transactions of the current chain stand, by hash.
pub(super) const POSITIONS: TableDefinition<'_, Hash, (u64, u32)> =
    TableDefinition::new("positions");
/// Whom transactions of the current chain concern: account, number, place in the block (`u32::MAX`: the miner's reward).
pub(super) const HISTORY: TableDefinition<'_, ([u8; 20], u64, u32), ()> =
    TableDefinition::new("history");
pub(super) const ACCOUNTS: TableDefinition<'_, [u8; 20], Bytes> = TableDefinition::new("accounts");
/// Words of storage, by account and slot.
pub(super) const SLOTS: TableDefinition<'_, ([u8; 20], Hash), Bytes> =
    TableDefinition::new("slots");
/// Codes by their own hash, which seals them.
pub(super) const CODES: TableDefinition<'_, Hash, Bytes> = TableDefinition::new("codes");
/// Nodes of the state's trees by tree (zeros: the accounts') and their own hash, which seals them. Never deleted: each old root stays readable.
pub(super) const NODES: TableDefinition<'_, ([u8; 20], Hash), Bytes> =
    TableDefinition::new("nodes");
/// Transactions that wait, by their order of arrival: those that come together lie together, so a commit writes few pages.
pub(super) const WAITING: TableDefinition<'_, u64, Bytes> = TableDefinition::new("waiting");
/// Sources that somebody handed in for contracts, by their addresses. Nothing else depends on them.
pub(super) const SOURCES: TableDefinition<'_, [u8; 20], Bytes> =
    TableDefinition::new("contract_sources");
pub(super) const PEERS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("coin_peers");
