//! Contracts: the code at an address, who created it, and the source that somebody handed in for it.
//!
//! A node has no compiler. It holds an artifact's bytecode against the code on the chain, and says what it did not hold against anything.

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::super::super::body::BodyLimit;
use super::super::super::curl_line::CalledAs;
use super::super::super::problem::{Kind, Problem};
use super::super::super::request::request_text;
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::NoParameters;
use super::super::CoinApp;
use super::super::address;
use super::reading;
use crate::contract::Artifact;
use crate::contract::matching::matches;
use crate::limits::HTTP_SOURCE_BYTES;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::state::{RootedState, StateView};
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot, SourceRecord, store_error};

/// Among how many of the first transactions that concern an address its creation is looked for: coins may have come before it.
const LOOKED_THROUGH: usize = 32;

/// What the node does not find out, in every case.
const NOT_CHECKED: &str = "that this source compiles to this code: a node has no compiler, and takes the source from whoever handed it in; `bcoin contract verify` compiles it again";

/// What stands at an address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinContract)]
pub struct ContractAnswer {
    /// With the checksum of EIP-55.
    pub address: String,
    /// In hexadecimal; `0x` where there is no contract.
    #[schema(pattern = "^0x([0-9a-f]{2})*$")]
    pub code: String,
    /// In bytes.
    #[schema(minimum = 0)]
    pub code_size: usize,
    /// Keccak-256; null where there is no contract.
    #[schema(required = true, pattern = "^0x[0-9a-f]{64}$")]
    pub code_hash: Option<String>,
    /// The transaction that created it; null where another contract did, or the network began with it.
    #[schema(required = true)]
    pub created: Option<Created>,
    /// What somebody handed in for this very code; null where nobody has.
    #[schema(required = true)]
    pub source: Option<KeptSource>,
    /// The block after which it is so.
    #[schema(minimum = 0)]
    pub block: u64,
}

/// The transaction that created a contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinContractCreated)]
pub struct Created {
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub transaction: String,
    #[schema(minimum = 0)]
    pub block: u64,
    /// Who sent it.
    pub by: String,
    #[serde(skip)]
    input: Bytes,
}

/// A contract's source, as it was handed in, and what the node found out about it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = CoinContractSource)]
pub struct KeptSource {
    /// The contract's name.
    pub name: String,
    #[schema(required = true)]
    pub language: Option<String>,
    /// Name and version.
    #[schema(required = true)]
    pub compiler: Option<String>,
    /// What the compiler was told.
    #[schema(required = true, value_type = Object, nullable)]
    pub settings: Option<serde_json::Value>,
    /// The source's file name.
    pub file: String,
    /// The source.
    pub text: String,
    /// Of the source's text.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub source_sha256: String,
    #[schema(value_type = Vec<Object>)]
    pub abi: serde_json::Value,
    /// Which variable lies in which slot, in the compiler's own form.
    #[schema(required = true, value_type = Object, nullable)]
    pub storage_layout: Option<serde_json::Value>,
    /// What this node held against what.
    pub checked: String,
    /// What it did not.
    pub not_checked: String,
    /// What whoever handed it in says of having compiled it; nobody here checked that.
    #[schema(required = true)]
    pub said: Option<String>,
    /// When it was handed in, seconds since 1970.
    #[schema(minimum = 0)]
    pub since: u64,
}

/// What is at an address: its code, who created it, and its source if somebody handed one in.
#[utoipa::path(
    get,
    path = "/v1/contracts/{address}",
    tag = "v1",
    params(("address" = String, Path, pattern = "^0x[0-9a-fA-F]{40}$", description = "The contract; capitals must hold its checksum (EIP-55), or all letters be of one case.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    responses((status = 200, description = "What is there; an address without a contract has no code.", body = ContractAnswer))
)]
pub(in super::super) async fn contract(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let address = address::of_path(path)?;
    Ok(json_of_the_moment(&find(&app, address).await?))
}

/// What is at an address.
pub(in crate::api) async fn find(
    app: &Arc<CoinApp>,
    address: Address,
) -> Result<ContractAnswer, Problem> {
    let answer = reading(app, move |app, snapshot| {
        let found = Found::at(address, snapshot, app.node.parameters())?;
        let kept = match found.code_hash {
            Some(hash) => kept(address, hash, snapshot)?,
            None => None,
        };
        Ok(ContractAnswer {
            address: address.to_string(),
            code: found.code.to_string(),
            code_size: found.code.len(),
            code_hash: found.code_hash.map(|hash| hash.to_string()),
            created: found.created,
            source: kept,
            block: found.block,
        })
    });
    answer.await
}

/// The source that is kept for this very code.
fn kept(
    address: Address,
    code_hash: B256,
    snapshot: &Snapshot,
) -> Result<Option<KeptSource>, StoreError> {
    let Some(record) = snapshot.source(address)? else {
        return Ok(None);
    };
    if record.code_hash != code_hash {
        return Ok(None);
    }
    let read = serde_json::from_slice(&record.document);
    read.map(Some).map_err(|error| {
        let what = format_args!("the source of contract {address}").to_string();
        snapshot.damaged(what, error.to_string())
    })
}

/// What is at an address, as the chain has it.
struct Found {
    code: Bytes,
    code_hash: Option<B256>,
    created: Option<Created>,
    block: u64,
}

impl Found {
    fn at(
        address: Address,
        snapshot: &Snapshot,
        parameters: &Parameters,
    ) -> Result<Self, StoreError> {
        let tip = snapshot.place_of(snapshot.state()?.tip)?.place;
        let root = snapshot.entry_at(tip.number)?.state_root;
        let state = RootedState::new(snapshot, root, tip.number);
        let account = state
            .account(address)
            .map_err(|error| store_error(&error))?;
        let code_hash = account.map(|account| account.code_hash);
        let code_hash = code_hash.filter(|hash| *hash != KECCAK_EMPTY);
        let code = match code_hash {
            Some(hash) => state.code(hash).map_err(|error| store_error(&error))?,
            None => Bytes::new(),
        };
        let created = match code_hash {
            Some(_) => created(address, snapshot, parameters)?,
            None => None,
        };
        Ok(Self {
            code,
            code_hash,
            created,
            block: tip.number,
        })
    }
}

fn created(
    address: Address,
    snapshot: &Snapshot,
    parameters: &Parameters,
) -> Result<Option<Created>, StoreError> {
    for position in snapshot.beginnings(address, LOOKED_THROUGH)? {
        let Ok(index) = usize::try_from(position.index) else {
            continue;
        };
        let receipts = snapshot.receipts(position.number)?;
        if receipts.get(index).and_then(|receipt| receipt.created) != Some(address) {
            continue;
        }
        let hash = snapshot.entry_at(position.number)?.hash();
        let what = || format!("block {hash}");
        let body = snapshot.body(hash)?;
        let body = body.ok_or_else(|| snapshot.damaged(what(), "it is missing"))?;
        let block = CheckedBlock::restore(&body.encoded, body.senders, parameters)
            .map_err(|fault| snapshot.damaged(what(), fault.to_string()))?;
        let Some(transaction) = block.transactions().get(index) else {
            continue;
        };
        return Ok(Some(Created {
            transaction: transaction.hash().to_string(),
            block: position.number,
            by: transaction.sender().to_string(),
            input: transaction.envelope().input().clone(),
        }));
    }
    Ok(None)
}

/// A contract's source, handed in.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CoinContractSourceHandedIn)]
pub struct HandedIn {
    /// What the compiler wrote: `abi` and `deployed_bytecode`, and if known `bytecode`, `name`, `language`, `compiler`, `settings`, `source_sha256`,
    /// `storage_layout`, `immutableReferences`; Foundry's and Hardhat's forms are read as well.
    #[schema(value_type = Object)]
    pub artifact: serde_json::Value,
    /// The source's text.
    pub source: String,
    /// The source's file name.
    pub file: String,
    /// What whoever hands it in says of having compiled it; shown as such.
    #[serde(default)]
    pub said: Option<String>,
}

const A_SOURCE: &str =
    r##"{"file":"counter.vy","source":"# …","artifact":{"abi":[…],"deployed_bytecode":"0x…"}}"##;

/// Hands in a contract's source. Its artifact is held against the code at the address; what the node keeps is durable when this answers.
#[utoipa::path(
    post,
    path = "/v1/contracts/{address}/source",
    tag = "v1",
    params(("address" = String, Path, pattern = "^0x[0-9a-fA-F]{40}$", description = "The contract; capitals must hold its checksum (EIP-55), or all letters be of one case.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    request_body(content = HandedIn, example = json!({"file": "counter.vy", "source": "# the source", "artifact": {"abi": [], "deployed_bytecode": "0x00"}})),
    responses(
        (status = 201, description = "It is kept.", body = KeptSource),
        (status = 400, description = "The body is not what this call takes."),
        (status = 409, description = "The node keeps as many sources as it may."),
        (status = 422, description = "The code at the address is another, or the source is not the one that the artifact names."),
    )
)]
pub(in super::super) async fn keep_source(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    called_as: CalledAs,
    body: Body,
) -> Result<Response, Problem> {
    let address = address::of_path(path)?;
    let example = || called_as.post(&format!("/v1/contracts/{address}/source"), A_SOURCE);
    let limit = BodyLimit::bytes(HTTP_SOURCE_BYTES);
    let text = request_text(body, limit, "A source is missing.", example).await?;
    let handed_in: HandedIn = serde_json::from_str(&text).map_err(|error| {
        let detail = format!(
            "The body is not what this call takes: {error}. For example: {}",
            example()
        );
        let kind = match error.is_data() {
            true => Kind::BadMember,
            false => Kind::NotJson,
        };
        Problem::new(kind, detail)
    })?;
    drop(text);
    let artifact = Artifact::parse(&handed_in.artifact.to_string(), None).map_err(|error| {
        let detail = format!("The artifact does not read: {error}.");
        Problem::new(Kind::BadMember, detail).with("member", "artifact")
    })?;
    let found = reading(&app, move |app, snapshot| {
        Found::at(address, snapshot, app.node.parameters())
    })
    .await?;
    let source_sha256 = source_hash(&handed_in, &artifact)?;
    let creation = found.created.as_ref().map(|created| created.input.as_ref());
    let matching = matches(&found.code, &artifact, creation).map_err(|mismatch| {
        let detail = format!("The artifact is not that of {address}: {mismatch}.");
        Problem::new(Kind::SourceMismatch, detail)
    })?;
    let name = match artifact.name.as_str() {
        "" => handed_in
            .file
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned(),
        name => name.to_owned(),
    };
    let kept = KeptSource {
        name,
        language: artifact.language,
        compiler: artifact.compiler,
        settings: artifact.settings,
        file: handed_in.file,
        text: handed_in.source,
        source_sha256,
        abi: serde_json::to_value(&artifact.abi).unwrap_or_default(),
        storage_layout: artifact.storage_layout,
        checked: matching.words(),
        not_checked: NOT_CHECKED.to_owned(),
        said: handed_in.said,
        since: app.node.now(),
    };
    let record = SourceRecord {
        code_hash: found.code_hash.unwrap_or(KECCAK_EMPTY),
        document: serde_json::to_vec(&kept)
            .expect("texts and JSON values are JSON")
            .into(),
    };
    app.node.keep_source(address, record).await?;
    Ok((StatusCode::CREATED, Json(kept)).into_response())
}

/// The source's SHA-256, which is the artifact's where that names one.
fn source_hash(handed_in: &HandedIn, artifact: &Artifact) -> Result<String, Problem> {
    let found = B256::from_slice(&Sha256::digest(handed_in.source.as_bytes()));
    match artifact.source_sha256 {
        Some(wanted) if wanted != found => Err(Problem::new(
            Kind::SourceMismatch,
            format!(
                "The artifact was compiled from a source of SHA-256 {}, that of this one is {}.",
                hex::encode(wanted),
                hex::encode(found)
            ),
        )),
        _ => Ok(hex::encode(found)),
    }
}
