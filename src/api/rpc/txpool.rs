//! `txpool_`: what waits, for everybody who watches. *Pending* is what the next block could have, *queued* what waits for a nonce or for coins.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, U64};
use alloy_rpc_types_eth::Transaction;
use serde::Serialize;

use super::Rpc;
use super::arguments::Arguments;
use super::error::RpcError;
use super::methods::Methods;
use super::shape;
use crate::protocol::coin::transaction::Transaction as Signed;

pub fn register(methods: &mut Methods) {
    methods.reading("txpool_status", |rpc, arguments| {
        arguments.end()?;
        let mempool = rpc.node().mempool();
        let is_ready = |one: &&crate::mempool::Entry| mempool.missing_before(&one.hash()).is_none();
        let pending = mempool.iter().filter(is_ready).count();
        let queued = mempool.len() - pending;
        Ok(Split {
            pending: U64::from(pending),
            queued: U64::from(queued),
        })
    });
    methods.reading("txpool_content", |rpc, arguments| {
        listed(rpc, arguments, shape::waiting)
    });
    methods.reading("txpool_inspect", |rpc, arguments| {
        listed(rpc, arguments, in_words)
    });
    methods.reading("txpool_contentFrom", of_one);
}

/// The two kinds of what waits.
#[derive(Debug, Clone, Default, Serialize)]
struct Split<T> {
    pending: T,
    queued: T,
}

/// By nonce.
type Row<T> = BTreeMap<u64, T>;
type Listed<T> = Split<BTreeMap<Address, Row<T>>>;

/// What waits, and whether a block could have it. The pool is held no longer than it takes to count.
fn waiting(rpc: &Rpc) -> Vec<(Arc<Signed>, bool)> {
    let mempool = rpc.node().mempool();
    let all = mempool.iter().map(|one| {
        let is_ready = mempool.missing_before(&one.hash()).is_none();
        (Arc::clone(&one.transaction), is_ready)
    });
    all.collect()
}

fn listed<T>(
    rpc: &Rpc,
    arguments: Arguments,
    told: fn(&Signed) -> T,
) -> Result<Listed<T>, RpcError> {
    arguments.end()?;
    let mut listed = Split {
        pending: BTreeMap::<_, Row<T>>::new(),
        queued: BTreeMap::new(),
    };
    for (transaction, is_ready) in waiting(rpc) {
        let kind = match is_ready {
            true => &mut listed.pending,
            false => &mut listed.queued,
        };
        let row = kind.entry(transaction.sender()).or_default();
        row.insert(transaction.nonce(), told(&transaction));
    }
    Ok(listed)
}

fn of_one(rpc: &Rpc, mut arguments: Arguments) -> Result<Split<Row<Transaction>>, RpcError> {
    let address: Address = arguments.required("address")?;
    arguments.end()?;
    let mut found = Split::<Row<Transaction>>::default();
    let mempool = rpc.node().mempool();
    for one in mempool.by_sender(address) {
        let kind = match mempool.missing_before(&one.hash()) {
            None => &mut found.pending,
            Some(_) => &mut found.queued,
        };
        kind.insert(one.nonce(), shape::waiting(&one.transaction));
    }
    Ok(found)
}

/// As geth words it.
fn in_words(transaction: &Signed) -> String {
    let to = match transaction.receiver() {
        Some(to) => to.to_string(),
        None => "contract creation".to_owned(),
    };
    let (value, gas) = (transaction.value(), transaction.gas_limit());
    let price = transaction.greatest_fee();
    format!("{to}: {value} wei + {gas} gas × {price} wei")
}
