//! A network's parameters as JSON, for people to write. `docs/coin-format.md`, section 1.

mod members;

use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::parameters::{BadParameter, FirstAccount, Parameters, Spec};
use super::target::Bits;
use members::name_member;

/// Why a genesis file is none.
#[derive(Debug, Error)]
pub enum BadGenesisFile {
    #[error("it is not the JSON of a genesis file: {0}")]
    Json(#[from] serde_json::Error),
    #[error("member {member}: {detail}; it must be {allowed}")]
    Member {
        member: &'static str,
        allowed: &'static str,
        detail: String,
    },
    #[error("member {member} is missing; it must be {allowed}")]
    Missing {
        member: &'static str,
        allowed: &'static str,
    },
    #[error(transparent)]
    Parameter(#[from] BadParameter),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: One,
    name: String,
    chain_id: Number,
    time: u32,
    spacing: u32,
    half_life: u32,
    easiest_bits: Compact,
    ahead: u32,
    subsidy: Number,
    halving: Number,
    gas_limit: Number,
    byte_limit: Number,
    base_fee: Number,
    reorg_depth: u32,
    specs: Vec<(u64, String)>,
    accounts: Vec<WrittenAccount>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAccount {
    address: Address,
    balance: Number,
    #[serde(default, skip_serializing_if = "no_code")]
    code: Bytes,
}

fn no_code(code: &Bytes) -> bool {
    code.is_empty()
}

impl Parameters {
    /// Reads and checks a genesis file.
    ///
    /// # Errors
    /// [`BadGenesisFile`] when it is no JSON, has members too few or too many, or a parameter cannot be.
    pub fn from_genesis_file(text: &str) -> Result<Self, BadGenesisFile> {
        let file: Written = serde_json::from_str(text).map_err(|error| name_member(text, error))?;
        let specs = file.specs.into_iter().map(|(height, name)| {
            let known = Spec::ALL.into_iter().find(|spec| spec.name() == name);
            let spec = known.ok_or_else(|| {
                let names = Spec::ALL.map(Spec::name).join(", ");
                <serde_json::Error as de::Error>::custom(format!(
                    "no EVM spec {name:?} is known, there are: {names}"
                ))
            })?;
            Ok((height, spec))
        });
        let narrow = |name, number: Number| {
            u64::try_from(number.0).map_err(|_| BadParameter::Range {
                parameter: name,
                found: number.0,
                least: 0,
                most: u64::MAX.into(),
            })
        };
        let parameters = Self {
            name: file.name,
            chain_id: narrow("chain_id", file.chain_id)?,
            time: file.time,
            spacing: file.spacing,
            half_life: file.half_life,
            easiest_bits: Bits(file.easiest_bits.0),
            ahead: file.ahead,
            subsidy: file.subsidy.0,
            halving: narrow("halving", file.halving)?,
            gas_limit: narrow("gas_limit", file.gas_limit)?,
            byte_limit: narrow("byte_limit", file.byte_limit)?,
            base_fee: narrow("base_fee", file.base_fee)?,
            reorg_depth: file.reorg_depth,
            specs: specs.collect::<Result<_, serde_json::Error>>()?,
            accounts: file
                .accounts
                .into_iter()
                .map(|account| FirstAccount {
                    address: account.address,
                    balance: account.balance.0,
                    code: account.code,
                })
                .collect(),
        };
        parameters.check()?;
        Ok(parameters)
    }

    /// The genesis file of this network.
    pub fn to_genesis_file(&self) -> String {
        let file = Written {
            format: One,
            name: self.name.clone(),
            chain_id: Number(self.chain_id.into()),
            time: self.time,
            spacing: self.spacing,
            half_life: self.half_life,
            easiest_bits: Compact(self.easiest_bits.0),
            ahead: self.ahead,
            subsidy: Number(self.subsidy),
            halving: Number(self.halving.into()),
            gas_limit: Number(self.gas_limit.into()),
            byte_limit: Number(self.byte_limit.into()),
            base_fee: Number(self.base_fee.into()),
            reorg_depth: self.reorg_depth,
            specs: self
                .specs
                .iter()
                .map(|(height, spec)| (*height, spec.name().to_owned()))
                .collect(),
            accounts: self
                .accounts
                .iter()
                .map(|account| WrittenAccount {
                    address: account.address,
                    balance: Number(account.balance),
                    code: account.code.clone(),
                })
                .collect(),
        };
        let mut text = serde_json::to_string_pretty(&file).expect("plain members are JSON");
        text.push('\n');
        text
    }
}

/// The format's version, 1.
struct One;

impl Serialize for One {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(de::Error::custom(format!(
                "format {other} is not known, this program knows 1"
            ))),
        }
    }
}

/// An integer: a number where every JSON reader has it exactly, else decimal text. Both are read.
#[derive(Clone, Copy)]
struct Number(u128);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(small) if small <= 1 << 53 => serializer.serialize_u64(small),
            _ => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an integer from 0 to 2^128 - 1, as a number or as decimal text")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let value = text.parse().ok().filter(|_| digits);
                value
                    .map(Number)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The compact form of a target, as `0x` and eight hexadecimal digits.
struct Compact(u32);

impl Serialize for Compact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Bits(self.0))
    }
}

impl<'de> Deserialize<'de> for Compact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 8);
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        value.map(Self).ok_or_else(|| {
            de::Error::custom(format!(
                "easiest_bits {text:?} is not 0x and eight hexadecimal digits"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_written_is_read_again() {
        for parameters in [Parameters::main(), Parameters::dev()] {
            let text = parameters.to_genesis_file();
            let read = Parameters::from_genesis_file(&text).expect("its own file");
            assert_eq!(read, parameters);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = Parameters::dev().to_genesis_file();
        for (from, to, error) in [
            ("\"format\": 1", "\"format\": 2", "format 2 is not known"),
            ("\"ahead\"", "\"ahaed\"", "unknown field `ahaed`"),
            ("osaka", "berlin", "no EVM spec \"berlin\" is known"),
            ("0x207fffff", "0x207fff", "is not 0x and eight"),
            ("\"dev\"", "\"Dev\"", "name \"Dev\" is not 1 to 32"),
            (
                "\"10000000000000000000000\"",
                "\"-1\"",
                "an integer from 0 to 2^128 - 1",
            ),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good);
            let found = Parameters::from_genesis_file(&text)
                .expect_err(to)
                .to_string();
            assert!(found.contains(error), "{found}");
        }
    }
}
