//! Server-sent events out of bytes (the HTML standard, section 9.2), in bounded memory whatever comes.

/// Longest line and longest event that are kept. A node's longest event has 16 KiB of transactions in it.
const MOST_BYTES: usize = 64 * 1024;

/// Longest id that is sent back. A node's own has some 50 characters.
const MOST_ID: usize = 128;

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: String,
    pub text: String,
    /// Whether more came than is kept.
    pub cut: bool,
}

/// Reads a stream piece by piece.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    after_return: bool,
    kind: String,
    text: String,
    cut: bool,
    has_text: bool,
    /// Of the event that is being read.
    id: Option<String>,
    /// Of the last event that was whole.
    last_id: Option<String>,
}

impl Parser {
    /// The id to come back with: that of the last whole event that had one.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Takes the next bytes; the events that ended in them.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        for byte in bytes {
            let ended_by_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                // The second half of a line's end.
                b'\n' if ended_by_return => {}
                b'\r' | b'\n' => messages.extend(self.end_line()),
                _ if self.line.len() < MOST_BYTES => self.line.push(*byte),
                _ => self.cut = true,
            }
        }
        messages
    }

    fn end_line(&mut self) -> Option<Message> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.is_empty() {
            return self.end_event();
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.kind = value.to_owned(),
            "data" => self.add_text(value),
            // What a header cannot carry is no id to come back with.
            "id" if value.len() <= MOST_ID && value.bytes().all(|byte| byte.is_ascii_graphic()) => {
                self.id = Some(value.to_owned());
            }
            // Comments, `retry`, and what is not known.
            _ => {}
        }
        None
    }

    fn add_text(&mut self, value: &str) {
        let between = if self.has_text { "\n" } else { "" };
        if self.text.len() + between.len() + value.len() <= MOST_BYTES {
            self.text.push_str(between);
            self.text.push_str(value);
        } else {
            self.cut = true;
        }
        self.has_text = true;
    }

    fn end_event(&mut self) -> Option<Message> {
        if let Some(id) = self.id.take() {
            self.last_id = Some(id).filter(|id| !id.is_empty());
        }
        let kind = std::mem::take(&mut self.kind);
        let text = std::mem::take(&mut self.text);
        let cut = std::mem::take(&mut self.cut);
        // Without data it is no event.
        std::mem::take(&mut self.has_text).then_some(Message { kind, text, cut })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: &str, text: &str) -> Message {
        Message {
            kind: kind.to_owned(),
            text: text.to_owned(),
            cut: false,
        }
    }

    #[test]
    fn events_come_out_as_the_standard_says() {
        let stream = "\u{feff}: following\nid: run-5\n\nid: run-6\nevent: block\ndata: {\"height\":2}\n\n\
                      data: a\rdata:b\r\n\r\ndata\n\nevent: nothing\n\nretry: 1\nunheard: of\nevent: x\ndata:  y\n\nid: z\ndata: unfinished";
        let mut parser = Parser::default();
        assert_eq!(
            parser.push(stream.as_bytes()),
            [
                message("block", "{\"height\":2}"),
                message("", "a\nb"),
                message("", ""),
                message("x", " y"),
            ]
        );
        assert_eq!(
            parser.last_id(),
            Some("run-6"),
            "z belongs to no whole event"
        );
    }

    #[test]
    fn an_id_without_data_counts_and_one_that_no_header_carries_does_not() {
        let mut parser = Parser::default();
        assert!(parser.push(b": following\nid: a-1\n\n").is_empty());
        assert_eq!(parser.last_id(), Some("a-1"));
        parser.push(b"id: a\x1b-2\ndata: x\n\nid: \xff\ndata: x\n\n");
        parser.push(format!("id: {}\ndata: x\n\n", "7".repeat(MOST_ID + 1)).as_bytes());
        assert_eq!(parser.last_id(), Some("a-1"));
        parser.push(b"id\ndata: x\n\n");
        assert_eq!(
            parser.last_id(),
            None,
            "an empty id takes the last one back"
        );
    }

    #[test]
    fn what_never_ends_is_cut() {
        let mut parser = Parser::default();
        for _ in 0..100 {
            assert!(parser.push(&[b'x'; 10_000]).is_empty());
            assert!(parser.line.capacity() <= 2 * MOST_BYTES);
        }
        for _ in 0..100 {
            parser.push(b"\ndata: ");
            parser.push(&[b'y'; 10_000]);
            assert!(parser.text.capacity() <= 2 * MOST_BYTES);
        }
        let messages = parser.push(b"\n\ndata: z\n\n");
        assert!(messages[0].cut && messages[0].text.len() <= MOST_BYTES);
        assert_eq!(messages[1], message("", "z"));
    }

    proptest! {
        /// However the network cuts a stream into pieces, its events are the same.
        #[test]
        fn pieces_make_no_difference(stream in "(id: [a-c]|data: x|event: y|:|\u{e9}|\r|\n|\r\n){0,40}", at in 0_usize..200) {
            let mut whole = Parser::default();
            let mut pieces = Parser::default();
            let at = at.min(stream.len());
            let expected = whole.push(stream.as_bytes());
            let mut found = pieces.push(&stream.as_bytes()[..at]);
            found.extend(pieces.push(&stream.as_bytes()[at..]));
            prop_assert_eq!(found, expected);
            prop_assert_eq!(pieces.last_id(), whole.last_id());
        }
    }
}
