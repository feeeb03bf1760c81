//! Connecting blocks: behind the tip, beside it, or instead of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Address, U256};

use crate::chain::is_better;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::broken::{Broken, Fault};
use crate::protocol::coin::execution::{self, Executed, ExecutionError};
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::place::place_is_valid;
use crate::protocol::coin::state::{Before, Overlay, StateView};
use crate::protocol::coin::target::Work;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Flat, KnownBlock, Ledger, Rooms, Tables};

use super::CoinError;
use super::branch::stored_block;

/// A block on its way to the chain.
#[derive(Debug)]
pub struct Submitted {
    pub block: Arc<CheckedBlock>,
    /// What executing it on its parent's state gave, if somebody did that already.
    pub executed: Option<Box<Executed>>,
}

/// What became of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connected {
    /// It is the new tip.
    Extended,
    /// Its branch took the place of blocks of the current chain.
    Reorged {
        /// The last number that both chains have.
        fork: u64,
        displaced: u64,
        connected: u64,
        /// Transactions of displaced blocks that wait again.
        returned: usize,
    },
    /// It is kept; its branch has not more work than the current chain.
    SideChain,
    /// It was known before.
    AlreadyKnown,
}

/// What a block did to the current chain.
pub(super) struct Switch {
    pub(super) fork: u64,
    /// In the order of their chain.
    pub(super) disconnected: Vec<Arc<CheckedBlock>>,
    /// The accounts that it changed.
    pub(super) touched: BTreeSet<Address>,
    pub(super) connected: Vec<Arc<CheckedBlock>>,
}

pub(super) enum Outcome {
    Switched(Switch),
    SideChain,
    AlreadyKnown,
}

/// What blocks are measured by.
pub(super) struct Yardstick<'a> {
    pub(super) parameters: &'a Parameters,
    /// Seconds since 1970.
    pub(super) now: u64,
    /// Whether side chains are kept however little work they have: who sends them has shown headers with more work than the tip's.
    pub(super) keeps_light_side_chains: bool,
    /// A block whose branch the operator lets the node switch to from any depth.
    pub(super) switch_to: Option<PowHash>,
}

/// Twenty years, in seconds: no clock that is right is so far behind, and what comes after has the time until 2106.
pub(super) const LEAST_TIME_LEFT: u32 = 20 * 365 * 86_400;

/// A side chain is kept while it is behind by no more work than this many blocks like the tip; to make one costs an attacker as much.
const SIDE_CHAIN_BLOCKS: u64 = 100;

/// Connects a block, whatever that takes. An error has changed nothing, but that a block is known as invalid from now on.
pub(super) fn connect(
    tables: &mut Tables<'_>,
    submitted: Submitted,
    yardstick: &Yardstick<'_>,
) -> Result<Outcome, CoinError> {
    let Submitted { block, executed } = submitted;
    let hash = block.hash();
    if let Some(known) = tables.known_block(hash)? {
        if known.is_invalid {
            return Err(CoinError::KnownInvalid { hash });
        }
        let tip = tables.place_of(tables.state()?.tip)?.place;
        // A branch that was too deep to switch to, and is kept: the operator may have decided meanwhile.
        return if is_better(known.place.work, tip.work) {
            switch(tables, hash, yardstick).map(Outcome::Switched)
        } else {
            Ok(Outcome::AlreadyKnown)
        };
    }
    let invalid = |rule: Broken| CoinError::Invalid {
        hash,
        fault: Fault::from(rule),
    };
    let previous = block.header().previous;
    let parent = tables
        .known_block(previous)?
        .ok_or_else(|| invalid(Broken::ParentUnknown { parent: previous }))?;
    if parent.is_invalid {
        return Err(CoinError::KnownInvalid { hash });
    }
    let place = place_is_valid(
        &block,
        &parent.place,
        parent.record_hash,
        yardstick.parameters,
        yardstick.now,
    )
    .map_err(invalid)?;
    leaves_time(place.time, yardstick).map_err(invalid)?;
    let known = KnownBlock {
        header: *block.header(),
        place,
        record_hash: block.record_hash(),
        is_invalid: false,
    };
    let tip = tables.place_of(tables.state()?.tip)?.place;
    if previous == tip.hash {
        return extend(tables, &known, block, executed, yardstick.parameters);
    }
    if is_better(place.work, tip.work) {
        tables.put_block(&known, &block)?;
        return switch(tables, hash, yardstick).map(Outcome::Switched);
    }
    let tip_block = tip
        .bits
        .target()
        .map_or(Work::default(), |target| target.work());
    let behind = tip.work.0.saturating_sub(place.work.0);
    let most = tip_block.0.saturating_mul(U256::from(SIDE_CHAIN_BLOCKS));
    if behind > most && !yardstick.keeps_light_side_chains {
        return Err(CoinError::LowWork {
            hash,
            work: place.work,
            tip_work: tip.work,
        });
    }
    tables.put_block(&known, &block)?;
    Ok(Outcome::SideChain)
}

/// On a network that sets no limit to how far a block's time may run ahead of the clock: a block from the end of time, which nothing could follow, may not end the
/// network. Policy, since clocks differ: nobody is to blame, and the block is not remembered.
fn leaves_time(found: u32, yardstick: &Yardstick<'_>) -> Result<(), Broken> {
    let (now, ahead) = (yardstick.now, LEAST_TIME_LEFT);
    if yardstick.parameters.ahead != 0 || u64::from(found) <= now.saturating_add(ahead.into()) {
        return Ok(());
    }
    Err(Broken::TimeTooFarAhead { found, now, ahead })
}

fn extend(
    tables: &mut Tables<'_>,
    known: &KnownBlock,
    block: Arc<CheckedBlock>,
    executed: Option<Box<Executed>>,
    parameters: &Parameters,
) -> Result<Outcome, CoinError> {
    let executed = match executed {
        Some(executed) => Ok(executed),
        None => self::executed(parameters, tables, &block).map(Box::new),
    };
    let executed = match executed {
        Ok(executed) => executed,
        Err(error) => {
            if matches!(error, ExecutionError::Fault(_)) {
                tables.put_block(known, &block)?;
                tables.mark_invalid(block.hash())?;
            }
            return Err(CoinError::of_execution(block.hash(), error));
        }
    };
    tables.put_block(known, &block)?;
    tables.connect(&block, &executed)?;
    Ok(Outcome::Switched(Switch {
        fork: known.place.number - 1,
        disconnected: Vec::new(),
        touched: executed.change.accounts.keys().copied().collect(),
        connected: vec![block],
    }))
}

/// Executes a block on the state at the tip.
///
/// # Errors
/// A fault is the block's own: what damage took out of the store condemns no block.
pub(super) fn executed<R: Rooms + StateView>(
    parameters: &Parameters,
    ledger: &R,
    block: &CheckedBlock,
) -> Result<Executed, ExecutionError> {
    match execution::connect(parameters, &Flat(ledger), block) {
        Err(ExecutionError::Fault(_)) => execution::connect(parameters, ledger, block),
        done => done,
    }
}

/// Switches to the branch that ends in `tip`, whose blocks are all kept. Plans it whole on an overlay before it changes anything.
pub(super) fn switch(
    tables: &mut Tables<'_>,
    tip: PowHash,
    yardstick: &Yardstick<'_>,
) -> Result<Switch, CoinError> {
    let (fork, branch) = branch_to(tables, tip)?;
    // A side chain may have been kept on a block that failed only later, when another branch had it executed.
    if let Some(from) = first_invalid(tables, &branch)? {
        for hash in branch.iter().skip(from) {
            tables.mark_invalid(*hash)?;
        }
        return Err(CoinError::KnownInvalid { hash: tip });
    }
    let current = tables.place_of(tables.state()?.tip)?.place;
    let depth = current.number - fork;
    let most = yardstick.parameters.reorg_depth;
    let is_wanted = |hash| branch.contains(&hash);
    if depth > most.into() && !yardstick.switch_to.is_some_and(is_wanted) {
        return Err(CoinError::TooDeep { tip, depth, most });
    }
    let mut disconnected = Vec::new();
    for number in fork + 1..=current.number {
        let hash = tables.entry_at(number)?.hash();
        disconnected.push(Arc::new(stored_block(tables, hash, yardstick.parameters)?));
    }
    let planned_on =
        |state: &dyn StateView| plan(tables, state, fork, current.number, &branch, yardstick);
    let planned = match planned_on(&Flat(tables)) {
        // What damage took out of the store condemns no block.
        Err((CoinError::Invalid { .. }, _)) => planned_on(tables),
        planned => planned,
    };
    let planned = match planned {
        Ok(planned) => planned,
        Err((error, from)) => {
            if matches!(error, CoinError::Invalid { .. }) {
                for hash in branch.iter().skip(from) {
                    tables.mark_invalid(*hash)?;
                }
            }
            return Err(error);
        }
    };
    let mut touched = BTreeSet::new();
    for block in disconnected.iter().rev() {
        let undo = tables.undo(block.number())?;
        touched.extend(undo.iter().filter_map(|before| match before {
            Before::Account(address, _) => Some(*address),
            Before::Slot(..) => None,
        }));
        tables.disconnect(block)?;
    }
    let mut connected = Vec::with_capacity(planned.len());
    for (block, executed) in planned {
        tables.connect(&block, &executed)?;
        touched.extend(executed.change.accounts.keys().copied());
        connected.push(Arc::new(block));
    }
    Ok(Switch {
        fork,
        disconnected,
        touched,
        connected,
    })
}

/// Executes a branch from the fork point on, over `state`, which is that of the tables. An error comes with the place in the branch of the block that failed.
fn plan(
    tables: &Tables<'_>,
    state: &dyn StateView,
    fork: u64,
    current: u64,
    branch: &[PowHash],
    yardstick: &Yardstick<'_>,
) -> Result<Vec<(CheckedBlock, Executed)>, (CoinError, usize)> {
    let at = |place| move |error: StoreError| (CoinError::from(error), place);
    let mut overlay = Overlay::over(state, current);
    for number in (fork + 1..=current).rev() {
        let undo = tables.undo(number).map_err(at(0))?;
        let parent = tables.entry_at(number - 1).map_err(at(0))?;
        overlay.disconnect(number, parent.state_root, &undo);
    }
    let mut planned = Vec::with_capacity(branch.len());
    for (place, hash) in branch.iter().enumerate() {
        let block = stored_block(tables, *hash, yardstick.parameters).map_err(at(place))?;
        let executed = execution::connect(yardstick.parameters, &overlay, &block)
            .map_err(|error| (CoinError::of_execution(*hash, error), place))?;
        overlay.connect(
            block.number(),
            block.record_hash(),
            executed.state_root,
            &executed.change,
        );
        planned.push((block, executed));
    }
    Ok(planned)
}

/// The number at which the branch that ends in `tip` leaves the current chain, and its blocks from there, oldest first.
fn branch_to(tables: &Tables<'_>, tip: PowHash) -> Result<(u64, Vec<PowHash>), StoreError> {
    let mut branch = Vec::new();
    let mut hash = tip;
    loop {
        if let Some(number) = tables.number_on_chain(hash)? {
            branch.reverse();
            return Ok((number, branch));
        }
        branch.push(hash);
        // Ends at the genesis block at the latest, which every kept block stands on.
        hash = tables.place_of(hash)?.header.previous;
    }
}

/// The place in a branch of the first block that is known as invalid.
fn first_invalid(tables: &Tables<'_>, branch: &[PowHash]) -> Result<Option<usize>, StoreError> {
    for (place, hash) in branch.iter().enumerate() {
        if tables.place_of(*hash)?.is_invalid {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The transactions of blocks, in order.
pub(super) fn transactions(blocks: &[Arc<CheckedBlock>]) -> Vec<Arc<Transaction>> {
    let all = blocks.iter().flat_map(|block| block.transactions());
    all.cloned().collect()
}
