//! Every stored byte read again.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use crate::store::coin::{Audit, Fault};

/// What was read, and the first thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinAudit)]
pub struct AuditAnswer {
    pub sound: bool,
    /// Kept blocks, side chains included. Read before the first fault, as are the others.
    #[schema(minimum = 0)]
    pub blocks: u64,
    /// Waiting ones.
    #[schema(minimum = 0)]
    pub transactions: u64,
    #[schema(minimum = 0)]
    pub peers: u64,
    #[schema(minimum = 0)]
    pub accounts: u64,
    /// Words of storage.
    #[schema(minimum = 0)]
    pub slots: u64,
    /// Of the state's trees, old ones included.
    #[schema(minimum = 0)]
    pub nodes: u64,
    /// In all of them.
    #[schema(minimum = 0)]
    pub bytes: u64,
    /// Not there when the store is sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<FaultAnswer>,
}

/// Where the store is not what it must be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinFault)]
pub struct FaultAnswer {
    /// What is damaged.
    #[schema(example = "block 3b4f…")]
    pub member: String,
    /// The name of the file in the node's folder.
    pub file: String,
    pub detail: String,
}

impl From<Audit> for AuditAnswer {
    fn from(audit: Audit) -> Self {
        let Audit {
            sound,
            blocks,
            transactions,
            peers,
            accounts,
            slots,
            nodes,
            bytes,
            fault,
        } = audit;
        Self {
            sound,
            blocks,
            transactions,
            peers,
            accounts,
            slots,
            nodes,
            bytes,
            fault: fault.map(FaultAnswer::from),
        }
    }
}

impl From<Fault> for FaultAnswer {
    fn from(fault: Fault) -> Self {
        let Fault {
            member,
            file,
            detail,
        } = fault;
        Self {
            member,
            file,
            detail,
        }
    }
}

/// Reads every stored byte again: each record against its own hash, the state against the tree that the last block commits to,
/// and all balances against the supply.
///
/// `/is_valid` executes the chain again instead. One check runs at a time, another waits for it; whoever goes away stops it.
#[utoipa::path(get, path = "/v1/audit", tag = "v1", responses((status = 200, description = "What was read and found.", body = AuditAnswer)))]
pub(in super::super) async fn audit(
    State(app): State<Arc<CoinApp>>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let alone = Arc::clone(&app.checking).lock_owned().await;
    let asked_for = app.face.shutdown.child_token();
    let _ends = asked_for.clone().drop_guard();
    let audit = blocking(move || {
        let go_on = || !asked_for.is_cancelled();
        let audit = app.node.snapshot()?.audit(app.node.parameters(), go_on);
        drop(alone);
        audit
    })
    .await??;
    if let Some(fault) = &audit.fault {
        tracing::error!(detail = fault.detail, "the audit found a fault");
    }
    Ok(json_of_the_moment(&AuditAnswer::from(audit)))
}
