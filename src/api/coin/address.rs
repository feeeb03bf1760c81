//! Addresses and hashes as requests name them.

use alloy_primitives::{Address, B256};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;

use super::super::problem::{Kind, Problem};
use super::super::v1::parameters::shown;
use crate::wallet::address;

/// The address in a path.
pub fn of_path(path: Result<Path<String>, PathRejection>) -> Result<Address, Problem> {
    let Path(text) = path.map_err(|_| not_text("address"))?;
    of_parameter("address", &text)
}

/// The address in a parameter or a segment of a path.
pub fn of_parameter(name: &str, text: &str) -> Result<Address, Problem> {
    address::parse(text)
        .map(|written| written.address)
        .map_err(|error| {
            let detail = format!("`{}` is no address: {error}.", shown(text));
            Problem::new(Kind::BadParameter, detail).with("parameter", name)
        })
}

/// The transaction hash in a path: `0x` and 64 hexadecimal digits.
pub fn hash_of_path(path: Result<Path<String>, PathRejection>) -> Result<B256, Problem> {
    let Path(text) = path.map_err(|_| not_text("hash"))?;
    hash(&text).ok_or_else(|| {
        let detail = format!(
            "`{}` is no transaction's hash: that is 0x and 64 hexadecimal digits.",
            shown(&text)
        );
        Problem::new(Kind::BadParameter, detail).with("parameter", "hash")
    })
}

/// 32 bytes as `0x` and 64 hexadecimal digits.
pub fn hash(text: &str) -> Option<B256> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(B256::new(bytes))
}

fn not_text(parameter: &str) -> Problem {
    Problem::new(Kind::BadParameter, "A segment of the path is not UTF-8.")
        .with("parameter", parameter)
}
