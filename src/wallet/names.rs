//! Names that people give to addresses, in a small file beside the keys: `names.json`. No secret is in it.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize, Serializer};

/// The file's name.
pub const NAMES_FILE: &str = "names.json";

const VERSION: u32 = 1;
const LONGEST: usize = 32;

/// Why a name is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error(
        "a name is 1 to {LONGEST} letters, digits, - and _, the first a letter; this is {found:?}"
    )]
    Form { found: String },
    #[error("{name} is already the name of {address}")]
    Taken { name: String, address: Address },
    #[error("{NAMES_FILE} does not hold names: {0}")]
    Unreadable(String),
    #[error("{NAMES_FILE} is of version {found}; this program knows version {VERSION}")]
    Version { found: u32 },
}

/// Names and their addresses. An address may have several, the last one in the alphabet's order is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    version: u32,
    #[serde(serialize_with = "with_checksums")]
    names: BTreeMap<String, Address>,
}

/// For whoever reads the file: addresses as they are shown elsewhere.
fn with_checksums<S: Serializer>(
    names: &BTreeMap<String, Address>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        names
            .iter()
            .map(|(name, address)| (name, address.to_string())),
    )
}

impl Default for Names {
    fn default() -> Self {
        Self {
            version: VERSION,
            names: BTreeMap::new(),
        }
    }
}

/// Whether a text can be a name; an address cannot.
///
/// # Errors
/// [`NameError::Form`].
pub fn check(name: &str) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(allowed)
        && name.len() <= LONGEST;
    if well_formed {
        return Ok(());
    }
    let found = name.chars().take(2 * LONGEST).collect();
    Err(NameError::Form { found })
}

impl Names {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`NameError::Unreadable`] or [`NameError::Version`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let unreadable = |error: serde_json::Error| NameError::Unreadable(error.to_string());
        let Head { version: found } = serde_json::from_str(text).map_err(unreadable)?;
        if found != VERSION {
            return Err(NameError::Version { found });
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("names and addresses are JSON texts");
        text + "\n"
    }

    pub fn address(&self, name: &str) -> Option<Address> {
        self.names.get(name).copied()
    }

    pub fn name(&self, address: Address) -> Option<&str> {
        let mut of_address = self.names.iter().filter(|(_, named)| **named == address);
        of_address.next_back().map(|(name, _)| name.as_str())
    }

    /// All names in the alphabet's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Address)> {
        self.names
            .iter()
            .map(|(name, address)| (name.as_str(), *address))
    }

    /// Gives a name that is free, or the address's own.
    ///
    /// # Errors
    /// [`NameError::Form`] or [`NameError::Taken`].
    pub fn give(&mut self, name: &str, address: Address) -> Result<(), NameError> {
        self.is_free(name, Some(address))?;
        self.names.insert(name.to_owned(), address);
        Ok(())
    }

    /// Whether a name can be given (to this address).
    ///
    /// # Errors
    /// [`NameError::Form`] or [`NameError::Taken`].
    pub fn is_free(&self, name: &str, to: Option<Address>) -> Result<(), NameError> {
        check(name)?;
        match self.address(name) {
            Some(address) if Some(address) != to => Err(NameError::Taken {
                name: name.to_owned(),
                address,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_their_text() {
        let mut names = Names::default();
        names.give("savings", Address::repeat_byte(1)).unwrap();
        names.give("Daily_2", Address::repeat_byte(2)).unwrap();
        let read = Names::parse(&names.to_text()).unwrap();
        assert_eq!(read, names);
        assert_eq!(read.name(Address::repeat_byte(1)), Some("savings"));
        assert_eq!(read.address("Daily_2"), Some(Address::repeat_byte(2)));
        assert_eq!(read.address("daily_2"), None);
    }

    #[test]
    fn a_name_belongs_to_one_address() {
        let (one, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let mut names = Names::default();
        names.give("savings", one).unwrap();
        names.give("savings", one).unwrap();
        let name = "savings".to_owned();
        let taken = NameError::Taken { name, address: one };
        assert_eq!(names.give("savings", other), Err(taken));
        assert_eq!(names.address("savings"), Some(one));
    }

    #[test]
    fn what_could_be_mistaken_is_no_name() {
        let long = "a".repeat(33);
        for name in [
            "",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "-a",
            "a b",
            "a/b",
            "ä",
            "a\n",
            &long,
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check(&"a".repeat(32)).is_ok());
    }

    #[test]
    fn a_file_of_another_make_is_refused() {
        assert!(matches!(Names::parse("{}"), Err(NameError::Unreadable(_))));
        let found = 2;
        assert_eq!(
            Names::parse(r#"{"version": 2, "names": [], "more": 1}"#),
            Err(NameError::Version { found })
        );
        let more = r#"{"version": 1, "names": {}, "more": 1}"#;
        assert!(matches!(Names::parse(more), Err(NameError::Unreadable(_))));
    }
}
