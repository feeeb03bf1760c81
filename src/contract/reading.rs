//! Arguments from text: what a person or a program writes becomes a value of the ABI's type.
//!
//! | type | written as |
//! | --- | --- |
//! | `uint…`, `int…` | `1000`, `0x3e8`, `1e18`, `1.5coin`, `10gwei` |
//! | `address` | `0x…`, or a name where the caller knows names |
//! | `bool` | `true`, `false` |
//! | `bytes…` | `0x…`, or `text:…`, whose bytes are filled up with zeros |
//! | `string` | itself |
//! | arrays and tuples | JSON: `[1, 2]`, `["0x…", "1.5coin"]`, for a tuple `{"name": …}` too |

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_json_abi::Param;
use alloy_primitives::{Address, B256, Function, I256};

use super::examples::example;
use super::numbers::{signed, unsigned};
use crate::protocol::classic::json::{Grammar, Value};
use crate::wallet::address::{self, AddressError};

/// Whom a name means; nothing where it is none.
pub type NamesOf<'a> = &'a dyn Fn(&str) -> Option<Address>;

/// Knows no names.
pub fn no_names(_: &str) -> Option<Address> {
    None
}

/// Why a text is no value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("{found:?} is no number")]
    NotANumber { found: String },
    #[error("{found:?} is not a whole number of the smallest unit")]
    NotWhole { found: String },
    #[error("the number needs more than 256 bits")]
    Beyond256Bits,
    #[error("{found} is beyond what {bits} bits hold")]
    BeyondBits { found: String, bits: usize },
    #[error("{found:?} is neither true nor false")]
    NotABool { found: String },
    #[error("{0}")]
    Address(#[from] AddressError),
    #[error("{found:?} is no address, and no name that is known here")]
    UnknownName { found: String },
    #[error("{found:?} is not 0x and pairs of hexadecimal digits")]
    NotHex { found: String },
    #[error("it has {found} bytes, {wanted} are needed")]
    Length { wanted: usize, found: usize },
    #[error("it is not JSON: {why}")]
    NotJson { why: String },
    #[error("it is {found}, an array in brackets is needed")]
    NotAnArray { found: &'static str },
    #[error(
        "it is {found}, a single value is needed; text, large numbers and amounts stand in quotes"
    )]
    NotASingleValue { found: &'static str },
    #[error("it has {found} items, {wanted} are needed")]
    Items { wanted: usize, found: usize },
    #[error("it lacks the member {name:?}")]
    MissingMember { name: String },
    #[error("it has a member {name:?}, which the type does not")]
    UnknownMember { name: String },
    #[error(
        "{found} has a point, and JSON numbers with one are not exact; write it in quotes, with its unit"
    )]
    Inexact { found: String },
}

/// What is wrong, and where inside the argument: `[1].amount`; nothing where it is the argument itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub inside: String,
    /// The type that is needed there.
    pub ty: String,
    pub why: ValueError,
    /// A text that would do.
    pub example: String,
}

/// Reads a text as a value of `ty`; `components` name a tuple's members.
///
/// # Errors
/// [`Wrong`].
pub fn value(
    text: &str,
    ty: &DynSolType,
    components: &[Param],
    names: NamesOf<'_>,
) -> Result<DynSolValue, Wrong> {
    let is_compound = matches!(
        ty,
        DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_)
    );
    let read = match is_compound {
        false => single(text, ty, names).map_err(|why| Wrong::at(ty, why)),
        true => match Value::parse(text, Grammar::REQUEST) {
            Ok(json) => of_json(&json, ty, components, names),
            Err(error) => Err(Wrong::at(
                ty,
                ValueError::NotJson {
                    why: error.to_string(),
                },
            )),
        },
    };
    read.map_err(|mut wrong| {
        wrong.example = example(ty, components);
        wrong
    })
}

impl Wrong {
    fn at(ty: &DynSolType, why: ValueError) -> Self {
        Self {
            inside: String::new(),
            ty: ty.sol_type_name().into_owned(),
            why,
            example: String::new(),
        }
    }

    fn inside(mut self, place: &str) -> Self {
        self.inside.insert_str(0, place);
        self
    }
}

fn single(text: &str, ty: &DynSolType, names: NamesOf<'_>) -> Result<DynSolValue, ValueError> {
    let beyond = |bits| ValueError::BeyondBits {
        found: text.trim().to_owned(),
        bits,
    };
    match *ty {
        DynSolType::Bool => match text.trim() {
            "true" => Ok(DynSolValue::Bool(true)),
            "false" => Ok(DynSolValue::Bool(false)),
            other => Err(ValueError::NotABool {
                found: other.to_owned(),
            }),
        },
        DynSolType::Uint(bits) => {
            let number = unsigned(text)?;
            match number.bit_len() <= bits {
                true => Ok(DynSolValue::Uint(number, bits)),
                false => Err(beyond(bits)),
            }
        }
        DynSolType::Int(bits) => {
            let number = signed(text)?;
            match fits(number, bits) {
                true => Ok(DynSolValue::Int(number, bits)),
                false => Err(beyond(bits)),
            }
        }
        DynSolType::Address => whose(text.trim(), names).map(DynSolValue::Address),
        DynSolType::FixedBytes(size) => {
            let bytes = bytes(text, Some(size))?;
            let mut word = B256::ZERO;
            for (to, from) in word.iter_mut().zip(&bytes) {
                *to = *from;
            }
            Ok(DynSolValue::FixedBytes(word, size))
        }
        DynSolType::Function => {
            let bytes = bytes(text, Some(Function::len_bytes()))?;
            let wrong = |found| ValueError::Length {
                wanted: Function::len_bytes(),
                found,
            };
            let function = Function::try_from(bytes.as_slice());
            function
                .map(DynSolValue::Function)
                .map_err(|_| wrong(bytes.len()))
        }
        DynSolType::Bytes => bytes(text, None).map(DynSolValue::Bytes),
        DynSolType::String => Ok(DynSolValue::String(text.to_owned())),
        DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_) => {
            Err(ValueError::NotAnArray { found: "text" })
        }
    }
}

/// Whether a number is one of `bits` bits with its sign.
fn fits(number: I256, bits: usize) -> bool {
    // The shift brings a number back that has no more than so many bits.
    let spare = 256_usize.saturating_sub(bits);
    number
        .asl(spare)
        .is_some_and(|moved| moved.asr(spare) == number)
}

fn whose(text: &str, names: NamesOf<'_>) -> Result<Address, ValueError> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return Ok(address::parse(text)?.address);
    }
    names(text).ok_or_else(|| ValueError::UnknownName {
        found: text.to_owned(),
    })
}

/// Bytes as `0x…`, `text:…`, or where the length is known by hexadecimal digits alone.
fn bytes(text: &str, size: Option<usize>) -> Result<Vec<u8>, ValueError> {
    if let Some(text) = text.strip_prefix("text:") {
        let mut bytes = text.as_bytes().to_vec();
        if let Some(wanted) = size {
            let found = bytes.len();
            if found > wanted {
                return Err(ValueError::Length { wanted, found });
            }
            bytes.resize(wanted, 0);
        }
        return Ok(bytes);
    }
    let text = text.trim();
    let bare = size.is_some_and(|size| text.len() == 2 * size);
    let digits = match text.strip_prefix("0x") {
        Some(digits) => digits,
        None if bare => text,
        None => {
            return Err(ValueError::NotHex {
                found: text.to_owned(),
            });
        }
    };
    let bytes = hex::decode(digits).map_err(|_| ValueError::NotHex {
        found: text.to_owned(),
    })?;
    match size {
        Some(wanted) if wanted != bytes.len() => Err(ValueError::Length {
            wanted,
            found: bytes.len(),
        }),
        _ => Ok(bytes),
    }
}

fn of_json(
    json: &Value,
    ty: &DynSolType,
    components: &[Param],
    names: NamesOf<'_>,
) -> Result<DynSolValue, Wrong> {
    let wrong = |why| Wrong::at(ty, why);
    match ty {
        DynSolType::Array(inner) => {
            items(json, inner, None, components, names).map(DynSolValue::Array)
        }
        DynSolType::FixedArray(inner, size) => {
            items(json, inner, Some(*size), components, names).map(DynSolValue::FixedArray)
        }
        DynSolType::Tuple(inner) => members(json, inner, components, names)
            .map_err(|error| match error {
                Within::Here(why) => wrong(why),
                Within::Inside(wrong) => wrong,
            })
            .map(DynSolValue::Tuple),
        _ => {
            let text = match json {
                Value::String(text) => text.to_string_lossy(),
                Value::Integer(digits) => digits.to_string(),
                Value::Bool(value) => value.to_string(),
                Value::Double(number) => {
                    let found = number.to_string();
                    return Err(wrong(ValueError::Inexact { found }));
                }
                other => {
                    let found = kind(other);
                    return Err(wrong(ValueError::NotASingleValue { found }));
                }
            };
            single(&text, ty, names).map_err(wrong)
        }
    }
}

fn items(
    json: &Value,
    inner: &DynSolType,
    size: Option<usize>,
    components: &[Param],
    names: NamesOf<'_>,
) -> Result<Vec<DynSolValue>, Wrong> {
    let Value::Array(items) = json else {
        let found = kind(json);
        return Err(Wrong::at(inner, ValueError::NotAnArray { found }));
    };
    if let Some(wanted) = size.filter(|wanted| *wanted != items.len()) {
        let found = items.len();
        return Err(Wrong::at(inner, ValueError::Items { wanted, found }));
    }
    let read = items.iter().enumerate().map(|(at, item)| {
        of_json(item, inner, components, names).map_err(|wrong| wrong.inside(&format!("[{at}]")))
    });
    read.collect()
}

enum Within {
    Here(ValueError),
    Inside(Wrong),
}

fn members(
    json: &Value,
    inner: &[DynSolType],
    components: &[Param],
    names: NamesOf<'_>,
) -> Result<Vec<DynSolValue>, Within> {
    let param = |at: usize| components.get(at);
    let name = |at: usize| param(at).map_or("", |param| param.name.as_str());
    let values: Vec<&Value> = match json {
        Value::Array(items) if items.len() == inner.len() => items.iter().collect(),
        Value::Array(items) => {
            let (wanted, found) = (inner.len(), items.len());
            return Err(Within::Here(ValueError::Items { wanted, found }));
        }
        Value::Object(members) => {
            let known = |member: &String| (0..inner.len()).any(|at| name(at) == *member);
            if let Some(name) = members
                .keys()
                .map(|text| text.to_string_lossy())
                .find(|member| !known(member))
            {
                return Err(Within::Here(ValueError::UnknownMember { name }));
            }
            let mut values = Vec::new();
            for at in 0..inner.len() {
                let value = json.get(name(at)).ok_or_else(|| {
                    let name = name(at).to_owned();
                    Within::Here(ValueError::MissingMember { name })
                })?;
                values.push(value);
            }
            values
        }
        other => {
            let found = kind(other);
            return Err(Within::Here(ValueError::NotAnArray { found }));
        }
    };
    let read = values.into_iter().zip(inner).enumerate();
    read.map(|(at, (value, ty))| {
        let components = param(at).map_or(&[] as &[Param], |param| &param.components);
        of_json(value, ty, components, names).map_err(|wrong| {
            let place = match name(at) {
                "" => format!("[{at}]"),
                name => format!(".{name}"),
            };
            Within::Inside(wrong.inside(&place))
        })
    })
    .collect()
}

fn kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Integer(_) | Value::Double(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
