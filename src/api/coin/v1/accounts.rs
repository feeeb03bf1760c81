//! What an account has.

use std::sync::Arc;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::Address;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::Problem;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use super::super::address;
use super::reading_with_mempool;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::state::{RootedState, StateView};
use crate::store::coin::{Ledger, store_error};

/// An account at the end of the chain. One that nobody has used has nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinAccount)]
pub struct AccountAnswer {
    /// With the checksum of EIP-55.
    pub address: String,
    /// In coins.
    #[schema(value_type = String, example = "12.5")]
    pub balance: Amount,
    /// The same in units, of which a coin has 10^18.
    #[schema(example = "12500000000000000000")]
    pub balance_units: String,
    /// How many transactions of it are in the chain.
    #[schema(minimum = 0)]
    pub nonce: u64,
    /// What its next transaction should have: those that wait here are counted.
    #[schema(minimum = 0)]
    pub next_nonce: u64,
    /// Of a contract's code, else null.
    #[schema(required = true, pattern = "^0x[0-9a-f]{64}$")]
    pub code_hash: Option<String>,
    /// The block after which it is so.
    #[schema(minimum = 0)]
    pub block: u64,
}

/// Balance and nonces of an account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{address}",
    tag = "v1",
    params(("address" = String, Path, pattern = "^0x[0-9a-fA-F]{40}$", description = "The account; capitals must hold its checksum (EIP-55), or all letters be of one case.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    responses((status = 200, description = "The account.", body = AccountAnswer))
)]
pub(in super::super) async fn account(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let address = address::of_path(path)?;
    Ok(json_of_the_moment(&find(&app, address).await?))
}

/// What the account has at the end of the chain.
pub(in crate::api) async fn find(
    app: &Arc<CoinApp>,
    address: Address,
) -> Result<AccountAnswer, Problem> {
    let answer = reading_with_mempool(app, move |_, snapshot, mempool| {
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
        // As the tree has it, whose nodes are sealed up to the tip: an account lost by damage does not read as an empty one.
        let root = snapshot.entry_at(tip.number)?.state_root;
        let state = RootedState::new(snapshot, root, tip.number);
        let account = state
            .account(address)
            .map_err(|error| store_error(&error))?;
        let nonce = account.map_or(0, |account| account.nonce);
        let balance = account.map(|account| account.balance).unwrap_or_default();
        let code_hash = account.map(|account| account.code_hash);
        Ok(AccountAnswer {
            address: address.to_string(),
            balance: Amount::from_units(balance),
            balance_units: balance.to_string(),
            nonce,
            next_nonce: mempool.next_nonce(address, nonce),
            code_hash: code_hash
                .filter(|hash| *hash != KECCAK_EMPTY)
                .map(|hash| hash.to_string()),
            block: tip.number,
        })
    });
    answer.await
}
