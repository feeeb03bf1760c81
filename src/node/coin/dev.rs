//! What a node of the network `dev` does beyond its protocol, for tests of contracts. Every other network refuses it.

use alloy_primitives::B256;
use thiserror::Error;

use super::clock::Moved;
use super::connect::LEAST_TIME_LEFT;
use super::{CoinError, CoinHandle, Command};
use crate::mempool::Entry;
use crate::protocol::coin::DEV_CHAIN;
use crate::protocol::coin::header::PowHash;

/// Why a node did not do what tests ask for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DevRefused {
    #[error("this is chain {found}; only chain {DEV_CHAIN}, as of the network dev, does that")]
    OtherNetwork { found: u64 },
    #[error("the time {wanted} is not above the last block's, {tip}")]
    TimeNotAboveTip { wanted: u64, tip: u32 },
    #[error("block {number} of the chain is not {hash}, so it cannot end there again")]
    NotOnChain { number: u64, hash: PowHash },
    #[error("the time {wanted} leaves no later one for the next block, {most} is the last")]
    TimeBeyondEnd { wanted: u64, most: u32 },
    #[error(
        "the time {wanted} is more than 20 years from now, {most} is the last that a block can have; move the clock first (evm_setTime), then blocks go on from there"
    )]
    TimeTooFar { wanted: u64, most: u64 },
}

/// The last time that the clock can be set to: the block that has it can have a successor.
const LAST_TIME: u32 = u32::MAX - 1;

impl CoinHandle {
    /// What the time of a block that is made here behind one of time `parent` is to be, at least, in seconds since 1970.
    pub fn time_of_child(&self, parent: u32) -> u64 {
        self.shared().clock.time_of_child(parent)
    }

    /// How the clock was moved.
    pub fn moved_clock(&self) -> Moved {
        *self.shared().clock.moved()
    }

    /// Has the clock go on as it was moved once.
    ///
    /// # Errors
    /// [`DevRefused::OtherNetwork`].
    pub fn restore_clock(&self, moved: Moved) -> Result<(), CoinError> {
        self.is_dev()?;
        *self.shared().clock.moved() = moved;
        Ok(())
    }

    /// Has so many seconds pass, from the last block's time on if the clock is behind that; by how many the clock is before the machine's then.
    ///
    /// # Errors
    /// [`DevRefused`].
    pub fn increase_time(&self, seconds: u64) -> Result<i64, CoinError> {
        self.is_dev()?;
        let tip = self.tip().place.time;
        let from = self.now().max(tip.into());
        self.move_to(from.saturating_add(seconds))
    }

    /// Sets the clock, in seconds since 1970; by how many it is before the machine's then.
    ///
    /// # Errors
    /// [`DevRefused`].
    pub fn set_time(&self, time: u64) -> Result<i64, CoinError> {
        self.time_can_be_set(time)?;
        self.shared().clock.moved().next = None;
        self.move_to(time)
    }

    /// Sets the time of the next block that is made here, in seconds since 1970; the clock goes on from there.
    ///
    /// # Errors
    /// [`DevRefused`].
    pub fn set_next_time(&self, time: u64) -> Result<(), CoinError> {
        let next = self.time_can_be_set(time)?;
        self.is_near(time)?;
        self.shared().clock.moved().next = Some(next);
        Ok(())
    }

    /// Sets how many seconds are from each block that is made here to the next; with none the clock says again.
    ///
    /// # Errors
    /// [`DevRefused`].
    pub fn set_spacing(&self, seconds: Option<u32>) -> Result<(), CoinError> {
        self.is_dev()?;
        let tip = u64::from(self.tip().place.time);
        self.is_near(tip.saturating_add(seconds.unwrap_or_default().into()))?;
        self.shared().clock.moved().spacing = seconds;
        Ok(())
    }

    /// Has the chain end in this block of its own again, and what waited then wait. Blocks behind it are forgotten whole, side chains too; their transactions do not
    /// wait again. How many left the chain. One commit. A node that follows others would fetch what it forgot: ask it only while it has none.
    ///
    /// # Errors
    /// [`DevRefused`] where the block is not on the chain.
    pub async fn rewind(&self, to: (u64, PowHash), waiting: Vec<Entry>) -> Result<u64, CoinError> {
        self.is_dev()?;
        self.ask(|reply| Command::Rewind { to, waiting, reply })
            .await
    }

    /// Lets go of a transaction that waits; whether it did. What its sender has behind it goes on waiting.
    ///
    /// # Errors
    /// [`DevRefused::OtherNetwork`].
    pub async fn drop_transaction(&self, hash: B256) -> Result<bool, CoinError> {
        self.is_dev()?;
        self.ask(|reply| Command::Drop { hash, reply }).await
    }

    /// That this is the network for tests.
    pub(super) fn is_dev(&self) -> Result<(), CoinError> {
        if self.parameters().is_dev() {
            return Ok(());
        }
        let found = self.parameters().chain_id;
        Err(DevRefused::OtherNetwork { found }.into())
    }

    fn time_can_be_set(&self, wanted: u64) -> Result<u32, CoinError> {
        self.is_dev()?;
        let tip = self.tip().place.time;
        if wanted <= tip.into() {
            return Err(DevRefused::TimeNotAboveTip { wanted, tip }.into());
        }
        is_no_end(wanted)
    }

    /// That a block may have this time by the clock as it stands.
    fn is_near(&self, wanted: u64) -> Result<(), CoinError> {
        let from = self.now().max(self.tip().place.time.into());
        let most = from.saturating_add(LEAST_TIME_LEFT.into());
        match wanted <= most {
            true => Ok(()),
            false => Err(DevRefused::TimeTooFar { wanted, most }.into()),
        }
    }

    fn move_to(&self, time: u64) -> Result<i64, CoinError> {
        is_no_end(time)?;
        let clock = &self.shared().clock;
        let shift = clock.shift_to(time);
        clock.moved().shift = shift;
        Ok(shift)
    }
}

fn is_no_end(wanted: u64) -> Result<u32, CoinError> {
    let most = LAST_TIME;
    let fits = u32::try_from(wanted).ok().filter(|time| *time <= most);
    fits.ok_or_else(|| DevRefused::TimeBeyondEnd { wanted, most }.into())
}
