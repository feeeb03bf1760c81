//! Proofs: what a reader needs to check, with hashes alone, that a transaction is in a block, or what an account has.
//!
//! A chain of headers that the reader trusts for its work leads to the header here; its commitment is the SHA-256d of the
//! record; the record's roots lead through the nodes given to what is proved.

use std::sync::Arc;

use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, U256};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::super::super::problem::{Kind, Problem};
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::{NoParameters, shown};
use super::super::CoinApp;
use super::super::address;
use super::reading;
use crate::limits::PROOF_SLOTS;
use crate::node::coin::{stored_block, stored_transaction};
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::state::{
    RootedState, StateView, account_proof as prove_account, receipt_proof as prove_receipt,
    storage_proof, transaction_proof as prove_transaction,
};
use crate::store::coin::{Ledger, store_error};

/// A block as a proof begins with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinProofBlock)]
pub struct ProofBlock {
    pub number: u64,
    /// SHA-256d of `header`, its bytes reversed.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// 80 bytes in hexadecimal.
    #[schema(pattern = "^0x[0-9a-f]{160}$")]
    pub header: String,
    /// RLP in hexadecimal; its SHA-256d stands in the header at offset 36.
    pub record: String,
}

impl ProofBlock {
    fn of(block: &CheckedBlock) -> Self {
        Self {
            number: block.number(),
            hash: block.hash().to_string(),
            header: Bytes::copy_from_slice(&block.header().encode()).to_string(),
            record: Bytes::from(alloy_rlp::encode(block.record())).to_string(),
        }
    }
}

/// That a transaction is in a block, and what it did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTransactionProof)]
pub struct TransactionProof {
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub hash: String,
    pub block: ProofBlock,
    /// Its place in the block, counted from 0; in RLP it is the key in both trees.
    pub index: u32,
    /// EIP-2718 bytes in hexadecimal; their Keccak-256 is `hash`.
    pub envelope: String,
    /// Nodes from the record's transactions root to the envelope.
    pub proof: Vec<String>,
    /// EIP-2718 bytes in hexadecimal.
    pub receipt: String,
    /// Nodes from the record's receipts root to the receipt.
    pub receipt_proof: Vec<String>,
}

/// What an account had after a block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinAccountProof)]
pub struct AccountProof {
    pub address: String,
    pub block: ProofBlock,
    /// Null where nobody has used the address: the nodes then prove that.
    #[schema(required = true)]
    pub account: Option<ProvedAccount>,
    /// Nodes from the record's state root along the Keccak-256 of the address.
    pub proof: Vec<String>,
    pub slots: Vec<SlotProof>,
}

/// An account as the state tree holds it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinProvedAccount)]
pub struct ProvedAccount {
    pub nonce: u64,
    /// In coins.
    #[schema(value_type = String, example = "12.5")]
    pub balance: Amount,
    /// In units.
    pub balance_units: String,
    pub storage_root: String,
    pub code_hash: String,
}

/// A word of an account's storage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinSlotProof)]
pub struct SlotProof {
    pub slot: String,
    pub value: String,
    /// Nodes from the account's storage root along the Keccak-256 of the slot.
    pub proof: Vec<String>,
}

/// Proves, to whoever trusts the header, that a transaction is in its block and what it did.
#[utoipa::path(
    get,
    path = "/v1/proofs/transactions/{hash}",
    tag = "v1",
    params(("hash" = String, Path, pattern = "^0x[0-9a-fA-F]{64}$", description = "The transaction's hash.")),
    responses(
        (status = 200, description = "Header, record and nodes.", body = TransactionProof),
        (status = 404, description = "It is not in the chain."),
    )
)]
pub(in super::super) async fn transaction_proof(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let hash = address::hash_of_path(path)?;
    let proof = reading(&app, move |app, snapshot| {
        let Some(found) = stored_transaction(snapshot, hash, app.node.parameters())? else {
            return Ok(None);
        };
        let envelopes = found.block.transactions().iter();
        let envelopes: Vec<Bytes> = envelopes.map(|one| one.bytes().clone()).collect();
        let encoded = |receipt: &Receipt| Bytes::from(receipt.envelope.encoded_2718());
        let receipts: Vec<Bytes> = found.receipts.iter().map(encoded).collect();
        let place = found.index as usize;
        Ok(Some(TransactionProof {
            hash: hash.to_string(),
            block: ProofBlock::of(&found.block),
            index: found.index,
            envelope: found.transaction().bytes().to_string(),
            proof: texts(prove_transaction(&envelopes, place)),
            receipt: encoded(found.receipt()).to_string(),
            receipt_proof: texts(prove_receipt(&receipts, place)),
        }))
    });
    let proof = proof.await?.ok_or_else(|| {
        let detail = format!("Transaction {hash} is not in the chain, so nothing proves it yet.");
        Problem::new(Kind::NotFound, detail)
    })?;
    Ok(json_of_the_moment(&proof))
}

/// Proves, to whoever trusts the header, what an account has at the end of the chain, and words of its storage.
#[utoipa::path(
    get,
    path = "/v1/proofs/accounts/{address}",
    tag = "v1",
    params(
        ("address" = String, Path, pattern = "^0x[0-9a-fA-F]{40}$", description = "The account.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        ("slot" = inline(Option<Vec<String>>), Query, description = "A word of its storage, as 0x and at most 64 hexadecimal digits; may come up to 64 times."),
    ),
    responses((status = 200, description = "Header, record and nodes.", body = AccountProof))
)]
pub(in super::super) async fn account_proof(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let address = address::of_path(path)?;
    let slots = slots(query.as_deref())?;
    let proof = reading(&app, move |app, snapshot| {
        let failed = |error| store_error(&error);
        let tip = snapshot.state()?.tip;
        let block = stored_block(snapshot, tip, app.node.parameters())?;
        let root = snapshot.state_root().map_err(failed)?;
        let state = RootedState::new(snapshot, root, block.number());
        let account = state.account(address).map_err(failed)?;
        let mut proved = Vec::new();
        for slot in &slots {
            let nodes = match account {
                Some(account) => storage_proof(snapshot, address, account.storage_root, *slot),
                None => Ok(Vec::new()),
            };
            proved.push(SlotProof {
                slot: format!("{slot:#066x}"),
                value: format!("{:#066x}", state.slot(address, *slot).map_err(failed)?),
                proof: texts(nodes.map_err(failed)?),
            });
        }
        Ok(AccountProof {
            address: address.to_string(),
            block: ProofBlock::of(&block),
            account: account.map(|account| ProvedAccount {
                nonce: account.nonce,
                balance: Amount::from_units(account.balance),
                balance_units: account.balance.to_string(),
                storage_root: account.storage_root.to_string(),
                code_hash: account.code_hash.to_string(),
            }),
            proof: texts(prove_account(snapshot, root, address).map_err(failed)?),
            slots: proved,
        })
    });
    Ok(json_of_the_moment(&proof.await?))
}

fn texts(nodes: Vec<Bytes>) -> Vec<String> {
    nodes.iter().map(ToString::to_string).collect()
}

/// The slots that a query names; the only parameter that may come again and again.
fn slots(query: Option<&str>) -> Result<Vec<U256>, Problem> {
    let bad = |detail: String| Problem::new(Kind::BadParameter, detail).with("parameter", "slot");
    let mut slots = Vec::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "slot" {
            let detail = format!(
                "There is no parameter `{}`: this call takes slot.",
                shown(&name)
            );
            return Err(Problem::new(Kind::BadParameter, detail)
                .with("parameter", shown(&name))
                .with("known", vec!["slot"]));
        }
        let digits = value.strip_prefix("0x").filter(|digits| {
            (1..=64).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        let slot = digits.and_then(|digits| U256::from_str_radix(digits, 16).ok());
        slots.push(slot.ok_or_else(|| {
            bad(format!(
                "`slot` is `{}`; a slot is 0x and 1 to 64 hexadecimal digits.",
                shown(&value)
            ))
        })?);
        if slots.len() > PROOF_SLOTS {
            return Err(
                bad(format!("{PROOF_SLOTS} slots are the most in one call."))
                    .with("limit", PROOF_SLOTS),
            );
        }
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_slots_as_may_are_read_and_one_more_is_not() {
        let query = |count: usize| vec!["slot=0x01"; count].join("&");
        assert_eq!(
            slots(Some(&query(PROOF_SLOTS)))
                .map(|slots| slots.len())
                .ok(),
            Some(PROOF_SLOTS)
        );
        let problem = slots(Some(&query(PROOF_SLOTS + 1))).expect_err("too many");
        assert_eq!(problem.to_json()["limit"], PROOF_SLOTS);
        assert_eq!(slots(Some("slot=0xff")).ok(), Some(vec![U256::from(255)]));
        for wrong in [
            "slot=1",
            "slot=0x",
            "slot=0xg",
            "slot=",
            "slots=0x1",
            &format!("slot=0x{}", "1".repeat(65)),
        ] {
            assert!(slots(Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(slots(None).ok(), Some(Vec::new()));
    }
}
