//! The members of a genesis file, for errors that say which one is wrong and what it must be.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{BadGenesisFile, Compact, Number, One, WrittenAccount};

/// Each member, what it must be, and whether it reads.
type Member = (&'static str, &'static str, fn(&Value) -> Result<(), String>);
const MEMBERS: [Member; 16] = [
    ("format", "1", reads::<One>),
    (
        "name",
        "text: 1 to 32 characters of a-z, 0-9 and -, the first a letter",
        reads::<String>,
    ),
    (
        "chain_id",
        "a whole number from 1 to 2^63 - 1",
        reads::<Number>,
    ),
    (
        "time",
        "a whole number of seconds since 1970, below 2^32",
        reads::<u32>,
    ),
    (
        "spacing",
        "a whole number of seconds from 1 to 86400",
        reads::<u32>,
    ),
    (
        "half_life",
        "a whole number of seconds from 0 (the target never changes) to 2^31 - 1",
        reads::<u32>,
    ),
    (
        "easiest_bits",
        "text: 0x and eight hexadecimal digits, the compact form of a target",
        reads::<Compact>,
    ),
    (
        "ahead",
        "a whole number of seconds from 0 (no limit) to 2^31 - 1",
        reads::<u32>,
    ),
    (
        "subsidy",
        "a whole number of units below 2^128, beyond 2^53 as text",
        reads::<Number>,
    ),
    (
        "halving",
        "a whole number of blocks from 1 to 2^63 - 1",
        reads::<Number>,
    ),
    (
        "gas_limit",
        "a whole number from 21000 to 2^40",
        reads::<Number>,
    ),
    (
        "byte_limit",
        "a whole number from 1024 to 2^26",
        reads::<Number>,
    ),
    (
        "base_fee",
        "a whole number of units a gas from 0 to 2^63 - 1",
        reads::<Number>,
    ),
    (
        "reorg_depth",
        "a whole number of blocks from 1 to 2^31 - 1",
        reads::<u32>,
    ),
    (
        "specs",
        "a list of [height, name], such as [[0, \"osaka\"]]",
        reads::<Vec<(u64, String)>>,
    ),
    (
        "accounts",
        "a list of objects with address, balance (in units) and, if any, code",
        reads::<Vec<WrittenAccount>>,
    ),
];

fn reads<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    let read = serde_json::from_value::<T>(value.clone());
    read.map(drop).map_err(|error| error.to_string())
}

/// Finds the member that an error is about, which the JSON reader does not say.
pub(super) fn name_member(text: &str, error: serde_json::Error) -> BadGenesisFile {
    let Ok(members) = serde_json::from_str::<serde_json::Map<String, Value>>(text) else {
        return error.into();
    };
    let is_known = |name: &String| MEMBERS.iter().any(|(member, ..)| member == name);
    if !members.keys().all(is_known) {
        return error.into();
    }
    for (member, allowed, reads) in MEMBERS {
        match members.get(member).map(reads) {
            Some(Ok(())) => {}
            Some(Err(detail)) => {
                return BadGenesisFile::Member {
                    member,
                    allowed,
                    detail: shortened(&detail),
                };
            }
            None => return BadGenesisFile::Missing { member, allowed },
        }
    }
    error.into()
}

/// A reader's words without the middle of what they quote: an account's code can have thousands of digits.
fn shortened(detail: &str) -> String {
    const ENDS: usize = 100;
    let count = detail.chars().count();
    if count <= 3 * ENDS {
        return detail.to_owned();
    }
    let beginning: String = detail.chars().take(ENDS).collect();
    let end: String = detail.chars().skip(count - ENDS).collect();
    format!("{beginning}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::coin::parameters::Parameters;

    #[test]
    fn each_member_is_named_when_it_is_missing_or_does_not_read() {
        let good: Value = serde_json::from_str(&Parameters::dev().to_genesis_file()).expect("JSON");
        let count = good.as_object().map(serde_json::Map::len);
        assert_eq!(count, Some(MEMBERS.len()));
        for (member, allowed, _) in MEMBERS {
            let mut without = good.clone();
            without.as_object_mut().expect("an object").remove(member);
            let mut wrong = good.clone();
            wrong[member] = serde_json::json!({});
            for (text, says) in [(without, " is missing"), (wrong, ": invalid type: map")] {
                let error = Parameters::from_genesis_file(&text.to_string()).expect_err(member);
                let error = error.to_string();
                assert!(
                    error.starts_with(&format!("member {member}{says}")),
                    "{error}"
                );
                assert!(
                    error.ends_with(&format!("; it must be {allowed}")),
                    "{error}"
                );
            }
        }
        let mut long = good.clone();
        long["accounts"][0]["code"] = format!("0x{}", "60".repeat(4_000)).into();
        long["accounts"][0]["balance"] = format!("1{}x", "0".repeat(8_000)).into();
        let error = Parameters::from_genesis_file(&long.to_string()).expect_err("no balance");
        let error = error.to_string();
        assert!(error.len() < 700 && error.contains('…'), "{error}");
        let twice = Parameters::dev()
            .to_genesis_file()
            .replacen("{", "{\"name\": \"x\",", 1);
        let error = Parameters::from_genesis_file(&twice).expect_err("a name too many");
        assert!(
            error.to_string().contains("duplicate field `name`"),
            "{error}"
        );
    }
}
