//! Words that a wallet is made from ([BIP-39](https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki)), in any
//! of its ten languages.

use std::borrow::Cow;
use std::fmt;

use bip39::{Error as Bip39Error, Mnemonic};
use zeroize::Zeroizing;

pub use bip39::Language;

/// How many words there may be, and how many bytes of entropy each number holds.
const COUNTS: [(usize, usize); 5] = [(12, 16), (15, 20), (18, 24), (21, 28), (24, 32)];

/// A longer word than any list holds may be a secret of another kind, and is not repeated.
const LONGEST_SHOWN: usize = 12;

/// How many changes of a letter a word may be away from one that is proposed, and how many are.
const NEAR: usize = 2;
const PROPOSALS: usize = 3;

/// Words whose checksum holds. Wiped when dropped.
#[derive(Clone)]
pub struct Words(Mnemonic);

/// What keys are derived from: 64 bytes, wiped when dropped.
pub struct Seed(Zeroizing<[u8; 64]>);

/// Why a text is not the words of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    #[error("a wallet has 12, 15, 18, 21 or 24 words, this has {found}")]
    Count { found: usize },
    #[error(
        "word {place}, {shown}, is not in the {language} list{}",
        proposals(nearest)
    )]
    Unknown {
        /// Counted from 1.
        place: usize,
        shown: String,
        language: Language,
        nearest: Vec<&'static str>,
    },
    #[error(
        "each of the {count} words is in the {language} list, but their checksum does not hold: one is a wrong word, or two changed places"
    )]
    Checksum { count: usize, language: Language },
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

fn proposals(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        words => format!("; near it are: {}", words.join(", ")),
    }
}

impl Words {
    /// New words from the system's random numbers.
    ///
    /// # Errors
    /// [`WordsError::Count`] for a number of words that is none of BIP-39's, [`WordsError::Random`] from the system.
    pub fn generate(count: usize, language: Language) -> Result<Self, WordsError> {
        let bytes = COUNTS
            .iter()
            .find(|(words, _)| *words == count)
            .map(|(_, bytes)| *bytes)
            .ok_or(WordsError::Count { found: count })?;
        let mut entropy = Zeroizing::new(vec![0; bytes]);
        getrandom::fill(&mut entropy).map_err(|error| WordsError::Random(error.to_string()))?;
        Ok(Self::from_entropy(&entropy, language))
    }

    fn from_entropy(entropy: &[u8], language: Language) -> Self {
        let words = Mnemonic::from_entropy_in(language, entropy);
        Self(words.expect("every length of entropy in the table is one of BIP-39's"))
    }

    /// Reads words, apart by blanks or lines, capital or not; finds out the language.
    ///
    /// # Errors
    /// One variant a rule. A language is chosen by the most words it knows.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let text = normalized(&Zeroizing::new(text.to_lowercase()));
        let count = text.split_whitespace().count();
        if !COUNTS.iter().any(|(words, _)| *words == count) {
            return Err(WordsError::Count { found: count });
        }
        // Some lists share words: where two know all of them, the checksum decides. English comes first.
        let mut languages: Vec<(usize, Language)> = Language::ALL
            .iter()
            .map(|language| {
                let unknown = |word: &&str| language.find_word(word).is_none();
                (text.split_whitespace().filter(unknown).count(), *language)
            })
            .collect();
        languages.sort_by_key(|(unknown, _)| *unknown);
        let mut first_error = None;
        for (_, language) in languages {
            match Mnemonic::parse_in_normalized(language, &text) {
                Ok(words) => return Ok(Self(words)),
                Err(error) => {
                    first_error.get_or_insert((error, language));
                }
            }
        }
        Err(match first_error {
            Some((Bip39Error::UnknownWord(index), language)) => {
                let word = text.split_whitespace().nth(index).unwrap_or_default();
                WordsError::Unknown {
                    place: index + 1,
                    shown: shown(word),
                    language,
                    nearest: nearest(word, language),
                }
            }
            Some((_, language)) => WordsError::Checksum { count, language },
            None => WordsError::Count { found: count },
        })
    }

    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    pub fn count(&self) -> usize {
        self.0.word_count()
    }

    /// All words, apart by one blank.
    pub fn phrase(&self) -> Zeroizing<String> {
        // Enough room from the start: a text that grows leaves copies behind.
        let mut phrase = Zeroizing::new(String::with_capacity(24 * 40));
        for word in self.iter() {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        phrase
    }

    /// The seed of these words under a passphrase, which may be empty. Every passphrase gives a wallet.
    pub fn seed(&self, passphrase: &str) -> Seed {
        let seed = self.0.to_seed_normalized(&normalized(passphrase));
        Seed(Zeroizing::new(seed))
    }
}

/// Secret: shows how many words there are.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.count())
    }
}

impl Seed {
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The form of text that BIP-39 hashes (NFKD), so that it does not matter how a keyboard composes an accent.
fn normalized(text: &str) -> Zeroizing<String> {
    let mut text = Cow::Borrowed(text);
    Mnemonic::normalize_utf8_cow(&mut text);
    Zeroizing::new(text.into_owned())
}

fn shown(word: &str) -> String {
    match word.chars().count() {
        length if length > LONGEST_SHOWN => format!("which has {length} characters"),
        _ => format!("{word:?}"),
    }
}

/// Words of the list that were probably meant: nearly the same letters, or the beginning of one.
fn nearest(word: &str, language: Language) -> Vec<&'static str> {
    let mut near: Vec<(bool, usize, bool, &'static str)> = language
        .word_list()
        .iter()
        .map(|listed| {
            let distance = strsim::osa_distance(word, listed);
            let other_start = listed.chars().next() != word.chars().next();
            (!listed.starts_with(word), distance, other_start, *listed)
        })
        .filter(|(no_beginning, distance, ..)| *distance <= NEAR || !no_beginning)
        .collect();
    near.sort();
    near.truncate(PROPOSALS);
    near.into_iter().map(|(.., listed)| listed).collect()
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
