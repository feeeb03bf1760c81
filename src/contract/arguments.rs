//! What a program hands to a contract: texts, as a person would write them on the command line.

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::protocol::coin::amount::Amount;

/// One argument, as text that [`super::reading`] takes by the ABI's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(String);

impl Argument {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! by_display {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Argument {
            fn from(value: $kind) -> Self {
                Self(value.to_string())
            }
        }
    )*};
}

by_display!(
    bool, u8, u32, u64, u128, i64, U256, Address, B256, Bytes, &str
);

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// In units, as contracts count.
impl From<Amount> for Argument {
    fn from(amount: Amount) -> Self {
        Self(amount.units().to_string())
    }
}

/// An array, or a tuple.
impl<T: Into<Self>> From<Vec<T>> for Argument {
    fn from(items: Vec<T>) -> Self {
        let items = items.into_iter().map(|item| item.into().0);
        Self(items.collect::<serde_json::Value>().to_string())
    }
}

/// The arguments of a call: `args![address, 5, "1.5coin"]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::contract::Argument::from($value)),*] as &[$crate::contract::Argument]
    };
}
