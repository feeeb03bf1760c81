//! Events of a node's stream in words.

use super::super::answer::Members;
use super::super::terminal::count;
use super::answers::clean;
use super::sse::Message;

/// Longest text of an event that is shown.
const MOST: usize = 160;

/// Something that happened, as the view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When it was heard of, here: hours, minutes and seconds of the local day.
    pub at: String,
    /// The node's row.
    pub node: usize,
    pub kind: String,
    pub words: String,
}

/// An event's kind and what it says.
pub fn in_words(message: &Message) -> (String, String) {
    let kind = clean(&message.kind, 24);
    let words = match Members::of(&message.text) {
        Ok(members) if !message.cut => of_members(&message.kind, &members),
        _ if message.cut => "more than is kept of an event".to_owned(),
        _ => message.text.clone(),
    };
    (kind, clean(&words, MOST))
}

fn of_members(kind: &str, members: &Members) -> String {
    let text = |name: &str| members.shown(name);
    let either = |one: &str, other: &str| match members.raw(one) {
        Some(_) => text(one),
        None => text(other),
    };
    let counted = |name: &str, noun: &str| match members.raw(name).map(str::parse) {
        Some(Ok(number)) => count(number, noun),
        _ => format!("{} {noun}s", text(name)),
    };
    let wait = |name: &str| match members.raw(name) {
        Some("1") => "1 transaction waits again".to_owned(),
        _ => format!("{} wait again", counted(name, "transaction")),
    };
    let hash = |name: &str| clean(&text(name), 12);
    let tip = |name: &str| match members.raw(name).map(Members::of) {
        Some(Ok(tip)) => format!("{} {}", tip.shown("height"), clean(&tip.shown("hash"), 12)),
        _ => "-".to_owned(),
    };
    let height = || either("height", "number");
    match kind {
        "block" => format!(
            "{} {} with {}",
            height(),
            hash("hash"),
            counted("transactions", "transaction")
        ),
        "reorg" => format!(
            "{} gave way to {} above {}, now {} {}; {}",
            counted("displaced", "block"),
            text("connected"),
            text("fork"),
            height(),
            hash("hash"),
            wait("returned")
        ),
        "transaction" => match members.raw("sender") {
            Some(_) => format!(
                "{} → {}: {}",
                clean(&text("sender"), 40),
                clean(&text("receiver"), 40),
                clean(&text("amount"), 40)
            ),
            None => hash("hash"),
        },
        "dropped" => format!("{}: {}", hash("hash"), text("why")),
        "peer" => text("address"),
        "peer_joined" => format!("{} ({}) at {}", text("peer"), text("direction"), tip("tip")),
        "peer_left" => format!("{}: {}", text("peer"), text("why")),
        "peer_blamed" => format!(
            "{} for {} (score {}): {}",
            text("peer"),
            text("offence"),
            text("score"),
            text("why")
        ),
        "sync" => match (members.raw("to"), members.raw("why")) {
            (_, Some(_)) => format!("{} at {}: {}", text("state"), text("at"), text("why")),
            (Some(_), None) => format!("{} at {} of {}", text("state"), text("at"), text("to")),
            (None, None) => format!("{} at {}", text("state"), text("at")),
        },
        "split" => format!(
            "{} stands on {}, this node on {}",
            text("peer"),
            tip("there"),
            tip("here")
        ),
        "healed" => format!(
            "at {}; {} gave way, {}",
            tip("tip"),
            counted("displaced", "block"),
            wait("returned")
        ),
        "reset" => "events were missed; all is read afresh".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(kind: &str, text: &str) -> String {
        let message = Message {
            kind: kind.to_owned(),
            text: text.to_owned(),
            cut: false,
        };
        in_words(&message).1
    }

    #[test]
    fn events_of_both_protocols_are_said() {
        for (kind, text, said) in [
            (
                "block",
                r#"{"height":2,"hash":"53cb0123456789","transactions":1}"#,
                "2 53cb01234567… with 1 transaction",
            ),
            (
                "block",
                r#"{"number":2,"hash":"53cb","transactions":0}"#,
                "2 53cb with 0 transactions",
            ),
            (
                "reorg",
                r#"{"fork":3,"height":6,"hash":"ab","displaced":2,"connected":3,"returned":1,"returned_transactions":[{"x":NaN}]}"#,
                "2 blocks gave way to 3 above 3, now 6 ab; 1 transaction waits again",
            ),
            (
                "transaction",
                r#"{"sender":"Alice","receiver":null,"amount":NaN}"#,
                "Alice → null: NaN",
            ),
            ("transaction", r#"{"hash":"0x1"}"#, "0x1"),
            (
                "sync",
                r#"{"state":"began","peer":"p","at":1,"to":9}"#,
                "began at 1 of 9",
            ),
            (
                "sync",
                r#"{"state":"ended","at":4,"why":"it left"}"#,
                "ended at 4: it left",
            ),
            (
                "split",
                r#"{"peer":"p:1","here":{"height":4,"hash":"aa","weight":"4"},"there":{"height":3,"hash":"bb","weight":"3"}}"#,
                "p:1 stands on 3 bb, this node on 4 aa",
            ),
            ("peer", r#"{"address":"127.0.0.1:1002"}"#, "127.0.0.1:1002"),
        ] {
            assert_eq!(words(kind, text), said);
        }
    }

    #[test]
    fn whatever_comes_is_one_short_printable_line() {
        let hostile = "\\u001b[2J".repeat(1_000);
        for kind in ["block", "transaction", "peer_left", "unheard\u{1b}of"] {
            let text = format!(
                r#"{{"hash":"{hostile}","peer":"{hostile}","why":"{hostile}","sender":"{hostile}"}}"#
            );
            for text in [
                text.as_str(),
                "{\"a\": [",
                "\u{1b}]0;title\u{7}\nmore",
                "[]",
                "",
            ] {
                let said = words(kind, text);
                assert!(said.chars().count() <= MOST + 1, "{said}");
                assert!(!said.contains(char::is_control), "{said:?}");
            }
        }
        let cut = Message {
            kind: "block".to_owned(),
            text: "{".to_owned(),
            cut: true,
        };
        assert!(in_words(&cut).1.contains("more than is kept"));
    }
}
