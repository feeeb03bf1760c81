//! A Postman collection (format 2.1) and its environment: the book's chapter against three nodes, then every other call.
//!
//! Made from the OpenAPI documents: whatever a request says, sends or is asked with stands there. What is added here is the
//! order of the chapter, and what an answer must hold. Newman runs it against a fresh `bcoin up`, and again later.

mod chapter;
mod classic;
mod coin;

use serde_json::{Value, json};

use super::book::sentences;

/// Where the book's three nodes are.
const BASES: [(&str, &str); 3] = [
    ("base1", "http://127.0.0.1:1001"),
    ("base2", "http://127.0.0.1:1002"),
    ("base3", "http://127.0.0.1:1003"),
];

/// One request of the chapter.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    /// Which of [`BASES`] is asked.
    node: usize,
    method: &'static str,
    path: &'static str,
    /// In place of the document's example.
    body: Option<&'static str>,
    /// Any of these.
    status: &'static [u16],
    /// Lines of the test script.
    checks: &'static [&'static str],
}

const fn get(name: &'static str, node: usize, path: &'static str) -> Step {
    Step {
        name,
        node,
        method: "GET",
        path,
        body: None,
        status: &[200],
        checks: &[],
    }
}

const fn post(
    name: &'static str,
    node: usize,
    path: &'static str,
    body: Option<&'static str>,
) -> Step {
    Step {
        method: "POST",
        status: &[201],
        body,
        ..get(name, node, path)
    }
}

impl Step {
    const fn checks(self, checks: &'static [&'static str]) -> Self {
        Self { checks, ..self }
    }

    const fn ends(self, status: &'static [u16]) -> Self {
        Self { status, ..self }
    }
}

/// A collection for one protocol.
struct Collection {
    name: &'static str,
    description: &'static str,
    /// What an OpenAPI document says of the calls.
    document: utoipa::openapi::OpenApi,
    chapter: Vec<Step>,
    /// For paths that name something: what the chapter leaves in the collection's variables, or what is there from the start.
    named: &'static [(&'static str, &'static str)],
    /// Calls that another step makes, or that have no end.
    left_out: &'static [&'static str],
}

/// The classic collection, pretty, with a line end.
pub fn postman_collection() -> String {
    classic::collection().print()
}

/// The collection for the network dev, pretty, with a line end.
pub fn postman_dev_collection() -> String {
    coin::collection().print()
}

impl Collection {
    fn print(self) -> String {
        let document = serde_json::to_value(&self.document).unwrap_or_default();
        let chapter: Vec<Value> = self
            .chapter
            .iter()
            .map(|step| chapter_item(&document, step))
            .collect();
        let mut collection = json!({
            "info": {
                "name": self.name,
                "description": self.description,
                "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
            },
            "item": [
                {"name": "The chapter", "description": "Run it from top to bottom; it may be run again.", "item": chapter},
                {"name": "More", "description": "What the node knows, for programs, and how it is. `/v1/events` is left out, since it never ends: use curl -N; and `/v1/session`, where nodes meet.", "item": self.reading_items(&document)},
            ],
        });
        if let Value::Object(members) = &mut collection {
            let variables = BASES.map(|(key, value)| json!({"key": key, "value": value}));
            let length = json!({"key": "length1", "value": ""});
            members.insert(
                "variable".to_owned(),
                variables.into_iter().chain([length]).collect(),
            );
        }
        pretty(&collection)
    }

    /// Every reading call outside the chapter that has an end.
    fn reading_items(&self, document: &Value) -> Vec<Value> {
        let paths = document.get("paths").and_then(Value::as_object);
        let reading = paths
            .into_iter()
            .flatten()
            .filter_map(|(path, item)| Some((path.as_str(), item.get("get")?)));
        reading
            .filter(|(path, _)| {
                let made = self.chapter.iter().any(|step| step.path == *path);
                !made && !self.left_out.contains(path)
            })
            .map(|(path, operation)| {
                let (path, query) = self.with_examples(path, operation);
                let request = json!({
                    "method": "GET",
                    "header": [],
                    "url": url("base1", &path, &query),
                    "description": description(operation),
                });
                item(&format!("Node 1: {path}"), request, &[200], &[])
            })
            .collect()
    }

    /// The path and the query with the examples that the document gives, or that stand in `named`.
    fn with_examples(&self, path: &str, operation: &Value) -> (String, Vec<(String, String)>) {
        let mut path = path.to_owned();
        let mut query = Vec::new();
        for (name, value) in self.named {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let parameters = operation.get("parameters").and_then(Value::as_array);
        for parameter in parameters.into_iter().flatten() {
            let member = |name| {
                parameter
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let example = match parameter.get("example") {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => continue,
            };
            match member("in") {
                "path" => path = path.replace(&format!("{{{}}}", member("name")), &example),
                "query" => query.push((member("name").to_owned(), example)),
                _ => {}
            }
        }
        (path, query)
    }
}

/// The environment, pretty, with a line end: where the three nodes are.
pub fn postman_environment() -> String {
    let values = BASES.map(
        |(key, value)| json!({"key": key, "value": value, "type": "default", "enabled": true}),
    );
    pretty(&json!({
        "id": "b-coin",
        "name": "B-Coin",
        "values": values,
        "_postman_variable_scope": "environment",
    }))
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

/// What the document says of a call.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    document.get("paths")?.get(path)?.get(method.to_lowercase())
}

fn chapter_item(document: &Value, step: &Step) -> Value {
    let described = operation(document, step.method, step.path);
    let example = described.and_then(example_body);
    let body = step.body.map(str::to_owned).or(example);
    let base = BASES.get(step.node).map_or("base1", |(name, _)| name);
    let mut request = json!({
        "method": step.method,
        "header": [],
        "url": url(base, step.path, &[]),
        "description": described.map(description).unwrap_or_default(),
    });
    if let (Some(body), Value::Object(members)) = (body, &mut request) {
        members.insert(
            "header".to_owned(),
            json!([{"key": "Content-Type", "value": "application/json"}]),
        );
        members.insert(
            "body".to_owned(),
            json!({"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}),
        );
    }
    item(step.name, request, step.status, step.checks)
}

fn example_body(operation: &Value) -> Option<String> {
    let example = operation.pointer("/requestBody/content/application~1json/example")?;
    Some(example.to_string())
}

fn description(operation: &Value) -> String {
    let texts =
        ["summary", "description"].map(|member| operation.get(member).and_then(Value::as_str));
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    texts.join("\n\n")
}

fn url(base: &str, path: &str, query: &[(String, String)]) -> Value {
    let pairs: Vec<String> = query
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let raw = match pairs.is_empty() {
        true => format!("{{{{{base}}}}}{path}"),
        false => format!("{{{{{base}}}}}{path}?{}", pairs.join("&")),
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let query: Vec<Value> = query
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    json!({"raw": raw, "host": [format!("{{{{{base}}}}}")], "path": segments, "query": query})
}

fn item(name: &str, request: Value, status: &[u16], checks: &[&str]) -> Value {
    let mut script = vec![match status {
        [status] => {
            format!("pm.test('status {status}', () => pm.response.to.have.status({status}));")
        }
        several => {
            format!(
                "pm.test('status', () => pm.expect(pm.response.code).to.be.oneOf({several:?}));"
            )
        }
    }];
    if !checks.is_empty() {
        let used = sentences_in(checks);
        script.push("pm.test('what it says', () => {".to_owned());
        script.push("    const answer = pm.response.json();".to_owned());
        if !used.is_empty() {
            script.push(format!("    const sentences = {};", Value::Object(used)));
        }
        script.extend(checks.iter().map(|check| format!("    {check}")));
        script.push("});".to_owned());
    }
    json!({
        "name": name,
        "request": request,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
    })
}

/// The book's sentences that a test names.
fn sentences_in(checks: &[&str]) -> serde_json::Map<String, Value> {
    const ALL: [(&str, &str); 7] = [
        ("MINED", sentences::MINED),
        ("VALID", sentences::VALID),
        ("CONNECTED", sentences::CONNECTED),
        ("REPLACED", sentences::REPLACED),
        ("KEPT", sentences::KEPT),
        ("MEMBERS_MISSING", sentences::MEMBERS_MISSING),
        ("NO_NODE", sentences::NO_NODE),
    ];
    ALL.into_iter()
        .filter(|(name, _)| {
            checks.iter().any(|check| {
                check
                    .split(|sign: char| !matches!(sign, 'A'..='Z' | '_'))
                    .any(|word| word == *name)
            })
        })
        .map(|(name, sentence)| (name.to_owned(), sentence.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fallback::KnownRoute;
    use super::*;

    /// Whether a chapter makes each of these calls with each of its methods.
    fn makes_every_call(chapter: &[Step], routes: &[KnownRoute]) {
        for route in routes {
            for method in route.methods {
                let made = |step: &&Step| step.path == route.path && step.method == *method;
                assert!(
                    chapter.iter().any(|step| made(&step)),
                    "{method} {}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn the_chapters_make_every_call_of_the_book_with_every_method() {
        makes_every_call(&classic::collection().chapter, &super::super::book::ROUTES);
        makes_every_call(
            &coin::collection().chapter,
            &super::super::coin::listed_routes(),
        );
    }

    /// To regenerate: `cargo run -- postman > postman/b-coin.postman_collection.json`, with `--environment` for
    /// `b-coin.postman_environment.json`, and with `--network dev` for `b-coin-dev.postman_collection.json`.
    #[test]
    fn the_committed_copies_are_what_the_code_makes() {
        for (committed, made) in [
            (
                include_str!("../../../postman/b-coin.postman_collection.json"),
                postman_collection(),
            ),
            (
                include_str!("../../../postman/b-coin-dev.postman_collection.json"),
                postman_dev_collection(),
            ),
            (
                include_str!("../../../postman/b-coin.postman_environment.json"),
                postman_environment(),
            ),
        ] {
            assert!(
                committed == made,
                "run `cargo run -- postman` again, as above"
            );
        }
    }
}
