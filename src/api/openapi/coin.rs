//! The document of a coin node, made from what stands beside its handlers.

use utoipa::OpenApi;

use super::super::coin;
use super::super::guard::{Guard, GuardSettings};
use super::common::{self, ProblemShape};

/// What the document says of itself.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "B-Coin node, coin protocol",
        description = "A small blockchain node with real coins: the book's six calls over signatures, proof of work and balances, and `/v1` for programs. Amounts are text in coins, exact to 18 places; fees are text in units a gas; a coin has 10^18 units.",
        license(name = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The node that this document came from.")),
    tags(
        (name = "book", description = "The book's six calls."),
        (name = "v1", description = "What the node knows, for programs, and work for miners."),
        (name = "peers", description = "What other nodes read of this one's chain, as bytes."),
        (name = "health", description = "For whoever starts and watches the node."),
    ),
    components(schemas(ProblemShape))
)]
struct Itself;

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    // No request comes by here: what the rules would say plays no part.
    let described = coin::described_routes(&Guard::new(GuardSettings::default()));
    let mut document = Itself::openapi();
    document.merge(described.into_openapi());
    common::complete(&mut document);
    document
}

/// The document as it is served.
pub fn openapi_json() -> String {
    super::as_text(&document())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_the_book_are_described_with_the_methods_they_answer_to() {
        super::super::tests::lists_methods(&document(), &coin::listed_routes());
    }

    #[test]
    fn the_document_is_whole() {
        super::super::tests::is_whole(&document());
    }
}
