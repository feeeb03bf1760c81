//! The book's proof of work: searched, checked, and remembered.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::str::FromStr;

use num_bigint::BigInt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A proof: any integer of at most 30 digits, negative ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Proof(i128);

impl Proof {
    /// The first block's, which follows nothing.
    pub const FIRST: Self = Self(1);

    /// Peers choose their proofs; longer ones would let them choose this node's arithmetic too.
    pub const MAX_DIGITS: usize = 30;

    /// The proof with this value, if it has at most [`Self::MAX_DIGITS`] digits.
    pub fn new(value: i128) -> Option<Self> {
        const LIMIT: i128 = 10_i128.pow(Proof::MAX_DIGITS as u32);
        (-LIMIT < value && value < LIMIT).then_some(Self(value))
    }

    /// The value as an integer.
    pub fn get(self) -> i128 {
        self.0
    }

    /// Whether this proof may follow `previous`: SHA-256 of the decimal text of `proof² − previous²` begins with four zero
    /// hex digits.
    pub fn follows(self, previous: Self) -> bool {
        let mut text = [0; DIFFERENCE_BYTES];
        let mut free = text.as_mut_slice();
        // Below 2^63 neither square nor their difference leaves 128 bits.
        const SMALL: i128 = 1 << 63;
        let written = if self.0.abs() < SMALL && previous.0.abs() < SMALL {
            write!(free, "{}", self.0 * self.0 - previous.0 * previous.0)
        } else {
            let (own, before) = (BigInt::from(self.0), BigInt::from(previous.0));
            write!(free, "{}", &own * &own - &before * &before)
        };
        let used = DIFFERENCE_BYTES - free.len();
        debug_assert!(
            written.is_ok(),
            "the difference of two squares has at most 61 digits and a sign"
        );
        text.get(..used)
            .is_some_and(|text| Sha256::digest(text).starts_with(&[0, 0]))
    }
}

/// The decimal text whose SHA-256 says whether `proof` may follow `previous`: `proof² − previous²`.
pub fn difference_text(proof: Proof, previous: Proof) -> String {
    let (own, before) = (BigInt::from(proof.0), BigInt::from(previous.0));
    (&own * &own - &before * &before).to_string()
}

/// A sign and 61 digits, rounded up.
const DIFFERENCE_BYTES: usize = 64;

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A text that is not an integer of at most 30 digits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a proof is an integer of at most {max} digits", max = Proof::MAX_DIGITS)]
pub struct NotAProof;

impl FromStr for Proof {
    type Err = NotAProof;

    fn from_str(text: &str) -> Result<Self, NotAProof> {
        text.parse().ok().and_then(Self::new).ok_or(NotAProof)
    }
}

/// The smallest proof from 1 up that follows `previous`, or nothing once `keep_going`, asked every thousand candidates, says no.
///
/// One candidate in 65,536 is a proof, so this ends.
pub fn search(previous: Proof, mut keep_going: impl FnMut() -> bool) -> Option<Proof> {
    let mut candidate = Proof::FIRST;
    loop {
        if candidate.follows(previous) {
            return Some(candidate);
        }
        candidate = Proof::new(candidate.0 + 1)?;
        if candidate.0 % 1_000 == 0 && !keep_going() {
            return None;
        }
    }
}

/// Proofs that were searched for before. A chain that is mined as the book mines runs into a loop of 158 proofs, so after the
/// first 225 blocks nothing is left to search. This is a cache: the search stays the rule.
#[derive(Debug, Default)]
pub struct Remembered {
    found: HashMap<Proof, Proof>,
}

impl Remembered {
    /// Honest chains need 225 entries; beyond this, peers' odd proofs must not fill the memory.
    const MAX: usize = 4_096;

    /// What [`search`] found after `previous`.
    pub fn after(&self, previous: Proof) -> Option<Proof> {
        self.found.get(&previous).copied()
    }

    /// Remembers that [`search`] found `proof` after `previous`.
    pub fn remember(&mut self, previous: Proof, proof: Proof) {
        if self.found.len() >= Self::MAX {
            self.found.clear();
        }
        self.found.insert(previous, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        proofs: Vec<i128>,
    }

    /// tests/vectors/classic/proofs.json: every proof that a chain mined as the book mines can hold.
    fn vectors() -> Vec<Proof> {
        let text = include_str!("../../../tests/vectors/classic/proofs.json");
        let vectors: Vectors = serde_json::from_str(text).expect("the vectors are JSON");
        vectors.proofs.into_iter().filter_map(Proof::new).collect()
    }

    #[test]
    fn all_225_proofs_follow_each_other_and_return_to_the_68th() {
        let proofs = vectors();
        assert_eq!(proofs.len(), 225);
        assert!(proofs.is_sorted_by(|previous, proof| proof.follows(*previous)));
        assert!(proofs[67].follows(proofs[224]));
        assert_eq!(proofs[67], Proof(17879));
    }

    #[test]
    fn the_search_finds_the_smallest() {
        let proofs = vectors();
        for pair in proofs.windows(2).take(6) {
            assert_eq!(search(pair[0], || true), Some(pair[1]));
        }
        assert_eq!(
            search(proofs[0], || false),
            Some(proofs[1]),
            "533 comes before the first question"
        );
        assert_eq!(search(proofs[1], || false), None);
    }

    #[test]
    fn any_integer_that_satisfies_the_rule_is_a_proof() {
        for value in [533, -533, 115_540, 148_715] {
            assert!(Proof(value).follows(Proof::FIRST), "{value}");
        }
        assert!(!Proof(534).follows(Proof::FIRST));
    }

    #[test]
    fn the_difference_is_what_is_hashed() {
        assert_eq!(difference_text(Proof(533), Proof(1)), "284088");
        let longest = Proof(10_i128.pow(30) - 1);
        assert_eq!(difference_text(Proof(1), longest).len(), 61);
        for (proof, previous) in [(533, 1), (534, 1), (-533, 1), (45293, 533), (1, 1)] {
            let (proof, previous) = (Proof(proof), Proof(previous));
            let hash = Sha256::digest(difference_text(proof, previous));
            assert_eq!(hash.starts_with(&[0, 0]), proof.follows(previous));
        }
    }

    #[test]
    fn thirty_digits_are_read_and_never_wrap() {
        let longest: Proof = "9".repeat(30).parse().expect("30 digits are allowed");
        assert!("1".repeat(31).parse::<Proof>().is_err());
        assert!(format!("-{}", "1".repeat(31)).parse::<Proof>().is_err());
        // CPython: sha256(str(x**2 - y**2)) for x = 10**30 - 1, y = -(10**30 - 1) is that of "0".
        assert!(!longest.follows(Proof(-longest.0)));
        assert!(!Proof::FIRST.follows(longest));
    }
}
