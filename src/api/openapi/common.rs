//! What holds for every call, said once: the problems that any request may meet, and names for operations.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, SecurityRequirement,
};

use super::super::problem::PROBLEM_JSON;

/// An error (RFC 9457). `type` tells what kind it is, `detail` what happened this time and what to do about it.
///
/// More members are there where they help, as `missing` or `tip`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemShape {
    #[schema(pattern = "^/problems/[a-z-]+$", example = "/problems/missing-member")]
    pub r#type: String,
    #[schema(example = "A member is missing")]
    pub title: String,
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    #[schema(
        example = "Some transactional components are missing. A transaction needs 'receiver'."
    )]
    pub detail: String,
    /// The path that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub instance: Option<String>,
}

/// The name of the security scheme.
const TOKEN: &str = "token";

/// Status, component and meaning of the problems that any request may meet.
const ANY: [(&str, &str, &str); 5] = [
    (
        "400",
        "BadRequest",
        "The request, or a parameter of it, cannot be read; `detail` says which and why.",
    ),
    (
        "421",
        "UnknownHost",
        "The request's `Host` is none of this node's names: the sign of a page that uses DNS against it.",
    ),
    (
        "431",
        "HeadersTooLarge",
        "Request line and headers have more than 8 KiB together.",
    ),
    (
        "500",
        "Internal",
        "The node made a mistake, or its store is damaged; its log says more.",
    ),
    (
        "503",
        "Busy",
        "The node has its hands full, or is stopping; where `Retry-After` is there, ask again after so many seconds.",
    ),
];

/// The same, for calls that change the node.
const CHANGING: [(&str, &str, &str); 3] = [
    (
        "401",
        "TokenNeeded",
        "The call came over the network without the node's token, from an address that `--allow` does not name.",
    ),
    (
        "403",
        "ForeignPage",
        "A browser asks on behalf of another site's page, or before anybody meant to.",
    ),
    (
        "507",
        "StorageFull",
        "The disk takes no writes; nothing was changed.",
    ),
];

/// The same, for calls with a body.
const WITH_BODY: [(&str, &str, &str); 2] = [
    (
        "408",
        "BodyTimeout",
        "The body did not arrive within 10 seconds.",
    ),
    (
        "413",
        "BodyTooLarge",
        "The body is larger than this call takes.",
    ),
];

/// Adds what no handler's description says.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    for (status, name, meaning) in ANY.into_iter().chain(CHANGING).chain(WITH_BODY) {
        components
            .responses
            .insert(name.to_owned(), RefOr::T(problem(status, meaning)));
    }
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components
        .security_schemes
        .insert(TOKEN.to_owned(), token.into());
    for (path, item) in &mut document.paths.paths {
        let changes =
            matches!(path.as_str(), "/mine_block" | "/replace_chain") || item.post.is_some();
        if let (Some(_), Some(post)) = (&item.get, &mut item.post)
            && let Some(name) = &mut post.operation_id
        {
            name.push_str("_by_post");
        }
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            describe_problems(operation, &ANY);
            if changes {
                describe_problems(operation, &CHANGING);
                // On loopback no token is asked for.
                let either = [
                    SecurityRequirement::default(),
                    SecurityRequirement::new(TOKEN, [""; 0]),
                ];
                operation.security = Some(either.into());
            }
            if operation.request_body.is_some() {
                describe_problems(operation, &WITH_BODY);
            }
        }
    }
}

/// Adds these problems, and gives their form to errors that a handler's description only words.
fn describe_problems(operation: &mut Operation, problems: &[(&str, &str, &str)]) {
    let responses: &mut BTreeMap<String, RefOr<Response>> = &mut operation.responses.responses;
    for (status, name, _) in problems {
        responses
            .entry((*status).to_owned())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(*name)));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            *response = problem(status, &response.description);
        }
    }
}

fn problem(status: &str, meaning: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let mut response = ResponseBuilder::new().description(meaning).content(
        PROBLEM_JSON,
        ContentBuilder::new().schema(Some(schema)).build(),
    );
    let header = match status {
        "503" => Some((
            "Retry-After",
            Type::Integer,
            "Seconds to wait before asking again.",
        )),
        "401" => Some(("WWW-Authenticate", Type::String, "`Bearer`.")),
        _ => None,
    };
    if let Some((name, of, says)) = header {
        let schema = ObjectBuilder::new().schema_type(of).build();
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(says));
        response = response.header(name, header.build());
    }
    response.build()
}
