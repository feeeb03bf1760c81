//! Nodes that are away for a while: killed, started again, out of reach.

use std::time::Duration;

use anyhow::Context;
use bcoin::contract::{ContractError, RpcError};

/// How long a node may be away before this program gives up; it can be started again then.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(250);

/// Whether a node was away, so that asking later may help. What became of a transaction, the chain will say.
pub fn is_absence(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let of_rpc = cause.downcast_ref::<RpcError>();
        let of_contract = cause.downcast_ref::<ContractError>();
        let rpc = of_rpc.or(match of_contract {
            Some(ContractError::Rpc(error)) => Some(error),
            _ => None,
        });
        rpc.is_some_and(RpcError::is_unreachable)
    })
}

/// Asks again until the node is back.
pub async fn patiently<T>(ask: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let asking = async {
        loop {
            match ask().await {
                Err(error) if is_absence(&error) => tokio::time::sleep(PAUSE).await,
                other => return other,
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.context("the node stays away; start this again when it is back")?
}
