//! Answers for requests that hit no route: what is there instead, and how to call it.
//!
//! Called by the router for an unknown path (404) and for a wrong method (405). Knows the routes only as a list given
//! by whoever builds the router. Never runs a call in place of the one that was meant.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::IntoResponse;

use super::curl_line::shown_host;
use super::pages::shell::{NodeFacts, Section, Shell};
use super::pages::visit::Visit;
use super::pages::wants_page;
use super::problem::{Kind, Problem};

/// A route as clients are told of it.
#[derive(Debug, Clone)]
pub struct KnownRoute {
    /// As given to the router: `/v1/blocks/{height}`.
    pub path: Cow<'static, str>,
    /// The methods it answers to; `HEAD` only where it really answers to it.
    pub methods: &'static [&'static str],
    /// A body that works, for a route that wants one.
    pub example_body: Option<&'static str>,
}

impl KnownRoute {
    pub const fn new(path: &'static str, methods: &'static [&'static str]) -> Self {
        Self {
            path: Cow::Borrowed(path),
            methods,
            example_body: None,
        }
    }

    pub const fn with_body(mut self, example: &'static str) -> Self {
        self.example_body = Some(example);
        self
    }

    fn matches(&self, path: &str) -> bool {
        let mut ours = self.path.split('/');
        let mut theirs = path.split('/');
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(wild), Some(_)) if wild.starts_with("{*") => return true,
                (Some(open), Some(value)) if open.starts_with('{') && !value.is_empty() => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    }
}

/// Gives the router its answers for unknown paths and wrong methods. To be called after all routes are in it.
///
/// A browser gets a page where there is none, any other client the list of what there is.
pub fn with_fallbacks<S>(
    router: Router<S>,
    routes: impl Into<Arc<[KnownRoute]>>,
    facts: NodeFacts,
) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let routes: Arc<[KnownRoute]> = routes.into();
    let for_methods = Arc::clone(&routes);
    router
        .fallback(move |visit: Visit, request: Request| {
            let path = request.uri().path();
            let answer = if wants_page(request.headers()) {
                let shell = Shell::new(visit, facts.clone(), Section::Elsewhere);
                shell.problem(unknown_page(path, &routes))
            } else {
                unknown_path(path, &routes).into_response()
            };
            std::future::ready(answer)
        })
        .method_not_allowed_fallback(move |request: Request| {
            let host = request
                .headers()
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            let problem = wrong_method(
                request.method(),
                request.uri().path(),
                host.unwrap_or(""),
                &for_methods,
            );
            async move { problem }
        })
}

/// The 404 for a path that no page has.
fn unknown_page(path: &str, routes: &[KnownRoute]) -> Problem {
    let shown: String = path.chars().take(200).collect();
    let meant = match nearest(path, routes) {
        Some(route) => format!(" Did you mean `{}`?", route.path),
        None => String::new(),
    };
    Problem::new(Kind::UnknownPath, format!("There is no `{shown}`.{meant}"))
}

/// The 404 for a path that no route has.
pub fn unknown_path(path: &str, routes: &[KnownRoute]) -> Problem {
    let listed: Vec<String> = routes
        .iter()
        .map(|route| format!("{} {}", route.methods.join("|"), route.path))
        .collect();
    let shown: String = path.chars().take(200).collect();
    match nearest(path, routes) {
        Some(route) => Problem::new(
            Kind::UnknownPath,
            format!(
                "There is no `{shown}`; did you mean `{}`? The member `routes` lists everything that is here.",
                route.path
            ),
        )
        .with("did_you_mean", route.path.as_ref()),
        None => Problem::new(
            Kind::UnknownPath,
            format!("There is no `{shown}`. The member `routes` lists everything that is here."),
        ),
    }
    .with("routes", listed)
}

/// The 405 for a route that does not answer to this method; says how the call is made.
pub fn wrong_method(method: &Method, path: &str, host: &str, routes: &[KnownRoute]) -> Problem {
    let Some(route) = routes.iter().find(|route| route.matches(path)) else {
        return Problem::new(
            Kind::MethodNotAllowed,
            format!("This route does not answer to {method}."),
        );
    };
    let allowed = route.methods.join(", ");
    let host = shown_host(Some(host));
    let path: String = path.chars().take(200).collect();
    let detail = match route.example_body {
        _ if *method == Method::HEAD => {
            format!("HEAD runs nothing here: `{path}` answers to {allowed}.")
        }
        Some(example) => format!(
            "`{path}` is a {} call with a JSON body: curl -X {} http://{host}{path} -H 'Content-Type: application/json' -d '{example}'",
            route.methods.first().unwrap_or(&"POST"),
            route.methods.first().unwrap_or(&"POST"),
        ),
        None if route.methods.contains(&"GET") && *method == Method::POST => format!(
            "`{path}` is a GET call and takes no body; curl needs no -X POST and no -d: curl http://{host}{path}"
        ),
        None => format!("`{path}` answers to {allowed}, not to {method}."),
    };
    Problem::new(Kind::MethodNotAllowed, detail)
        .with("allowed", route.methods.to_vec())
        .header(header::ALLOW, allowed)
}

/// The route that was probably meant: the same letters in another spelling, else few edits away.
fn nearest<'a>(path: &str, routes: &'a [KnownRoute]) -> Option<&'a KnownRoute> {
    // A longer path is no slip of the keyboard, and comparing it would cost time.
    if path.len() > 64 {
        return None;
    }
    let wanted = letters(path);
    if wanted.is_empty() {
        return None;
    }
    routes
        .iter()
        .map(|route| (distance(&wanted, &letters(&route.path)), route))
        .filter(|(edits, _)| *edits <= 1 + wanted.len() / 5)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, route)| route)
}

/// A path without what people spell differently.
fn letters(path: &str) -> Vec<char> {
    path.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein's distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Vec<KnownRoute> {
        vec![
            KnownRoute::new("/get_chain", &["GET"]),
            KnownRoute::new("/mine_block", &["GET", "POST"]),
            KnownRoute::new("/is_valid", &["GET"]),
            KnownRoute::new("/add_transaction", &["POST"]).with_body(r#"{"sender":"a"}"#),
            KnownRoute::new("/v1/blocks/{height}", &["GET", "HEAD"]),
        ]
    }

    #[test]
    fn a_slip_finds_the_route_that_was_meant() {
        for (typed, meant) in [
            ("/getchain", Some("/get_chain")),
            ("/get_chain/", Some("/get_chain")),
            ("/Get-Chain", Some("/get_chain")),
            ("/mineblock", Some("/mine_block")),
            ("/mine_blok", Some("/mine_block")),
            ("/isvalid", Some("/is_valid")),
            ("/add_transactions", Some("/add_transaction")),
            ("/wallet", None),
            ("/", None),
            ("/x", None),
        ] {
            let problem = unknown_path(typed, &routes()).to_json();
            assert_eq!(
                problem.get("did_you_mean").and_then(|path| path.as_str()),
                meant,
                "{typed}"
            );
            assert_eq!(problem["routes"][1], "GET|POST /mine_block");
        }
    }

    #[test]
    fn distance_counts_edits() {
        let of = |left: &str, right: &str| distance(&letters(left), &letters(right));
        assert_eq!(of("kitten", "sitting"), 3);
        assert_eq!(of("", "abc"), 3);
        assert_eq!(of("abc", ""), 3);
        assert_eq!(of("same", "same"), 0);
    }

    #[test]
    fn a_wrong_method_is_told_how_to_call() {
        let get = wrong_method(&Method::POST, "/get_chain", "localhost:1001", &routes());
        assert!(get.detail().contains("no -X POST"), "{get}");
        assert!(
            get.detail()
                .ends_with("curl http://localhost:1001/get_chain"),
            "{get}"
        );
        let post = wrong_method(
            &Method::GET,
            "/add_transaction",
            "localhost:1001",
            &routes(),
        );
        assert!(post.detail().contains(r#"-d '{"sender":"a"}'"#), "{post}");
        let head = wrong_method(&Method::HEAD, "/get_chain", "", &routes());
        assert!(head.detail().contains("HEAD runs nothing"), "{head}");
        let open = wrong_method(&Method::PUT, "/v1/blocks/7", "", &routes());
        assert_eq!(
            open.to_json()["allowed"],
            serde_json::json!(["GET", "HEAD"])
        );
    }
}
