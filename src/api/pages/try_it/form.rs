//! A call as a form: what can be filled in, and the curl line that it makes. `assets/call.js` reads the same fields.

use super::curl::Line;

/// What stands for the token in curl lines: the real one is shown nowhere.
const TOKEN_HEADER: &str = "Authorization: Bearer TOKEN";

/// Where a field's text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    Path,
    Query,
    Header,
    /// A member of the body.
    Member,
    /// It is the body.
    Body,
}

/// How a field's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// JSON where it is some, and text otherwise.
    Json,
    /// A list of texts, one a line.
    Lines,
    /// Several lines, as they are.
    Long,
}

/// Something to fill in.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub name: String,
    pub label: String,
    pub value: String,
    pub goes: Goes,
    pub kind: Kind,
    /// What a visitor should know of it, in the page's language or, of the document's own, in English.
    pub hint: Option<String>,
    pub hint_is_english: bool,
    pub is_required: bool,
}

impl Field {
    pub fn new(name: &str, label: &str, value: impl Into<String>, goes: Goes, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            value: value.into(),
            goes,
            kind,
            hint: None,
            hint_is_english: false,
            is_required: false,
        }
    }

    pub fn place(&self) -> &'static str {
        match self.goes {
            Goes::Path => "path",
            Goes::Query => "query",
            Goes::Header => "header",
            Goes::Member => "member",
            Goes::Body => "body",
        }
    }

    pub fn read_as(&self) -> &'static str {
        match self.kind {
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Lines => "lines",
            Kind::Long => "long",
        }
    }

    pub fn is_long(&self) -> bool {
        matches!(self.kind, Kind::Lines | Kind::Long)
    }

    /// Of the text area.
    pub fn rows(&self) -> usize {
        self.value.lines().count().clamp(3, 12)
    }

    fn json(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match self.kind {
            Kind::Text | Kind::Long => text(&self.value),
            Kind::Json => {
                let is_json = serde_json::from_str::<serde_json::Value>(&self.value).is_ok();
                match is_json {
                    true => self.value.trim().to_owned(),
                    false => text(&self.value),
                }
            }
            Kind::Lines => {
                let lines = self.value.lines().map(str::trim);
                let lines: Vec<String> = lines.filter(|line| !line.is_empty()).map(text).collect();
                format!("[{}]", lines.join(", "))
            }
        }
    }
}

/// A call to fill in and send.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// Its name in the page.
    pub id: String,
    /// What its button says.
    pub button: String,
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    pub fields: Vec<Field>,
    /// Whether it changes the node.
    pub changes: bool,
    /// Whether it needs the token, where one is asked for.
    pub needs_token: bool,
    /// Whether its answer has no end.
    pub is_stream: bool,
    /// What may stand behind the curl line, as `| sha256sum`.
    pub piped: &'static str,
    /// The node that it is sent to: `http://127.0.0.1:1001`.
    pub origin: String,
    /// The curl line as it stands before anything is typed.
    pub line: String,
}

impl Form {
    pub fn get(id: &str, button: &str, path: &str) -> Self {
        Self {
            id: id.to_owned(),
            button: button.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            fields: Vec::new(),
            changes: false,
            needs_token: false,
            is_stream: false,
            piped: "",
            origin: String::new(),
            line: String::new(),
        }
    }

    pub fn post(id: &str, button: &str, path: &str, fields: Vec<Field>) -> Self {
        Self {
            method: "POST".to_owned(),
            fields,
            ..Self::get(id, button, path)
        }
    }

    pub fn changing(self) -> Self {
        Self {
            changes: true,
            needs_token: true,
            ..self
        }
    }

    /// The same, for a node; `asks_for_token` where that would refuse changes without.
    pub fn sent_to(self, origin: &str, asks_for_token: bool) -> Self {
        Self {
            origin: origin.to_owned(),
            line: self.curl(origin, asks_for_token),
            needs_token: self.needs_token && asks_for_token,
            ..self
        }
    }

    fn curl(&self, origin: &str, asks_for_token: bool) -> String {
        let url = format!("{origin}{}", self.target());
        let filled = |goes: Goes| {
            let fields = self.fields.iter().filter(move |field| field.goes == goes);
            fields.filter(|field| !field.value.is_empty())
        };
        let mut headers: Vec<String> = filled(Goes::Header)
            .map(|field| format!("{}: {}", field.name, field.value))
            .collect();
        if asks_for_token && self.needs_token {
            headers.insert(0, TOKEN_HEADER.to_owned());
        }
        let body = self.body();
        let line = Line {
            method: &self.method,
            url: &url,
            headers: &headers,
            body: body.as_deref(),
            is_stream: self.is_stream,
        };
        let quiet = match self.piped {
            "" => return line.text(),
            piped => format!("{} {piped}", line.text()),
        };
        quiet.replacen("curl ", "curl -s ", 1)
    }

    /// Path and query.
    fn target(&self) -> String {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for field in &self.fields {
            match field.goes {
                Goes::Path => {
                    path = path.replace(&format!("{{{}}}", field.name), &encoded(&field.value));
                }
                Goes::Query if !field.value.is_empty() => {
                    query.push(format!(
                        "{}={}",
                        encoded(&field.name),
                        encoded(&field.value)
                    ));
                }
                Goes::Query | Goes::Header | Goes::Member | Goes::Body => {}
            }
        }
        match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        }
    }

    fn body(&self) -> Option<String> {
        if let Some(whole) = self.fields.iter().find(|field| field.goes == Goes::Body) {
            return Some(whole.value.clone());
        }
        let members = self
            .fields
            .iter()
            .filter(|field| field.goes == Goes::Member);
        let members: Vec<String> = members
            .map(|field| {
                format!(
                    "{}: {}",
                    serde_json::Value::from(field.name.as_str()),
                    field.json()
                )
            })
            .collect();
        (!members.is_empty()).then(|| format!("{{{}}}", members.join(", ")))
    }
}

/// As `encodeURIComponent` has it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_makes_the_chapters_line() {
        let member =
            |name: &str, value: &str, kind| Field::new(name, name, value, Goes::Member, kind);
        let fields = vec![
            member("sender", "alice", Kind::Text),
            member("receiver", "it's \"bob\"", Kind::Text),
            member("amount", " 5", Kind::Json),
        ];
        let add = Form::post("main", "", "/add_transaction", fields).changing();
        let line = r#"-d '{"sender": "alice", "receiver": "it'\''s \"bob\"", "amount": 5}' http://h:1/add_transaction"#;
        assert_eq!(add.curl("http://h:1", false), format!("curl {line}"));
        assert_eq!(
            add.curl("http://h:1", true),
            format!("curl -H 'Authorization: Bearer TOKEN' {line}")
        );
        let nodes = vec![member("nodes", "http://a:1\n\n b:2 \n", Kind::Lines)];
        assert_eq!(
            Form::post("main", "", "/connect_node", nodes).curl("http://h", false),
            r#"curl -d '{"nodes": ["http://a:1", "b:2"]}' http://h/connect_node"#
        );
    }

    #[test]
    fn parameters_are_encoded_and_empty_ones_left_out() {
        let mut form = Form::get("main", "", "/v1/blocks/{block}");
        form.fields = vec![
            Field::new("block", "", "a/b?c 交", Goes::Path, Kind::Text),
            Field::new("from", "", "", Goes::Query, Kind::Text),
            Field::new("limit", "", "1&2", Goes::Query, Kind::Text),
        ];
        assert_eq!(
            form.curl("http://h", false),
            "curl 'http://h/v1/blocks/a%2Fb%3Fc%20%E4%BA%A4?limit=1%262'"
        );
        form.fields.clear();
        form.path = "/v1/blocks/1/text".to_owned();
        form.piped = "| sha256sum";
        assert_eq!(
            form.curl("http://h", true),
            "curl -s http://h/v1/blocks/1/text | sha256sum"
        );
    }
}
