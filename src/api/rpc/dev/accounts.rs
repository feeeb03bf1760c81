//! Sending in the name of accounts whose keys nobody has: docs/coin-format.md, section 10.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::TransactionRequest;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::eth::signing::completed;
use super::super::methods::Methods;
use crate::limits::RPC_IMPERSONATED;
use crate::protocol::coin::transaction::impersonation;

type Answer<T> = Result<T, RpcError>;

pub fn register(methods: &mut Methods) {
    for name in ["anvil_impersonateAccount", "hardhat_impersonateAccount"] {
        methods.quick(name, begin);
    }
    for name in [
        "anvil_stopImpersonatingAccount",
        "hardhat_stopImpersonatingAccount",
    ] {
        methods.quick(name, |rpc, mut arguments| {
            let address: Address = arguments.required("address")?;
            arguments.end()?;
            rpc.dev.impersonated.named().remove(&address);
            Ok(())
        });
    }
    for name in [
        "anvil_autoImpersonateAccount",
        "hardhat_autoImpersonateAccount",
    ] {
        methods.quick(name, |rpc, mut arguments| {
            let all: bool = arguments.required("enabled")?;
            arguments.end()?;
            rpc.dev.impersonated.all.store(all, Ordering::Relaxed);
            Ok(())
        });
    }
}

/// In whose name transactions are sent without a key.
#[derive(Default)]
pub struct Impersonated {
    named: Mutex<BTreeSet<Address>>,
    all: AtomicBool,
    /// Held until a transaction waits, so that the next one gets the next nonce.
    turn: tokio::sync::Mutex<()>,
}

impl Impersonated {
    fn named(&self) -> MutexGuard<'_, BTreeSet<Address>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, address: Address) -> bool {
        self.all.load(Ordering::Relaxed) || self.named().contains(&address)
    }
}

fn begin(rpc: &Rpc, mut arguments: Arguments) -> Answer<()> {
    let address: Address = arguments.required("address")?;
    arguments.end()?;
    let mut named = rpc.dev.impersonated.named();
    if named.len() >= RPC_IMPERSONATED && !named.contains(&address) {
        return Err(RpcError::Limit(format!(
            "{RPC_IMPERSONATED} accounts are impersonated, as many as this node does: call anvil_stopImpersonatingAccount, or anvil_autoImpersonateAccount"
        )));
    }
    named.insert(address);
    Ok(())
}

/// Completes a transaction and has it wait in the name of `from`, if that account is impersonated; none otherwise.
///
/// # Errors
/// The rule that does not hold.
pub async fn send_as(
    rpc: &Rpc,
    from: Address,
    request: &TransactionRequest,
) -> Answer<Option<B256>> {
    let impersonated = &rpc.dev.impersonated;
    if !impersonated.has(from) {
        return Ok(None);
    }
    let turn = impersonated.turn.lock().await;
    let complete = completed(rpc, request.clone()).await?;
    let envelope = complete.signed(|_| impersonation(from));
    let node = rpc.node();
    let transaction = Arc::new(node.read_transaction(envelope.encoded_2718().into())?);
    let added = node.add_even_impersonated(transaction).await?;
    drop(turn);
    if added.was_known {
        return Err(RpcError::Failed(format!(
            "already known: transaction {} is in the chain or waits already",
            added.hash
        )));
    }
    rpc.mine_what_waits().await;
    Ok(Some(added.hash))
}
