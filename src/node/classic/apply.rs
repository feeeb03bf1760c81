//! What each command does to the tables: planned first, so that a command that fails has changed nothing.

use super::NodeError;
use super::branch::{Adoption, Branch, BranchError};
use crate::chain::{Returning, is_better};
use crate::limits::{self, QueueLimits};
use crate::protocol::classic::block::{Block, Height, transactions_of};
use crate::protocol::classic::proof::{Proof, Remembered};
use crate::protocol::classic::transaction::{Transaction, is_reward};
use crate::store::Tables;

/// Puts a transaction into the queue; the height of the block that will take it, if it fits.
pub(super) fn add_transaction(
    tables: &mut Tables<'_>,
    transaction: &Transaction,
    limits: QueueLimits,
) -> Result<Height, NodeError> {
    let waiting = tables.waiting_total()?;
    let bytes = tables.state().waiting_bytes + transaction.text().len() as u64;
    if waiting >= limits.transactions || bytes > limits.bytes {
        return Err(NodeError::QueueFull { waiting });
    }
    tables.push_waiting(transaction.text())?;
    Ok(tables.state().tip.height.next())
}

/// A block on top of the tip, or the proof whose successor must be searched first.
pub(super) enum Mined {
    Block(Block, usize),
    ProofWanted { after: Proof },
}

/// Mines a block: the waiting transactions in order, then the reward.
pub(super) fn mine(
    tables: &mut Tables<'_>,
    remembered: &Remembered,
    reward: &Transaction,
    timestamp: &str,
) -> Result<Mined, NodeError> {
    let tip = tables.state().tip;
    let Some(proof) = remembered.after(tip.proof) else {
        return Ok(Mined::ProofWanted { after: tip.proof });
    };
    let waiting = tables.take_waiting(limits::BLOCK_TRANSACTIONS_BYTES)?;
    let mut transactions = waiting.joined;
    if !transactions.is_empty() {
        transactions.push_str(", ");
    }
    transactions.push_str(reward.text());
    let block = Block::on_top_of(&tip, proof, timestamp, &transactions);
    tables.append_block(&block)?;
    Ok(Mined::Block(block, waiting.count + 1))
}

/// Remembers peers that are not known yet; those that are new.
pub(super) fn connect_peers(
    tables: &mut Tables<'_>,
    known: &[String],
    addresses: Vec<String>,
) -> Result<Vec<String>, NodeError> {
    let mut new: Vec<String> = Vec::new();
    for address in addresses {
        if !known.contains(&address) && !new.contains(&address) {
            new.push(address);
        }
    }
    let wanted = known.len() + new.len();
    if wanted > limits::KNOWN_PEERS {
        return Err(NodeError::TooManyPeers {
            wanted,
            max: limits::KNOWN_PEERS,
        });
    }
    for address in &new {
        tables.add_peer(address)?;
    }
    Ok(new)
}

/// Switches to a branch, if it still is better. An error leaves the transaction to be given up as a whole.
pub(super) fn adopt(
    tables: &mut Tables<'_>,
    branch: Branch,
    displaced_at: u64,
) -> Result<Adoption, NodeError> {
    let old = tables.state().tip.height;
    let fork_stands = match branch.fork {
        None => true,
        Some(fork) => tables.hash_at(fork.height)? == Some(fork.hash),
    };
    if !fork_stands || !is_better(branch.tip, old) {
        return Ok(Adoption::NoLongerBetter);
    }
    let fork = branch.fork.map_or(0, |fork| fork.height.0);
    let mut returning = Returning::default();
    for text in tables.take_returned()? {
        returning.displaced(&text);
    }
    for height in fork + 1..=old.0 {
        let text = tables.displace_block(Height(height), displaced_at)?;
        for transaction in own_transactions(&text)? {
            returning.displaced(transaction);
        }
    }
    let mut connected = 0;
    let mut blocks = branch.blocks;
    blocks.visit(&mut |block| {
        tables.append_block(&block)?;
        connected += 1;
        if !returning.is_empty() {
            for transaction in all_transactions(block.text())? {
                returning.held_by_branch(transaction);
            }
        }
        Ok(())
    })?;
    let expected = branch.tip.0 - fork;
    if connected != expected {
        return Err(BranchError::Length {
            found: connected,
            expected,
        }
        .into());
    }
    let returned = returning.into_waiting();
    tables.put_returned(&returned)?;
    let hash = tables.state().tip.hash;
    Ok(Adoption::Adopted {
        fork,
        displaced: old.0 - fork,
        connected,
        returned: returned.len(),
        tip: branch.tip,
        hash,
    })
}

fn all_transactions(block: &str) -> Result<Vec<&str>, NodeError> {
    // Only checked blocks get here; a text that is none can only come from a damaged disk.
    transactions_of(block).map_err(|error| BranchError::Unreadable(error.to_string()).into())
}

/// A block's transactions but for the reward that its miner paid itself.
fn own_transactions(block: &str) -> Result<Vec<&str>, NodeError> {
    let mut transactions = all_transactions(block)?;
    if transactions.last().is_some_and(|last| is_reward(last)) {
        transactions.pop();
    }
    Ok(transactions)
}
