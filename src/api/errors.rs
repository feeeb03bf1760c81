//! What the node answers, as problems.

use axum::http::header;

use super::problem::{Kind, Problem};
use crate::node::NodeError;
use crate::protocol::classic::json::JsonError;
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = format!("{error}.");
        match error {
            StoreError::NoRoom | StoreError::SyncFailed | StoreError::Io { .. } => {
                Self::new(Kind::StorageFull, detail)
            }
            StoreError::Unavailable => {
                Self::new(Kind::Busy, detail).header(header::RETRY_AFTER, "1")
            }
            StoreError::Damaged { .. } => {
                tracing::error!(%error, "the store is damaged");
                Self::new(
                    Kind::Internal,
                    format!(
                        "{detail} GET /v1/audit names the first fault; start again from a peer or an export."
                    ),
                )
            }
        }
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        let detail = format!("{error}.");
        match error {
            NodeError::Store(error) => error.into(),
            NodeError::QueueFull { waiting } => Self::new(Kind::Busy, detail)
                .with("waiting", waiting)
                .header(header::RETRY_AFTER, "1"),
            NodeError::TooManyPeers { max, .. } => {
                Self::new(Kind::TooManyPeers, detail).with("limit", max)
            }
            NodeError::SearchStopped | NodeError::ShuttingDown => {
                Self::new(Kind::Stopping, detail).header(header::RETRY_AFTER, "1")
            }
            NodeError::Branch(_) | NodeError::StaysHere => Self::new(Kind::Internal, detail),
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self::new(
            Kind::NotJson,
            format!("The body is not the JSON that this call needs: {error}."),
        )
        .with("line", error.line)
        .with("column", error.column)
    }
}
