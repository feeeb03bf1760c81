//! What slither reports, read.

use clap::ValueEnum;
use serde::Deserialize;

use crate::cli::terminal::cell;

/// As slither sorts its findings, the least severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
pub enum Severity {
    Optimization,
    Informational,
    Low,
    Medium,
    High,
}

/// A finding, as slither tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    pub check: String,
    pub impact: Severity,
    pub confidence: String,
    pub description: String,
    #[serde(default)]
    elements: Vec<Element>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Element {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    source_mapping: Mapping,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Mapping {
    #[serde(default)]
    lines: Vec<u64>,
}

/// Reads a report; the worst findings first.
///
/// # Errors
/// What slither says, or why its report does not read.
pub fn read(text: &str) -> Result<Vec<Finding>, String> {
    #[derive(Deserialize)]
    struct Report {
        success: bool,
        error: Option<String>,
        #[serde(default)]
        results: Results,
    }
    #[derive(Default, Deserialize)]
    struct Results {
        #[serde(default)]
        detectors: Vec<Finding>,
    }
    let report: Report = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !report.success {
        return Err(report
            .error
            .unwrap_or_else(|| "it gives no reason".to_owned()));
    }
    let mut findings = report.results.detectors;
    findings.sort_by(|a, b| {
        b.impact
            .cmp(&a.impact)
            .then_with(|| a.line().cmp(&b.line()))
    });
    Ok(findings)
}

impl Finding {
    /// The line to look at: that of the innermost thing named.
    pub fn line(&self) -> Option<u64> {
        let node = self.elements.iter().find(|element| element.kind == "node");
        let named = node.or(self.elements.first())?;
        named.source_mapping.lines.first().copied()
    }

    /// The function or variable that it is about.
    pub fn place(&self) -> Option<&str> {
        let mut named = self.elements.iter();
        let found = named.find(|element| element.kind != "node")?;
        Some(&found.name)
    }

    /// What stands there.
    pub fn code(&self) -> Option<&str> {
        let mut nodes = self.elements.iter();
        let found = nodes.find(|element| element.kind == "node")?;
        Some(&found.name)
    }

    pub fn reference(&self) -> String {
        format!(
            "https://github.com/crytic/slither/wiki/Detector-Documentation#{}",
            self.check
        )
    }

    /// slither's own first sentence, without its lists.
    pub fn own_words(&self) -> String {
        let first = self.description.lines().next().unwrap_or_default();
        cell(first.trim().trim_end_matches(':'), 300)
    }
}

#[cfg(test)]
mod tests {
    use super::super::explained::explained;
    use super::*;

    /// What slither 0.11.6 wrote of a contract that has what it should not.
    const REPORT: &str = include_str!("../../../tests/vectors/contracts/slither.json");

    #[test]
    fn a_report_is_read_worst_first() {
        let found = read(REPORT).unwrap();
        let names: Vec<&str> = found.iter().map(|found| found.check.as_str()).collect();
        for check in [
            "reentrancy-eth",
            "arbitrary-send-eth",
            "tx-origin",
            "unchecked-send",
        ] {
            assert!(names.contains(&check), "{names:?}");
        }
        assert!(found.is_sorted_by(|a, b| a.impact >= b.impact));
        let reentrancy = found
            .iter()
            .find(|found| found.check == "reentrancy-eth")
            .unwrap();
        assert_eq!(reentrancy.impact, Severity::High);
        assert_eq!(
            (reentrancy.line(), reentrancy.place()),
            (Some(14), Some("withdraw"))
        );
        assert!(reentrancy.code().unwrap().contains("msg.sender.call"));
        // Everything in it is explained here, in words of our own.
        for found in &found {
            assert!(explained(&found.check).is_some(), "{}", found.check);
        }
    }

    #[test]
    fn reports_that_tell_nothing_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"success": false, "error": "no compiler", "results": {}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let none = r#"{"success": true, "error": null, "results": {}}"#;
        assert!(read(none).unwrap().is_empty());
    }
}
