//! A contract's functions and events, by what people call them; calls encoded, answers and logs decoded.

use alloy_dyn_abi::{DynSolType, DynSolValue, FunctionExt, JsonAbiExt, Specifier};
use alloy_json_abi::{Event, Function, JsonAbi, Param, StateMutability};
use alloy_primitives::Bytes;

use super::arguments::Argument;
use super::reading::{self, NamesOf, Wrong};
use super::values::Values;

/// How many changes of a letter a function's name may be away from one that is proposed.
const NEAR: usize = 3;

/// Why a call cannot be written, or an answer read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    #[error("the contract has no function {name}{}", list("; it has ", known))]
    NoFunction { name: String, known: Vec<String> },
    #[error("the contract has no event {name}{}", list("; it has ", known))]
    NoEvent { name: String, known: Vec<String> },
    #[error("{name} is the name of several functions{}", list(": ", signatures))]
    Overloaded {
        name: String,
        signatures: Vec<String>,
    },
    #[error("{signature} takes {wanted} arguments, {found} are given")]
    Count {
        /// With the arguments' names.
        signature: String,
        wanted: usize,
        found: usize,
    },
    #[error(
        "argument {place} ({}) of {function}: {}{}; an example is {}",
        named(name, ty),
        inside(wrong),
        wrong.why,
        wrong.example
    )]
    Argument {
        function: String,
        /// Counted from 1.
        place: usize,
        name: String,
        ty: String,
        wrong: Wrong,
    },
    #[error("the contract's ABI holds a type that is none: {0}")]
    Type(String),
    #[error("{what} is not what its ABI says: {why}")]
    NotAsDeclared { what: String, why: String },
    #[error("the answer has no value {which}")]
    NoValue { which: String },
    #[error("the answer's value {which} is {found}, not {wanted}")]
    OtherType {
        which: String,
        found: String,
        wanted: &'static str,
    },
}

fn list(before: &str, names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("{before}{}", names.join(", ")),
    }
}

fn named(name: &str, ty: &str) -> String {
    match name {
        "" => ty.to_owned(),
        name => format!("{name}: {ty}"),
    }
}

fn inside(wrong: &Wrong) -> String {
    match wrong.inside.as_str() {
        "" => String::new(),
        place => format!("at {place} ({}): ", wrong.ty),
    }
}

/// The function that a name or a signature means, by the number of arguments where several have the name.
///
/// # Errors
/// [`InterfaceError::NoFunction`], [`InterfaceError::Overloaded`] or [`InterfaceError::Count`].
pub fn function<'a>(
    abi: &'a JsonAbi,
    wanted: &str,
    arguments: usize,
) -> Result<&'a Function, InterfaceError> {
    let wanted: String = wanted.split_whitespace().collect();
    let (name, is_signature) = match wanted.split_once('(') {
        Some((name, _)) => (name, true),
        None => (wanted.as_str(), false),
    };
    let all = abi.function(name).map_or(&[] as &[Function], Vec::as_slice);
    let signatures = || all.iter().map(Function::signature).collect::<Vec<_>>();
    if is_signature || all.is_empty() {
        let exact = all.iter().find(|function| function.signature() == wanted);
        return exact.ok_or_else(|| InterfaceError::NoFunction {
            name: wanted.clone(),
            known: match all {
                [] => proposals(name, abi.functions().map(|function| function.name.as_str())),
                _ => signatures(),
            },
        });
    }
    let mut fitting = all
        .iter()
        .filter(|function| function.inputs.len() == arguments);
    match (fitting.next(), fitting.next(), all) {
        (Some(one), None, _) => Ok(one),
        (None, _, [one]) => Err(InterfaceError::Count {
            signature: described(one),
            wanted: one.inputs.len(),
            found: arguments,
        }),
        _ => Err(InterfaceError::Overloaded {
            name: name.to_owned(),
            signatures: signatures(),
        }),
    }
}

/// The event of this name.
///
/// # Errors
/// [`InterfaceError::NoEvent`].
pub fn event<'a>(abi: &'a JsonAbi, name: &str) -> Result<&'a Event, InterfaceError> {
    let bare = name.split('(').next().unwrap_or_default().trim();
    let mut all = abi.event(bare).into_iter().flatten();
    let found = match bare == name {
        true => all.next(),
        false => all.find(|event| event.signature() == name),
    };
    found.ok_or_else(|| InterfaceError::NoEvent {
        name: name.to_owned(),
        known: proposals(bare, abi.events().map(|event| event.name.as_str())),
    })
}

/// Names near the one that was meant, or all of them where none is.
fn proposals<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut known: Vec<&str> = known.collect();
    known.dedup();
    let distance = |other: &str| strsim::osa_distance(&name.to_lowercase(), &other.to_lowercase());
    let mut near: Vec<&str> = known.clone();
    near.retain(|other| distance(other) <= NEAR);
    near.sort_by_key(|other| distance(other));
    let chosen = if near.is_empty() { known } else { near };
    chosen.into_iter().map(str::to_owned).collect()
}

/// A function as a person reads it: `transfer(to: address, amount: uint256) -> bool`, and behind it what it may change.
pub fn described(function: &Function) -> String {
    let outputs = match function.outputs.as_slice() {
        [] => String::new(),
        [one] if one.name.is_empty() => format!(" -> {}", one.selector_type()),
        several => format!(" -> ({})", params(several)),
    };
    let kind = match function.state_mutability {
        StateMutability::Pure => " pure",
        StateMutability::View => " view",
        StateMutability::NonPayable => "",
        StateMutability::Payable => " payable",
    };
    format!(
        "{}({}){outputs}{kind}",
        function.name,
        params(&function.inputs)
    )
}

/// An event as a person reads it: `Transfer(indexed from: address, …)`.
pub fn described_event(event: &Event) -> String {
    let inputs = event.inputs.iter().map(|input| {
        let indexed = if input.indexed { "indexed " } else { "" };
        format!("{indexed}{}", named(&input.name, &input.selector_type()))
    });
    format!("{}({})", event.name, inputs.collect::<Vec<_>>().join(", "))
}

fn params(params: &[Param]) -> String {
    let shown = params
        .iter()
        .map(|param| named(&param.name, &param.selector_type()));
    shown.collect::<Vec<_>>().join(", ")
}

/// The input that calls `function`.
///
/// # Errors
/// [`InterfaceError`] names the argument that does not read.
pub fn encoded_call(
    function: &Function,
    arguments: &[Argument],
    names: NamesOf<'_>,
) -> Result<Bytes, InterfaceError> {
    let values = read(
        &function.name,
        &described(function),
        &function.inputs,
        arguments,
        names,
    )?;
    let input = function.abi_encode_input(&values);
    input
        .map(Bytes::from)
        .map_err(|error| InterfaceError::Type(error.to_string()))
}

/// A constructor's arguments, to be appended to the code that creates the contract.
///
/// # Errors
/// [`InterfaceError`] names the argument that does not read.
pub fn encoded_constructor(
    abi: &JsonAbi,
    arguments: &[Argument],
    names: NamesOf<'_>,
) -> Result<Bytes, InterfaceError> {
    let inputs = abi
        .constructor
        .as_ref()
        .map_or(&[] as &[Param], |constructor| &constructor.inputs);
    let signature = format!("the constructor ({})", params(inputs));
    let values = read("the constructor", &signature, inputs, arguments, names)?;
    Ok(DynSolValue::Tuple(values).abi_encode_params().into())
}

fn read(
    name: &str,
    signature: &str,
    inputs: &[Param],
    arguments: &[Argument],
    names: NamesOf<'_>,
) -> Result<Vec<DynSolValue>, InterfaceError> {
    if inputs.len() != arguments.len() {
        return Err(InterfaceError::Count {
            signature: signature.to_owned(),
            wanted: inputs.len(),
            found: arguments.len(),
        });
    }
    let read = inputs.iter().zip(arguments).enumerate();
    read.map(|(at, (param, argument))| {
        let ty = resolved(param)?;
        reading::value(argument.as_str(), &ty, &param.components, names).map_err(|wrong| {
            InterfaceError::Argument {
                function: name.to_owned(),
                place: at + 1,
                name: param.name.clone(),
                ty: param.selector_type().into_owned(),
                wrong,
            }
        })
    })
    .collect()
}

fn resolved(param: &Param) -> Result<DynSolType, InterfaceError> {
    param
        .resolve()
        .map_err(|error| InterfaceError::Type(error.to_string()))
}

/// What a function answered.
///
/// # Errors
/// [`InterfaceError::NotAsDeclared`].
pub fn decoded_answer(function: &Function, answer: &[u8]) -> Result<Values, InterfaceError> {
    let values =
        function
            .abi_decode_output(answer)
            .map_err(|error| InterfaceError::NotAsDeclared {
                what: format!("the answer of {}", function.name),
                why: match answer.is_empty() {
                    true => "it is empty; is there a contract at that address?".to_owned(),
                    false => error.to_string(),
                },
            })?;
    Ok(Values::of(&function.outputs, values))
}

/// Input that was written for a function; for transactions that others sent.
///
/// # Errors
/// [`InterfaceError::NotAsDeclared`].
pub fn decoded_input(function: &Function, input: &[u8]) -> Result<Values, InterfaceError> {
    let arguments = input.get(4..).unwrap_or_default();
    let values =
        function
            .abi_decode_input(arguments)
            .map_err(|error| InterfaceError::NotAsDeclared {
                what: format!("the input of {}", function.name),
                why: error.to_string(),
            })?;
    Ok(Values::of(&function.inputs, values))
}

#[cfg(test)]
#[path = "interface_tests.rs"]
mod tests;
