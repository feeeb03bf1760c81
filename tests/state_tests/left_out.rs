//! What of ethereum's tests is left out, why, and how many in which file. The list is kept in `left_out.txt` and compared both ways: a case that fails and is not on it is a fault, and so is one
//! on it that holds.

use std::collections::BTreeMap;
use std::fmt;

use crate::fixture::{Before, Case};
use crate::run::Outcome;

/// Why a case cannot come out as ethereum has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Type 3, EIP-4844; refused for its type.
    Blobs,
    /// Type 4, EIP-7702; refused for its type.
    SetCode,
    /// The sender has the code of a delegation; refused, since coin has no delegations (section 6).
    DelegatedSender,
    /// EIP-7610: something is made where nobody is but words of storage are. No coin chain can lead there: whoever has storage has code and a nonce.
    StorageOfNobody,
    /// A legacy transaction without a chain id, and no key to sign it anew.
    Unprotected,
    /// EIP-7825: the test is of a fork that had no limit of a transaction's gas.
    GasCap,
    /// EIP-7623: the test is of a fork that asked for less gas.
    Floor,
    /// A fee a gas of 2^128 or more, which coin cannot read (section 6).
    GreatFee,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blobs => "blobs",
            Self::SetCode => "set-code",
            Self::DelegatedSender => "delegated-sender",
            Self::StorageOfNobody => "storage-of-nobody",
            Self::Unprotected => "unprotected",
            Self::GasCap => "gas-cap",
            Self::Floor => "floor",
            Self::GreatFee => "great-fee",
        })
    }
}

/// What is to be said of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    LeftOut(Reason),
    Failed(String),
}

/// Judges what came of a state test.
pub fn verdict(case: &Case, outcome: Outcome) -> Verdict {
    let of_type = match case.envelope.first() {
        Some(3) => Some(Reason::Blobs),
        Some(4) => Some(Reason::SetCode),
        _ => None,
    };
    match (of_type, outcome) {
        // Whether ethereum takes it or not: nothing of what the test is about has been looked at.
        (Some(reason), Outcome::Refused("tx_type")) => Verdict::LeftOut(reason),
        (Some(_), outcome) => {
            Verdict::Failed(format!("{outcome:?} of a type that coin does not have"))
        }
        (None, Outcome::Passed) => Verdict::Passed,
        (None, Outcome::Refused("tx_sender_has_code")) if has_delegations(case) => {
            Verdict::LeftOut(Reason::DelegatedSender)
        }
        (None, Outcome::Differs(_)) if case.pre.values().any(is_nobody_with_storage) => {
            Verdict::LeftOut(Reason::StorageOfNobody)
        }
        (None, outcome) => Verdict::Failed(format!("{outcome:?}")),
    }
}

fn has_delegations(case: &Case) -> bool {
    case.pre
        .values()
        .any(|account| account.code.len() == 23 && account.code.starts_with(&[0xef, 0x01, 0x00]))
}

fn is_nobody_with_storage(account: &Before) -> bool {
    account.nonce.is_zero() && account.code.is_empty() && !account.storage.is_empty()
}

/// How many cases of which file are left out for which reason, and how many there are in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    pub cases: usize,
    pub left_out: BTreeMap<(String, String), usize>,
}

impl List {
    /// The part of the kept list that is about this suite.
    ///
    /// # Panics
    /// When a line is not of the form.
    pub fn kept(suite: &str) -> Self {
        let mut list = Self::default();
        for line in include_str!("left_out.txt").lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [of, count, "cases"] if of == suite => list.cases = count.parse().expect(line),
                [of, count, reason, file] if of == suite => {
                    let at = (file.to_owned(), reason.to_owned());
                    list.left_out.insert(at, count.parse().expect(line));
                }
                _ => {}
            }
        }
        list
    }

    pub fn add(&mut self, file: &str, verdict: &Verdict) {
        self.cases += 1;
        if let Verdict::LeftOut(reason) = verdict {
            let at = (file.to_owned(), reason.to_string());
            *self.left_out.entry(at).or_default() += 1;
        }
    }

    /// As it is kept.
    pub fn lines(&self, suite: &str) -> String {
        let mut lines = format!("{suite} {} cases\n", self.cases);
        for ((file, reason), count) in &self.left_out {
            lines += &format!("{suite} {count} {reason} {file}\n");
        }
        lines
    }
}
