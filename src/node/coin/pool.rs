//! The mempool and its records, changed together.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::B256;
use rayon::prelude::*;

use super::connect::{Switch, transactions};
use super::{Added, CoinError, CoinEvent, CoinSettings};
use crate::mempool::{Entry, Mempool, Taken, Why};
use crate::node::Outbox;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::transaction::Transaction;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot, Tables, WaitingRecord, store_error};

/// Has a transaction wait.
pub(super) fn add(
    mempool: &mut Mempool,
    tables: &mut Tables<'_>,
    transaction: Arc<Transaction>,
    now: u64,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<Added, CoinError> {
    let hash = transaction.hash();
    if tables.position(hash)?.is_some() {
        return Ok(Added {
            hash,
            was_known: true,
        });
    }
    mempool.begin();
    let added = match mempool.add(transaction, now, tables)?? {
        Taken::AlreadyKnown => {
            return Ok(Added {
                hash,
                was_known: true,
            });
        }
        Taken::Added(added) => added,
    };
    if let Some(entry) = mempool.get(&hash) {
        keep(tables, entry)?;
    }
    if let Some(replaced) = added.replaced {
        let why = format!("replaced by {hash}, which pays more");
        forget(tables, &replaced, why, outbox)?;
    }
    for evicted in added.evicted {
        forget(tables, &evicted, Why::Evicted.to_string(), outbox)?;
    }
    outbox.tell(CoinEvent::Transaction { hash });
    Ok(Added {
        hash,
        was_known: false,
    })
}

/// Has the mempool follow a change of the chain; how many transactions wait again.
pub(super) fn follow(
    mempool: &mut Mempool,
    tables: &mut Tables<'_>,
    switch: &Switch,
    now: u64,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<Vec<B256>, CoinError> {
    mempool.begin();
    let connected = transactions(&switch.connected);
    let disconnected = transactions(&switch.disconnected);
    let changes = mempool.chain_changed(
        &connected,
        &disconnected,
        switch.touched.iter().copied(),
        now,
        tables,
    )?;
    for left in changes.left {
        if left.why == Why::Included {
            tables.remove_waiting(left.entry.order)?;
        } else {
            forget(tables, &left.entry, left.why.to_string(), outbox)?;
        }
    }
    for entry in &changes.returned {
        keep(tables, entry)?;
    }
    Ok(changes.returned.iter().map(Entry::hash).collect())
}

/// Lets go of transactions that have waited too long; how many.
pub(super) fn expire(
    mempool: &mut Mempool,
    tables: &mut Tables<'_>,
    now: u64,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<usize, CoinError> {
    mempool.begin();
    let expired = mempool.expire(now);
    let count = expired.len();
    for entry in expired {
        forget(tables, &entry, Why::Expired.to_string(), outbox)?;
    }
    Ok(count)
}

/// Lets go of one transaction; whether it waited.
pub(super) fn drop_one(
    mempool: &mut Mempool,
    tables: &mut Tables<'_>,
    hash: B256,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<bool, CoinError> {
    mempool.begin();
    let Some(entry) = mempool.take_out(&hash) else {
        return Ok(false);
    };
    let why = "whoever runs this node had it dropped".to_owned();
    forget(tables, &entry, why, outbox)?;
    Ok(true)
}

/// Has nothing wait but this. The mempool cannot be rolled back behind it.
pub(super) fn replace(
    mempool: &mut Mempool,
    tables: &mut Tables<'_>,
    waiting: Vec<Entry>,
    now: u64,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<(), CoinError> {
    let before: Vec<Entry> = mempool.iter().cloned().collect();
    mempool.restore(waiting, now, tables)?;
    let mut known = BTreeSet::new();
    for entry in &before {
        known.insert(entry.hash());
        if mempool.contains(&entry.hash()) {
            tables.remove_waiting(entry.order)?;
        } else {
            let why = "the chain went back to before it came".to_owned();
            forget(tables, entry, why, outbox)?;
        }
    }
    for entry in mempool.iter() {
        keep(tables, entry)?;
        let hash = entry.hash();
        if !known.contains(&hash) {
            outbox.tell(CoinEvent::Transaction { hash });
        }
    }
    Ok(())
}

fn keep(tables: &mut Tables<'_>, entry: &Entry) -> Result<(), StoreError> {
    tables.put_waiting(
        entry.order,
        &WaitingRecord {
            since: entry.since,
            envelope: entry.transaction.bytes().clone(),
        },
    )
}

fn forget(
    tables: &mut Tables<'_>,
    entry: &Entry,
    why: String,
    outbox: &mut Outbox<CoinEvent>,
) -> Result<(), StoreError> {
    tables.remove_waiting(entry.order)?;
    let hash = entry.hash();
    outbox.tell(CoinEvent::Dropped { hash, why });
    Ok(())
}

/// The mempool as the store kept it, and the orders of records that are left out of it, since they do not hold any more.
pub(super) fn recalled(
    snapshot: &Snapshot,
    parameters: &Parameters,
    settings: &CoinSettings,
    now: u64,
) -> Result<(Mempool, Vec<u64>), StoreError> {
    let mut mempool = Mempool::new(parameters, settings.pool_limits);
    let records = snapshot.waiting()?;
    let mut stale: BTreeSet<u64> = records.iter().map(|(order, _)| *order).collect();
    let next = snapshot.place_of(snapshot.state()?.tip)?.place.number + 1;
    let spec = parameters.spec_at(next);
    let entries: Vec<_> = records
        .into_par_iter()
        .filter_map(|(order, record)| {
            let read = Transaction::decode(record.envelope, parameters, spec);
            let read = read.inspect_err(|rule| {
                tracing::warn!(%rule, "a transaction that waited does not hold any more");
            });
            let transaction = Arc::new(read.ok()?);
            Some(Entry {
                transaction,
                order,
                since: record.since,
            })
        })
        .collect();
    let left_out = mempool
        .restore(entries, now, snapshot)
        .map_err(|error| store_error(&error))?;
    for left in left_out {
        tracing::info!(hash = %left.entry.hash(), why = %left.why, "a transaction waits no more");
    }
    mempool.keep();
    for entry in mempool.iter() {
        stale.remove(&entry.order);
    }
    Ok((mempool, stale.into_iter().collect()))
}
