//! Watching a transaction that was handed to a node until a block holds it.

use std::time::Duration;

use alloy_primitives::B256;

use super::{is_unreachable, ledger};
use crate::cli::client::NodeClient;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};

/// How often the node is asked, and how often in a row it may not know the transaction or not answer at all.
const PAUSE: Duration = Duration::from_millis(500);
const PATIENCE: u32 = 20;

/// The node's answer once a block holds the transaction.
pub async fn until_mined(node: &NodeClient, hash: B256) -> Result<serde_json::Value, Failure> {
    let sign = terminal::waiting("waits for a block");
    let mut failures = 0;
    loop {
        match ledger::transaction(node, hash).await {
            Ok(sent) if sent.value.state == "mined" => {
                sign.finish_and_clear();
                return match sent.value.status.as_deref() {
                    None | Some("ok") => Ok(sent.json),
                    Some(status) => Err(Failure::failed(format!(
                        "the transaction {hash} is in block {}, and {}: the amount did not move, the fee did",
                        sent.value.block.unwrap_or_default(),
                        printable(status)
                    ))),
                };
            }
            Ok(sent) => {
                failures = 0;
                if let Some(reason) = sent.value.waits_for {
                    sign.set_message(printable(&reason).into_owned());
                }
            }
            // Between the mempool and a block, or over a restart, a node may not know it for a moment.
            Err(failure) => {
                failures += 1;
                if failures == PATIENCE {
                    sign.finish_and_clear();
                    let hint = match is_unreachable(&failure) {
                        true => {
                            "The node was handed the transaction before; it may still be mined."
                        }
                        false => {
                            "It may have been replaced by another of the same nonce, or have lost its place."
                        }
                    };
                    return Err(failure.hint(hint));
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
