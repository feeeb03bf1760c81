//! What the writer of a coin node does with its commands.

use alloy_primitives::Address;

use super::connect::{self, Connected, Outcome, Submitted, Switch, Yardstick};
use super::{Coin, CoinError, CoinEvent, DevRefused, new_peers, pool, stored_block};
use crate::chain::is_better;
use crate::limits::{CONTRACT_SOURCES, EVENT_RETURNED, KNOWN_PEERS};
use crate::mempool::Entry;
use crate::node::Outbox;
use crate::protocol::coin::header::PowHash;
use crate::store::coin::{Ledger, SourceRecord, Tables};

impl Coin {
    /// Connects a block, whatever that takes.
    pub(super) fn connect(
        &mut self,
        tables: &mut Tables<'_>,
        submitted: Submitted,
        keeps_light_side_chains: bool,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<Connected, CoinError> {
        let parameters = &self.shared.settings.genesis.parameters;
        let mut now = self.now();
        if parameters.is_dev() {
            // The clock may have been moved before the node was started anew.
            now = now.max(tables.place_of(tables.state()?.tip)?.place.time.into());
        }
        let yardstick = Yardstick {
            parameters,
            now,
            keeps_light_side_chains,
            switch_to: self.shared.settings.switch_to,
        };
        let outcome = connect::connect(tables, submitted, &yardstick);
        if let Err(error @ CoinError::TooDeep { .. }) = &outcome {
            *self.shared.deep_branch() = Some(error.clone());
        }
        match outcome? {
            Outcome::SideChain => Ok(Connected::SideChain),
            Outcome::AlreadyKnown => Ok(Connected::AlreadyKnown),
            Outcome::Switched(switch) => {
                let connected = self.follow(tables, &switch, outbox)?;
                self.look_at_deep_branch(tables)?;
                Ok(connected)
            }
        }
    }

    /// Forgets the branch that waits for the operator once the tip has as much work, on that branch or another.
    fn look_at_deep_branch(&self, tables: &Tables<'_>) -> Result<(), CoinError> {
        let mut deep = self.shared.deep_branch();
        if let Some(CoinError::TooDeep { tip, .. }) = &*deep {
            let branch = tables.place_of(*tip)?.place;
            let current = tables.place_of(tables.state()?.tip)?.place;
            if !is_better(branch.work, current.work) {
                *deep = None;
            }
        }
        Ok(())
    }

    /// Switches to a branch that is kept, if it has more work.
    pub(super) fn switch_to(
        &mut self,
        tables: &mut Tables<'_>,
        tip: PowHash,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<Connected, CoinError> {
        let Some(known) = tables.known_block(tip)? else {
            return Ok(Connected::SideChain);
        };
        if known.is_invalid {
            return Err(CoinError::KnownInvalid { hash: tip });
        }
        let current = tables.place_of(tables.state()?.tip)?.place;
        if !is_better(known.place.work, current.work) {
            return Ok(Connected::AlreadyKnown);
        }
        let yardstick = Yardstick {
            parameters: &self.shared.settings.genesis.parameters,
            now: self.now(),
            keeps_light_side_chains: false,
            switch_to: Some(tip),
        };
        let switch = connect::switch(tables, tip, &yardstick)?;
        *self.shared.deep_branch() = None;
        self.follow(tables, &switch, outbox)
    }

    /// The mempool follows a change of the chain, and events tell of it.
    fn follow(
        &mut self,
        tables: &mut Tables<'_>,
        switch: &Switch,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<Connected, CoinError> {
        let tip = tables.place_of(tables.state()?.tip)?.place;
        let mut mempool = self.shared.mempool_mut();
        let mut back = pool::follow(&mut mempool, tables, switch, self.machine_now(), outbox)?;
        let returned = back.len();
        back.truncate(EVENT_RETURNED);
        *self.shared.mempool_tip() = tip.hash;
        drop(mempool);
        let (displaced, connected) = (switch.disconnected.len(), switch.connected.len());
        let Some(was) = switch.disconnected.last().map(|block| block.hash()) else {
            for block in &switch.connected {
                outbox.tell(CoinEvent::Block {
                    number: block.number(),
                    hash: block.hash(),
                    transactions: block.transactions().len(),
                });
            }
            return Ok(Connected::Extended);
        };
        outbox.tell(CoinEvent::Reorg {
            fork: switch.fork,
            number: tip.number,
            hash: tip.hash,
            was,
            displaced: displaced as u64,
            connected: connected as u64,
            returned,
            returned_transactions: back,
        });
        Ok(Connected::Reorged {
            fork: switch.fork,
            displaced: displaced as u64,
            connected: connected as u64,
            returned,
        })
    }

    /// Goes back to a block of the chain. What was behind it is forgotten whole, so that it neither comes back nor counts, and what is to wait waits.
    pub(super) fn rewind(
        &mut self,
        tables: &mut Tables<'_>,
        (number, hash): (u64, PowHash),
        waiting: Vec<Entry>,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<u64, CoinError> {
        let was = tables.state()?.tip;
        let current = tables.place_of(was)?.place.number;
        let on_chain = tables.chain_entry(number)?;
        if on_chain.is_none_or(|entry| entry.hash() != hash) {
            return Err(DevRefused::NotOnChain { number, hash }.into());
        }
        let parameters = &self.shared.settings.genesis.parameters;
        for number in (number + 1..=current).rev() {
            let hash = tables.entry_at(number)?.hash();
            let block = stored_block(tables, hash, parameters)?;
            tables.disconnect(&block)?;
        }
        tables.forget_above(number)?;
        let mut mempool = self.shared.mempool_mut();
        // Should the commit fail, what waits is read from the store.
        self.in_memory = None;
        pool::replace(&mut mempool, tables, waiting, self.machine_now(), outbox)?;
        *self.shared.mempool_tip() = hash;
        drop(mempool);
        *self.shared.deep_branch() = None;
        let displaced = current - number;
        if displaced > 0 {
            outbox.tell(CoinEvent::Reorg {
                fork: number,
                number,
                hash,
                was,
                displaced,
                connected: 0,
                returned: 0,
                returned_transactions: Vec::new(),
            });
        }
        Ok(displaced)
    }

    /// Remembers peers; all that are known then.
    pub(super) fn connect_peers(
        &self,
        tables: &mut Tables<'_>,
        addresses: Vec<String>,
        outbox: &mut Outbox<CoinEvent>,
    ) -> Result<Vec<String>, CoinError> {
        let mut known = self.shared.peers().clone();
        known.extend(new_peers(outbox.events()).cloned());
        let mut new: Vec<String> = Vec::new();
        for address in addresses {
            if !known.contains(&address) && !new.contains(&address) {
                new.push(address);
            }
        }
        let wanted = known.len() + new.len();
        if wanted > KNOWN_PEERS {
            return Err(CoinError::TooManyPeers {
                wanted,
                max: KNOWN_PEERS,
            });
        }
        for address in &new {
            tables.add_peer(address)?;
            outbox.tell(CoinEvent::Peer {
                address: address.clone(),
            });
        }
        known.extend(new);
        Ok(known)
    }
}

/// Keeps a contract's source, while there is room for one more.
pub(super) fn keep_source(
    tables: &mut Tables<'_>,
    contract: Address,
    source: &SourceRecord,
) -> Result<(), CoinError> {
    let most = CONTRACT_SOURCES as u64;
    if tables.sources_total()? >= most && !tables.has_source(contract)? {
        return Err(CoinError::TooManySources { most });
    }
    Ok(tables.put_source(contract, source)?)
}
