//! The service behind the address: bodies within the limits of every other, single calls answered at once, batches and WebSockets by jsonrpsee's server.

use std::collections::HashSet;
use std::future::ready;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jsonrpsee::core::server::MethodCallback;
use jsonrpsee::server::{
    BatchRequestConfig, IdProvider, PingConfig, Server, ServerConfig, StopHandle,
    TowerServiceBuilder,
};
use jsonrpsee::types::{Params, SubscriptionId};
use jsonrpsee::{ConnectionId, Extensions, MethodResponse};
use serde_json::value::RawValue;
use tower::Service as _;
use tower::layer::util::Identity;

use super::super::body::{BodyLimit, read_text};
use super::access::{Caller, Judged, Origins, judge, refusal};
use super::methods::{Allowance, Methods};
use super::{Rpc, eth};
use crate::limits;

/// The service behind the address.
pub(super) struct Served {
    rpc: Rpc,
    origins: Origins,
    builder: TowerServiceBuilder<Identity, Identity>,
    methods: jsonrpsee::Methods,
    personal: HashSet<&'static str>,
    stop: StopHandle,
    connections: AtomicU32,
}

fn builder() -> TowerServiceBuilder<Identity, Identity> {
    let pings = PingConfig::new()
        .ping_interval(limits::RPC_PING)
        .inactive_limit(limits::RPC_SILENT)
        .max_failures(1);
    let batches = BatchRequestConfig::Limit(limits::RPC_BATCH as u32);
    let config = ServerConfig::builder()
        .max_request_body_size(limits::RPC_REQUEST_BYTES as u32)
        .max_response_body_size(limits::RPC_RESPONSE_BYTES as u32)
        // The guard counts requests and streams already.
        .max_connections(u32::try_from(limits::HTTP_CONNECTIONS).unwrap_or(u32::MAX))
        .max_subscriptions_per_connection(limits::RPC_SUBSCRIPTIONS as u32)
        .set_batch_request_config(batches)
        .set_message_buffer_capacity(limits::RPC_UNREAD as u32)
        .set_id_provider(Ids)
        .enable_ws_ping(pings)
        .build();
    Server::builder().set_config(config).to_service_builder()
}

/// Subscriptions are known by numbers in hexadecimal, as everywhere.
#[derive(Debug)]
struct Ids;

impl IdProvider for Ids {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(format!("{:#x}", eth::subscriptions::fresh_id()).into())
    }
}

impl Served {
    /// Serves these methods until `stop` says so.
    pub(super) fn new(rpc: Rpc, origins: Origins, methods: Methods, stop: StopHandle) -> Self {
        let (module, personal) = methods.into_parts();
        Self {
            methods: module.into(),
            personal,
            rpc,
            origins,
            builder: builder(),
            stop,
            connections: AtomicU32::new(0),
        }
    }

    pub(super) async fn answer(&self, request: Request) -> Response {
        let guard = &self.rpc.app.face.guard;
        let (request, headers) = match judge(&self.origins, guard, request) {
            Judged::Serve(request, headers) => (*request, headers),
            Judged::Answer(answer) => return answer,
        };
        let mut answer = match request.headers().contains_key(header::UPGRADE) {
            true => self.upgrade(request).await,
            false => self.call(request).await,
        };
        answer.headers_mut().extend(headers);
        answer
    }

    /// The body is read here, within the limits of every other.
    async fn call(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let limit = BodyLimit::bytes(limits::RPC_REQUEST_BYTES);
        let text = match read_text(body, limit).await {
            Ok(text) => text,
            Err(problem) => return refusal(problem.status(), -32600, problem.detail()),
        };
        let json = HeaderValue::from_static("application/json");
        parts.headers.insert(header::CONTENT_TYPE, json);
        parts.headers.remove(header::CONTENT_LENGTH);
        let request = Request::from_parts(parts, Body::empty());
        if let Some(answer) = self.single(&text, &request) {
            let text: Box<str> = answer.await.into_json().into();
            let kind = [(header::CONTENT_TYPE, "application/json")];
            return (kind, String::from(text)).into_response();
        }
        if let Some(answer) = refused_at_sight(&text) {
            return answer;
        }
        let mut request = request.map(|_| Body::from(text));
        self.note_caller(&mut request);
        request.extensions_mut().insert(Allowance::of_a_batch());
        let mut service = self
            .builder
            .clone()
            .build(self.methods.clone(), self.stop.clone());
        answered(service.call(request).await)
    }

    /// A single call, without what a server does around it that serves connections itself: most requests are one. None for all others.
    fn single(&self, text: &str, request: &Request) -> Option<BoxFuture<'static, MethodResponse>> {
        // A list would be read as the members of one call in their order.
        if !is_object(text) {
            return None;
        }
        let call: jsonrpsee::types::Request<'_> = serde_json::from_str(text).ok()?;
        let method = self.methods.method(&call.method)?;
        let mut known = Extensions::new();
        if self.personal.contains(&*call.method) {
            known.insert(Caller::of(request, &self.rpc.app.face.guard));
        }
        let (id, params) = (call.id.clone(), call.params.as_deref().map(RawValue::get));
        let params = Params::new(params);
        let most = limits::RPC_RESPONSE_BYTES;
        Some(match method {
            MethodCallback::Sync(method) => ready(method(id, params, most, known)).boxed(),
            MethodCallback::Async(method) => {
                let (id, params) = (id.into_owned(), params.into_owned());
                method(id, params, ConnectionId(0), most, known)
            }
            MethodCallback::Subscription(_) | MethodCallback::Unsubscription(_) => return None,
        })
    }

    /// For methods whose answers depend on who calls.
    fn note_caller(&self, request: &mut Request) {
        let caller = Caller::of(request, &self.rpc.app.face.guard);
        request.extensions_mut().insert(caller);
    }

    /// A WebSocket takes the place of an event stream, as long as it lasts.
    async fn upgrade(&self, mut request: Request) -> Response {
        let place = match self.rpc.app.face.guard.event_streams().open() {
            Ok(place) => place,
            Err(problem) => {
                return refusal(StatusCode::SERVICE_UNAVAILABLE, -32005, problem.detail());
            }
        };
        // HTTP has the number zero.
        let number = self.connections.fetch_add(1, Ordering::Relaxed) | 1 << 31;
        let builder = self.builder.clone().connection_id(number);
        self.note_caller(&mut request);
        let mut service = builder.build(self.methods.clone(), self.stop.clone());
        let closed = service.on_session_closed();
        let answer = answered(service.call(request).await);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            tokio::spawn(async move {
                closed.await;
                drop(place);
            });
        }
        answer
    }
}

fn is_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{')
}

/// What the library behind would take for something else: an id that is none makes a notice of a call, and a subscription has nowhere to go.
fn refused_at_sight(text: &str) -> Option<Response> {
    #[derive(serde::Deserialize)]
    struct Seen<'t> {
        #[serde(borrow, default)]
        id: Option<&'t RawValue>,
        #[serde(borrow, default)]
        method: Option<&'t RawValue>,
    }
    if !is_object(text) {
        return None;
    }
    let Ok(seen) = serde_json::from_str::<Seen<'_>>(text) else {
        // What is no JSON at all the library says.
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let message = "a call has one id and one method";
        return is_json.then(|| refusal(StatusCode::OK, -32600, message));
    };
    let id = seen.id.map_or("null", RawValue::get);
    let is_id =
        id == "null" || serde_json::from_str::<String>(id).is_ok() || id.parse::<u64>().is_ok();
    if !is_id {
        let message = "an id is a text, a whole number from 0 on, or null";
        return Some(refusal(StatusCode::OK, -32600, message));
    }
    let method = seen.method?.get();
    if matches!(method, "\"eth_subscribe\"" | "\"eth_unsubscribe\"") {
        let message = "notifications not supported: subscriptions need a WebSocket, at this same address; over HTTP there are filters, as eth_newBlockFilter";
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32000,"message":"{message}"}}}}"#
        );
        let kind = [(header::CONTENT_TYPE, "application/json")];
        return Some((kind, answer).into_response());
    }
    None
}

fn answered(
    answer: Result<jsonrpsee::server::HttpResponse, jsonrpsee::core::BoxError>,
) -> Response {
    match answer {
        Ok(answer) => answer.map(Body::new),
        Err(error) => {
            tracing::error!(%error, "a call was not answered");
            let message = "the node failed to answer; its log says why";
            refusal(StatusCode::OK, -32603, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_call_is_told_so_and_batches_are_left_to_the_library() {
        let refused = |text: &str| refused_at_sight(text).is_some();
        for text in [
            r#"{"jsonrpc":"2.0","id":-1,"method":"eth_chainId"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"eth_chainId"}"#,
            r#" {"id":{},"method":"eth_chainId"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"eth_chainId"}"#,
            r#"{"jsonrpc":"2.0","id":"\ud800","method":"eth_chainId"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#,
        ] {
            assert!(refused(text), "{text}");
        }
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"eth_chainId"}"#,
            r#"{"jsonrpc":"2.0","method":"eth_chainId"}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}]"#,
            "[]",
            "{",
        ] {
            assert!(!refused(text), "{text}");
        }
    }
}
