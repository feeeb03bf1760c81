//! `bcoin contract review`: a source looked over by [slither](https://github.com/crytic/slither), and what it finds said in plain words.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use serde_json::{Value, json};

use super::explained::{Explained, explained};
use super::findings::{Finding, Severity, read};
use super::tools;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, bad, cell, count, good, printable, strong};

/// How to get it, for whoever has it not.
const HOW_TO_GET: &str = "`pip install slither-analyzer` installs it, with Python 3; for Solidity it needs the compiler too, `solc` in PATH or by `--solc`.";

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "slither reads Solidity, and Vyper up to 0.3 as far as it goes. It looks for patterns: it finds what
many have done wrong before, sees dangers that are none, and misses what is wrong with the agreement
itself. The exit code is 1 if anything is found that is at least as severe as --fail-on.

Examples:
  bcoin contract review examples/contracts/token_sale/token_sale.sol
  bcoin contract review Token.sol --fail-on high --at-least low
  bcoin contract review Token.sol --solc ./solc-0.8.30 --json | jq .findings"
)]
pub struct ReviewArgs {
    /// The source, in Solidity or Vyper
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Fail if a finding is at least so severe
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Medium)]
    pub fail_on: FailOn,
    /// Show no finding that is less severe
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Severity::Optimization)]
    pub at_least: Severity,
    /// The analyser [default: slither in PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    pub slither: Option<PathBuf>,
    /// The Solidity compiler for it [default: solc in PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    pub solc: Option<PathBuf>,
    /// Print the findings as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Low,
    Medium,
    High,
    Never,
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Low => severity >= Severity::Low,
            Self::Medium => severity >= Severity::Medium,
            Self::High => severity >= Severity::High,
            Self::Never => false,
        }
    }
}

pub fn run(args: &ReviewArgs) -> Result<(), Failure> {
    let file = &args.file;
    if !file.is_file() {
        return Err(Failure::usage(format!(
            "there is no file {}",
            file.display()
        )));
    }
    let program = tools::find(args.slither.as_deref(), &["slither"]).ok_or_else(|| {
        Failure::failed("slither, which looks the source over, is not in PATH").hint(HOW_TO_GET)
    })?;
    let findings = findings(args, &program)?;
    let fails = findings
        .iter()
        .any(|found| args.fail_on.fails(found.impact));
    let shown: Vec<&Finding> = findings
        .iter()
        .filter(|found| found.impact >= args.at_least)
        .collect();
    match args.json {
        true => print_json(file, &shown)?,
        false => print(file, &shown, findings.len() - shown.len())?,
    }
    match fails {
        false => Ok(()),
        true => {
            let of = |severity: Severity| {
                findings
                    .iter()
                    .filter(|found| found.impact == severity)
                    .count()
            };
            Err(Failure::failed(format!(
                "{} has {} of high severity, {} of medium and {} of low",
                file.display(),
                count(of(Severity::High) as u64, "finding"),
                of(Severity::Medium),
                of(Severity::Low)
            ))
            .hint("Change the source, or look at each and say with `--fail-on never` that it is no danger here."))
        }
    }
}

fn findings(args: &ReviewArgs, program: &Path) -> Result<Vec<Finding>, Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("a temporary folder: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let report = folder.path().join("report.json");
    let report_text = report.to_string_lossy();
    // In the source's own folder: beside it lies what it imports.
    let source_folder = args.file.parent().unwrap_or(Path::new(""));
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let solc = args.solc.as_deref().map(|solc| {
        let absolute = std::path::absolute(solc).unwrap_or_else(|_| solc.to_owned());
        absolute.to_string_lossy().into_owned()
    });
    let mut arguments = vec![name.as_ref(), "--json", report_text.as_ref()];
    if let Some(solc) = &solc {
        arguments.extend(["--solc", solc]);
    }
    let said = tools::run(
        program,
        &arguments,
        Some(source_folder),
        "",
        "slither looks it over",
    )?;
    let Ok(text) = std::fs::read_to_string(&report) else {
        let failure = Failure::failed(format!(
            "slither cannot read {}: {}",
            args.file.display(),
            said.last_words()
        ));
        return Err(failure.hint(why_not(args)));
    };
    read(&text).map_err(|why| {
        Failure::failed(format!(
            "slither's report on {} does not read: {}",
            args.file.display(),
            printable(&why)
        ))
    })
}

/// Why slither may have given up.
fn why_not(args: &ReviewArgs) -> String {
    let source = std::fs::read_to_string(&args.file).unwrap_or_default();
    let is_vyper = args.file.extension().is_some_and(|ending| ending == "vy");
    if !is_vyper {
        return "It needs the Solidity compiler of the version that the source asks for: `solc` in PATH, or `--solc FILE`."
            .to_owned();
    }
    match vyper_version(&source) {
        Some(version) if !version.starts_with("0.3") && !version.starts_with("0.2") => format!(
            "The source is Vyper {}; slither reads Vyper up to 0.3.",
            cell(&version, 20)
        ),
        _ => {
            "It needs the Vyper compiler of the version that the source asks for: `vyper` in PATH."
                .to_owned()
        }
    }
}

/// The version in `# pragma version ^0.4.0` or `# @version 0.3.10`.
fn vyper_version(source: &str) -> Option<String> {
    let pragma = source.lines().find_map(|line| {
        let comment = line.trim().strip_prefix('#')?.trim_start();
        let rest = comment
            .strip_prefix("pragma version")
            .or_else(|| comment.strip_prefix("@version"))?;
        Some(rest.trim())
    })?;
    let version = pragma.trim_start_matches(|c: char| !c.is_ascii_digit());
    (!version.is_empty()).then(|| version.to_owned())
}

fn print_json(file: &Path, findings: &[&Finding]) -> Result<(), Failure> {
    let findings: Vec<Value> = findings
        .iter()
        .map(|found| {
            let words = explained(&found.check);
            json!({
                "check": found.check,
                "severity": format!("{:?}", found.impact).to_lowercase(),
                "confidence": found.confidence.to_lowercase(),
                "line": found.line(),
                "place": found.place(),
                "code": found.code(),
                "what": words.as_ref().map(|words| words.what),
                "why": words.as_ref().map(|words| words.why),
                "do": words.as_ref().map(|words| words.remedy),
                "slither": found.description,
                "reference": found.reference(),
            })
        })
        .collect();
    let answer = json!({"file": file, "analyser": "slither", "findings": findings});
    terminal::print(&format!("{answer}\n"))
}

fn print(file: &Path, findings: &[&Finding], hidden: usize) -> Result<(), Failure> {
    let mut text = String::new();
    for found in findings {
        let severity = format!("{:?}", found.impact).to_lowercase();
        let severity = match found.impact >= Severity::Medium {
            true => bad(&severity),
            false => severity,
        };
        let line = found
            .line()
            .map_or(String::new(), |line| format!(":{line}"));
        let place = found
            .place()
            .map_or(String::new(), |place| format!(" in {}", cell(place, 60)));
        let words = explained(&found.check);
        let title = words
            .as_ref()
            .map_or_else(|| found.own_words(), |words| words.what.to_owned());
        text.push_str(&format!(
            "{severity}  {}{line}{place}\n  {}\n",
            file.display(),
            strong(&title),
        ));
        if let Some(code) = found.code() {
            text.push_str(&format!("  Here   {}\n", cell(code, 120)));
        }
        match words {
            Some(Explained { why, remedy, .. }) => {
                text.push_str(&format!("  Why    {why}\n  Do     {remedy}\n"));
            }
            None => text.push_str(&format!("  Why    {}\n", found.reference())),
        }
        text.push_str(&format!(
            "  slither calls it {}, and is {} sure.\n\n",
            printable(&found.check),
            sureness(&found.confidence)
        ));
    }
    terminal::print(&text)?;
    if findings.is_empty() {
        terminal::note(&good(
            "slither finds nothing. It looks for known patterns, and does not know what the contract promises.",
        ));
    }
    if hidden > 0 {
        terminal::note(&format!(
            "{} less severe not shown.",
            count(hidden as u64, "finding")
        ));
    }
    Ok(())
}

fn sureness(confidence: &str) -> &'static str {
    match confidence {
        "High" => "quite",
        "Medium" => "fairly",
        _ => "not very",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_decide_the_end() {
        assert!(FailOn::Medium.fails(Severity::High) && !FailOn::Medium.fails(Severity::Low));
        assert!(FailOn::Low.fails(Severity::Low) && !FailOn::Low.fails(Severity::Informational));
        assert!(!FailOn::High.fails(Severity::Medium) && !FailOn::Never.fails(Severity::High));
    }

    #[test]
    fn a_sources_vyper_is_known() {
        for (source, version) in [
            ("# pragma version ^0.4.0\n", Some("0.4.0")),
            ("#pragma version 0.4.3", Some("0.4.3")),
            ("# @version 0.3.10", Some("0.3.10")),
            ("x: uint256", None),
        ] {
            assert_eq!(vyper_version(source).as_deref(), version);
        }
    }
}
