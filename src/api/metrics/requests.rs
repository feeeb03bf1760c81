//! Counts requests by route and how they ended.
//!
//! Around each route, inside the guard: what the guard turns away never gets here. A route is named by its template, so
//! that nobody makes new series by asking for new paths.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use metrics::{
    Counter, Histogram, Recorder, counter, describe_counter, describe_histogram, histogram,
    with_local_recorder,
};
use tower::{Layer, Service};

/// What an unknown path counts as.
const NO_ROUTE: &str = "none";

/// How an answer's status is counted.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The layer that counts.
#[derive(Clone)]
pub struct CountRequests(Arc<Routes>);

struct Routes {
    recorder: Arc<dyn Recorder + Send + Sync>,
    by_path: HashMap<String, OfRoute>,
    unknown: OfRoute,
}

/// Registered when first needed, so that routes nobody calls make no series.
struct OfRoute {
    path: String,
    seconds: OnceLock<Histogram>,
    classes: [OnceLock<Counter>; CLASSES.len()],
}

impl CountRequests {
    /// For these route templates.
    pub fn new<'a>(
        recorder: Arc<dyn Recorder + Send + Sync>,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        with_local_recorder(&*recorder, || {
            describe_counter!(
                "bcoin_http_requests_total",
                "Requests answered, by route and class of status."
            );
            describe_histogram!(
                "bcoin_http_request_duration_seconds",
                "Time from a request's headers to the head of its answer, by route."
            );
        });
        let by_path = paths
            .into_iter()
            .map(|path| (path.to_owned(), OfRoute::new(path)));
        Self(Arc::new(Routes {
            by_path: by_path.collect(),
            unknown: OfRoute::new(NO_ROUTE),
            recorder,
        }))
    }
}

impl OfRoute {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            seconds: OnceLock::new(),
            classes: Default::default(),
        }
    }
}

impl Routes {
    fn of(&self, path: Option<&str>) -> &OfRoute {
        path.and_then(|path| self.by_path.get(path))
            .unwrap_or(&self.unknown)
    }

    fn count(&self, path: Option<&str>, status: u16, began: Instant) {
        let route = self.of(path);
        let register = |make: &mut dyn FnMut()| with_local_recorder(&*self.recorder, make);
        let seconds = route.seconds.get_or_init(|| {
            let mut made = Histogram::noop();
            register(&mut || {
                made = histogram!("bcoin_http_request_duration_seconds", "route" => route.path.clone());
            });
            made
        });
        seconds.record(began.elapsed());
        let class = usize::from(status / 100).saturating_sub(1);
        let Some((name, counted)) = CLASSES.get(class).zip(route.classes.get(class)) else {
            return;
        };
        let counted = counted.get_or_init(|| {
            let mut made = Counter::noop();
            register(&mut || {
                made = counter!("bcoin_http_requests_total", "route" => route.path.clone(), "status" => *name);
            });
            made
        });
        counted.increment(1);
    }
}

impl<S> Layer<S> for CountRequests {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted {
            routes: Arc::clone(&self.0),
            inner,
        }
    }
}

/// A route that is counted.
#[derive(Clone)]
pub struct Counted<S> {
    routes: Arc<Routes>,
    inner: S,
}

impl<S> Service<Request> for Counted<S>
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
        let began = Instant::now();
        let path = request.extensions().get::<MatchedPath>().cloned();
        let routes = Arc::clone(&self.routes);
        let answering = self.inner.call(request);
        Box::pin(async move {
            let response = answering.await?;
            let path = path.as_ref().map(MatchedPath::as_str);
            routes.count(path, response.status().as_u16(), began);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::metrics::NodeMetrics;

    #[test]
    fn requests_are_counted_by_template_and_class() {
        let metrics = NodeMetrics::default();
        let counting = CountRequests::new(metrics.recorder(), ["/v1/blocks/{block}"]);
        for (path, status) in [
            (Some("/v1/blocks/{block}"), 200),
            (Some("/v1/blocks/{block}"), 304),
            (Some("/v1/blocks/{block}"), 304),
            (Some("/made/up"), 404),
            (None, 404),
            (None, 999),
        ] {
            counting.0.count(path, status, Instant::now());
        }
        let text = metrics.handle.render();
        for line in [
            r#"bcoin_http_requests_total{route="/v1/blocks/{block}",status="2xx"} 1"#,
            r#"bcoin_http_requests_total{route="/v1/blocks/{block}",status="3xx"} 2"#,
            r#"bcoin_http_requests_total{route="none",status="4xx"} 2"#,
            r#"bcoin_http_request_duration_seconds_count{route="none"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("/made/up"));
    }
}
