//! Why a contract refused, in words, from the bytes that it left.

use std::fmt;

use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt};
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Bytes, U256};

use super::values::Values;
use crate::protocol::coin::revert::{ERROR, PANIC};

/// Why a contract refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Revert {
    /// Without a word: a `require` or `assert` without a reason, a function that the contract does not have, coins that it does not take.
    Bare,
    /// With words.
    Reason(String),
    /// What the compiler checks: its code.
    Panic(U256),
    /// By an error that the ABI declares.
    Declared { name: String, values: Values },
    /// By bytes that the ABI does not explain.
    Unknown(Bytes),
}

impl Revert {
    /// Explains what a contract left; `abi` for errors of its own.
    pub fn explain(bytes: &[u8], abi: &JsonAbi) -> Self {
        if bytes.is_empty() {
            return Self::Bare;
        }
        let unknown = || Self::Unknown(Bytes::copy_from_slice(bytes));
        let Some((selector, rest)) = bytes.split_first_chunk::<4>() else {
            return unknown();
        };
        let one = |ty: DynSolType| ty.abi_decode_params(rest).ok();
        match *selector {
            ERROR => match one(DynSolType::String) {
                Some(DynSolValue::String(reason)) => Self::Reason(reason),
                _ => unknown(),
            },
            PANIC => match one(DynSolType::Uint(256)) {
                Some(DynSolValue::Uint(code, _)) => Self::Panic(code),
                _ => unknown(),
            },
            selector => {
                let mut declared = abi.errors().filter(|error| error.selector() == selector);
                declared
                    .find_map(|error| {
                        let values = error.abi_decode_input(rest).ok()?;
                        Some(Self::Declared {
                            name: error.name.clone(),
                            values: Values::of(&error.inputs, values),
                        })
                    })
                    .unwrap_or_else(unknown)
            }
        }
    }
}

/// What a panic's code stands for, as [Solidity](https://docs.soliditylang.org/en/latest/control-structures.html) lists them.
pub fn panic_meaning(code: U256) -> &'static str {
    match u64::try_from(code) {
        Ok(0x00) => "a check that the compiler put in",
        Ok(0x01) => "an assertion does not hold",
        Ok(0x11) => "a sum, difference or product is beyond its type",
        Ok(0x12) => "a division by zero",
        Ok(0x21) => "a number that is none of the enumeration's",
        Ok(0x22) => "a stored byte array that is wrongly encoded",
        Ok(0x31) => "a pop from an empty array",
        Ok(0x32) => "an index beyond the array's end",
        Ok(0x41) => "too much memory",
        Ok(0x51) => "a call of a function that was never set",
        _ => "a code that no compiler lists",
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare => f.write_str(
                "without a reason (a condition without text, a function it does not have, or coins it does not take)",
            ),
            Self::Reason(reason) => write!(f, "{reason}"),
            Self::Panic(code) => write!(f, "panic {code:#x}: {}", panic_meaning(*code)),
            Self::Declared { name, values } => write!(f, "{name}({values})"),
            Self::Unknown(bytes) => write!(f, "with {bytes}, which the ABI does not explain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words() {
        let abi = JsonAbi::parse(["error NotEnough(uint256 has, uint256 needs)"]).unwrap();
        let mut reason = ERROR.to_vec();
        reason.extend(DynSolValue::String("too late".into()).abi_encode_params());
        let mut panic = PANIC.to_vec();
        panic.extend(U256::from(0x11).to_be_bytes::<32>());
        let mut declared = abi.error("NotEnough").unwrap()[0].selector().to_vec();
        declared.extend(U256::from(1).to_be_bytes::<32>());
        declared.extend(U256::from(2).to_be_bytes::<32>());
        for (bytes, words) in [
            (reason, "too late"),
            (
                panic,
                "panic 0x11: a sum, difference or product is beyond its type",
            ),
            (declared, "NotEnough(has=1, needs=2)"),
            (vec![1, 2], "with 0x0102, which the ABI does not explain"),
            (
                ERROR.to_vec(),
                "with 0x08c379a0, which the ABI does not explain",
            ),
        ] {
            assert_eq!(Revert::explain(&bytes, &abi).to_string(), words);
        }
        assert_eq!(Revert::explain(&[], &abi), Revert::Bare);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(mut bytes: Vec<u8>, known in 0usize..3) {
            let start: &[u8] = [&[] as &[u8], &ERROR, &PANIC][known];
            bytes.splice(0..0, start.iter().copied());
            let _ = Revert::explain(&bytes, &JsonAbi::new()).to_string();
        }
    }
}
