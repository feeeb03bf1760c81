//! What is printed at the end: for each folder of a suite how many cases ran, held, and were left out for which reason.

use std::collections::BTreeMap;

use comfy_table::{Table, presets};

use crate::left_out::Verdict;

/// Verdicts by the file in which the case is.
pub type Verdicts = Vec<(String, Verdict)>;

/// The table of a suite.
pub fn table(suite: &str, verdicts: &Verdicts) -> String {
    #[derive(Default)]
    struct Row {
        cases: usize,
        passed: usize,
        failed: usize,
        left_out: BTreeMap<String, usize>,
    }
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (file, verdict) in verdicts {
        let folder = file
            .split_once('/')
            .map_or(file.as_str(), |(folder, _)| folder);
        for name in [folder, "~ all"] {
            let row = rows.entry(name).or_default();
            row.cases += 1;
            match verdict {
                Verdict::Passed => row.passed += 1,
                Verdict::Failed(_) => row.failed += 1,
                Verdict::LeftOut(reason) => {
                    *row.left_out.entry(reason.to_string()).or_default() += 1
                }
            }
        }
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([suite, "cases", "passed", "failed", "left out"]);
    for (name, row) in rows {
        let left_out: Vec<_> = row
            .left_out
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        table.add_row([
            name.trim_start_matches("~ ").to_owned(),
            row.cases.to_string(),
            row.passed.to_string(),
            row.failed.to_string(),
            left_out.join(", "),
        ]);
    }
    table.to_string()
}
