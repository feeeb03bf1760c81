//! The direction of imports: which module of `src/` may name which other, and which libraries belong to one module alone.
//!
//! Reads the source as text. Tests at a file's foot and files of tests are left out: they may reach for what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// A module at the top of `src/`, and those that it may name. Lower ones come first, and name none above them.
const MAY_NAME: [(&str, &[&str]); 16] = [
    ("protocol", &[]),
    // The table of limits shows the protocol's own limit too; the protocol never looks at the table.
    ("limits", &["protocol"]),
    ("config", &["limits"]),
    ("chain", &["protocol"]),
    ("blockchain", &["protocol", "chain"]),
    // It talks to no node: the command line does.
    ("wallet", &["protocol"]),
    // Programs that drive contracts over a node's JSON-RPC; the node itself reads artifacts by it.
    ("contract", &["protocol", "limits", "wallet"]),
    ("store", &["protocol", "limits"]),
    ("mempool", &["protocol", "limits"]),
    ("node", &["protocol", "limits", "chain", "store", "mempool"]),
    ("miner", &["protocol", "node"]),
    ("peers", &["protocol", "limits", "store", "node"]),
    (
        "api",
        &[
            "protocol", "limits", "wallet", "contract", "store", "mempool", "node", "miner",
            "peers",
        ],
    ),
    (
        "daemon",
        &[
            "protocol", "limits", "wallet", "store", "node", "miner", "peers", "api",
        ],
    ),
    (
        "cli",
        &[
            "protocol", "limits", "config", "wallet", "contract", "store", "node", "miner",
            "peers", "api", "daemon",
        ],
    ),
    ("main", &["config", "cli"]),
];

/// What only some modules may name, and which.
const BELONGS_TO: [(&str, &[&str]); 13] = [
    ("jsonrpsee", &["api"]),
    ("revm_inspectors", &["protocol"]),
    ("revm", &["protocol"]),
    ("redb", &["store"]),
    ("reqwest", &["contract", "peers", "cli"]),
    ("axum", &["api"]),
    ("tokio_tungstenite", &["peers"]),
    ("mdns_sd", &["peers"]),
    // What draws on a terminal stays with those who have one: no node draws.
    ("ratatui", &["cli"]),
    ("StatusCode", &["api", "peers", "cli"]),
    ("process::exit", &["main"]),
    ("bip39", &["wallet"]),
    // Of accounts; the key by which a node is known again is nobody's money.
    ("SecretKey", &["wallet", "peers"]),
];

/// What a pure module never names: it knows no clock, thread, socket or file.
const PURE: [&str; 3] = ["protocol", "chain", "mempool"];
const IMPURE: [&str; 14] = [
    "tokio",
    "hyper",
    "rand",
    "chrono",
    "tempfile",
    "std::fs",
    "std::io::stdin",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant",
    "File",
];

/// A line that breaks the direction.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    file: String,
    line: usize,
    names: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, names } = self;
        write!(f, "{file}:{line} names {names}")
    }
}

/// The breaches in one file; `file` is its path under `src/`.
fn breaches(file: &str, source: &str) -> Vec<Breach> {
    let path: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    let top = path.first().copied().unwrap_or_default();
    if top == "lib" {
        return Vec::new();
    }
    let allowed = MAY_NAME
        .iter()
        .find(|(module, _)| *module == top)
        .map_or(&[] as &[&str], |(_, allowed)| *allowed);
    let depth = path.iter().filter(|part| **part != "mod").count();
    let code = without_comments_and_tests(source);
    let mut found = Vec::new();
    let mut breach = |at: usize, names: &str| {
        found.push(Breach {
            file: file.to_owned(),
            line: code[..at].matches('\n').count() + 1,
            names: names.to_owned(),
        });
    };
    let own_crate = if top == "main" { "bcoin::" } else { "crate::" };
    for (at, module) in modules_named(&code, own_crate, depth) {
        if module != top && !allowed.contains(&module.as_str()) {
            breach(at, &module);
        }
    }
    let words = BELONGS_TO
        .iter()
        .filter(|(_, owners)| !owners.contains(&top))
        .map(|(word, _)| *word);
    let impure = IMPURE.iter().filter(|_| PURE.contains(&top)).copied();
    for word in words.chain(impure) {
        for at in places(&code, word) {
            breach(at, word);
        }
    }
    found
}

/// Blanks comments and everything from the first `#[cfg(test)]` on a module; lines stay where they are.
fn without_comments_and_tests(source: &str) -> String {
    let mut code = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        let ends = line.trim() == "#[cfg(test)]";
        let next = lines.peek().map(|next| next.trim_start());
        if ends && next.is_some_and(|next| next.contains("mod ") || next.starts_with("#[path")) {
            break;
        }
        let comment = line.find("//").filter(|at| {
            let before = &line[..*at];
            // Not the slashes of an address in a text.
            before.matches('"').count() % 2 == 0
        });
        code.push_str(&line[..comment.unwrap_or(line.len())]);
        code.push('\n');
    }
    code
}

/// Where `word` stands on its own.
fn places(code: &str, word: &str) -> Vec<usize> {
    let part_of_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| {
            !part_of_name(code[..*at].chars().next_back())
                && !part_of_name(code[at + word.len()..].chars().next())
        })
        .collect()
}

/// The modules at the top that are named behind `own_crate`, or by enough `super::`; `depth` is the file's own.
fn modules_named(code: &str, own_crate: &str, depth: usize) -> Vec<(usize, String)> {
    let climbing = "super::".repeat(depth);
    let mut named = Vec::new();
    for root in [own_crate, climbing.as_str()] {
        for (at, _) in code.match_indices(root) {
            let before = &code[..at];
            let in_a_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let climbs_further = root == climbing && before.ends_with("super::");
            if !in_a_name && !climbs_further {
                let first_names = first_names(&code[at + root.len()..]);
                named.extend(first_names.into_iter().map(|name| (at, name)));
            }
        }
    }
    named
}

/// The first names behind a path's root: one, or those in the braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        if c == '}' && depth == 0 && start == at + 1 {
            break;
        }
    }
    names.retain(|name| !name.is_empty() && name != "self");
    names
}

fn sources(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            sources(&entry.path(), &format!("{path}/"), found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = std::fs::read_to_string(entry.path()).expect("text");
            found.insert(path, text);
        }
    }
}

fn all_sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&src, "", &mut found);
    found
}

#[test]
fn imports_point_downwards_only() {
    let found: Vec<String> = all_sources()
        .iter()
        .flat_map(|(file, source)| breaches(file, source))
        .map(|breach| breach.to_string())
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_has_its_line_and_names_only_what_stands_before_it() {
    let modules: BTreeSet<String> = all_sources()
        .keys()
        .filter_map(|file| file.trim_end_matches(".rs").split('/').next())
        .filter(|module| *module != "lib")
        .map(str::to_owned)
        .collect();
    let listed: BTreeSet<String> = MAY_NAME
        .iter()
        .map(|(module, _)| (*module).to_owned())
        .collect();
    assert_eq!(modules, listed);
    for (place, (module, allowed)) in MAY_NAME.iter().enumerate() {
        for below in *allowed {
            let stands = MAY_NAME.iter().position(|(other, _)| other == below);
            assert!(
                stands.is_some_and(|stands| stands < place),
                "{module} names {below}"
            );
        }
    }
}

/// Each planted line breaks the direction, in whatever way it is written.
#[test]
fn planted_breaches_are_found() {
    for (file, source, names) in [
        ("store/mod.rs", "use crate::node::Tip;", "node"),
        (
            "store/commit.rs",
            "fn f() { crate::api::serve::serve() }",
            "api",
        ),
        ("store/mod.rs", "use crate::{limits, peers::pull};", "peers"),
        (
            "store/mod.rs",
            "use crate::{\n    protocol::{classic, x},\n    cli,\n};",
            "cli",
        ),
        ("store/mod.rs", "use super::node::Tip;", "node"),
        ("store/commit.rs", "use super::super::node::Tip;", "node"),
        (
            "api/v1/blocks/one.rs",
            "use super::super::super::super::cli::x;",
            "cli",
        ),
        ("chain/mod.rs", "use crate::limits;", "limits"),
        (
            "protocol/classic/block.rs",
            "use crate::limits::PULL_BLOCKS;",
            "limits",
        ),
        (
            "protocol/classic/block.rs",
            "use std::time::{Duration, Instant};",
            "Instant",
        ),
        (
            "protocol/classic/proof.rs",
            "std::thread::spawn(f);",
            "std::thread",
        ),
        (
            "chain/returning.rs",
            "async fn f() { tokio::spawn(g()); }",
            "tokio",
        ),
        ("chain/returning.rs", "use std::fs;", "std::fs"),
        ("node/writer.rs", "use redb::Database;", "redb"),
        ("node/handle.rs", "use crate::miner;", "miner"),
        ("node/writer.rs", "use revm::Database;", "revm"),
        ("daemon/run.rs", "use ratatui::Frame;", "ratatui"),
        ("api/book.rs", "reqwest::get(url)", "reqwest"),
        ("node/writer.rs", "return StatusCode::OK;", "StatusCode"),
        ("cli/up.rs", "std::process::exit(1)", "process::exit"),
        ("main.rs", "use bcoin::node::Tip;", "node"),
        ("unheard_of.rs", "use crate::protocol;", "protocol"),
    ] {
        let found = breaches(file, source);
        assert_eq!(found.len(), 1, "{file}: {source}: {found:?}");
        assert_eq!(found[0].names, names, "{source}");
    }
    let second = breaches("store/mod.rs", "//! Doc.\nuse crate::node;\n");
    assert_eq!(second[0].to_string(), "store/mod.rs:2 names node");
}

#[test]
fn what_is_no_import_is_no_breach() {
    for (file, source) in [
        (
            "store/mod.rs",
            "//! The writer in [`crate::node`] calls this.",
        ),
        ("store/mod.rs", "use crate::protocol::{classic, node};"),
        ("store/mod.rs", "use crate::store::{self, commit};"),
        (
            "store/commit.rs",
            "use super::snapshot; use super::super::protocol;",
        ),
        (
            "chain/mod.rs",
            "let tokio_like = 1; let Instantly = 2; // tokio",
        ),
        (
            "store/mod.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::node;\n}",
        ),
        (
            "config/values.rs",
            "let text = \"info,bcoin::peers=debug\";",
        ),
        ("lib.rs", "pub use crate::cli;"),
    ] {
        assert_eq!(breaches(file, source), [], "{file}: {source}");
    }
}
