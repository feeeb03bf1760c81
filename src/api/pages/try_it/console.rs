//! The console: every call of the node's own OpenAPI document as a form. None is forgotten, since none is named here.

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::super::super::serve::ConnectionFacts;
use super::super::shell::Shell;
use super::super::strings::{Console, Language};
use super::answers::{Meaning, meanings};
use super::asks_for_token;
use super::form::{Field, Form, Goes, Kind};

/// Its answer comes as long as somebody listens.
const STREAM: &str = "/v1/events";

/// A call as the document has it.
#[derive(Debug, Clone)]
pub(super) struct Described {
    /// Its operation's name.
    pub id: String,
    pub tag: String,
    pub summary: String,
    pub description: String,
    pub form: Form,
}

/// All calls of a document, in its order.
pub(super) fn described(document: &Value) -> Vec<Described> {
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = ["get", "post"].into_iter();
            methods.filter_map(move |method| one(method, path, item.get(method)?))
        })
        .collect()
}

fn one(method: &str, path: &str, operation: &Value) -> Option<Described> {
    let text = |name| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let id = text("operationId");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let mut fields: Vec<Field> = parameters
        .into_iter()
        .flatten()
        .filter_map(parameter)
        .collect();
    if let Some(body) = operation.get("requestBody") {
        let example = body.pointer("/content/application~1json/example");
        let example = example.map(spaced).unwrap_or_default();
        fields.push(Field::new("body", "", example, Goes::Body, Kind::Long));
    }
    let needs_token = operation.get("security").is_some();
    let tag = operation.pointer("/tags/0").and_then(Value::as_str);
    Some(Described {
        id: id.to_owned(),
        tag: tag.unwrap_or_default().to_owned(),
        summary: text("summary").to_owned(),
        description: text("description").to_owned(),
        form: Form {
            method: method.to_uppercase(),
            fields,
            changes: needs_token,
            needs_token,
            is_stream: path == STREAM,
            ..Form::get(id, "", path)
        },
    })
}

fn parameter(parameter: &Value) -> Option<Field> {
    let text = |name| parameter.get(name).and_then(Value::as_str);
    let goes = match text("in")? {
        "path" => Goes::Path,
        "query" => Goes::Query,
        _ => Goes::Header,
    };
    let is_list = parameter
        .pointer("/schema/type")
        .is_some_and(|kind| kind == "array");
    let example = match parameter.get("example") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let is_required = parameter.get("required") == Some(&Value::Bool(true));
    let name = text("name")?;
    // Where a stream goes on is nothing to begin with.
    let value = if name == "Last-Event-ID" {
        String::new()
    } else {
        example
    };
    let kind = if is_list { Kind::Lines } else { Kind::Text };
    let mut field = Field::new(name, name, value, goes, kind);
    field.is_required = is_required && goes == Goes::Path;
    field.hint = text("description").map(str::to_owned);
    Some(field)
}

/// JSON in one line, as people write it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// What a call does, in the language of the page, if the table has it.
fn told(t: &Console, path: &str) -> Option<&'static str> {
    Some(match path {
        "/" => t.index,
        "/get_chain" => t.get_chain,
        "/mine_block" => t.mine_block,
        "/is_valid" => t.is_valid,
        "/add_transaction" => t.add_transaction,
        "/connect_node" => t.connect_node,
        "/replace_chain" => t.replace_chain,
        "/livez" => t.livez,
        "/readyz" => t.readyz,
        "/metrics" => t.metrics,
        "/v1/audit" => t.audit,
        "/v1/blocks" => t.blocks,
        "/v1/blocks/{block}" => t.block,
        "/v1/blocks/{block}/text" => t.block_text,
        "/v1/blocks/{block}/raw" => t.block_raw,
        "/v1/displaced" => t.displaced,
        STREAM => t.events,
        "/v1/network" => t.network,
        "/v1/node" => t.node,
        "/v1/peers" => t.peers,
        "/v1/session" => t.session,
        "/v1/transactions/waiting" => t.waiting,
        "/v1/accounts/{address}" => t.account,
        "/v1/accounts/{address}/history" => t.history,
        "/v1/contracts/{address}" => t.contract,
        "/v1/contracts/{address}/source" => t.source,
        "/v1/difficulty" => t.difficulty,
        "/v1/fees" => t.fees,
        "/v1/mempool" => t.mempool,
        "/v1/mining/blocks" => t.mining_blocks,
        "/v1/mining/searches/{number}" => t.searches,
        "/v1/mining/template" => t.template,
        "/v1/proofs/accounts/{address}" => t.account_proof,
        "/v1/proofs/transactions/{hash}" => t.transaction_proof,
        "/v1/supply" => t.supply,
        "/v1/transactions/{hash}" => t.transaction,
        "/v1/chain/blocks" => t.chain_blocks,
        "/v1/chain/headers" => t.chain_headers,
        _ => return None,
    })
}

/// A group of calls.
struct Group {
    title: &'static str,
    calls: Vec<Entry>,
}

/// A call in the list.
struct Entry {
    id: String,
    method: String,
    path: String,
    changes: bool,
    is_current: bool,
    told: Told,
}

/// What a call does, and whether that is in the page's language.
struct Told {
    text: String,
    is_english: bool,
}

impl Told {
    fn of(call: &Described, shell: &Shell) -> Self {
        match told(&shell.t.console, &call.form.path) {
            Some(text) => Self {
                text: text.to_owned(),
                is_english: shell.visit.language == Language::English,
            },
            None => Self {
                text: call.summary.clone(),
                is_english: true,
            },
        }
    }
}

#[derive(Template)]
#[template(path = "try_it/console.html")]
struct ConsolePage<'s> {
    shell: &'s Shell,
    groups: Vec<Group>,
    /// The one that is chosen, and its form, which the template shares with the steps.
    chosen: Option<(Described, Told)>,
    forms: Vec<Form>,
    is_unknown: bool,
    asks_for_token: bool,
    acts: bool,
    meanings: Vec<Meaning>,
}

/// The page; `query` may have `call=`.
pub(super) fn page(
    shell: &Shell,
    calls: &[Described],
    query: Option<&str>,
    facts: Option<ConnectionFacts>,
) -> Response {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or("").as_bytes());
    let wanted = pairs.find(|(name, _)| name == "call");
    let wanted = wanted.map(|(_, value)| value.into_owned());
    let chosen = calls
        .iter()
        .find(|call| Some(&call.id) == wanted.as_ref())
        .cloned();
    let asks_for_token = asks_for_token(facts);
    let origin = format!("http://{}", shell.visit.host);
    let form = chosen
        .as_ref()
        .map(|call| filled(call, shell).sent_to(&origin, asks_for_token));
    shell.answer(Ok(ConsolePage {
        shell,
        groups: groups(shell, calls, wanted.as_deref()),
        is_unknown: wanted.is_some() && chosen.is_none(),
        chosen: chosen.map(|call| {
            let told = Told::of(&call, shell);
            (call, told)
        }),
        forms: form.into_iter().collect(),
        asks_for_token,
        acts: true,
        meanings: meanings(&shell.t.calls),
    }))
}

/// A call's form with its words.
fn filled(call: &Described, shell: &Shell) -> Form {
    let t = &shell.t.calls;
    let mut form = call.form.clone();
    form.button = t.send.to_owned();
    for field in &mut form.fields {
        let place = match field.goes {
            Goes::Body | Goes::Member => {
                t.body.clone_into(&mut field.label);
                continue;
            }
            Goes::Path => t.in_path,
            Goes::Query => t.in_query,
            Goes::Header => t.in_header,
        };
        let required = if field.is_required { t.required } else { "" };
        let marks: Vec<&str> = [place, required]
            .into_iter()
            .filter(|mark| !mark.is_empty())
            .collect();
        field.label = format!("{} ({})", field.name, marks.join(", "));
        if field.goes == Goes::Header && field.name.starts_with("Sec-") {
            field.hint = Some(t.not_by_page.to_owned());
        } else {
            field.hint_is_english = true;
        }
    }
    form
}

fn groups(shell: &Shell, calls: &[Described], wanted: Option<&str>) -> Vec<Group> {
    let t = &shell.t.console;
    let named = [
        ("book", t.tag_book),
        ("v1", t.tag_v1),
        ("peers", t.tag_peers),
        ("health", t.tag_health),
    ];
    // Whatever has no group of its own stands in the last one.
    let group_of = |tag: &str| named.iter().position(|(name, _)| *name == tag).unwrap_or(3);
    let entries = |at: usize| {
        let calls = calls.iter().filter(move |call| group_of(&call.tag) == at);
        calls.map(|call| Entry {
            id: call.id.clone(),
            method: call.form.method.clone(),
            path: call.form.path.clone(),
            changes: call.form.changes,
            is_current: wanted == Some(&call.id),
            told: Told::of(call, shell),
        })
    };
    let titled = named.iter().enumerate();
    titled
        .map(|(at, (_, title))| Group {
            title,
            calls: entries(at).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::super::openapi;
    use super::super::super::strings::Strings;
    use super::*;

    fn documents() -> [Value; 2] {
        [openapi::document(), openapi::coin::document()]
            .map(|document| serde_json::to_value(document).expect("JSON"))
    }

    #[test]
    fn every_operation_of_the_documents_is_a_call_and_every_route_has_its_line() {
        for document in documents() {
            let calls = described(&document);
            let mut operations = 0;
            for (path, item) in document["paths"].as_object().expect("paths") {
                for method in item.as_object().expect("an item").keys() {
                    operations += 1;
                    let made = calls.iter().find(|call| {
                        call.form.path == *path && call.form.method.eq_ignore_ascii_case(method)
                    });
                    let made = made.unwrap_or_else(|| panic!("{method} {path} is forgotten"));
                    assert!(!made.id.is_empty() && !made.summary.is_empty(), "{path}");
                    for name in path
                        .split('{')
                        .skip(1)
                        .filter_map(|rest| rest.split('}').next())
                    {
                        let field = made.form.fields.iter().find(|field| field.name == name);
                        assert!(
                            field.is_some_and(|field| field.goes == Goes::Path),
                            "{path}"
                        );
                    }
                }
                assert!(
                    told(&Strings::ZH.console, path).is_some(),
                    "{path} has no line"
                );
            }
            assert_eq!(calls.len(), operations);
        }
    }

    #[test]
    fn calls_that_change_the_node_are_marked_whatever_their_method() {
        for document in documents() {
            let calls = described(&document);
            let changes: Vec<String> = calls
                .iter()
                .filter(|call| call.form.changes)
                .map(|call| format!("{} {}", call.form.method, call.form.path))
                .collect();
            for wanted in [
                "GET /mine_block",
                "GET /replace_chain",
                "POST /add_transaction",
            ] {
                assert!(changes.iter().any(|call| call == wanted), "{wanted}");
            }
            assert!(
                calls
                    .iter()
                    .all(|call| call.form.method == "GET" || call.form.changes)
            );
        }
    }

    #[test]
    fn bodies_are_written_as_people_do() {
        let body = serde_json::json!({"nodes": ["a", 1], "b": {"c": null}});
        assert_eq!(spaced(&body), r#"{"b": {"c": null}, "nodes": ["a", 1]}"#);
    }
}
