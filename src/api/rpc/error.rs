//! What goes wrong with a call, as JSON-RPC says it.

use alloy_primitives::Bytes;
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};
use thiserror::Error;

use super::super::problem::Problem;
use crate::mempool::Refused;
use crate::node::coin::CoinError;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::execution::{CallError, End, Halt, Ran, TraceError};
use crate::protocol::coin::revert;
use crate::protocol::coin::state::ViewError;
use crate::store::StoreError;
use crate::store::coin::store_error;

/// Why a call has no result. The codes are those of JSON-RPC, EIP-1474 and EIP-1193.
#[derive(Debug, Error)]
pub enum RpcError {
    #[error("invalid parameters: {0}")]
    Parameters(String),
    #[error("invalid parameter `{name}`: {why}")]
    Parameter { name: &'static str, why: String },
    #[error("{}", revert::sentence(.0))]
    Reverted(Bytes),
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{message}")]
    Rejected {
        message: String,
        rule: Option<&'static str>,
    },
    #[error("{0}")]
    Limit(String),
    #[error("{0}")]
    NotAuthorized(String),
    #[error("{0}")]
    Unsupported(String),
    #[error("the node failed to answer this call: {0}")]
    Internal(String),
}

impl RpcError {
    /// The code by which programs tell errors apart.
    pub fn code(&self) -> i32 {
        match self {
            Self::Parameters(_) | Self::Parameter { .. } => -32602,
            Self::Reverted(_) => 3,
            Self::Failed(_) => -32000,
            Self::NotFound(_) => -32001,
            Self::Rejected { .. } => -32003,
            Self::Unsupported(_) => -32004,
            Self::Limit(_) => -32005,
            Self::NotAuthorized(_) => 4100,
            Self::Internal(_) => -32603,
        }
    }

    /// What is wrong with the parameter of this name.
    pub fn parameter(name: &'static str, why: impl ToString) -> Self {
        Self::Parameter {
            name,
            why: why.to_string(),
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            RpcError::Reverted(data) => ErrorObject::owned(code, message, Some(data)),
            RpcError::Rejected {
                rule: Some(rule), ..
            } => {
                let data = serde_json::json!({ "rule": rule });
                ErrorObject::owned(code, message, Some(data))
            }
            _ => ErrorObject::owned(code, message, None::<()>),
        }
    }
}

impl From<StoreError> for RpcError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a call could not read the store");
        Self::Internal(error.to_string())
    }
}

impl From<ViewError> for RpcError {
    fn from(error: ViewError) -> Self {
        store_error(&error).into()
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::View(error) => error.into(),
            CallError::Refused { reason, .. } => Self::Failed(reason),
        }
    }
}

impl From<TraceError> for RpcError {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Call(error) => error.into(),
            TraceError::NoSuchTracer(_) | TraceError::Configuration(_) => {
                Self::parameter("options", error)
            }
            TraceError::TooLong | TraceError::TooHeavy => Self::Limit(error.to_string()),
            TraceError::Before(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<Halt> for RpcError {
    fn from(halt: Halt) -> Self {
        Self::Failed(format!("execution failed: {halt}"))
    }
}

/// The error of an execution that did not do what it was to do.
pub fn of_end(ran: Ran) -> Result<Ran, RpcError> {
    match ran.end {
        End::Returned(_) | End::Created(..) => Ok(ran),
        End::Reverted(data) => Err(RpcError::Reverted(data)),
        End::Halted(halt) => Err(halt.into()),
    }
}

/// What geth says of a broken rule: libraries look for it.
fn said_of(rule: &Broken) -> &'static str {
    match rule {
        Broken::TransactionIntrinsicGas { .. } => "intrinsic gas too low",
        Broken::TransactionGasCap { .. } => "transaction gas limit too high",
        Broken::TransactionPriorityOverMax { .. } => {
            "max priority fee per gas higher than max fee per gas"
        }
        Broken::TransactionChain { .. } => "invalid chain id for signer",
        Broken::TransactionUnprotected => {
            "only replay-protected (EIP-155) transactions allowed over RPC"
        }
        Broken::TransactionInitCode { .. } => "max initcode size exceeded",
        Broken::TransactionType { .. } => "transaction type not supported",
        Broken::TransactionSignature | Broken::TransactionHighS => {
            "invalid transaction v, r, s values"
        }
        _ => "the transaction cannot be taken",
    }
}

/// An envelope that no block may hold.
impl From<Broken> for RpcError {
    fn from(rule: Broken) -> Self {
        match rule {
            Broken::TransactionEncoding(why) => Self::parameter("transaction", why),
            rule => Self::Rejected {
                message: format!("{}: {rule}", said_of(&rule)),
                rule: Some(rule.name()),
            },
        }
    }
}

impl From<CoinError> for RpcError {
    fn from(error: CoinError) -> Self {
        match error {
            CoinError::Store(error) => error.into(),
            CoinError::Refused(refused) => refused.into(),
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Clients tell these apart by the words that geth has for them, which therefore come first.
impl From<Refused> for RpcError {
    fn from(refused: Refused) -> Self {
        let said = match &refused {
            Refused::NonceUsed { .. } => "nonce too low",
            Refused::ReplacementPaysTooLittle { .. } => "replacement transaction underpriced",
            Refused::Unaffordable { .. } => "insufficient funds for gas * price + value",
            Refused::FeeBelowBase { .. } => "max fee per gas less than block base fee",
            Refused::GasLimit { .. } => "exceeds block gas limit",
            Refused::Bytes { .. } => "oversized data",
            Refused::TooManyInARow { .. } => "too many transactions in a row",
            Refused::SenderHasCode { .. } => "sender not an eoa",
            Refused::Impersonated { .. } => "transaction not signed",
            Refused::Full { .. }
            | Refused::FullBehindCheaper { .. }
            | Refused::FullBehindGap { .. } => "txpool is full",
        };
        Self::Failed(format!("{said}: {refused}"))
    }
}

impl From<Problem> for RpcError {
    fn from(problem: Problem) -> Self {
        Self::Internal(problem.detail().to_owned())
    }
}
