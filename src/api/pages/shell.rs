//! What stands around every page, and how a page becomes an answer.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::problem::{Kind, Problem};
use super::strings::{Language, Strings, fill};
use super::texts::{IN_FULL, Shown};
use super::visit::{Theme, Visit};
use super::{POLICY, assets, short};

/// What a node is, as far as every page shows it.
#[derive(Debug, Clone)]
pub struct NodeFacts {
    pub network: String,
    pub kind: NetworkKind,
}

/// What a network is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    Classic,
    /// Coin without difficulty.
    Dev,
    Coin,
}

/// A place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Chain,
    Waiting,
    Network,
    TryIt,
    BreakIt,
    Charts,
    /// None of them.
    Elsewhere,
}

/// A link of the navigation.
pub(super) struct Link {
    pub path: &'static str,
    pub text: &'static str,
    pub is_here: bool,
}

/// The frame of one page for one visitor.
pub struct Shell {
    pub t: &'static Strings,
    pub visit: Visit,
    pub facts: NodeFacts,
    section: Section,
}

impl Shell {
    pub fn new(visit: Visit, facts: NodeFacts, section: Section) -> Self {
        Self {
            t: visit.language.strings(),
            visit,
            facts,
            section,
        }
    }

    pub fn is_coin(&self) -> bool {
        self.facts.kind != NetworkKind::Classic
    }

    /// A string with one place filled.
    pub fn with(&self, text: &str, value: impl std::fmt::Display) -> String {
        fill(text, &[&value])
    }

    /// A string with two places filled.
    pub fn with_two(
        &self,
        text: &str,
        one: impl std::fmt::Display,
        other: impl std::fmt::Display,
    ) -> String {
        fill(text, &[&one, &other])
    }

    pub(super) fn links(&self) -> [Link; 7] {
        let t = &self.t.shell;
        let link = |path, text, section| Link {
            path,
            text,
            is_here: self.section == section,
        };
        [
            link("/", t.overview, Section::Overview),
            link("/chain", t.chain, Section::Chain),
            link("/waiting", t.waiting, Section::Waiting),
            link("/network", t.network, Section::Network),
            link("/try", t.try_it, Section::TryIt),
            link("/break", t.break_it, Section::BreakIt),
            link("/charts", t.charts, Section::Charts),
        ]
    }

    /// What the network is worth, where it has to be said.
    pub fn notice(&self) -> Option<&'static str> {
        match self.facts.kind {
            NetworkKind::Classic => Some(self.t.shell.notice_classic),
            NetworkKind::Dev => Some(self.t.shell.notice_dev),
            NetworkKind::Coin => None,
        }
    }

    pub fn search_what(&self) -> &'static str {
        match self.is_coin() {
            true => self.t.shell.search_what_coin,
            false => self.t.shell.search_what_classic,
        }
    }

    pub(super) fn assets(&self) -> &'static str {
        assets::folder()
    }

    pub(super) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    pub(super) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    /// The themes by their names here.
    pub(super) fn themes(&self) -> [(Theme, &'static str); 3] {
        let t = &self.t.shell;
        [
            (Theme::System, t.theme_system),
            (Theme::Light, t.theme_light),
            (Theme::Dark, t.theme_dark),
        ]
    }

    /// The page, or the one that says why there is none.
    pub fn answer<T: Template>(&self, page: Result<T, Problem>) -> Response {
        match page {
            Ok(page) => self.rendered(StatusCode::OK, &page),
            Err(problem) => self.problem(problem),
        }
    }

    /// A problem as a page, under its status and with its headers.
    pub fn problem(&self, problem: Problem) -> Response {
        let page = ProblemPage {
            shell: self,
            detail: Shown::of_text(problem.detail(), IN_FULL).text,
            is_absent: matches!(problem.kind(), Kind::NotFound | Kind::UnknownPath),
            tip: problem.to_json().get("tip").and_then(Value::as_u64),
        };
        let plain = problem.into_response();
        let mut response = self.rendered(plain.status(), &page);
        if let Some(wait) = plain.headers().get(header::RETRY_AFTER) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, wait.clone());
        }
        response
    }

    /// A page under this status.
    pub(super) fn rendered(&self, status: StatusCode, page: &impl Template) -> Response {
        let Ok(text) = page.render() else {
            let detail = "The page could not be put together.";
            return Problem::new(Kind::Internal, detail).into_response();
        };
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
            (header::VARY, "Accept, Accept-Language, Cookie"),
        ];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        (status, headers, text).into_response()
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'s> {
    shell: &'s Shell,
    detail: String,
    is_absent: bool,
    /// Where a block was asked for that is not in the chain.
    tip: Option<u64>,
}
