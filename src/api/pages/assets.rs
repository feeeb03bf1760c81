//! What pages are made of beside their text: style sheet, scripts and pictures, built into the program.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};

use super::super::problem::{Kind, Problem};

#[derive(Embed)]
#[folder = "src/api/pages/assets"]
struct Assets;

/// `version` changes with every file, so that browsers may keep what they have.
pub(in crate::api) const PATH: &str = "/assets/{version}/{*file}";

/// The folder of this program's files: `/assets/5f0c2a9e`.
pub(super) fn folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut all = Sha256::new();
        for name in Assets::iter() {
            all.update(name.as_bytes());
            all.update(Assets::get(&name).map_or([0; 32], |file| file.metadata.sha256_hash()));
        }
        let hash = hex::encode(all.finalize());
        format!("/assets/{}", hash.get(..8).unwrap_or(&hash))
    })
}

pub(super) async fn file(path: Result<Path<(String, String)>, PathRejection>) -> Response {
    let Ok(Path((version, name))) = path else {
        return not_there();
    };
    let Some(file) = Assets::get(&name) else {
        return not_there();
    };
    let is_this_version = folder().strip_prefix("/assets/") == Some(version.as_str());
    answer(&name, file, is_this_version)
}

fn answer(name: &str, file: EmbeddedFile, is_this_version: bool) -> Response {
    let content_type = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // Another version's page asks on, once it is loaded anew.
    let caching = match is_this_version {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn not_there() -> Response {
    Problem::new(
        Kind::NotFound,
        "No file of this node's pages has that name.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_files_that_are_there_and_nothing_elsewhere() {
        let mut scripts = 0;
        for name in Assets::iter().filter(|name| name.ends_with(".js")) {
            scripts += 1;
            let file = Assets::get(&name).expect("a listed file");
            let text = std::str::from_utf8(&file.data).expect("text");
            for from in text.split("from \"./").skip(1) {
                let imported = from.split('"').next().expect("a name");
                assert!(Assets::get(imported).is_some(), "{name} imports {imported}");
            }
            assert!(
                !text.contains("innerHTML"),
                "{name} must not read text as a page"
            );
        }
        assert!(scripts > 0);
    }
}
