//! Who looks at a page, and how they want it: language, theme, and the address they came by.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::super::curl_line::shown_host;
use super::strings::Language;

/// The cookies of the choices, which all nodes of one host share.
pub(super) const LANGUAGE_COOKIE: &str = "bcoin_language";
pub(super) const THEME_COOKIE: &str = "bcoin_theme";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// A request for a page.
#[derive(Debug, Clone)]
pub struct Visit {
    pub language: Language,
    pub theme: Theme,
    /// The node's address as the visitor typed it: `127.0.0.1:1001`.
    pub host: String,
    /// Path and query.
    pub here: String,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let host = headers.get(header::HOST);
        let here = parts.uri.path_and_query();
        Ok(Self {
            language: cookie(headers, LANGUAGE_COOKIE)
                .and_then(Language::of_tag)
                .unwrap_or_else(|| preferred(headers)),
            theme: cookie(headers, THEME_COOKIE)
                .and_then(Theme::named)
                .unwrap_or_default(),
            host: shown_host(host.and_then(|host| host.to_str().ok())).to_owned(),
            here: here.map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }
}

/// The value of a cookie.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let pairs = cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

/// The first language of `Accept-Language` that is here. Browsers send it in order of preference.
fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
    let tags = accepted.split(',').map(|tag| {
        let (tag, _) = tag.split_once(';').unwrap_or((tag, ""));
        tag.trim()
    });
    tags.into_iter()
        .find_map(Language::of_tag)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn visit(headers: &[(&str, &str)]) -> Visit {
        let mut request = Request::builder().uri("/chain?from=7");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let Ok(visit) = Visit::from_request_parts(&mut parts, &()).await;
        visit
    }

    #[tokio::test]
    async fn a_choice_goes_before_what_the_browser_prefers() {
        let zh = visit(&[("accept-language", "fr-FR, zh-CN;q=0.8, en;q=0.5")]).await;
        assert_eq!(zh.language, Language::Chinese);
        assert_eq!(
            (zh.theme, zh.here.as_str()),
            (Theme::System, "/chain?from=7")
        );
        let chosen = [
            ("accept-language", "zh"),
            ("cookie", "a=b; bcoin_language=en; bcoin_theme=dark"),
        ];
        let chosen = visit(&chosen).await;
        assert_eq!(
            (chosen.language, chosen.theme),
            (Language::English, Theme::Dark)
        );
        let odd = visit(&[("cookie", "bcoin_language=\"><script>; bcoin_theme=")]).await;
        assert_eq!(
            (odd.language, odd.theme),
            (Language::English, Theme::System)
        );
    }
}
