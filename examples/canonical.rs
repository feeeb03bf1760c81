//! Reads JSON texts, one a line, and answers each with its SHA-256 and canonical text, or with why it is none.
//!
//! For holding this program's JSON against another's:
//! `printf '{"b":1E5,"a":"é"}\n' | cargo run --release --example canonical`
use std::io::{BufRead, BufWriter, Write};

use bcoin::protocol::classic::block::BlockHash;
use bcoin::protocol::classic::json::{Canonicalizer, Grammar, Value};

fn main() -> std::io::Result<()> {
    let mut canonicalizer = Canonicalizer::new(Grammar::PYTHON, usize::MAX);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        let Ok(text) = std::str::from_utf8(&line) else {
            writeln!(out, "error not UTF-8")?;
            continue;
        };
        match canonicalizer.read_value(text) {
            Ok(()) => {
                let canonical = canonicalizer.text();
                // Both readers of this crate must agree, or the answer is worth nothing.
                let tree = Value::parse(text, Grammar::PYTHON).map(|value| value.to_canonical());
                assert_eq!(
                    tree.as_deref(),
                    Ok(canonical),
                    "the tree and the pass differ on {text}"
                );
                writeln!(out, "{} {canonical}", BlockHash::of(canonical))?;
            }
            Err(error) => writeln!(out, "error {error}")?,
        }
    }
    out.flush()
}
