//! What each command does to the tables: planned first, so that a command that fails has changed nothing.

use std::ops::Range;

use super::NodeError;
use super::branch::{Adoption, Branch, BranchError};
use super::travelling::{TakenIn, TravellingTransaction};
use crate::chain::{Returning, is_better};
use crate::limits::{self, QueueLimits};
use crate::protocol::classic::block::{
    Block, BlockHash, Height, Link, ShapeError, transactions_of,
};
use crate::protocol::classic::proof::{Proof, Remembered};
use crate::protocol::classic::tag::{BlockTags, TransactionId};
use crate::protocol::classic::transaction::{Transaction, is_reward, payments_of};
use crate::store::Tables;

/// Puts a transaction into the queue; the height of the block that will take it, if it fits.
pub(super) fn add_transaction(
    tables: &mut Tables<'_>,
    transaction: &Transaction,
    limits: QueueLimits,
) -> Result<Height, NodeError> {
    if !has_room(tables, transaction.text(), limits)? {
        let waiting = tables.waiting_total()?;
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
    tables.append_mined(&block, &waiting.tags)?;
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

/// Switches to a branch, if it still is better; what came of it, and the texts of what waits again. An error leaves the transaction
/// to be given up as a whole.
pub(super) fn adopt(
    tables: &mut Tables<'_>,
    branch: Branch,
    displaced_at: u64,
) -> Result<(Adoption, Vec<Box<str>>), NodeError> {
    let Link {
        height: old,
        hash: was,
        ..
    } = tables.state().tip;
    let fork_stands = match branch.fork {
        None => true,
        Some(fork) => tables.hash_at(fork.height)? == Some(fork.hash),
    };
    if !fork_stands || !is_better(branch.tip, old) {
        return Ok((Adoption::NoLongerBetter, Vec::new()));
    }
    let tip = branch.tip;
    let fork = branch.fork.map_or(0, |fork| fork.height.0);
    let (returned, transactions) = if tables.state().travels.is_some() {
        switch_by_tags(tables, branch, fork..old.0, displaced_at)?
    } else {
        switch_by_text(tables, branch, fork..old.0, displaced_at)?
    };
    let adopted = Adoption::Adopted {
        fork,
        displaced: old.0 - fork,
        connected: tip.0 - fork,
        returned: returned.len(),
        tip,
        hash: tables.state().tip.hash,
        was,
        transactions,
    };
    Ok((adopted, returned))
}

/// Takes the blocks behind `own.start` up to `own.end` off the chain and puts the branch there; what waits again: what neither it nor
/// the branch accounts for, equal transactions being counted; and how many the last block has.
fn switch_by_text(
    tables: &mut Tables<'_>,
    branch: Branch,
    own: Range<u64>,
    displaced_at: u64,
) -> Result<(Vec<Box<str>>, usize), NodeError> {
    let mut returning = Returning::default();
    for text in tables.take_returned()? {
        returning.displaced(&text);
    }
    for height in own.start + 1..=own.end {
        let text = tables.displace_block(Height(height), displaced_at)?;
        for transaction in payments_of(&text).map_err(unreadable)? {
            returning.displaced(transaction);
        }
    }
    let transactions = connect_all(branch, own.start, |block, _| {
        tables.append_block(&block)?;
        if !returning.is_empty() {
            for transaction in transactions_of(block.text()).map_err(unreadable)? {
                returning.held_by_branch(transaction);
            }
        }
        Ok(())
    })?;
    let returned = returning.into_waiting();
    tables.put_returned(&returned)?;
    Ok((returned, transactions))
}

/// [`switch_by_text`] where transactions travel: what leaves the queue for the branch's blocks, and what comes back, goes by tags.
fn switch_by_tags(
    tables: &mut Tables<'_>,
    branch: Branch,
    own: Range<u64>,
    displaced_at: u64,
) -> Result<(Vec<Box<str>>, usize), NodeError> {
    if own.is_empty() {
        let transactions = connect_all(branch, own.start, |block, tags| {
            Ok(tables.connect_block(&block, &tags)?)
        })?;
        return Ok((Vec::new(), transactions));
    }
    let mut back = tables.take_returned_with_tags()?;
    for height in own.start + 1..=own.end {
        back.extend(tables.displace_with_tags(Height(height), displaced_at)?);
    }
    // Back in the queue, they leave it for the branch's blocks as everything does.
    tables.put_returned_with_tags(back)?;
    let transactions = connect_all(branch, own.start, |block, tags| {
        Ok(tables.connect_block(&block, &tags)?)
    })?;
    let back = tables.take_returned_with_tags()?;
    let returned = back.iter().map(|(text, _)| text.clone()).collect();
    tables.put_returned_with_tags(back)?;
    Ok((returned, transactions))
}

/// Hands out the blocks of a branch behind `fork`, which must come to where it was checked to end; how many transactions the last has.
fn connect_all(
    branch: Branch,
    fork: u64,
    mut connect: impl FnMut(Block, BlockTags) -> Result<(), NodeError>,
) -> Result<usize, NodeError> {
    let expected = branch.tip.0 - fork;
    let (mut connected, mut transactions) = (0, 0);
    let mut blocks = branch.blocks;
    blocks.visit(&mut |block, tags| {
        connected += 1;
        if connected == expected {
            transactions = transactions_of(block.text()).map_err(unreadable)?.len();
        }
        connect(block, tags)
    })?;
    if connected != expected {
        return Err(BranchError::Length {
            found: connected,
            expected,
        }
        .into());
    }
    Ok(transactions)
}

/// Only checked blocks get here; a text that is none can only come from a damaged disk.
fn unreadable(error: ShapeError) -> NodeError {
    BranchError::Unreadable(error.to_string()).into()
}

/// What other nodes will ask for a transaction by that is put into the queue next, where it travels.
pub(super) fn id_of_next(tables: &Tables<'_>, transaction: &Transaction) -> Option<TransactionId> {
    let tag = tables.next_tag()?;
    let text = transaction.text();
    // Another node could not tell it from what a miner paid itself.
    (!is_reward(text)).then(|| TransactionId::of(tag, text))
}

/// Transactions that wait now: what they are asked for by, and their texts.
type Added = Vec<(TransactionId, Box<str>)>;

/// Puts other nodes' transactions into the queue that nobody knows here; what became of each, and those that wait now.
pub(super) fn add_travelling(
    tables: &mut Tables<'_>,
    transactions: Vec<TravellingTransaction>,
    limits: QueueLimits,
) -> Result<(Vec<TakenIn>, Added), NodeError> {
    let mut taken = Vec::with_capacity(transactions.len());
    let mut added = Vec::new();
    for transaction in transactions {
        let id = transaction.id();
        taken.push(if tables.knows(&id)? {
            TakenIn::AlreadyKnown
        } else if !has_room(tables, transaction.text(), limits)? {
            TakenIn::QueueFull
        } else {
            tables.push_travelling(transaction.text(), transaction.tag())?;
            added.push((id, transaction.into_text()));
            TakenIn::Added
        });
    }
    Ok((taken, added))
}

fn has_room(tables: &Tables<'_>, text: &str, limits: QueueLimits) -> Result<bool, NodeError> {
    let bytes = tables.state().waiting_bytes + text.len() as u64;
    Ok(tables.waiting_total()? < limits.transactions && bytes <= limits.bytes)
}

/// Takes over tags of a block, if it stands in the chain; whether any was new.
pub(super) fn learn_tags(
    tables: &mut Tables<'_>,
    block: BlockHash,
    tags: &BlockTags,
) -> Result<bool, NodeError> {
    Ok(tables.learn_tags(block, tags)?)
}
