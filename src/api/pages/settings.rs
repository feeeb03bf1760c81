//! `/settings`: remembers language and theme in the browser, and goes back. The node keeps nothing.

use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::problem::{Kind, Problem};
use super::strings::Language;
use super::visit::{LANGUAGE_COOKIE, THEME_COOKIE, Theme};

/// A year, in seconds.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// What may be chosen here.
struct Choice {
    cookies: Vec<String>,
    /// Where to go on: a path of this node.
    back: String,
}

pub(super) async fn choose(RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let choice = read(query.as_deref().unwrap_or(""))?;
    let back = HeaderValue::from_str(&choice.back).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response();
    for cookie in &choice.cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    Ok(response)
}

fn read(query: &str) -> Result<Choice, Problem> {
    let mut choice = Choice {
        cookies: Vec::new(),
        back: "/".to_owned(),
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "language" => {
                let language =
                    Language::of_tag(&value).ok_or_else(|| bad("language", "en or zh"))?;
                choice.cookies.push(kept(LANGUAGE_COOKIE, language.tag()));
            }
            "theme" => {
                let theme =
                    Theme::named(&value).ok_or_else(|| bad("theme", "system, light or dark"))?;
                choice.cookies.push(kept(THEME_COOKIE, theme.name()));
            }
            "back" => choice.back = own_path(&value),
            other => {
                let name: String = other.chars().take(100).collect();
                let detail =
                    format!("`{name}` is no setting: there are `language`, `theme` and `back`.");
                return Err(Problem::new(Kind::BadParameter, detail));
            }
        }
    }
    Ok(choice)
}

fn kept(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age={KEPT}; SameSite=Lax")
}

fn bad(parameter: &'static str, what: &str) -> Problem {
    let detail = format!("`{parameter}` may be {what}.");
    Problem::new(Kind::BadParameter, detail).with("parameter", parameter)
}

/// A path of this node, encoded; whatever leads elsewhere leads to the first page.
fn own_path(wanted: &str) -> String {
    let here = url::Url::parse("http://node.invalid").expect("a URL");
    let joined = here.join(wanted).ok();
    // A path that begins with two strokes would name a host.
    let joined = joined.filter(|to| to.origin() == here.origin() && !to.path().starts_with("//"));
    let Some(to) = joined else {
        return "/".to_owned();
    };
    match to.query() {
        Some(query) => format!("{}?{query}", to.path()),
        None => to.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_node() {
        for (wanted, back) in [
            ("/chain?from=7", "/chain?from=7"),
            ("/account/a b\"<é", "/account/a%20b%22%3C%C3%A9"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("\\\\evil.example", "/"),
            ("http://evil.example/x", "/"),
            ("javascript:alert(1)", "/"),
            ("/.//evil.example", "/"),
            ("/a\r\nSet-Cookie: x=y", "/aSet-Cookie:%20x=y"),
            ("", "/"),
        ] {
            assert_eq!(own_path(wanted), back, "{wanted}");
        }
    }

    #[test]
    fn only_what_is_there_can_be_chosen() {
        let choice = read("language=zh&theme=dark&back=%2Fnetwork").expect("a choice");
        assert_eq!(choice.back, "/network");
        assert!(choice.cookies[0].starts_with("bcoin_language=zh-CN; Path=/;"));
        assert!(choice.cookies[1].starts_with("bcoin_theme=dark;"));
        for wrong in ["language=xx", "theme=", "colour=red"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
