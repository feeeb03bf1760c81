//! Transactions: three members, each any JSON value.

use thiserror::Error;

use super::block::{ShapeError, transactions_of};
use super::json::{CanonicalObject, Grammar, JsonError, Text, Value, canonicalize};

/// A transaction as a block holds it: its canonical text.
///
/// Transactions have no identity of their own: two equal ones are two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transaction {
    text: Box<str>,
}

/// The members of a request that a transaction needs.
pub const MEMBERS: [&str; 3] = ["sender", "receiver", "amount"];

/// A request that lacks members of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a transaction needs 'sender', 'receiver' and 'amount'; missing: {}", missing.join(", "))]
pub struct MembersMissing {
    /// In the book's order.
    pub missing: Vec<&'static str>,
}

/// Why a text is no transaction that another node passes on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotPassedOn {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Members(#[from] MembersMissing),
    #[error("it is not a transaction's canonical text")]
    NotCanonical,
    #[error("it looks like what a miner pays itself")]
    Reward,
}

impl Transaction {
    /// The transaction in a request; its other members are dropped.
    pub fn from_request(object: &CanonicalObject) -> Result<Self, MembersMissing> {
        let [sender, receiver, amount] = MEMBERS.map(|name| object.value(name));
        if let (Some(sender), Some(receiver), Some(amount)) = (sender, receiver, amount) {
            return Ok(Self::assemble(sender, receiver, amount));
        }
        Err(MembersMissing {
            missing: MEMBERS
                .into_iter()
                .filter(|name| object.value(name).is_none())
                .collect(),
        })
    }

    /// A transaction between two names.
    pub fn between(sender: &str, receiver: &str, amount: i64) -> Self {
        let text = |name: &str| Value::String(Text::from(name)).to_canonical();
        Self::assemble(&text(sender), &text(receiver), &amount.to_string())
    }

    /// What a miner pays itself, last in its block.
    pub fn reward(node_id: &str, miner: &str) -> Self {
        Self::between(node_id, miner, REWARD)
    }

    fn assemble(sender: &str, receiver: &str, amount: &str) -> Self {
        Self {
            text: format!(r#"{{"amount": {amount}, "receiver": {receiver}, "sender": {sender}}}"#)
                .into(),
        }
    }

    /// The transaction that another node passes on, if its canonical text says one that a client could have added and that
    /// nobody takes for a reward.
    pub fn passed_on(text: &str) -> Result<Self, NotPassedOn> {
        let object = canonicalize(text, Grammar::REQUEST)?;
        let transaction = Self::from_request(&object)?;
        if transaction.text() != text {
            return Err(NotPassedOn::NotCanonical);
        }
        if is_reward(text) {
            return Err(NotPassedOn::Reward);
        }
        Ok(transaction)
    }

    /// A transaction as it stands in a block's or the store's canonical text.
    pub fn from_canonical(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// The canonical text: pure ASCII.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// [`Self::text`], without a copy.
    pub fn into_text(self) -> Box<str> {
        self.text
    }
}

/// The book's reward for a block, in its own coin.
const REWARD: i64 = 1;

/// Whether the last transaction of a block is what its miner paid itself: amount 1 from a node's id, which is a version 4 UUID
/// without dashes.
pub fn is_reward(text: &str) -> bool {
    let Ok(object) = canonicalize(text, Grammar::PYTHON) else {
        return false;
    };
    let sender = object
        .value("sender")
        .and_then(|sender| sender.strip_prefix('"'))
        .and_then(|sender| sender.strip_suffix('"'));
    object.names().count() == MEMBERS.len()
        && object.value("amount") == Some("1")
        && object.value("receiver").is_some()
        && sender.is_some_and(is_node_id)
}

/// The transactions in a block's canonical text, but for the reward that its miner paid itself.
///
/// # Errors
/// [`ShapeError`] when `block` is not a block's canonical text.
pub fn payments_of(block: &str) -> Result<Vec<&str>, ShapeError> {
    let mut transactions = transactions_of(block)?;
    if transactions.last().is_some_and(|last| is_reward(last)) {
        transactions.pop();
    }
    Ok(transactions)
}

fn is_node_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.as_bytes().get(12) == Some(&b'4')
        && matches!(text.as_bytes().get(16), Some(b'8' | b'9' | b'a' | b'b'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> CanonicalObject {
        canonicalize(text, Grammar::REQUEST).expect("the request is JSON")
    }

    #[test]
    fn a_request_gives_its_three_members_in_canonical_text() {
        let object =
            request(r#"{"sender":"é","receiver":{"b":1,"a":[]},"amount":1E5,"note":"dropped"}"#);
        let transaction = Transaction::from_request(&object).expect("all three are there");
        assert_eq!(
            transaction.text(),
            r#"{"amount": 100000.0, "receiver": {"a": [], "b": 1}, "sender": "\u00e9"}"#
        );
    }

    #[test]
    fn missing_members_are_named() {
        let error = Transaction::from_request(&request(r#"{"recipient":"bob","amount":null}"#))
            .expect_err("two are missing");
        assert_eq!(error.missing, ["sender", "receiver"]);
    }

    #[test]
    fn what_is_passed_on_is_canonical_and_no_reward() {
        let sound = Transaction::between("alice", "\u{e9}", 5);
        assert_eq!(Transaction::passed_on(sound.text()), Ok(sound.clone()));
        let refused = [
            sound.text().replace(": 5", ":5"),
            sound.text().replace("{", "{\"a\": 1, "),
            sound.text().replace('}', ", \"z\": 1}"),
            r#"{"amount": 1, "receiver": "a"}"#.to_owned(),
            r#"{"amount": NaN, "receiver": "a", "sender": "b"}"#.to_owned(),
            "5".to_owned(),
            format!("{} ", sound.text()),
            Transaction::reward("aec29907bbc749cb8bde77b963b881fa", "Meghna")
                .text()
                .to_owned(),
        ];
        for text in refused {
            assert!(Transaction::passed_on(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_a_miner_pays_itself_is_a_reward() {
        let id = "aec29907bbc749cb8bde77b963b881fa";
        assert!(is_reward(Transaction::reward(id, "Meghna").text()));
        assert!(!is_reward(Transaction::between(id, "Meghna", 2).text()));
        assert!(!is_reward(
            Transaction::between("alice", "Meghna", 1).text()
        ));
        assert!(!is_reward(
            &Transaction::reward(id, "Meghna")
                .text()
                .replace("1,", "1.0,")
        ));
    }
}
