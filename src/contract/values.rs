//! What comes back from a contract: values with their names.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use alloy_primitives::{Address, Bytes, U256};

use super::interface::InterfaceError;
use super::showing;

/// Values with their names, in the order in which the contract declares them: what a function answers, or an event tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(Vec<Named>);

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Empty where the contract gives none.
    pub name: String,
    pub value: DynSolValue,
    /// Whether this is the Keccak-256 of a value that is too large for a log's topic.
    pub is_hash: bool,
    pub(super) components: Vec<Param>,
}

/// Which of several values: by place from 0, or by name.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    At(usize),
    Named(&'a str),
}

impl From<usize> for Which<'_> {
    fn from(place: usize) -> Self {
        Self::At(place)
    }
}

impl<'a> From<&'a str> for Which<'a> {
    fn from(name: &'a str) -> Self {
        Self::Named(name)
    }
}

impl std::fmt::Display for Which<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(place) => write!(f, "{place}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl Values {
    /// Values of these parameters.
    pub fn of(params: &[Param], values: Vec<DynSolValue>) -> Self {
        let named = params.iter().zip(values).map(|(param, value)| Named {
            name: param.name.clone(),
            value,
            is_hash: false,
            components: param.components.clone(),
        });
        Self(named.collect())
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Named> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One value as it is.
    ///
    /// # Errors
    /// [`InterfaceError::NoValue`].
    pub fn value<'a>(&self, which: impl Into<Which<'a>>) -> Result<&DynSolValue, InterfaceError> {
        let which = which.into();
        let found = match which {
            Which::At(place) => self.0.get(place),
            Which::Named(name) => self.0.iter().find(|named| named.name == name),
        };
        found
            .map(|named| &named.value)
            .ok_or_else(|| InterfaceError::NoValue {
                which: which.to_string(),
            })
    }

    fn of_kind<'a, T>(
        &self,
        which: impl Into<Which<'a>>,
        wanted: &'static str,
        take: impl Fn(&DynSolValue) -> Option<T>,
    ) -> Result<T, InterfaceError> {
        let which = which.into();
        let value = self.value(which)?;
        take(value).ok_or_else(|| InterfaceError::OtherType {
            which: which.to_string(),
            found: value.sol_type_name().unwrap_or_default().into_owned(),
            wanted,
        })
    }

    /// A number that is not negative.
    ///
    /// # Errors
    /// [`InterfaceError::NoValue`] or [`InterfaceError::OtherType`], as for the others.
    pub fn uint<'a>(&self, which: impl Into<Which<'a>>) -> Result<U256, InterfaceError> {
        self.of_kind(which, "a number", |value| {
            value.as_uint().map(|(number, _)| number)
        })
    }

    /// # Errors
    /// As [`Values::uint`].
    pub fn address<'a>(&self, which: impl Into<Which<'a>>) -> Result<Address, InterfaceError> {
        self.of_kind(which, "an address", DynSolValue::as_address)
    }

    /// # Errors
    /// As [`Values::uint`].
    pub fn boolean<'a>(&self, which: impl Into<Which<'a>>) -> Result<bool, InterfaceError> {
        self.of_kind(which, "true or false", DynSolValue::as_bool)
    }

    /// Bytes of any length.
    ///
    /// # Errors
    /// As [`Values::uint`].
    pub fn bytes<'a>(&self, which: impl Into<Which<'a>>) -> Result<Bytes, InterfaceError> {
        self.of_kind(which, "bytes", |value| match value {
            DynSolValue::FixedBytes(word, size) => word.get(..*size).map(Bytes::copy_from_slice),
            DynSolValue::Bytes(bytes) => Some(Bytes::copy_from_slice(bytes)),
            _ => None,
        })
    }

    /// Any value as a person reads it.
    ///
    /// # Errors
    /// [`InterfaceError::NoValue`].
    pub fn text<'a>(&self, which: impl Into<Which<'a>>) -> Result<String, InterfaceError> {
        self.value(which).map(showing::text)
    }
}

impl Named {
    /// As [`showing::text_with_power`].
    pub fn text(&self) -> String {
        let hash = if self.is_hash { "hash " } else { "" };
        format!("{hash}{}", showing::text_with_power(&self.value))
    }

    /// As [`showing::json`].
    pub fn json(&self) -> serde_json::Value {
        showing::json(&self.value, &self.components)
    }
}

/// `name=value, name=value`, for a line of text.
impl std::fmt::Display for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, named) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            match named.name.as_str() {
                "" => write!(f, "{separator}{}", named.text())?,
                name => write!(f, "{separator}{name}={}", named.text())?,
            }
        }
        Ok(())
    }
}

impl From<Vec<Named>> for Values {
    fn from(named: Vec<Named>) -> Self {
        Self(named)
    }
}
