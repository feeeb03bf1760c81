//! A coin block as fields, and fields as a block.

use alloy_primitives::hex::FromHex;
use alloy_primitives::{B64, B256, Bytes, U256};
use serde_json::Value;

use super::fields::{Copied, Field, Group, LISTED, Listed, Rest, Transactions};
use crate::protocol::coin::block::{Block, Record};
use crate::protocol::coin::header::{Header, PowHash};
use crate::protocol::coin::target::Bits;

/// A field of a block that cannot be read, or is not there: `header.nonce`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub String);

/// The fields of a block, in the order of `docs/coin-format.md`.
pub(super) fn of_block(number: u64, block: &Block) -> Copied {
    let group = |name: &'static str, members: Vec<(&str, String)>| Group {
        name,
        fields: members
            .into_iter()
            .map(|(member, value)| text_field(member, value, format!("{name}.{member}")))
            .collect(),
    };
    let envelopes: Vec<String> = block.envelopes.iter().map(Bytes::to_string).collect();
    let (listed, rest) = envelopes.split_at(envelopes.len().min(LISTED));
    let listed = listed.iter().enumerate().map(|(at, envelope)| Listed {
        place: at + 1,
        fields: vec![Field {
            member: String::new(),
            label: String::new(),
            ..text_field("", envelope.clone(), format!("transactions.{at}"))
        }],
        is_object: false,
    });
    Copied {
        height: number,
        hash: block.header.hash().to_string(),
        groups: vec![
            group("header", header_members(&block.header)),
            group("record", record_members(&block.record)),
        ],
        transactions: Transactions {
            listed: listed.collect(),
            rest: (!rest.is_empty()).then(|| Rest {
                count: rest.len(),
                text: format!("\"{}\"", rest.join("\",\n\"")),
            }),
        },
    }
}

fn text_field(member: &str, value: String, path: String) -> Field {
    Field {
        label: member.to_owned(),
        member: format!("\"{member}\""),
        is_text: true,
        value,
        path,
    }
}

fn header_members(header: &Header) -> Vec<(&'static str, String)> {
    vec![
        ("version", header.version.to_string()),
        ("previous", header.previous.to_string()),
        ("commitment", header.commitment.to_string()),
        ("time", header.time.to_string()),
        ("bits", header.bits.to_string()),
        ("nonce", header.nonce.to_string()),
    ]
}

fn record_members(record: &Record) -> Vec<(&'static str, String)> {
    vec![
        ("parent_hash", record.parent_hash.to_string()),
        ("ommers_hash", record.ommers_hash.to_string()),
        ("miner", record.beneficiary.to_string()),
        ("state_root", record.state_root.to_string()),
        ("transactions_root", record.transactions_root.to_string()),
        ("receipts_root", record.receipts_root.to_string()),
        ("logs_bloom", record.logs_bloom.to_string()),
        ("difficulty", record.difficulty.to_string()),
        ("number", record.number.to_string()),
        ("gas_limit", record.gas_limit.to_string()),
        ("gas_used", record.gas_used.to_string()),
        ("timestamp", record.timestamp.to_string()),
        ("extra_data", record.extra_data.to_string()),
        ("mix_hash", record.mix_hash.to_string()),
        ("nonce", record.nonce.to_string()),
        (
            "base_fee",
            record.base_fee_per_gas.unwrap_or_default().to_string(),
        ),
    ]
}

/// Reads a block as the page puts it together.
pub(super) fn read_block(text: &str) -> Result<Block, Unreadable> {
    let value: Value =
        serde_json::from_str(text).map_err(|_| Unreadable("transactions".to_owned()))?;
    let header = Part {
        name: "header",
        value: value.get("header"),
    };
    let record = Part {
        name: "record",
        value: value.get("record"),
    };
    let bytes = |at: usize, envelope: &Value| {
        let bytes = envelope.as_str().and_then(hexadecimal::<Bytes>);
        bytes.ok_or_else(|| Unreadable(format!("transactions.{at}")))
    };
    let envelopes = value.get("transactions").and_then(Value::as_array);
    let envelopes = envelopes.ok_or_else(|| Unreadable("transactions".to_owned()))?;
    Ok(Block {
        header: Header {
            version: header.decimal("version")?,
            previous: header.read("previous", |text| text.parse::<PowHash>().ok())?,
            commitment: header.read("commitment", hexadecimal::<B256>)?,
            time: header.decimal("time")?,
            bits: header.read("bits", |text| {
                let digits = text.strip_prefix("0x")?;
                let is_plain =
                    digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                u32::from_str_radix(digits, 16)
                    .ok()
                    .filter(|_| is_plain)
                    .map(Bits)
            })?,
            nonce: header.decimal("nonce")?,
        },
        record: Record {
            parent_hash: record.read("parent_hash", hexadecimal)?,
            ommers_hash: record.read("ommers_hash", hexadecimal)?,
            beneficiary: record.read("miner", hexadecimal)?,
            state_root: record.read("state_root", hexadecimal)?,
            transactions_root: record.read("transactions_root", hexadecimal)?,
            receipts_root: record.read("receipts_root", hexadecimal)?,
            logs_bloom: record.read("logs_bloom", hexadecimal)?,
            difficulty: record.decimal::<U256>("difficulty")?,
            number: record.decimal("number")?,
            gas_limit: record.decimal("gas_limit")?,
            gas_used: record.decimal("gas_used")?,
            timestamp: record.decimal("timestamp")?,
            extra_data: record.read("extra_data", hexadecimal)?,
            mix_hash: record.read("mix_hash", hexadecimal)?,
            nonce: record.read("nonce", hexadecimal::<B64>)?,
            base_fee_per_gas: Some(record.decimal("base_fee")?),
            ..Record::default()
        },
        envelopes: envelopes
            .iter()
            .enumerate()
            .map(|(at, envelope)| bytes(at, envelope))
            .collect::<Result<_, _>>()?,
    })
}

/// Bytes behind `0x`; of a fixed size just as many.
fn hexadecimal<T: FromHex>(text: &str) -> Option<T> {
    let digits = text.strip_prefix("0x")?;
    T::from_hex(digits).ok()
}

/// An object within a block.
struct Part<'v> {
    name: &'static str,
    value: Option<&'v Value>,
}

impl Part<'_> {
    fn read<T>(&self, member: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Unreadable> {
        let value = self.value.and_then(|value| value.get(member));
        value
            .and_then(Value::as_str)
            .and_then(|text| read(text.trim()))
            .ok_or_else(|| Unreadable(format!("{}.{member}", self.name)))
    }

    /// A whole number in decimal digits alone.
    fn decimal<T: std::str::FromStr>(&self, member: &str) -> Result<T, Unreadable> {
        self.read(member, |text| {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::coin::genesis::Genesis;
    use crate::protocol::coin::parameters::Parameters;

    /// As the page puts it together.
    fn json(copied: &Copied) -> String {
        let object = |group: &Group| {
            let members = group.fields.iter();
            let members = members.map(|field| format!("{}: {:?}", field.member, field.value));
            format!(
                "\"{}\": {{{}}}",
                group.name,
                members.collect::<Vec<_>>().join(", ")
            )
        };
        let mut envelopes: Vec<String> = copied
            .transactions
            .listed
            .iter()
            .map(|listed| format!("{:?}", listed.fields[0].value))
            .collect();
        envelopes.extend(
            copied
                .transactions
                .rest
                .iter()
                .map(|rest| rest.text.clone()),
        );
        let groups: Vec<String> = copied.groups.iter().map(object).collect();
        format!(
            r#"{{{}, "transactions": [{}]}}"#,
            groups.join(", "),
            envelopes.join(", ")
        )
    }

    #[test]
    fn fields_become_the_block_that_they_were_made_from() {
        let mut block = Genesis::of(Parameters::main()).block;
        block.envelopes = (0..=LISTED as u8 + 3)
            .map(|byte| Bytes::from(vec![byte; 5]))
            .collect();
        let copied = of_block(0, &block);
        assert_eq!(
            copied.transactions.rest.as_ref().map(|rest| rest.count),
            Some(4)
        );
        let text = json(&copied);
        assert_eq!(read_block(&text), Ok(block));
        for (from, to, member) in [
            (r#""nonce": "0""#, r#""nonce": "+1""#, "header.nonce"),
            (
                r#""version": "1""#,
                r#""version": "4294967296""#,
                "header.version",
            ),
            (
                r#""bits": "0x1e00ffff""#,
                r#""bits": "0x+e00ffff""#,
                "header.bits",
            ),
            (r#""number": "0""#, r#""number": "-1""#, "record.number"),
            (r#""number": "0""#, r#""numbers": "0""#, "record.number"),
            (
                r#""nonce": "0x0000000000000000""#,
                r#""nonce": "0x00""#,
                "record.nonce",
            ),
            (r#""0x0000000000""#, r#""0x000000000""#, "transactions.0"),
            (r#""0x0000000000""#, "7", "transactions.0"),
            (
                r#""transactions": ["#,
                r#""transactions": {}, "x": ["#,
                "transactions",
            ),
            (r#""header": {"#, r#""header": 7, "x": {"#, "header.version"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(read_block(&changed), Err(Unreadable(member.to_owned())));
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read_block(&deep).is_err() && read_block("\"\\ud800\"").is_err());
    }
}
