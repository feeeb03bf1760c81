//! Every stored byte read again.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::super::{App, blocking};
use super::answer::json_of_the_moment;
use super::parameters::NoParameters;
use crate::store::{Audit, Fault};

/// What was read, and the first thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditAnswer {
    pub sound: bool,
    /// Read before the first fault, as are the others.
    #[schema(minimum = 0)]
    pub blocks: u64,
    /// Waiting ones.
    #[schema(minimum = 0)]
    pub transactions: u64,
    #[schema(minimum = 0)]
    pub peers: u64,
    #[schema(minimum = 0)]
    pub displaced: u64,
    /// Of text, in all of them.
    #[schema(minimum = 0)]
    pub bytes: u64,
    /// Not there when the store is sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<FaultAnswer>,
}

/// Where the store is not what it must be.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultAnswer {
    /// The block's, where a block is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<u64>,
    /// The block's member, where one is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub member: Option<String>,
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
            displaced,
            bytes,
            fault,
        } = audit;
        Self {
            sound,
            blocks,
            transactions,
            peers,
            displaced,
            bytes,
            fault: fault.map(FaultAnswer::from),
        }
    }
}

impl From<Fault> for FaultAnswer {
    fn from(fault: Fault) -> Self {
        Self {
            height: fault.height.map(|height| height.0),
            member: fault.member.map(str::to_owned),
            file: fault.file,
            detail: fault.detail,
        }
    }
}

/// Reads every stored byte again: chain, index, waiting transactions, peers, displaced blocks.
///
/// Takes about a second for a million blocks. Where something is wrong, `sound` is false and `fault` names the first bad
/// block, member and file. One check runs at a time, another waits for it.
#[utoipa::path(get, path = "/v1/audit", tag = "v1", responses((status = 200, description = "What was read and found.", body = AuditAnswer)))]
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    _: NoParameters,
) -> Result<Response, Problem> {
    // Held by the work itself, which goes on when whoever asked goes away.
    let alone = Arc::clone(&app.checking).lock_owned().await;
    let node = app.node.clone();
    let audit = blocking(move || {
        let audit = node.read(|snapshot| snapshot.audit());
        drop(alone);
        audit
    })
    .await??;
    if let Some(fault) = &audit.fault {
        tracing::error!(detail = fault.detail, "the audit found a fault");
    }
    Ok(json_of_the_moment(&AuditAnswer::from(audit)))
}
