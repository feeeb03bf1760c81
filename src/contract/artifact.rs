//! What a compiler left behind of a contract: its interface (ABI) and its bytecode.
//!
//! Read are this project's own artifacts (`examples/contracts/*/*.json`), those of Foundry (`out/X.sol/X.json`), Hardhat,
//! solc's standard JSON and `--combined-json`, Vyper's `-f combined_json`, and a bare ABI. They differ in names and depth alone.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_json_abi::JsonAbi;
use alloy_primitives::{B256, Bytes};
use serde_json::Value;

use crate::limits::ARTIFACT_BYTES;

/// A contract as its compiler left it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Artifact {
    /// The contract's name; the file's where the artifact does not say.
    pub name: String,
    /// `Vyper` or `Solidity`, if known.
    pub language: Option<String>,
    /// The compiler's name and version, such as `vyper 0.4.3+commit.bff19ea2`, if known.
    pub compiler: Option<String>,
    /// What the compiler was told, if known.
    pub settings: Option<Value>,
    /// SHA-256 of the source file, if known.
    pub source_sha256: Option<B256>,
    pub abi: JsonAbi,
    /// What creates the contract when constructor arguments are appended; nothing for an interface.
    pub bytecode: Option<Bytes>,
    /// What stands at its address then, without the values of immutables.
    pub deployed_bytecode: Option<Bytes>,
    /// Where Solidity writes the values of immutables into the runtime code: start and length in bytes.
    pub immutables: Vec<(usize, usize)>,
    /// Which variable lies in which slot, in the compiler's own form.
    pub storage_layout: Option<Value>,
}

/// Why a text is no artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    #[error("cannot read {path}: {why}")]
    File { path: String, why: String },
    #[error("an artifact is at most {ARTIFACT_BYTES} bytes long, this is longer")]
    TooLong,
    #[error("an artifact is JSON, this is not: {0}")]
    NotJson(String),
    #[error(
        "it holds no `abi`: an artifact is what a compiler writes, with `abi` and `bytecode` in it"
    )]
    NoAbi,
    #[error("its ABI does not read: {0}")]
    Abi(String),
    #[error("its {member} is not hexadecimal digits: {why}")]
    NotHex { member: &'static str, why: String },
    #[error(
        "its {member} has room for the address of the library {library}, which must be linked first"
    )]
    Unlinked {
        member: &'static str,
        library: String,
    },
    #[error("it holds {} contracts ({}), and none was chosen", names.len(), names.join(", "))]
    Several { names: Vec<String> },
    #[error("it holds no contract {wanted}, but {}", names.join(", "))]
    Unknown { wanted: String, names: Vec<String> },
    #[error("{name} has no bytecode: it is an interface, or abstract, and cannot be deployed")]
    NoBytecode { name: String },
    #[error("its source_sha256 is no SHA-256 of 64 hexadecimal digits")]
    SourceHash,
}

impl Artifact {
    /// Reads an artifact's file. `path:Name` chooses one of several contracts in it.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        let path = path.as_ref();
        let whole = path.to_string_lossy();
        let (file, wanted) = match whole.rsplit_once(':') {
            Some((file, name)) if !path.exists() && is_name(name) => {
                (Path::new(file).to_owned(), Some(name.to_owned()))
            }
            _ => (path.to_owned(), None),
        };
        let failed = |why: std::io::Error| ArtifactError::File {
            path: file.display().to_string(),
            why: why.to_string(),
        };
        let length = std::fs::metadata(&file).map_err(failed)?.len();
        if length > ARTIFACT_BYTES as u64 {
            return Err(ArtifactError::TooLong);
        }
        let text = std::fs::read_to_string(&file).map_err(failed)?;
        let mut artifact = Self::parse(&text, wanted.as_deref())?;
        if artifact.name.is_empty() {
            let stem = file.file_stem().unwrap_or_default();
            artifact.name = stem.to_string_lossy().into_owned();
        }
        Ok(artifact)
    }

    /// Reads an artifact's text; `wanted` chooses one of several contracts.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub fn parse(text: &str, wanted: Option<&str>) -> Result<Self, ArtifactError> {
        if text.len() > ARTIFACT_BYTES {
            return Err(ArtifactError::TooLong);
        }
        let json: Value = serde_json::from_str(text)
            .map_err(|error| ArtifactError::NotJson(error.to_string()))?;
        if json.is_array() {
            let abi = abi_of(&json)?;
            return Ok(Self {
                abi,
                ..Self::default()
            });
        }
        if json.get("abi").is_some() {
            return one(&json, None);
        }
        let mut found = contracts_in(&json);
        if let Some(wanted) = wanted {
            let names = || found.keys().map(|name| (*name).to_owned()).collect();
            let (name, value) =
                found
                    .get_key_value(wanted)
                    .ok_or_else(|| ArtifactError::Unknown {
                        wanted: wanted.to_owned(),
                        names: names(),
                    })?;
            return named(name, value, &json);
        }
        // Beside a contract its file often holds interfaces.
        if found.len() > 1 {
            found.retain(|_, value| !code_text(value, &BYTECODE).unwrap_or_default().is_empty());
        }
        let names: Vec<String> = found.keys().map(|name| (*name).to_owned()).collect();
        match (found.pop_first(), found.is_empty()) {
            (Some((name, value)), true) => named(name, value, &json),
            (None, _) => Err(ArtifactError::NoAbi),
            _ => Err(ArtifactError::Several { names }),
        }
    }

    /// The code that creates the contract.
    ///
    /// # Errors
    /// [`ArtifactError::NoBytecode`] for an interface.
    pub fn creation_code(&self) -> Result<&Bytes, ArtifactError> {
        let code = self.bytecode.as_ref().filter(|code| !code.is_empty());
        code.ok_or_else(|| ArtifactError::NoBytecode {
            name: self.name.clone(),
        })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

const BYTECODE: [&str; 5] = [
    "/bytecode",
    "/bytecode/object",
    "/evm/bytecode/object",
    "/evm/bytecode",
    "/bin",
];
const DEPLOYED: [&str; 7] = [
    "/deployed_bytecode",
    "/deployedBytecode",
    "/deployedBytecode/object",
    "/evm/deployedBytecode/object",
    "/bytecode_runtime",
    "/runtime_bytecode",
    "/bin-runtime",
];
const IMMUTABLES: [&str; 3] = [
    "/immutableReferences",
    "/deployedBytecode/immutableReferences",
    "/evm/deployedBytecode/immutableReferences",
];

/// The contracts in an output of several: `{"contracts": {FILE: {NAME: …}}}`, `{"contracts": {"FILE:NAME": …}}` and Vyper's `{FILE: …}`.
fn contracts_in(json: &Value) -> BTreeMap<&str, &Value> {
    let mut found = BTreeMap::new();
    let contracts = json.get("contracts").unwrap_or(json);
    let Some(files) = contracts.as_object() else {
        return found;
    };
    for (file, inside) in files {
        let bare = file
            .rsplit_once(':')
            .map_or(file.as_str(), |(_, name)| name);
        if inside.get("abi").is_some() {
            found.insert(stem(bare), inside);
            continue;
        }
        for (name, value) in inside.as_object().into_iter().flatten() {
            if value.get("abi").is_some() {
                found.insert(name.as_str(), value);
            }
        }
    }
    found
}

fn stem(path: &str) -> &str {
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    file.split_once('.').map_or(file, |(stem, _)| stem)
}

fn named(name: &str, value: &Value, whole: &Value) -> Result<Artifact, ArtifactError> {
    let version = whole.get("version").and_then(Value::as_str);
    let mut artifact = one(value, version)?;
    if artifact.name.is_empty() {
        artifact.name = name.to_owned();
    }
    Ok(artifact)
}

fn one(json: &Value, version: Option<&str>) -> Result<Artifact, ArtifactError> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    let metadata = metadata(json);
    let meta = |at: &str| {
        metadata
            .pointer(at)
            .filter(|value| !value.is_null())
            .cloned()
    };
    let language = text("language").or_else(|| meta("/language")?.as_str().map(str::to_owned));
    let compiler = text("compiler")
        .or_else(|| {
            let version = meta("/compiler/version")?;
            Some(format!("solc {}", version.as_str()?))
        })
        .or_else(|| version.map(str::to_owned));
    let source_sha256 = match text("source_sha256") {
        Some(digits) => Some(digits.parse().map_err(|_| ArtifactError::SourceHash)?),
        None => None,
    };
    let layout = [
        "storage_layout",
        "storageLayout",
        "layout",
        "storage-layout",
    ];
    Ok(Artifact {
        name: text("name")
            .or_else(|| text("contractName"))
            .unwrap_or_default(),
        language,
        compiler,
        settings: json.get("settings").cloned().or_else(|| meta("/settings")),
        source_sha256,
        abi: abi_of(json.get("abi").unwrap_or(&Value::Null))?,
        bytecode: code(json, "bytecode", &BYTECODE)?,
        deployed_bytecode: code(json, "deployed bytecode", &DEPLOYED)?,
        immutables: immutables(json),
        storage_layout: layout
            .iter()
            .find_map(|name| json.get(*name).filter(|layout| !layout.is_null()))
            .cloned(),
    })
}

/// Solidity's metadata: an object, or one as text; Foundry has both.
fn metadata(json: &Value) -> Value {
    let metadata = [json.get("metadata"), json.get("rawMetadata")];
    let read = metadata.into_iter().flatten().map(|value| match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    });
    read.into_iter().find(Value::is_object).unwrap_or_default()
}

/// Dimensions of an array: readers of types call themselves for each.
const MOST_DIMENSIONS: usize = 16;

/// An ABI, as an array or as its text (`--combined-json` of old compilers).
fn abi_of(json: &Value) -> Result<JsonAbi, ArtifactError> {
    let read = match json {
        Value::String(text) => serde_json::from_str(text),
        other => serde_json::from_value(other.clone()),
    };
    let abi: JsonAbi = read.map_err(|error| ArtifactError::Abi(error.to_string()))?;
    let text = serde_json::to_string(&abi).unwrap_or_default();
    let dimensions = text.split('"').map(|piece| piece.matches('[').count());
    match dimensions.max().is_some_and(|most| most > MOST_DIMENSIONS) {
        true => Err(ArtifactError::Abi(format!(
            "a type has more than {MOST_DIMENSIONS} dimensions"
        ))),
        false => Ok(abi),
    }
}

fn code_text<'a>(json: &'a Value, places: &[&str]) -> Option<&'a str> {
    places
        .iter()
        .find_map(|place| json.pointer(place).and_then(Value::as_str))
}

fn code(
    json: &Value,
    member: &'static str,
    places: &[&str],
) -> Result<Option<Bytes>, ArtifactError> {
    let Some(text) = code_text(json, places) else {
        return Ok(None);
    };
    let digits = text.trim().trim_start_matches("0x");
    // Where a library's address belongs, solc writes `__$34 digits$__`, and older ones its name.
    if let Some((_, rest)) = digits.split_once("__") {
        let library = rest.trim_matches(['$', '_']);
        let library = library.split(['$', '_']).next().unwrap_or_default();
        return Err(ArtifactError::Unlinked {
            member,
            library: library.to_owned(),
        });
    }
    match hex::decode(digits) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) => Err(ArtifactError::NotHex {
            member,
            why: error.to_string(),
        }),
    }
}

fn immutables(json: &Value) -> Vec<(usize, usize)> {
    let found = IMMUTABLES.iter().find_map(|place| json.pointer(place));
    let references = found.and_then(Value::as_object);
    let number = |place: &Value, name: &str| {
        let number = place.get(name).and_then(Value::as_u64)?;
        usize::try_from(number).ok()
    };
    references
        .into_iter()
        .flat_map(|references| references.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|place| Some((number(place, "start")?, number(place, "length")?)))
        .collect()
}

#[cfg(test)]
#[path = "artifact_tests.rs"]
mod tests;
