//! A text that would do for a type, for errors and help.

use alloy_dyn_abi::DynSolType;
use alloy_json_abi::Param;
use alloy_primitives::{Address, Function};

/// A text that [`super::reading::value`] takes for the type; for numbers of 256 bits two of them.
pub fn example(ty: &DynSolType, components: &[Param]) -> String {
    match ty {
        DynSolType::Uint(256) => "1000, or 1.5coin".to_owned(),
        DynSolType::String => "some words".to_owned(),
        DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_) => {
            nested_example(ty, components)
        }
        _ => nested_example(ty, components).trim_matches('"').to_owned(),
    }
}

fn nested_example(ty: &DynSolType, components: &[Param]) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    match ty {
        DynSolType::Bool => "true".to_owned(),
        DynSolType::Int(_) => "-7".to_owned(),
        DynSolType::Uint(_) => "7".to_owned(),
        DynSolType::FixedBytes(size) => format!("\"0x{}\"", "ab".repeat(*size)),
        DynSolType::Address => format!("\"{}\"", Address::repeat_byte(0x11)),
        DynSolType::Function => format!("\"0x{}\"", "ab".repeat(Function::len_bytes())),
        DynSolType::Bytes => "\"0xabcd\"".to_owned(),
        DynSolType::String => "\"some words\"".to_owned(),
        DynSolType::Array(inner) => list(vec![nested_example(inner, components)]),
        DynSolType::FixedArray(inner, size) => {
            list(vec![nested_example(inner, components); (*size).min(8)])
        }
        DynSolType::Tuple(inner) => {
            let member = |(at, ty): (usize, &DynSolType)| {
                let param = components.get(at);
                let components = param.map_or(&[] as &[Param], |param| &param.components);
                nested_example(ty, components)
            };
            list(inner.iter().enumerate().map(member).collect())
        }
    }
}
