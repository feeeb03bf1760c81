//! `eth_subscribe`: what happens, as it happens, over a WebSocket.

use alloy_primitives::U64;
use alloy_rpc_types_eth::Filter;
use jsonrpsee::SubscriptionSink;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::feed::News;
use super::super::methods::Methods;
use super::super::shape;

/// What a subscriber asks for.
#[derive(Debug, Clone)]
enum Kind {
    NewHeads,
    Logs(Box<Filter>),
    /// With whole transactions, or their hashes alone.
    NewPendingTransactions(bool),
    Syncing,
}

pub fn register(methods: &mut Methods) {
    methods.subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        kind,
        serve,
    );
}

fn kind(mut arguments: Arguments) -> Result<Kind, RpcError> {
    let name: String = arguments.required("subscription")?;
    let kind = match name.as_str() {
        "newHeads" => Kind::NewHeads,
        "logs" => Kind::Logs(arguments.optional("filter")?.unwrap_or_default()),
        "newPendingTransactions" => {
            Kind::NewPendingTransactions(arguments.optional("full")?.unwrap_or(false))
        }
        "syncing" => Kind::Syncing,
        _ => {
            let shown: String = name.chars().take(60).collect();
            let why = format!(
                "there is no `{shown}`: there are newHeads, logs, newPendingTransactions and syncing"
            );
            return Err(RpcError::parameter("subscription", why));
        }
    };
    arguments.end()?;
    Ok(kind)
}

async fn serve(rpc: Rpc, kind: Kind, sink: SubscriptionSink) {
    let mut news = rpc.feed.subscribe();
    if matches!(kind, Kind::Syncing) {
        // A node takes part from its first block on: it is never away as Ethereum's are.
        if send(&sink, &json!(false)).await.is_err() {
            return;
        }
    }
    loop {
        let next = tokio::select! {
            next = news.recv() => next,
            () = sink.closed() => return,
        };
        let sent = match next {
            Ok(next) => tell(&rpc, &kind, &sink, next).await,
            // Whoever reads too slowly is parted from rather than told a part.
            Err(RecvError::Lagged(_) | RecvError::Closed) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn tell(rpc: &Rpc, kind: &Kind, sink: &SubscriptionSink, news: News) -> Result<(), ()> {
    match (kind, news) {
        (Kind::NewHeads, News::Block(block)) => send(sink, &block.header).await,
        (Kind::Logs(filter), News::Block(block)) => {
            let logs = block.logs(|log| filter.matches(&log.inner));
            for log in logs.ok_or(())? {
                send(sink, &log).await?;
            }
            Ok(())
        }
        (Kind::Logs(filter), News::Left(block)) => {
            let logs = block.taken_back(|log| filter.matches(&log.inner));
            for log in logs.ok_or(())? {
                send(sink, &log).await?;
            }
            Ok(())
        }
        (Kind::NewPendingTransactions(false), News::Waits(hash)) => send(sink, &hash).await,
        (Kind::NewPendingTransactions(true), News::Waits(hash)) => {
            let waiting = {
                let mempool = rpc.node().mempool();
                let entry = mempool.get(&hash);
                entry.map(|entry| shape::waiting(&entry.transaction))
            };
            match waiting {
                Some(transaction) => send(sink, &transaction).await,
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

async fn send(sink: &SubscriptionSink, what: &impl Serialize) -> Result<(), ()> {
    let message = serde_json::value::to_raw_value(what).map_err(|_| ())?;
    sink.send(message).await.map_err(|_| ())
}

/// A number that filters and subscriptions are known by.
pub fn fresh_id() -> U64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    // Some clients read ids as signed numbers.
    U64::from(low >> 1)
}
