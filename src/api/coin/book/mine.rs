//! `/mine_block`: a block for this node's miner.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::book::sentences;
use super::super::super::problem::Problem;
use super::super::CoinApp;
use super::super::searches::Answer;
use super::super::v1::reading;
use super::super::view::BlockAnswer;
use crate::miner;

/// A search that goes on.
#[derive(Serialize, ToSchema)]
pub struct GoesOn {
    pub message: String,
    /// Where to ask how the search stands.
    #[schema(example = "/v1/mining/searches/1")]
    pub see: String,
}

/// Mines a block with what waits, best fee first, and pays this node's miner.
///
/// The book uses GET; POST does the same. Where the proof takes longer than 30 seconds the answer is a 202 that says where to
/// ask; the search goes on. Whoever goes away before that stops it.
#[utoipa::path(
    method(get, post), path = "/mine_block", tag = "book",
    responses(
        (status = 200, description = "The block, durable and at the end of the chain.", body = BlockAnswer),
        (status = 202, description = "The search goes on.", body = GoesOn, headers(("Location" = String, description = "Where to ask."))),
        (status = 409, description = "The node was not told whom to pay."),
    )
)]
pub(in super::super) async fn mine_block(
    State(app): State<Arc<CoinApp>>,
) -> Result<Response, Problem> {
    let (node, miner, threads) = (app.node.clone(), app.miner()?, app.mining.threads);
    let search = async move { miner::coin::mine(&node, miner, threads).await };
    match app.searches.run(search, app.mining.answer_within).await? {
        Answer::Mined(block) => {
            let kept = reading(&app, move |app, snapshot| {
                BlockAnswer::kept(&block, snapshot, app.node.parameters())
            });
            let mut answer = kept.await?;
            answer.message = Some(sentences::MINED);
            Ok(Json(answer).into_response())
        }
        Answer::Later(number) => {
            let see = format!("/v1/mining/searches/{number}");
            let message = format!(
                "The proof takes its time; the search goes on. GET {see} says how it stands."
            );
            let location = [(header::LOCATION, see.clone())];
            Ok((
                StatusCode::ACCEPTED,
                location,
                Json(GoesOn { message, see }),
            )
                .into_response())
        }
    }
}
