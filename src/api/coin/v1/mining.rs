//! Work for miners of one's own: a template, and the block that came of it. And searches that `mine_block` left behind.

use std::sync::Arc;

use alloy_primitives::Bytes;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::body::BodyLimit;
use super::super::super::curl_line::CalledAs;
use super::super::super::problem::{Kind, Problem};
use super::super::super::request::{Members, request_text};
use super::super::super::v1::answer::json_of_the_moment;
use super::super::super::v1::parameters::{NoParameters, Parameters, shown, whole_number};
use super::super::CoinApp;
use super::super::address;
use super::super::searches::State as SearchState;
use super::super::view::BlockAnswer;
use super::reading;
use crate::node::coin::{Connected, Template};

/// A block that lacks its proof.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinTemplate)]
pub struct TemplateAnswer {
    pub number: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous_hash: String,
    /// The header's first 76 bytes in hexadecimal; the nonce (4 bytes, little-endian) goes behind them.
    #[schema(pattern = "^0x[0-9a-f]{152}$")]
    pub header: String,
    /// What SHA-256d of the 80 bytes, read as a little-endian number, must not exceed: 64 digits, greatest first.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub target: String,
    #[schema(example = "0x207fffff")]
    pub bits: String,
    /// RLP in hexadecimal. Its item 13, the extra data, is the miner's: another value of at most 32 bytes there gives other nonces to search. Header bytes 36 to 67 are
    /// then SHA-256d of the changed record.
    pub record: String,
    /// Envelopes in hexadecimal, in order.
    pub transactions: Vec<String>,
    /// The whole block with nonce 0 in hexadecimal: a 1, the header, and the RLP of record and envelopes. With the nonce in bytes 77 to 80 it is what `POST
    /// /v1/mining/blocks` takes.
    pub block: String,
    /// Seconds since 1970: the header's, which may be raised a little.
    pub time: u32,
}

/// A block to mine on: what waits, best fee first, on the current tip.
///
/// Ask again when `/v1/events` tells of a block, and every now and then for new transactions.
#[utoipa::path(
    get,
    path = "/v1/mining/template",
    tag = "v1",
    params(("miner" = inline(Option<String>), Query, pattern = "^0x[0-9a-fA-F]{40}$", description = "Who is to be paid; by default whom the node pays.", example = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    responses(
        (status = 200, description = "The template.", body = TemplateAnswer),
        (status = 409, description = "Neither the call nor the node says whom to pay."),
    )
)]
pub(in super::super) async fn template(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["miner"])?;
    let miner = match parameters.text("miner") {
        Some(text) => address::of_parameter("miner", text)?,
        None => app.miner()?,
    };
    let made = blocking(move || app.node.template(miner, Bytes::new())).await??;
    Ok(json_of_the_moment(&TemplateAnswer::of(&made)))
}

impl TemplateAnswer {
    fn of(template: &Template) -> Self {
        let block = template.sealed(0);
        let header = block.header.encode();
        let prefix = header.first_chunk::<76>().copied().unwrap_or([0; 76]);
        let target = block.header.bits.target();
        Self {
            number: template.number,
            previous_hash: template.parent().to_string(),
            header: Bytes::copy_from_slice(&prefix).to_string(),
            target: target.map_or_else(
                |_| String::new(),
                |target| format!("{:064x}", target.value()),
            ),
            bits: block.header.bits.to_string(),
            record: Bytes::from(alloy_rlp::encode(&block.record)).to_string(),
            transactions: block.envelopes.iter().map(ToString::to_string).collect(),
            block: Bytes::from(block.encode()).to_string(),
            time: block.header.time,
        }
    }
}

/// A block with its proof.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinSubmittedBlock)]
pub struct SubmittedBlock {
    /// The encoded block in hexadecimal.
    #[schema(pattern = "^0x([0-9a-fA-F]{2})+$")]
    pub block: String,
}

/// What became of a block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinSubmitted)]
pub struct SubmittedAnswer {
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    pub outcome: SubmittedOutcome,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoinSubmittedOutcome)]
pub enum SubmittedOutcome {
    /// It is the new tip.
    Extended,
    /// Its branch took the place of blocks of the chain.
    Reorged,
    /// It is kept beside the chain, which has as much work or more.
    SideChain,
    /// It was there before.
    AlreadyKnown,
}

const A_BLOCK: &str = r#"{"block":"0x01…"}"#;

/// Hands in a block that was mined elsewhere. It is checked in full and, if it holds, durable when this answers.
#[utoipa::path(
    post,
    path = "/v1/mining/blocks",
    tag = "v1",
    request_body(content = SubmittedBlock, example = json!({"block": "0x01"})),
    responses(
        (status = 200, description = "It was there before, or is kept beside the chain.", body = SubmittedAnswer),
        (status = 201, description = "It is in the chain.", body = SubmittedAnswer),
        (status = 400, description = "No block can be read from it."),
        (status = 409, description = "It is not taken as things stand: its parent is unknown, it is from the future, or has too little work."),
        (status = 422, description = "It breaks a rule of the network, which `rule` names."),
    )
)]
pub(in super::super) async fn submit(
    State(app): State<Arc<CoinApp>>,
    called_as: CalledAs,
    body: Body,
) -> Result<Response, Problem> {
    let example = || called_as.post("/v1/mining/blocks", A_BLOCK);
    let most = app
        .node
        .parameters()
        .byte_limit
        .saturating_mul(2)
        .saturating_add(1_024);
    let limit = BodyLimit::bytes(usize::try_from(most).unwrap_or(usize::MAX));
    let _place = app.block_bodies.acquire().await;
    let text = request_text(body, limit, "A block is missing.", example).await?;
    let encoded = block_of(&text, example)?;
    drop(text);
    let (hash, connected) = app.node.submit_block(encoded).await?;
    let (status, outcome) = match connected {
        Connected::Extended => (StatusCode::CREATED, SubmittedOutcome::Extended),
        Connected::Reorged { .. } => (StatusCode::CREATED, SubmittedOutcome::Reorged),
        Connected::SideChain => (StatusCode::OK, SubmittedOutcome::SideChain),
        Connected::AlreadyKnown => (StatusCode::OK, SubmittedOutcome::AlreadyKnown),
    };
    let hash = hash.to_string();
    Ok((status, Json(SubmittedAnswer { hash, outcome })).into_response())
}

fn block_of(text: &str, example: impl Fn() -> String) -> Result<Bytes, Problem> {
    let members = Members::read(text)?;
    let bad = |what: &str| {
        let detail = format!(
            "'block' is an encoded block in hexadecimal; {what}. For example: {}",
            example()
        );
        Problem::new(Kind::BadMember, detail)
    };
    if members.raw("block").is_none() {
        let detail = format!("The request has no member 'block': {}", example());
        return Err(Problem::new(Kind::MissingMember, detail).with("missing", vec!["block"]));
    }
    let block = members
        .text("block")
        .ok_or_else(|| bad("this is no text"))?;
    let digits = block
        .strip_prefix("0x")
        .ok_or_else(|| bad("this does not begin with 0x"))?;
    let bytes = hex::decode(digits).map_err(|error| bad(&error.to_string().to_lowercase()))?;
    if bytes.is_empty() {
        return Err(bad("this is empty"));
    }
    Ok(bytes.into())
}

/// How a search stands that `mine_block` left behind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoinSearch)]
pub struct SearchAnswer {
    pub state: SearchOutcome,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// What was mined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub block: Option<BlockAnswer>,
}

/// How a search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoinSearchState)]
pub enum SearchOutcome {
    Searching,
    Mined,
    Failed,
}

/// How a search stands that `mine_block` answered with 202.
#[utoipa::path(
    get,
    path = "/v1/mining/searches/{number}",
    tag = "v1",
    params(("number" = u64, Path, description = "As the 202 named it.", example = 1)),
    responses(
        (status = 200, description = "It goes on, found a block, or failed.", body = SearchAnswer),
        (status = 404, description = "This run of the node has no such search."),
    )
)]
pub(in super::super) async fn search(
    State(app): State<Arc<CoinApp>>,
    path: Result<Path<String>, PathRejection>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    let number = whole_number(&text).ok_or_else(|| {
        let detail = format!("`{}` is no number of a search.", shown(&text));
        Problem::new(Kind::BadParameter, detail).with("parameter", "number")
    })?;
    let state = app.searches.state(number).ok_or_else(|| {
        let detail = format!(
            "No search {} is known: it is long over, or the node was started again. /v1/blocks/tip is the last block.",
            shown(&text)
        );
        Problem::new(Kind::NotFound, detail)
    })?;
    let (state, detail, block) = match state {
        SearchState::Searching => (SearchOutcome::Searching, None, None),
        SearchState::Done(Ok(block)) => {
            let kept = reading(&app, move |app, snapshot| {
                BlockAnswer::kept(&block, snapshot, app.node.parameters())
            });
            (SearchOutcome::Mined, None, Some(kept.await?))
        }
        SearchState::Done(Err(error)) => (
            SearchOutcome::Failed,
            Some(super::super::errors::sentence(&error)),
            None,
        ),
    };
    Ok(json_of_the_moment(&SearchAnswer {
        state,
        detail,
        block,
    }))
}
