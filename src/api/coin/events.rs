//! `/v1/events` of a coin node: what happens, as it happens.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::events::{Told, follow};
use super::super::problem::Problem;
use super::super::v1::parameters::NoParameters;
use super::CoinApp;
use crate::node::coin::CoinEvent;

/// What a client reads afresh after a `reset`.
const READ_AFRESH: &str = r#"{"detail": "events were missed: read these again, then go on with the events that follow", "read": ["/v1/node", "/v1/blocks?order=desc", "/v1/mempool", "/v1/peers"]}"#;

pub(super) fn router() -> OpenApiRouter<Arc<CoinApp>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Server-sent events: blocks, reorganisations, transactions and peers, each once it is durable.
///
/// `block` is the chain grown by one (`number`, `hash`, `transactions`); `reorg` a branch with more work (`fork`, `number`,
/// `hash`, `displaced`, `connected`, `returned`, and in `returned_transactions` the hashes of the first 100 that wait again; on the network `dev` also a chain that was told to go back, `connected` 0); `transaction`
/// one that waits now (`hash`); `dropped` one that waits no more without being in a block (`hash`, `why`); `peer` one that became known (`address`). `reset` says that events were missed,
/// and what to read again. A client that comes back sends the last id as `Last-Event-ID` and gets what it missed, of the
/// last 1,024 events. At most 64 streams are open.
///
/// With `"sync": "auto"` also what happens between nodes, live and without an id: `peer_joined` (`peer`, `direction`, `tip`),
/// `peer_left` (`why`), `peer_blamed` (`offence`, `score`, `why`), `sync` of a chain of several blocks (`state`: `began`, `at` or
/// `ended`; `at`, `to`), `split` where a peer stands on a block that is not on this chain and has no more weight (`here`, `there`), and
/// `healed` where that is over or this node gave way (`peers`, `tip`, `displaced`, `returned`; the `reorg` before it names the
/// transactions). A tip has `height`, `hash` and `weight`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "v1",
    params(("Last-Event-ID" = inline(Option<String>), Header, description = "The id of the last event that this client has seen.", example = "5f0c2a9e-17")),
    responses((status = 200, description = "A stream that lasts until one side ends it.", content_type = "text/event-stream", body = String, example = json!("id: 5f0c2a9e-18\nevent: block\ndata: {\"number\":2,\"hash\":\"53cb…\",\"transactions\":1}\n\n")))
)]
pub(super) async fn events(
    State(app): State<Arc<CoinApp>>,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    follow(&app.face, app.node.clone(), READ_AFRESH, &headers)
}

impl Told for CoinEvent {
    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn data(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| format!("\"{error}\""))
    }
}
