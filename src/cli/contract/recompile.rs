//! An artifact's source compiled again on this machine, and what came of it held against the artifact.

use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use serde_json::{Value, json};

use super::tools::{self, Said};
use crate::cli::exit::Failure;
use crate::cli::terminal::printable;
use crate::contract::Artifact;

/// What compiling again showed.
pub struct Recompiled {
    /// The compiler that ran here.
    pub compiler: String,
    /// Whether the creation code is the artifact's byte for byte; else it differs in Solidity's metadata alone.
    pub is_exact: bool,
}

/// Why nothing was compiled.
pub struct NotCompiled(pub String);

/// Compiles the source by the artifact's compiler, if one is here.
pub fn recompile(
    artifact: &Artifact,
    source: &Path,
    compiler: Option<&Path>,
) -> Result<Result<Recompiled, NotCompiled>, Failure> {
    let is_vyper = source.extension().is_some_and(|ending| ending == "vy");
    let names: &[&str] = match is_vyper {
        true => &["vyper"],
        false => &["solc", "solcjs"],
    };
    let Some(program) = tools::find(compiler, names) else {
        return Ok(Err(NotCompiled(format!(
            "no {} is in PATH (`--compiler FILE` names one)",
            names.join(" or ")
        ))));
    };
    let version = version(&program)?;
    if let Some(wanted) = &artifact.compiler
        && number(wanted) != number(&version)
    {
        return Ok(Err(NotCompiled(format!(
            "{} is {}, the artifact is {}'s",
            program.display(),
            printable(&version),
            printable(wanted)
        ))));
    }
    let settings = artifact.settings.clone().unwrap_or_default();
    let code = match is_vyper {
        true => vyper(&program, source, &settings)?,
        false => solc(&program, artifact, source, &settings)?,
    };
    let wanted = artifact.creation_code()?;
    let is_exact = code == *wanted;
    if !is_exact && (is_vyper || !is_alike(&code, wanted)) {
        return Err(Failure::failed(format!(
            "{} compiles {} to other code than the artifact's ({} bytes, the artifact has {})",
            printable(&version),
            source.display(),
            code.len(),
            wanted.len()
        ))
        .hint("Another version of the source, or other settings: the artifact's are in its member `settings`."));
    }
    Ok(Ok(Recompiled {
        compiler: version,
        is_exact,
    }))
}

/// The compiler's name and version in one line.
fn version(program: &Path) -> Result<String, Failure> {
    let said = tools::run(
        program,
        &["--version"],
        None,
        "",
        "asks the compiler for its version",
    )?;
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let line = said.out.lines().rfind(|line| number(line).is_some());
    line.map(|line| {
        let version = line.trim().trim_start_matches("Version:").trim();
        format!("{name} {version}")
    })
    .ok_or_else(|| {
        Failure::failed(format!(
            "{} does not say its version: {}",
            program.display(),
            said.last_words()
        ))
    })
}

/// `0.4.3` in `vyper 0.4.3+commit.bff19ea2`.
fn number(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words
        .find(|word| word.split('.').filter(|part| !part.is_empty()).count() == 3)
        .map(str::to_owned)
}

fn failed(program: &Path, said: &Said) -> Failure {
    Failure::failed(format!(
        "{} does not compile the source: {}",
        program.display(),
        said.last_words()
    ))
}

fn vyper(program: &Path, source: &Path, settings: &Value) -> Result<Bytes, Failure> {
    let text = |name: &str| settings.get(name).and_then(Value::as_str);
    let (folder, file) = folder_and_file(source);
    let mut arguments = vec!["-f", "bytecode"];
    if let Some(version) = text("evmVersion") {
        arguments.extend(["--evm-version", version]);
    }
    if let Some(optimize) = text("optimize") {
        arguments.extend(["--optimize", optimize]);
    }
    arguments.push(&file);
    let said = tools::run(
        program,
        &arguments,
        Some(&folder),
        "",
        "compiles the source again",
    )?;
    let code = said
        .out
        .lines()
        .rev()
        .find_map(|line| line.trim().parse().ok());
    code.filter(|_| said.went_well)
        .ok_or_else(|| failed(program, &said))
}

fn solc(
    program: &Path,
    artifact: &Artifact,
    source: &Path,
    settings: &Value,
) -> Result<Bytes, Failure> {
    let content =
        std::fs::read_to_string(source).map_err(|error| Failure::file("read", source, &error))?;
    let (folder, file) = folder_and_file(source);
    let mut settings = match settings {
        Value::Object(settings) => settings.clone(),
        _ => serde_json::Map::new(),
    };
    // Of a whole build's settings these name files of that build.
    settings.remove("compilationTarget");
    let wanted = json!({"*": {"*": ["abi", "evm.bytecode.object"]}});
    settings.insert("outputSelection".to_owned(), wanted);
    let mut sources = serde_json::Map::new();
    sources.insert(file.clone(), json!({"content": content}));
    let input = json!({"language": "Solidity", "sources": sources, "settings": settings});
    let arguments = ["--standard-json"];
    let said = tools::run(
        program,
        &arguments,
        Some(&folder),
        &input.to_string(),
        "compiles the source again",
    )?;
    // solcjs says hello before it answers.
    let answer = said.out.find('{').and_then(|at| said.out.get(at..));
    let answer: Value = answer
        .and_then(|answer| serde_json::from_str(answer).ok())
        .ok_or_else(|| failed(program, &said))?;
    let compiled = Artifact::parse(&answer.to_string(), Some(&artifact.name))
        .or_else(|_| Artifact::parse(&answer.to_string(), None));
    match compiled {
        Ok(compiled) => Ok(compiled.creation_code()?.clone()),
        Err(error) => {
            let first = answer.pointer("/errors/0/formattedMessage");
            let said = first.and_then(Value::as_str).map(str::to_owned);
            let said = said.unwrap_or_else(|| error.to_string());
            Err(Failure::failed(format!(
                "{} does not compile the source: {}",
                program.display(),
                printable(&said)
            )))
        }
    }
}

/// A source is compiled in its own folder: Solidity hashes the name that it is given.
fn folder_and_file(source: &Path) -> (PathBuf, String) {
    let folder = source.parent().unwrap_or(Path::new("")).to_owned();
    let file = source.file_name().unwrap_or_default().to_string_lossy();
    (folder, file.into_owned())
}

/// Whether two codes of the same length differ within their last bytes alone, where solc puts its metadata.
fn is_alike(code: &[u8], wanted: &[u8]) -> bool {
    const METADATA: usize = 64;
    let end = code.len().saturating_sub(METADATA);
    code.len() == wanted.len() && code.get(..end) == wanted.get(..end)
}

impl Recompiled {
    /// In words.
    pub fn words(&self) -> String {
        let but = match self.is_exact {
            true => "",
            false => " but for the metadata at its end, which never runs",
        };
        format!(
            "compiled again with {}: the artifact's creation code, byte for byte{but}",
            printable(&self.compiler)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_compilers_say() {
        for (text, found) in [
            ("0.4.3+commit.bff19ea2", Some("0.4.3")),
            ("vyper 0.4.3+commit.bff19ea2", Some("0.4.3")),
            ("Version: 0.8.30+commit.73712a01.Linux.g++", Some("0.8.30")),
            ("solc, the solidity compiler commandline interface", None),
            ("1.2", None),
        ] {
            assert_eq!(number(text).as_deref(), found, "{text}");
        }
    }
}
