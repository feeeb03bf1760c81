//! `/docs`: every call, explained and to be tried out in a browser. Swagger UI, built in: no request leaves the host.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use super::openapi;
use super::problem::{Kind, Problem};

/// The page and its parts.
pub(super) const PATHS: [&str; 3] = ["/docs", "/docs/", "/docs/{*file}"];

/// Everything from this node, no script or style within the page; its icons are `data:`.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let [page, directory, part] = PATHS;
    Router::new()
        .route(page, get(async || Redirect::permanent("/docs/")))
        .route(directory, get(async || file("index.html")))
        .route(part, get(named))
}

async fn named(path: Result<Path<String>, PathRejection>) -> Response {
    path.map_or_else(
        |_| not_there("a name that is not UTF-8"),
        |Path(name)| file(&name),
    )
}

fn file(name: &str) -> Response {
    static CONFIG: OnceLock<Arc<Config<'static>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let config = Config::new([openapi::PATH])
            .use_base_layout()
            .validator_url("none")
            .display_request_duration(true)
            .try_it_out_enabled(true);
        Arc::new(config)
    });
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, Arc::clone(config)) else {
        return not_there(name);
    };
    let mut response = file.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn not_there(name: &str) -> Response {
    let name: String = name.chars().take(100).collect();
    let detail = format!("`{name}` is no part of the page at /docs/.");
    Problem::new(Kind::NotFound, detail).into_response()
}
