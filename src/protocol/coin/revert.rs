//! What a contract says when it reverts, in words.
//!
//! Solidity and Vyper encode a reason as a call of `Error(string)`, a fault of their own as one of `Panic(uint256)`; what else there is, only the contract's ABI can read.

use std::fmt::Write as _;

use alloy_primitives::{Bytes, U256};

/// The selector of `Error(string)`.
pub const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// The selector of `Panic(uint256)`.
pub const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// Longest reason that is shown.
const MOST_CHARACTERS: usize = 500;

/// The reason, if it is one that anybody can read.
pub fn reason(data: &[u8]) -> Option<String> {
    let (selector, rest) = data.split_first_chunk::<4>()?;
    match *selector {
        ERROR => text(rest),
        PANIC => {
            let code = U256::try_from_be_slice(rest.get(..32)?)?;
            Some(panic_reason(code))
        }
        _ => None,
    }
}

/// One sentence as geth has it: `execution reverted`, and the reason if there is one to read.
pub fn sentence(data: &Bytes) -> String {
    let mut sentence = "execution reverted".to_owned();
    if let Some(reason) = reason(data) {
        // Writing to a text does not fail.
        let _ = write!(sentence, ": {reason}");
    } else if let Some(selector) = data.get(..4) {
        let _ = write!(sentence, ": custom error 0x{}", hex::encode(selector));
    }
    sentence
}

/// The string behind a selector: its offset, its length, its bytes.
fn text(encoded: &[u8]) -> Option<String> {
    let word = |at: usize| {
        let end = at.checked_add(32)?;
        let word = U256::try_from_be_slice(encoded.get(at..end)?)?;
        usize::try_from(word).ok()
    };
    let offset = word(0)?;
    let length = word(offset)?;
    let begin = offset.checked_add(32)?;
    let bytes = encoded.get(begin..begin.checked_add(length)?)?;
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().filter(|character| !character.is_control());
    Some(shown.take(MOST_CHARACTERS).collect())
}

/// What Solidity's panic codes stand for: <https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require>.
fn panic_reason(code: U256) -> String {
    let meaning = match u8::try_from(code).unwrap_or(u8::MAX) {
        0x00 => "generic panic",
        0x01 => "assertion failed",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "value outside of an enum",
        0x22 => "badly encoded bytes in storage",
        0x31 => "pop of an empty array",
        0x32 => "array index out of bounds",
        0x41 => "too much memory allocated",
        0x51 => "call of an unset function",
        _ => "unknown panic code",
    };
    format!("panic: {meaning} (0x{code:02x})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Bytes {
        hex::decode(text).expect("hexadecimal").into()
    }

    #[test]
    fn reasons_are_read_and_others_are_named() {
        let said = data(
            "08c379a00000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000a746f6f206561726c7921000000000000000000000000000000000000000000",
        );
        assert_eq!(sentence(&said), "execution reverted: too early!");
        let panicked =
            data("4e487b710000000000000000000000000000000000000000000000000000000000000011");
        assert_eq!(
            sentence(&panicked),
            "execution reverted: panic: arithmetic underflow or overflow (0x11)"
        );
        assert_eq!(sentence(&Bytes::new()), "execution reverted");
        assert_eq!(
            sentence(&data("deadbeef00")),
            "execution reverted: custom error 0xdeadbeef"
        );
    }

    #[test]
    fn a_lying_encoding_gives_no_reason() {
        for end in [
            "",
            "00",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "0000000000000000000000000000000000000000000000000000000000000020ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(reason(&data(&format!("08c379a0{end}"))), None, "{end}");
        }
    }
}
