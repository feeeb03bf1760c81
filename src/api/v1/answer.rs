//! JSON answers that hold canonical text of blocks and transactions, assembled as text.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::limits::PAGE_BYTES;

/// The media type of all answers but problems and canonical text.
pub const JSON: &str = "application/json";

/// A list that ends before it is too long to send.
#[derive(Debug)]
pub struct Entries {
    text: String,
    count: usize,
    limit: usize,
}

impl Entries {
    /// At most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            count: 0,
            limit,
        }
    }

    /// Adds an entry, which is JSON.
    pub fn push(&mut self, entry: &str) {
        if self.count > 0 {
            self.text.push_str(", ");
        }
        self.text.push_str(entry);
        self.count += 1;
    }

    /// Whether the page ends here: as many entries as were asked for, or as many bytes as one answer has.
    pub fn is_full(&self) -> bool {
        self.count >= self.limit || self.text.len() >= PAGE_BYTES
    }

    /// What goes between the brackets.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A cursor as JSON.
pub fn cursor(next: Option<impl std::fmt::Display>) -> String {
    next.map_or("null".to_owned(), |next| next.to_string())
}

/// An answer that is true at this moment only.
pub fn of_the_moment(body: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, JSON)], body).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// [`of_the_moment`], of what serde can say.
pub fn json_of_the_moment(answer: &impl serde::Serialize) -> Response {
    match serde_json::to_string(answer) {
        Ok(body) => of_the_moment(body),
        Err(error) => {
            use super::super::problem::{Kind, Problem};
            Problem::new(
                Kind::Internal,
                format!("The answer cannot be said in JSON: {error}."),
            )
            .into_response()
        }
    }
}
