//! The whole stored chain, checked again from the genesis block on: every rule, and every state by executing it.
//!
//! Nothing is believed but the genesis block. A block is executed on the state that its parent left, read through the tree whose root has just been checked, so that
//! memory stays within what one block needs. What is kept beside the blocks (senders, receipts, places, what undoes them) is held against what they give.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use thiserror::Error;

use super::check::checked_block;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::broken::{Broken, Fault};
use crate::protocol::coin::execution::{self, Executed, ExecutionError, Unsound};
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::header::PowHash;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::place::{Place, place_is_valid};
use crate::protocol::coin::state::{Account, Before, RootedState, StateView};
use crate::store::StoreError;
use crate::store::coin::{ChainEntry, KnownBlock, Ledger, Position, store_error};

/// What is wrong with a stored chain.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ChainFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("block {number} ({hash}): {fault}")]
    Rule {
        number: u64,
        hash: PowHash,
        fault: Box<Fault>,
    },
    /// The block holds, and what is kept beside it does not.
    #[error("block {number} ({hash}): {what} as kept, and as the block gives it, differ")]
    Kept {
        number: u64,
        hash: PowHash,
        what: &'static str,
    },
    #[error(transparent)]
    Unsound(#[from] Unsound),
    #[error("the check was given up at block {number}")]
    GivenUp { number: u64 },
}

/// Checks the chain that a ledger holds; its last block's number. `go_on` is told the number of each block before it is checked, and may give up.
///
/// # Errors
/// The first fault.
pub fn check_chain(
    ledger: &(impl Ledger + StateView),
    genesis: &Genesis,
    now: u64,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<u64, ChainFault> {
    let tip = ledger.place_of(ledger.state()?.tip)?.place.number;
    let mut replay = Replay::of(ledger, genesis, now)?;
    for number in 1..=tip {
        if !go_on(number) {
            return Err(ChainFault::GivenUp { number });
        }
        replay.check_next(number)?;
    }
    Ok(tip)
}

/// Where the check stands.
struct Replay<'l, L> {
    ledger: &'l L,
    parameters: &'l Parameters,
    now: u64,
    /// Of the last block that was checked.
    place: Place,
    entry: ChainEntry,
}

impl<'l, L: Ledger + StateView> Replay<'l, L> {
    fn of(ledger: &'l L, genesis: &'l Genesis, now: u64) -> Result<Self, ChainFault> {
        let hash = genesis.hash();
        let root = genesis.block.record.state_root;
        let expected = ChainEntry::new(hash, genesis.record_hash, root, U256::ZERO);
        let kept = |what, holds| kept_holds(0, hash, what, holds);
        let entry = ledger.entry_at(0)?;
        kept("the genesis block's entry", entry == expected)?;
        let body = ledger.body(hash)?;
        let encoded = body.map(|body| body.encoded.to_vec());
        kept("the genesis block", encoded == Some(genesis.block.encode()))?;
        Ok(Self {
            ledger,
            parameters: &genesis.parameters,
            now,
            place: genesis.place,
            entry,
        })
    }

    fn check_next(&mut self, number: u64) -> Result<(), ChainFault> {
        let entry = self.ledger.entry_at(number)?;
        let hash = entry.hash();
        let broken = |fault: Fault| ChainFault::Rule {
            number,
            hash,
            fault: Box::new(fault),
        };
        let missing = || {
            self.ledger
                .damaged(format_args!("block {hash}"), "it is missing")
        };
        let body = self.ledger.body(hash)?.ok_or_else(missing)?;
        let block = checked_block(&body.encoded, self.parameters, |_| None).map_err(broken)?;
        let in_place = |rule: Broken| broken(rule.into());
        let parent = self.entry.record_hash;
        let place = place_is_valid(&block, &self.place, parent, self.parameters, self.now)
            .map_err(in_place)?;
        let state = RootedState::new(self.ledger, self.entry.state_root, number - 1);
        let executed = match execution::connect(self.parameters, &state, &block) {
            Ok(executed) => executed,
            Err(ExecutionError::Fault(fault)) => return Err(broken(fault)),
            Err(ExecutionError::View(error)) => return Err(store_error(&error).into()),
            Err(ExecutionError::Unsound(unsound)) => return Err(unsound.into()),
        };
        let destroyed = self.entry.destroyed.saturating_add(executed.destroyed);
        let given = ChainEntry::new(
            block.hash(),
            block.record_hash(),
            executed.state_root,
            destroyed,
        );
        kept_holds(number, hash, "the place in the chain", entry == given)?;
        self.kept_is_given(&block, &place, &body.senders, &executed)?;
        self.place = place;
        self.entry = entry;
        Ok(())
    }

    /// Holds what is kept beside a block against what the block gives.
    fn kept_is_given(
        &self,
        block: &CheckedBlock,
        place: &Place,
        senders: &[Address],
        executed: &Executed,
    ) -> Result<(), ChainFault> {
        let (ledger, number, hash) = (self.ledger, place.number, place.hash);
        let kept = |what, holds| kept_holds(number, hash, what, holds);
        let given = KnownBlock {
            header: *block.header(),
            place: *place,
            record_hash: block.record_hash(),
            is_invalid: false,
        };
        kept("its header and work", ledger.place_of(hash)? == given)?;
        let transactions = block.transactions();
        let signed = transactions.iter().map(|transaction| transaction.sender());
        kept("the senders", signed.eq(senders.iter().copied()))?;
        kept(
            "the receipts",
            ledger.receipts(number)? == executed.receipts,
        )?;
        let undo = by_place(&ledger.undo(number)?);
        kept("what undoes it", undo == by_place(&executed.change.undo))?;
        for (index, transaction) in (0_u32..).zip(transactions) {
            let position = ledger.position(transaction.hash())?;
            let holds = position == Some(Position { number, index });
            kept("the index of its transactions", holds)?;
        }
        let by_record = ledger.number_by_record(block.record_hash())?;
        kept("the index of records", by_record == Some(number))
    }
}

fn kept_holds(
    number: u64,
    hash: PowHash,
    what: &'static str,
    holds: bool,
) -> Result<(), ChainFault> {
    if holds {
        Ok(())
    } else {
        Err(ChainFault::Kept { number, hash, what })
    }
}

/// What undoes a block, whatever the order.
fn by_place(undo: &[Before]) -> BTreeMap<(Address, Option<U256>), (Option<Account>, B256)> {
    let entries = undo.iter().map(|before| match *before {
        Before::Account(address, account) => ((address, None), (account, B256::ZERO)),
        Before::Slot(address, slot, value) => ((address, Some(slot)), (None, B256::from(value))),
    });
    entries.collect()
}
