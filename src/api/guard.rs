//! Who may ask for what: the rules every request passes before a handler sees it.
//!
//! [`Guard::protect`] goes around the whole router: the `Host` rule, the number of requests in flight, the headers of
//! every answer, and a 500 in place of a panic. What a single route needs beside that is in [`super::changing`]. The
//! guard knows requests and connections, never the node. Built once a node, by whoever builds its router.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service};

use super::changing::{RouteRule, RouteRules};
use super::host;
use super::problem::{Kind, Problem};
use super::serve::ConnectionFacts;
use super::socket::Held;
use super::token::Token;
use crate::limits::HttpLimits;

/// What an operator can set.
#[derive(Debug, Clone, Default)]
pub struct GuardSettings {
    /// Names, beside IP addresses and loopback names, by which requests may call this node (`--host-name`).
    pub host_names: Vec<String>,
    /// Clients that may change this node's state over the network without a token (`--allow`).
    pub allow: Vec<IpNet>,
    /// The token that lets any other client do so.
    pub token: Option<Token>,
    /// How many requests and event streams at once.
    pub limits: HttpLimits,
}

/// The guard. Clones are the same guard.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    host_names: Vec<String>,
    rules: Arc<RouteRules>,
    in_flight: Arc<InFlight>,
    streams: EventStreams,
}

impl Guard {
    pub fn new(settings: GuardSettings) -> Self {
        let GuardSettings {
            host_names,
            allow,
            token,
            limits,
        } = settings;
        Self(Arc::new(Inner {
            rules: Arc::new(RouteRules {
                host_names: host_names.clone(),
                allow,
                token,
            }),
            host_names,
            in_flight: Arc::new(InFlight {
                now: AtomicUsize::new(0),
                limit: limits.in_flight,
            }),
            streams: EventStreams {
                free: Arc::new(Semaphore::new(limits.event_streams)),
                limit: limits.event_streams,
            },
        }))
    }

    /// The router, guarded: to be called last, with all routes and fallbacks in it.
    pub fn protect(&self, app: Router) -> Router {
        app.layer(GuardLayer(self.clone()))
    }

    /// For a route that changes state, whatever its method: the browser rules, the token rule, and no `HEAD`. `allow`
    /// lists the methods it answers to, as in `"GET, POST"`.
    pub fn state_changing(&self, allow: &'static str) -> RouteRule {
        RouteRule::state_changing(Arc::clone(&self.0.rules), allow)
    }

    /// For a route whose requests may carry their own authority, such as a signature: the browser rules and no `HEAD`, while the handler asks
    /// [`Guard::has_a_right`] for all other requests.
    pub fn changing_by_content(&self, allow: &'static str) -> RouteRule {
        self.state_changing(allow).judged_by_content()
    }

    /// The token rule alone.
    pub fn has_a_right(
        &self,
        facts: Option<&ConnectionFacts>,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        self.0.rules.has_a_right(facts, headers)
    }

    /// The browser rules and the token rule, for a route of which only some requests change state.
    pub fn may_change(&self, request: &Request) -> Result<(), Problem> {
        self.0.rules.may_change(request)
    }

    /// Whether a request's `Origin`, if it has one, is this node's own page.
    pub fn is_own_page(&self, request: &Request) -> bool {
        self.0.rules.is_own_page(request)
    }

    /// The places for event streams.
    pub fn event_streams(&self) -> EventStreams {
        self.0.streams.clone()
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.now.load(Ordering::Relaxed)
    }

    fn admit(&self, request: &Request) -> Result<Permit, Problem> {
        host::authority(request, &self.0.host_names).inspect_err(|_| refused("host"))?;
        InFlight::enter(&self.0.in_flight).inspect_err(|_| refused("in_flight"))
    }
}

/// Counts a request that a rule turned away.
pub(super) fn refused(rule: &'static str) {
    metrics::counter!("bcoin_http_requests_refused_total", "rule" => rule).increment(1);
}

struct InFlight {
    now: AtomicUsize,
    limit: usize,
}

impl InFlight {
    fn enter(this: &Arc<Self>) -> Result<Permit, Problem> {
        let before = this.now.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(Arc::clone(this));
        if before < this.limit {
            Ok(permit)
        } else {
            Err(busy(format!(
                "{} requests are in flight, as many as this node takes at once.",
                this.limit
            )))
        }
    }
}

fn busy(what: String) -> Problem {
    Problem::new(Kind::Busy, format!("{what} Ask again in a second."))
        .header(header::RETRY_AFTER, "1")
}

/// A request in flight, for as long as it lives.
struct Permit(Arc<InFlight>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The places for event streams, which last for hours and therefore do not count as requests in flight.
#[derive(Clone)]
pub struct EventStreams {
    free: Arc<Semaphore>,
    limit: usize,
}

impl EventStreams {
    /// A place, to be kept as long as the stream lasts; or the 503 to answer.
    pub fn open(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.free)
            .try_acquire_owned()
            .map_err(|_| busy("All places for event streams are taken.".to_owned()))
    }

    /// How many are taken.
    pub fn in_use(&self) -> usize {
        self.limit.saturating_sub(self.free.available_permits())
    }
}

/// A handler puts this into its response's extensions to say that the body is an event stream.
#[derive(Debug, Clone, Copy)]
pub struct EventStream;

#[derive(Clone)]
struct GuardLayer(Guard);

impl<S> Layer<S> for GuardLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            guard: self.0.clone(),
            inner,
        }
    }
}

#[derive(Clone)]
struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let permit = match self.guard.admit(&request) {
            Ok(permit) => permit,
            Err(problem) => return Box::pin(ready(Ok(harden(problem.into_response())))),
        };
        // Only the router's own state is behind this, and no handler leaves it half changed: it holds handles.
        let answering = match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(answering) => AssertUnwindSafe(answering).catch_unwind(),
            Err(panic) => return Box::pin(ready(Ok(harden(panicked(panic.as_ref()))))),
        };
        Box::pin(async move {
            let response = match answering.await {
                Ok(Ok(response)) => response,
                Err(panic) => panicked(panic.as_ref()),
            };
            let response = harden(response);
            if response.extensions().get::<EventStream>().is_some() {
                return Ok(response);
            }
            Ok(response.map(|body| Body::new(Held::new(body, permit))))
        })
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("something that is no text");
    tracing::error!(message, "a handler panicked");
    metrics::counter!("bcoin_http_panics_total").increment(1);
    Problem::new(
        Kind::Internal,
        "The node failed to answer this request; its log says why. Other requests are not concerned.",
    )
    .into_response()
}

/// Gives an answer the headers that keep browsers from being used against this node; a policy that a handler set stays.
pub(super) fn harden(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self'"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    response
}

#[cfg(test)]
#[path = "guard_tests.rs"]
pub(in crate::api) mod tests;
