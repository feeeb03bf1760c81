//! Curl lines: a call as it can be typed into a shell, whatever is in it. `assets/call.js` writes the same while somebody types.

/// What a line has.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    pub method: &'a str,
    pub url: &'a str,
    /// Whole, as `Authorization: Bearer TOKEN`.
    pub headers: &'a [String],
    pub body: Option<&'a str>,
    /// The answer comes bit by bit and has no end.
    pub is_stream: bool,
}

impl Line<'_> {
    pub fn text(&self) -> String {
        let mut line = String::from("curl");
        if self.is_stream {
            line.push_str(" -N");
        }
        let sends = self.body.is_some();
        let implied = if sends { "POST" } else { "GET" };
        if self.method != implied {
            line.push_str(" -X ");
            line.push_str(self.method);
        }
        for header in self.headers {
            line.push_str(" -H ");
            line.push_str(&quoted(header));
        }
        if let Some(body) = self.body {
            // With -d a body that begins with @ would name a file.
            let option = if body.starts_with('@') {
                " --data-raw "
            } else {
                " -d "
            };
            line.push_str(option);
            line.push_str(&quoted(body));
        }
        line.push(' ');
        line.push_str(&quoted(self.url));
        line
    }
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(method: &str, body: Option<&str>, url: &str) -> String {
        Line {
            method,
            url,
            body,
            ..Line::default()
        }
        .text()
    }

    #[test]
    fn lines_are_as_the_chapter_has_them() {
        let chain = "http://127.0.0.1:1001/get_chain";
        assert_eq!(line("GET", None, chain), format!("curl {chain}"));
        assert_eq!(line("POST", None, chain), format!("curl -X POST {chain}"));
        let add = "http://127.0.0.1:1001/add_transaction";
        assert_eq!(
            line("POST", Some(r#"{"sender": "alice"}"#), add),
            format!(r#"curl -d '{{"sender": "alice"}}' {add}"#)
        );
        assert_eq!(
            line("POST", Some("@file"), add),
            format!("curl --data-raw @file {add}")
        );
        let events = Line {
            method: "GET",
            url: "http://[::1]:1001/v1/events?a=b&c=d",
            headers: &["Authorization: Bearer TOKEN".to_owned()],
            is_stream: true,
            ..Line::default()
        };
        assert_eq!(
            events.text(),
            "curl -N -H 'Authorization: Bearer TOKEN' 'http://[::1]:1001/v1/events?a=b&c=d'"
        );
    }

    #[test]
    fn the_shell_takes_nothing_of_a_text_for_itself() {
        for text in [
            "",
            "it's",
            "'",
            "$HOME `id` $(id) \\ \"x\" !1",
            "two\nlines\t",
            "交易 é 😀",
            "~",
            "#x",
            "a;b|c&d>e*?[x]{y}",
            "-d",
        ] {
            let script = format!("printf %s {}", quoted(text));
            // A leading dash is an option to printf only where it is not behind its format.
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .output()
                .expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{script}");
        }
    }
}
