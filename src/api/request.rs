//! Reads the body of one of the six calls as one JSON object.

use axum::body::Body;

use super::body::{BodyLimit, looks_like_form, read_text};
use super::problem::{Kind, Problem};
use crate::protocol::classic::json::{CanonicalObject, Grammar, canonicalize};

/// The object, its values in canonical text. `sentence` is the book's for what is missing, `example` a call that works.
pub async fn request_object(
    body: Body,
    limit: BodyLimit,
    sentence: &str,
    example: impl Fn() -> String,
) -> Result<CanonicalObject, Problem> {
    let text = request_text(body, limit, sentence, &example).await?;
    canonicalize(&text, Grammar::REQUEST).map_err(|error| {
        form_instead_of_json(&text, sentence, &example).unwrap_or_else(|| error.into())
    })
}

/// The body as text; where it is empty, an example of one that is not.
pub async fn request_text(
    body: Body,
    limit: BodyLimit,
    sentence: &str,
    example: impl Fn() -> String,
) -> Result<String, Problem> {
    read_text(body, limit)
        .await
        .map_err(|problem| match problem.kind() {
            Kind::EmptyBody => Problem::new(
                Kind::EmptyBody,
                format!("{sentence} {} For example: {}", problem.detail(), example()),
            ),
            _ => problem,
        })
}

/// The problem of a text that is no JSON, if it looks like a web form.
pub fn form_instead_of_json(
    text: &str,
    sentence: &str,
    example: impl Fn() -> String,
) -> Option<Problem> {
    looks_like_form(text.as_bytes()).then(|| {
        let detail = format!(
            "{sentence} The body looks like a form (name=value), this call needs JSON: {}",
            example()
        );
        Problem::new(Kind::NotJson, detail)
    })
}
