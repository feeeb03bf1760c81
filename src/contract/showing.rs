//! Values as text and as JSON. What [`text`] writes, [`super::reading::value`] reads as the same value.

use alloy_dyn_abi::DynSolValue;
use alloy_json_abi::Param;
use serde_json::{Map, Value};

use super::numbers::power;

/// A value as a person reads it: a number's digits, an address with its checksum, bytes as `0x…`, text as it is; arrays and tuples as JSON.
pub fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Array(_) | DynSolValue::FixedArray(_) | DynSolValue::Tuple(_) => nested(value),
        single => single_text(single),
    }
}

/// As [`text`], and behind a large round number its power of ten: `1500000000000000000 (1.5e18)`.
pub fn text_with_power(value: &DynSolValue) -> String {
    let power = value.as_uint().and_then(|(number, _)| power(number));
    match power {
        Some(power) => format!("{} ({power})", text(value)),
        None => text(value),
    }
}

/// A value for programs: numbers as text, since many readers of JSON take no large ones; a tuple as an object where its members have names.
pub fn json(value: &DynSolValue, components: &[Param]) -> Value {
    match value {
        DynSolValue::Bool(value) => (*value).into(),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
            items.iter().map(|item| json(item, components)).collect()
        }
        DynSolValue::Tuple(members) => {
            let param = |at: usize| components.get(at);
            let of = |(at, member)| {
                let inner = param(at).map_or(&[] as &[Param], |param| &param.components);
                json(member, inner)
            };
            let is_named = components.len() == members.len()
                && components.iter().all(|param| !param.name.is_empty());
            let values = members.iter().enumerate().map(of);
            match is_named {
                true => {
                    let names = components.iter().map(|param| param.name.clone());
                    Value::Object(names.zip(values).collect::<Map<_, _>>())
                }
                false => values.collect(),
            }
        }
        single => single_text(single).into(),
    }
}

fn single_text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Bool(value) => value.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => {
            format!("0x{}", hex::encode(word.get(..*size).unwrap_or_default()))
        }
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Function(function) => format!("0x{}", hex::encode(function)),
        DynSolValue::Bytes(bytes) => format!("0x{}", hex::encode(bytes)),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Array(_) | DynSolValue::FixedArray(_) | DynSolValue::Tuple(_) => nested(value),
    }
}

fn nested(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Bool(_) | DynSolValue::Int(..) | DynSolValue::Uint(..) => single_text(value),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) | DynSolValue::Tuple(items) => {
            let items: Vec<String> = items.iter().map(nested).collect();
            format!("[{}]", items.join(", "))
        }
        quoted => Value::from(single_text(quoted)).to_string(),
    }
}
