//! The rules for routes that change state, and the one against `HEAD`.
//!
//! The book changes state with GET, and a browser on the user's desk asks for anything that any page names: an image,
//! a form, a prefetch. So what a browser asks on behalf of a foreign page is refused, and over the network nobody
//! changes anything without the node's token or an address its operator allowed. curl, Postman, Python and other
//! nodes send none of a browser's marks. Made by [`super::guard::Guard`], put on routes by whoever builds the router.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use ipnet::IpNet;
use tower::{Layer, Service};

use super::guard::refused;
use super::host;
use super::problem::{Kind, Problem};
use super::serve::ConnectionFacts;
use super::token::Token;

/// What the operator decided about changes.
pub(super) struct RouteRules {
    pub host_names: Vec<String>,
    pub allow: Vec<IpNet>,
    pub token: Option<Token>,
}

/// A layer for single routes: `get(handler).route_layer(rule)`.
#[derive(Clone)]
pub struct RouteRule {
    rules: Option<Arc<RouteRules>>,
    /// Whether the handler asks for the right to change, once it has read what is sent.
    right_by_content: bool,
    allow: &'static str,
}

/// A rule that only keeps `HEAD` out, which axum would answer by running the GET handler. `allow` lists the methods the
/// route answers to.
pub fn refuse_head(allow: &'static str) -> RouteRule {
    RouteRule {
        rules: None,
        right_by_content: false,
        allow,
    }
}

impl RouteRule {
    pub(super) fn state_changing(rules: Arc<RouteRules>, allow: &'static str) -> Self {
        Self {
            rules: Some(rules),
            right_by_content: false,
            allow,
        }
    }

    pub(super) fn judged_by_content(self) -> Self {
        Self {
            right_by_content: true,
            ..self
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        if *request.method() == Method::HEAD {
            return Err(Problem::new(
                Kind::MethodNotAllowed,
                format!(
                    "HEAD runs nothing here: this call answers to {}.",
                    self.allow
                ),
            )
            .header(header::ALLOW, self.allow));
        }
        let Some(rules) = &self.rules else {
            return Ok(());
        };
        rules.may_be_meant(request)?;
        if self.right_by_content {
            return Ok(());
        }
        let facts = request.extensions().get::<ConnectionFacts>();
        rules.has_a_right(facts, request.headers())
    }
}

/// Refuses what a browser fetches before anybody asked for it.
fn not_a_guess(headers: &HeaderMap) -> Result<(), Problem> {
    const PURPOSES: [HeaderName; 4] = [
        HeaderName::from_static("sec-purpose"),
        HeaderName::from_static("purpose"),
        HeaderName::from_static("x-moz"),
        HeaderName::from_static("x-purpose"),
    ];
    let guesses = ["prefetch", "prerender", "preview"];
    for name in PURPOSES {
        for value in headers.get_all(name) {
            if guesses
                .iter()
                .any(|guess| mentions(value.as_bytes(), guess))
            {
                return Err(Problem::new(
                    Kind::Prefetch,
                    "The browser fetched this before it was asked to; a call that changes state must be meant.",
                ));
            }
        }
    }
    Ok(())
}

impl RouteRules {
    /// The browser rules.
    fn may_be_meant(&self, request: &Request) -> Result<(), Problem> {
        not_a_guess(request.headers()).inspect_err(|_| refused("prefetch"))?;
        self.not_a_foreign_page(request)
            .inspect_err(|_| refused("foreign_page"))
    }

    /// All rules for a request that changes state, without counting those of which nobody knows yet whether they do.
    pub(super) fn may_change(&self, request: &Request) -> Result<(), Problem> {
        not_a_guess(request.headers())?;
        self.not_a_foreign_page(request)?;
        let facts = request.extensions().get::<ConnectionFacts>();
        self.right(facts, request.headers())
    }

    pub(super) fn is_own_page(&self, request: &Request) -> bool {
        let Ok(authority) = host::authority(request, &self.host_names) else {
            return false;
        };
        let origins = request.headers().get_all(header::ORIGIN);
        origins.iter().all(|origin| {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            host::is_own_origin(&origin, authority)
        })
    }

    fn not_a_foreign_page(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        let authority = host::authority(request, &self.host_names)?;
        for origin in headers.get_all(header::ORIGIN) {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            if !host::is_own_origin(&origin, authority) {
                let shown: String = origin.chars().take(100).collect();
                return Err(foreign(&format!("Its origin is `{shown}`")).with("origin", shown));
            }
        }
        for site in headers.get_all("sec-fetch-site") {
            // A value of a future browser is as good as a foreign one.
            if !matches!(site.as_bytes(), b"same-origin" | b"none") {
                return Err(foreign("The browser says that another site asks"));
            }
        }
        Ok(())
    }

    /// Over the network a change needs a right; on loopback it does not.
    pub(super) fn has_a_right(
        &self,
        facts: Option<&ConnectionFacts>,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        self.right(facts, headers).inspect_err(|_| refused("token"))
    }

    fn right(&self, facts: Option<&ConnectionFacts>, headers: &HeaderMap) -> Result<(), Problem> {
        if facts.is_some_and(|facts| facts.local.ip().to_canonical().is_loopback()) {
            return Ok(());
        }
        let presented = bearer(headers);
        let token_fits = |presented| self.token.as_ref().is_some_and(|token| token.is(presented));
        if presented.is_some_and(token_fits) {
            return Ok(());
        }
        let address = facts.map(|facts| facts.peer.ip().to_canonical());
        let allowed =
            address.is_some_and(|address| self.allow.iter().any(|net| net.contains(&address)));
        if allowed && !has_a_browsers_marks(headers) {
            return Ok(());
        }
        Err(self.no_right(address, allowed, presented.is_some()))
    }

    fn no_right(&self, address: Option<IpAddr>, allowed: bool, wrong_token: bool) -> Problem {
        let mut detail = String::from(match wrong_token {
            true => "The token that came with this request is not this node's. ",
            false => "This call changes the node, and came over the network without a token. ",
        });
        match &self.token {
            // Which folder that is, is none of a stranger's business.
            Some(_) => detail.push_str(
                "Send the header `Authorization: Bearer TOKEN`; the token stands in the file `token` in the node's folder. ",
            ),
            None => detail.push_str("This node has no token, so none is right. "),
        }
        let address = address.map_or("unknown".to_owned(), |address| address.to_string());
        detail.push_str(&match (allowed, self.allow.is_empty()) {
            (true, _) => format!(
                "Your address {address} may do without, but this request looks like a browser's (its User-Agent or \
                 Accept), and any page can make a browser ask."
            ),
            (false, true) => format!(
                "No address may do without: the node was started without --allow (yours is {address})."
            ),
            (false, false) => format!("Your address {address} is not one that --allow lets do without."),
        });
        let challenge = if wrong_token {
            "Bearer error=\"invalid_token\""
        } else {
            "Bearer"
        };
        Problem::new(Kind::TokenNeeded, detail)
            .with("address", address)
            .header(header::WWW_AUTHENTICATE, challenge)
    }
}

fn foreign(why: &str) -> Problem {
    Problem::new(
        Kind::ForeignPage,
        format!(
            "{why}: a page may change only the node that it came from. Use curl, Postman, or this node's own page."
        ),
    )
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// Whether a browser sent this. Over the network, where browsers send no `Sec-Fetch-*` to a plain http address, that is
/// all there is to see. PowerShell calls itself Mozilla too; no page can make a browser say `PowerShell`.
pub(super) fn has_a_browsers_marks(headers: &HeaderMap) -> bool {
    let agent = headers.get_all(header::USER_AGENT).iter().any(|agent| {
        mentions(agent.as_bytes(), "mozilla") && !mentions(agent.as_bytes(), "powershell/")
    });
    // Media players of some browsers name themselves otherwise, but say where they come from.
    let comes_along = [header::ACCEPT_LANGUAGE, header::REFERER]
        .iter()
        .any(|name| headers.contains_key(name));
    agent
        || comes_along
        || headers.get_all(header::ACCEPT).iter().any(|accept| {
            mentions(accept.as_bytes(), "text/html") || mentions(accept.as_bytes(), "image/")
        })
}

/// Whether the text, in either case, stands somewhere in the value.
pub(super) fn mentions(value: &[u8], text: &str) -> bool {
    value
        .windows(text.len())
        .any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

impl<S> Layer<S> for RouteRule {
    type Service = Ruled<S>;

    fn layer(&self, inner: S) -> Ruled<S> {
        Ruled {
            rule: self.clone(),
            inner,
        }
    }
}

/// A route under its rule.
#[derive(Clone)]
pub struct Ruled<S> {
    rule: RouteRule,
    inner: S,
}

impl<S> Service<Request> for Ruled<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.rule.check(&request) {
            Ok(()) => Either::Right(self.inner.call(request)),
            Err(problem) => Either::Left(ready(Ok(problem.into_response()))),
        }
    }
}

#[cfg(test)]
#[path = "changing_tests.rs"]
mod tests;
