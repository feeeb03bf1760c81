//! State tests: one transaction on one state, executed here and by Ethereum's own specification. `docs/state-tests.md` says what is run, where it is from, and what is left out.

mod fixture; // the form of the files
mod left_out; // what is left out, and why
mod run; // one case on the project's execution
mod table; // what is printed
mod transactions; // envelopes alone

use std::path::{Path, PathBuf};

use left_out::{List, Verdict};
use rayon::prelude::*;
use table::Verdicts;

/// The tests of this project's own, filled by the Ethereum execution specs (tests/python/state_tests).
#[test]
fn own_state_tests_come_out_as_the_specs_have_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/state_tests");
    compare("own", &state_tests(&folder));
}

/// The published ones, which are not kept here: `docs/state-tests.md` says how to get them.
#[test]
#[ignore = "needs BCOIN_ETHEREUM_TESTS, a folder with ethereum's tests"]
fn published_state_tests_come_out_as_ethereum_has_them() {
    compare(
        "state_tests",
        &state_tests(&published().join("state_tests")),
    );
}

#[test]
#[ignore = "needs BCOIN_ETHEREUM_TESTS, a folder with ethereum's tests"]
fn published_transaction_tests_come_out_as_ethereum_has_them() {
    let folder = published().join("TransactionTests");
    let verdicts = files_under(&folder).into_iter().flat_map(|file| {
        let verdicts = transactions::verdicts(&file).expect("a transaction test");
        let name = within(&folder, &file);
        verdicts
            .into_iter()
            .map(move |verdict| (name.clone(), verdict))
    });
    compare("transactions", &verdicts.collect());
}

fn published() -> PathBuf {
    let folder = std::env::var_os("BCOIN_ETHEREUM_TESTS");
    folder.expect("BCOIN_ETHEREUM_TESTS names a folder").into()
}

fn state_tests(folder: &Path) -> Verdicts {
    let verdicts = files_under(folder).into_par_iter().flat_map_iter(|file| {
        let name = within(folder, &file);
        let cases = fixture::cases_of(folder, &file, "Osaka").expect("a state test");
        cases.into_iter().map(move |case| {
            let verdict = left_out::verdict(&case, run::run(&case));
            if let Verdict::Failed(how) = &verdict {
                println!("{}: {how}", case.name);
            }
            (name.clone(), verdict)
        })
    });
    verdicts.collect()
}

/// Nothing failed, and what is left out is what the list says.
fn compare(suite: &str, verdicts: &Verdicts) {
    println!("{}", table::table(suite, verdicts));
    let mut found = List::default();
    let mut failed = Vec::new();
    for (file, verdict) in verdicts {
        found.add(file, verdict);
        if let Verdict::Failed(how) = verdict {
            failed.push(format!("{file}: {how}"));
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    let kept = List::kept(suite);
    assert!(
        found == kept,
        "left_out.txt says otherwise; it would have to say\n{}",
        found.lines(suite)
    );
}

fn within(folder: &Path, file: &Path) -> String {
    let name = file.strip_prefix(folder).expect("it was found there");
    name.display().to_string()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else if path.extension().is_some_and(|name| name == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}
