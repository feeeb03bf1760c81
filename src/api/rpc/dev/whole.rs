//! Whole numbers as tests write them.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// A whole number: 10, "10" or "0xa".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let read = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => match text.strip_prefix("0x") {
                Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16).ok(),
                Some(_) => None,
                None => text.parse().ok().filter(|_| !text.starts_with('+')),
            },
            _ => None,
        };
        read.map(Self).ok_or_else(|| {
            let shown: String = value.to_string().chars().take(60).collect();
            D::Error::custom(format!(
                "a whole number below 2^64 is wanted, as 10 or \"0xa\", and this is {shown}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_everybody_writes_them() {
        let read = |text| serde_json::from_str::<Whole>(text);
        for text in ["10", "\"10\"", "\"0xa\"", "\"0xA\"", "\"0x000a\""] {
            assert_eq!(read(text).expect(text), Whole(10));
        }
        for text in [
            "-1",
            "1.5",
            "1e30",
            "\"\"",
            "\"0x\"",
            "\"ten\"",
            "\"0x+1\"",
            "\"+1\"",
            "[1]",
            "true",
            "\"0x10000000000000000\"",
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains("whole number"), "{error}");
        }
    }
}
