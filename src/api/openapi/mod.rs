//! The description of every call, for programs: an OpenAPI document, made from what stands beside the handlers.
//!
//! `described_routes` is the one table: the router, the texts of 404 and 405, the document, the Postman collection and
//! the page under `/docs` come from it. The six calls have their descriptions in `six_calls`, and a test holds them
//! against the list that their router is built from.

pub mod coin;
mod common;
mod six_calls;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::fallback::KnownRoute;
use super::{App, docs, events, health, index, metrics, pages, session, v1};

/// Where the document is.
pub const PATH: &str = "/openapi.json";

/// The routes whose handlers carry their own description: everything but the six calls, which are only described here.
pub(super) fn described_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(six_calls::SixCalls::openapi())
        .merge(v1::router())
        .merge(events::router())
        .merge(session::router())
        .merge(health::router())
        .merge(metrics::router())
        .merge(index::router())
}

/// The document, made when it is first asked for, and the page that shows it.
pub(super) fn router<S: Clone + Send + Sync + 'static>(document: fn() -> String) -> Router<S> {
    let made: Arc<OnceLock<Bytes>> = Arc::default();
    let serve = move || {
        let document = made.get_or_init(|| document().into()).clone();
        std::future::ready(served(document))
    };
    Router::new().route(PATH, get(serve)).merge(docs::router())
}

fn served(document: Bytes) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "application/json")], document).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// What clients are told of that is here: `listed` first, the six calls of a protocol.
pub(super) fn known_routes(listed: &[KnownRoute], described: &OpenApi) -> Vec<KnownRoute> {
    let others = described
        .paths
        .paths
        .iter()
        .filter(|(path, _)| listed.iter().all(|route| route.path != **path))
        .map(|(path, item)| KnownRoute {
            path: Cow::Owned(path.clone()),
            methods: match item.get {
                Some(_) => &["GET", "HEAD"],
                None => &["POST"],
            },
            example_body: None,
        });
    let undescribed = [PATH].into_iter().chain(docs::PATHS);
    let undescribed = undescribed.map(|path| KnownRoute::new(path, &["GET", "HEAD"]));
    listed
        .iter()
        .cloned()
        .chain(others)
        .chain(undescribed)
        .chain(pages::known_routes())
        .collect()
}

/// The document.
pub fn document() -> OpenApi {
    let mut document = described_routes().into_openapi();
    common::complete(&mut document);
    document
}

/// The document as it is served, and as `bcoin openapi` prints it.
pub fn openapi_json() -> String {
    as_text(&document())
}

fn as_text(document: &OpenApi) -> String {
    let mut text = document
        .to_pretty_json()
        .unwrap_or_else(|error| format!("\"{error}\""));
    text.push('\n');
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use super::super::book;
    use super::*;

    #[test]
    fn the_six_calls_are_described_with_the_methods_they_answer_to() {
        lists_methods(&document(), &book::ROUTES);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_words_and_all_problems_in_their_type() {
        is_whole(&document());
    }

    /// Whether the document has just the methods of these routes.
    pub fn lists_methods(document: &OpenApi, routes: &[KnownRoute]) {
        for route in routes {
            let path = document.paths.paths.get(route.path.as_ref());
            let path = path.unwrap_or_else(|| panic!("{} is not described", route.path));
            assert_eq!(
                path.get.is_some(),
                route.methods.contains(&"GET"),
                "{}",
                route.path
            );
            assert_eq!(
                path.post.is_some(),
                route.methods.contains(&"POST"),
                "{}",
                route.path
            );
        }
    }

    /// Whether nothing is missing that a client's generator would look for.
    pub fn is_whole(document: &OpenApi) {
        let mut names = HashSet::new();
        for (path, item) in &document.paths.paths {
            for operation in [&item.get, &item.post].into_iter().flatten() {
                assert!(names.insert(operation.operation_id.clone()), "{path}");
                assert!(operation.summary.is_some(), "{path}");
                for status in ["400", "421", "500", "503"] {
                    assert!(
                        operation.responses.responses.contains_key(status),
                        "{path} {status}"
                    );
                }
            }
        }
        let text = as_text(document);
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (name, problem) in json["components"]["responses"]
            .as_object()
            .expect("responses")
        {
            let content = &problem["content"]["application/problem+json"];
            assert!(content["schema"]["$ref"].is_string(), "{name}");
        }
        // What a reference names is there.
        for reference in text.split("\"$ref\": \"#").skip(1) {
            let pointer = reference.split('"').next().expect("a reference");
            assert!(json.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
