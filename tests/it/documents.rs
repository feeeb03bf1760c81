//! Documents that are made from the code. `BCOIN_WRITE_DOCUMENTS=1 cargo test --test it documents` makes them anew.

use std::fmt::Write;
use std::path::Path;

use bcoin::limits::{Limit, TABLE};

#[test]
fn the_page_of_limits_says_what_the_table_says() {
    let mut page = String::from(
        "# Limits\n\nWhat bounds a node, and why. Made from the table in `src/limits.rs`, where each number stands once; a test \
         holds this page against it.\n\n| limit | value | what it protects, or what breaks without it |\n| --- | --- | --- |\n",
    );
    for limit in TABLE {
        let Limit { name, why, .. } = limit;
        let value = value(limit);
        let why = why.replace('|', "\\|");
        writeln!(page, "| `{name}` | {value} | {why} |").expect("a text takes all");
    }
    is_current("docs/limits.md", &page);
}

#[test]
fn the_readme_shows_the_map_of_the_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let drawing = |name: &str, prefix: &str| {
        let text = std::fs::read_to_string(root.join(name)).expect("the file is there");
        let lines = text
            .lines()
            .map(|line| line.strip_prefix(prefix).unwrap_or(line).trim());
        let lines: Vec<String> = lines
            .skip_while(|line| !line.starts_with("HTTP ──>"))
            .take_while(|line| *line != "```")
            .map(str::to_owned)
            .collect();
        lines
    };
    let map = drawing("src/lib.rs", "//!");
    assert!(map.len() > 5, "{map:?}");
    assert_eq!(map, drawing("README.md", ""));
}

/// The value with its unit, in words.
fn value(limit: &Limit) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    let (unit, every) = match limit.unit {
        "bytes_per_second" => ("bytes", " a second"),
        unit => (unit, ""),
    };
    match (unit, limit.value) {
        ("bytes", value) if value.is_multiple_of(MIB) => format!("{} MiB{every}", value / MIB),
        ("bytes", value) if value.is_multiple_of(KIB) => format!("{} KiB{every}", value / KIB),
        ("seconds", value) => format!("{value} s"),
        (_, value) => format!("{} {unit}{every}", in_threes(value)),
    }
}

fn in_threes(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn is_current(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("BCOIN_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, made).expect("the document can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "{name} is not what the code says: BCOIN_WRITE_DOCUMENTS=1 cargo test --test it documents"
    );
}
