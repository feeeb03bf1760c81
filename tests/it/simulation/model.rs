//! A ledger in plain memory, for networks of hundreds of nodes: a tree of blocks with weights, and transactions that wait. What it
//! keeps is durable at once, and outlives a crash of its node.

mod import;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bcoin::limits;
use bcoin::peers::blame::Offence;
use bcoin::peers::ledger::{Import, Ledger, LedgerError, Taken};
use bcoin::peers::message::{BlockId, BlockItem, Headers, Stand, TransactionId, Weight};
use bytes::Bytes;

use super::world::Change;
pub use shape::{HEADER, Header, block_id, body_of, read_block, transaction_id};

/// How chains are outlined and weighed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// By headers of 80 bytes that carry work.
    Coin,
    /// By every [`STEP`]th identity; a chain weighs its blocks.
    Classic,
}

/// Blocks between two identities of a classic outline, and in a stretch of either.
pub const STEP: u64 = 32;

/// Identities or headers in one answer.
pub const MOST_HEADERS: usize = 2_048;

/// A transaction that begins so can be in no block.
pub const BROKEN: u8 = 0xff;

/// One that begins so is valid, and not wanted here.
pub const UNWANTED: u8 = 0xfe;

#[derive(Debug)]
struct Kept {
    parent: BlockId,
    stand: Stand,
    bytes: Bytes,
    transactions: Vec<TransactionId>,
}

#[derive(Clone)]
struct State {
    kind: Kind,
    genesis: BlockId,
    blocks: BTreeMap<BlockId, Arc<Kept>>,
    /// By height.
    chain: Vec<BlockId>,
    mined: BTreeSet<TransactionId>,
    waiting: BTreeMap<TransactionId, Bytes>,
    condemned: BTreeSet<BlockId>,
    changes: Vec<Change>,
}

/// See the module.
#[derive(Clone)]
pub struct Model(Arc<Mutex<State>>);

impl Model {
    pub fn new(kind: Kind) -> Self {
        let genesis = match kind {
            Kind::Coin => BlockId([7; 32]),
            Kind::Classic => BlockId::default(),
        };
        let root = Kept {
            parent: BlockId::default(),
            stand: Stand {
                id: genesis,
                ..Stand::default()
            },
            bytes: Bytes::new(),
            transactions: Vec::new(),
        };
        Self(Arc::new(Mutex::new(State {
            kind,
            genesis,
            blocks: BTreeMap::from([(genesis, Arc::new(root))]),
            chain: vec![genesis],
            mined: BTreeSet::new(),
            waiting: BTreeMap::new(),
            condemned: BTreeSet::new(),
            changes: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread dies with it")
    }

    pub fn kind(&self) -> Kind {
        self.state().kind
    }

    /// What has changed since the last call.
    pub fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.state().changes)
    }

    pub fn tip(&self) -> Stand {
        self.state().tip()
    }

    /// Whether a block is on the current chain.
    pub fn is_current(&self, id: &BlockId) -> bool {
        self.state().chain.contains(id)
    }

    /// Another node's ledger that holds the same.
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    /// Where the current chain stands at a height that it has.
    pub fn tip_at(&self, height: usize) -> Stand {
        let state = self.state();
        state.blocks[&state.chain[height]].stand
    }

    /// As many headers from the first on as go into one answer.
    pub fn all_headers(&self) -> Headers {
        self.headers(&[]).expect("memory does not fail")
    }

    /// The block at a height of the current chain.
    pub fn block_at(&self, height: u64) -> Option<Bytes> {
        let state = self.state();
        let id = state.chain.get(usize::try_from(height).ok()?)?;
        Some(state.blocks.get(id)?.bytes.clone())
    }

    /// How high a block stands that is kept here.
    pub fn height_of(&self, id: &BlockId) -> Option<u64> {
        Some(self.state().blocks.get(id)?.stand.height)
    }

    /// The transactions on the current chain, in order.
    pub fn mined(&self) -> Vec<TransactionId> {
        let state = self.state();
        let blocks = state.chain.iter().map(|id| state.blocks[id].clone());
        blocks.flat_map(|kept| kept.transactions.clone()).collect()
    }

    pub fn waits(&self, id: &TransactionId) -> bool {
        self.state().waiting.contains_key(id)
    }

    pub fn waiting_count(&self) -> usize {
        self.state().waiting.len()
    }

    pub fn keeps(&self, id: &BlockId) -> bool {
        self.state().blocks.contains_key(id)
    }

    /// Finds a block on the tip, with what waits and `padding` bytes more, and makes it the tip.
    pub fn mine(&self, nonce: u64, padding: usize) -> Stand {
        let mut state = self.state();
        let parent = state.tip();
        let items: Vec<Bytes> = state.waiting.values().take(500).cloned().collect();
        let body = body_of(&items, padding, nonce);
        let header = Header::over(parent.id, &body, 1 + (nonce % 3) as u32, nonce);
        let bytes: Bytes = [&header.to_bytes()[..], &body].concat().into();
        let id = block_id(&bytes);
        state.keep(parent, header, bytes, &items);
        state.switch_to(id);
        state.tip()
    }

    /// A transaction that begins to wait here.
    pub fn add(&self, bytes: Bytes) -> TransactionId {
        let id = transaction_id(&bytes);
        self.state().take_in(id, bytes);
        id
    }
}

impl State {
    fn tip(&self) -> Stand {
        let tip = self.chain.last().expect("a chain begins with its root");
        self.blocks[tip].stand
    }

    fn keep(&mut self, parent: Stand, header: Header, bytes: Bytes, items: &[Bytes]) {
        let id = block_id(&bytes);
        let work = match self.kind {
            Kind::Coin => u64::from(header.work),
            Kind::Classic => 1,
        };
        let weight = parent.weight.0 + alloy_primitives::U256::from(work);
        let stand = Stand {
            height: parent.height + 1,
            id,
            weight: Weight(weight),
        };
        let kept = Kept {
            parent: parent.id,
            stand,
            bytes,
            transactions: items.iter().map(|item| transaction_id(item)).collect(),
        };
        self.blocks.insert(id, Arc::new(kept));
    }

    fn is_on_chain(&self, id: &BlockId) -> bool {
        let height = self.blocks.get(id).map(|kept| kept.stand.height);
        height.and_then(|height| self.chain.get(height as usize)) == Some(id)
    }

    /// Makes a kept block the tip; transactions of blocks that make room wait again.
    fn switch_to(&mut self, id: BlockId) {
        let mut branch = Vec::new();
        let mut at = id;
        while !self.is_on_chain(&at) {
            branch.push(at);
            at = self.blocks[&at].parent;
        }
        let fork = self.blocks[&at].stand.height as usize;
        let left = self.chain.split_off(fork + 1);
        for id in &left {
            let kept = self.blocks[id].clone();
            let (_, items) = read_block(&kept.bytes).expect("it was checked");
            for (id, item) in kept.transactions.iter().zip(items) {
                self.mined.remove(id);
                self.waiting.insert(*id, item);
            }
        }
        for id in branch.into_iter().rev() {
            let kept = self.blocks[&id].clone();
            for transaction in &kept.transactions {
                self.mined.insert(*transaction);
                self.waiting.remove(transaction);
            }
            self.chain.push(id);
        }
        self.changes.push(Change::TipMoved {
            stand: self.tip(),
            reorged: !left.is_empty(),
        });
    }

    fn take_in(&mut self, id: TransactionId, bytes: Bytes) {
        if !self.mined.contains(&id) && self.waiting.insert(id, bytes).is_none() {
            self.changes.push(Change::Waiting(vec![id]));
        }
    }

    /// Blocks of the current chain, newest first, ever further apart.
    fn locator(&self) -> Vec<BlockId> {
        let mut locator = Vec::new();
        let (mut step, mut at) = (1, self.chain.len() - 1);
        while at > 0 && locator.len() < limits::PEER_LOCATOR - 1 {
            locator.push(self.chain[at]);
            if locator.len() > 8 {
                step *= 2;
            }
            at = at.saturating_sub(step);
        }
        locator.push(self.chain[0]);
        locator
    }
}

impl Ledger for Model {
    fn network(&self) -> (String, BlockId) {
        ("simulated".to_owned(), self.state().genesis)
    }

    fn stand(&self) -> Result<Stand, LedgerError> {
        Ok(self.tip())
    }

    fn begin(&self) -> Result<Box<dyn Import>, LedgerError> {
        Ok(Box::new(import::ModelImport::new(self.clone())))
    }

    fn headers(&self, locator: &[BlockId]) -> Result<Headers, LedgerError> {
        let state = self.state();
        let known = locator.iter().find(|id| state.is_on_chain(id));
        let after = match known {
            Some(id) => state.blocks[id].stand,
            None => state.blocks[&state.chain[0]].stand,
        };
        let behind = &state.chain[after.height as usize + 1..];
        let mut items = Vec::new();
        match state.kind {
            Kind::Coin => {
                for id in behind.iter().take(MOST_HEADERS) {
                    items.extend_from_slice(&state.blocks[id].bytes[..HEADER]);
                }
            }
            Kind::Classic => {
                let every = behind.chunks(STEP as usize).take(MOST_HEADERS);
                for id in every.filter_map(|stretch| stretch.last()) {
                    items.extend_from_slice(&id.0);
                }
            }
        }
        Ok(Headers {
            after: after.height,
            after_id: after.id,
            items: items.into(),
            step: STEP as u32,
            end: state.tip(),
        })
    }

    fn blocks(
        &self,
        after: BlockId,
        to: BlockId,
        bytes: usize,
    ) -> Result<Option<(Vec<BlockItem>, BlockId)>, LedgerError> {
        let state = self.state();
        let mut branch = Vec::new();
        let mut at = to;
        while at != after {
            let Some(kept) = state.blocks.get(&at) else {
                return Ok(None);
            };
            if kept.stand.height == 0 {
                return Ok(None);
            }
            branch.push(kept.clone());
            at = kept.parent;
        }
        let (mut sum, mut last, mut items) = (0, after, Vec::new());
        for kept in branch.into_iter().rev() {
            if !items.is_empty() && sum + kept.bytes.len() > bytes
                || items.len() == limits::SESSION_BLOCKS
            {
                break;
            }
            sum += kept.bytes.len();
            last = kept.stand.id;
            items.push(BlockItem {
                block: kept.bytes.clone(),
                beside: Bytes::new(),
            });
        }
        Ok((!items.is_empty()).then_some((items, last)))
    }

    fn waiting(&self) -> Result<Vec<TransactionId>, LedgerError> {
        Ok(self.state().waiting.keys().copied().collect())
    }

    fn lacks(&self, ids: &[TransactionId]) -> Result<Vec<TransactionId>, LedgerError> {
        let state = self.state();
        let lacks =
            |id: &&TransactionId| !state.waiting.contains_key(*id) && !state.mined.contains(*id);
        Ok(ids.iter().filter(lacks).copied().collect())
    }

    fn transactions(&self, ids: &[TransactionId], bytes: usize) -> Result<Vec<Bytes>, LedgerError> {
        let state = self.state();
        let mut sum = 0;
        let found = ids.iter().filter_map(|id| state.waiting.get(id));
        let fits = |item: &&Bytes| {
            let fits = sum < bytes;
            sum += item.len();
            fits
        };
        Ok(found.take_while(fits).cloned().collect())
    }

    fn take(&self, items: Vec<Bytes>) -> Result<Vec<Taken>, LedgerError> {
        let mut state = self.state();
        let taken = items.into_iter().map(|item| {
            let id = transaction_id(&item);
            match item.first() {
                None | Some(&BROKEN) => Taken::Broken(Offence::Invalid, "no signature".to_owned()),
                Some(&UNWANTED) => Taken::Refused(id, "it pays nothing".to_owned()),
                Some(_) => {
                    state.take_in(id, item);
                    Taken::Waits(id)
                }
            }
        });
        Ok(taken.collect())
    }

    fn shown(&self, id: &BlockId) -> String {
        hex::encode(id.0)
    }
}
