//! Blocks as fields of a form: each field is a JSON value, or the text of a JSON string.

use crate::protocol::classic::block::transactions_of;
use crate::protocol::classic::json::{Grammar, JsonError, Value, canonicalize};

/// A block of the copy.
#[derive(Debug)]
pub(super) struct Copied {
    pub height: u64,
    pub hash: String,
    /// Groups of members, each an object of its own within the block; the block's own members where it has no name.
    pub groups: Vec<Group>,
    pub transactions: Transactions,
}

/// Members that stand together.
#[derive(Debug)]
pub(super) struct Group {
    pub name: &'static str,
    pub fields: Vec<Field>,
}

/// Something to type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// As people read it.
    pub label: String,
    /// The member's name as JSON has it, with its quotes; empty for an element of a list.
    pub member: String,
    /// Whether `value` is the text of a JSON string, else it is JSON.
    pub is_text: bool,
    pub value: String,
    /// Where it stands in its block: `transactions.0.sender`.
    pub path: String,
}

/// What a block holds.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    pub listed: Vec<Listed>,
    /// The others, as JSON.
    pub rest: Option<Rest>,
}

/// A transaction to change.
#[derive(Debug)]
pub(super) struct Listed {
    /// Counted from 1.
    pub place: usize,
    /// One without a name if the transaction is no object.
    pub fields: Vec<Field>,
    pub is_object: bool,
}

#[derive(Debug)]
pub(super) struct Rest {
    pub count: usize,
    pub text: String,
}

/// Transactions of one block that have fields of their own.
pub(super) const LISTED: usize = 8;

impl Field {
    /// A member whose value is `json`.
    fn of_json(name: &str, json: &str, path: String) -> Self {
        let member = format!("\"{name}\"");
        let label = text_of(&member).unwrap_or_else(|| name.to_owned());
        let text = text_of(json);
        Self {
            label,
            member,
            is_text: text.is_some(),
            value: text.unwrap_or_else(|| json.to_owned()),
            path,
        }
    }
}

/// The text of a JSON string, if a page's input can hold it: no half surrogates, no control characters.
fn text_of(json: &str) -> Option<String> {
    let Ok(Value::String(text)) = json
        .starts_with('"')
        .then(|| Value::parse(json, Grammar::PYTHON))?
    else {
        return None;
    };
    let text = text.as_str()?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The fields of a classic block.
pub(super) fn of_classic(height: u64, hash: String, text: &str) -> Result<Copied, JsonError> {
    let block = canonicalize(text, Grammar::PYTHON)?;
    let mut fields = Vec::new();
    // The order of the book, then whatever else there is.
    let own = ["index", "timestamp", "proof", "previous_hash"];
    let further = block
        .names()
        .filter(|name| !own.contains(name) && *name != "transactions");
    for name in own.into_iter().chain(further) {
        if let Some(value) = block.value(name) {
            fields.push(Field::of_json(name, value, name.to_owned()));
        }
    }
    let all = transactions_of(text).unwrap_or_default();
    let (listed, rest) = all.split_at(all.len().min(LISTED));
    let rest = (!rest.is_empty()).then(|| Rest {
        count: rest.len(),
        text: rest.join(",\n"),
    });
    Ok(Copied {
        height,
        hash,
        groups: vec![Group { name: "", fields }],
        transactions: Transactions {
            listed: listed.iter().enumerate().map(listed_transaction).collect(),
            rest,
        },
    })
}

fn listed_transaction((at, text): (usize, &&str)) -> Listed {
    let place = at + 1;
    match canonicalize(text, Grammar::PYTHON) {
        Ok(object) if !object.members.is_empty() => {
            // As the chapter says it: who, to whom, how much.
            let own = ["sender", "receiver", "amount"];
            let further = object.names().filter(|name| !own.contains(name));
            let names = own.into_iter().chain(further);
            let fields = names.filter_map(|name| {
                let path = format!("transactions.{at}.{name}");
                Some(Field::of_json(name, object.value(name)?, path))
            });
            Listed {
                place,
                fields: fields.collect(),
                is_object: true,
            }
        }
        _ => {
            let field = Field {
                label: String::new(),
                member: String::new(),
                is_text: false,
                value: (*text).to_owned(),
                path: format!("transactions.{at}"),
            };
            Listed {
                place,
                fields: vec![field],
                is_object: false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_input_cannot_hold_stands_there_as_json() {
        let text = |json: &str| Field::of_json("x", json, String::new());
        let field = text(r#""\u00e4 <b>""#);
        assert!(field.is_text && field.value == "ä <b>");
        for json in [r#""a\nb""#, r#""\ud800""#, "7", r#"{"a": "\u0000"}"#, "NaN"] {
            let field = text(json);
            assert!(!field.is_text && field.value == json, "{json}");
        }
        assert_eq!(text("1").member, "\"x\"");
    }

    #[test]
    fn a_block_becomes_fields_in_the_books_order_and_loses_nothing() {
        let block = r#"{"index": 2, "more": [1], "previous_hash": "ab", "proof": 533, "timestamp": "t", "transactions": [{"amount": 1, "receiver": "b", "sender": ""}, 7, {}]}"#;
        let copied = of_classic(2, "hash".to_owned(), block).expect("a block");
        let labels = copied.groups[0]
            .fields
            .iter()
            .map(|field| field.label.as_str());
        assert!(labels.eq(["index", "timestamp", "proof", "previous_hash", "more"]));
        let listed = &copied.transactions.listed;
        assert_eq!(listed[0].fields[0].path, "transactions.0.sender");
        assert!(listed[0].is_object && !listed[1].is_object && !listed[2].is_object);
        assert_eq!(listed[2].fields[0].value, "{}");
        assert!(copied.transactions.rest.is_none());
        let many = block.replace("7, {}", &["7"; 30].join(", "));
        let copied = of_classic(2, "hash".to_owned(), &many).expect("a block");
        assert_eq!(copied.transactions.listed.len(), LISTED);
        let rest = copied.transactions.rest.expect("a rest");
        assert_eq!(
            (rest.count, rest.text.matches('7').count()),
            (31 - LISTED, 31 - LISTED)
        );
    }
}
