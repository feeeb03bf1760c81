//! `bcoin verify`: a chain in a file, checked offline by the same rules that a node uses.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::chain_file::{COIN_CHAIN, ChainFile, Layout, WITHOUT_COIN_FILES};
use super::exit::Failure;
use super::terminal::{self, count, good};
use crate::protocol::classic::block::Link;
use crate::protocol::classic::rules::ChainChecker;

#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 0 if the chain is valid and 1 if it is not. Chains of the coin protocol are not
kept in files: `bcoin audit --data-dir DIR` checks the folder of one.

Examples:
  curl -s http://127.0.0.1:1001/get_chain > chain.json && bcoin verify chain.json
  curl -s http://127.0.0.1:1001/get_chain | bcoin verify -
  bcoin export chain.txt && bcoin verify chain.txt"
)]
pub struct VerifyArgs {
    /// A saved get_chain body or a file of one block a line, from any node (- reads standard input)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Print the outcome as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What a file turned out to hold.
struct Outcome {
    /// The last block that is valid, on top of none but valid ones.
    tip: Option<Link>,
    fault: Option<Fault>,
    /// Lines whose `sha256sum` is not the block's hash, since they are spelled otherwise.
    other_spelling: u64,
}

struct Fault {
    height: Option<u64>,
    member: Option<&'static str>,
    detail: String,
    /// Of the other protocol: nothing of it was checked.
    is_coin: bool,
}

pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let mut file = ChainFile::open(&args.file)?;
    let outcome = check(&mut file);
    file.bar.finish_and_clear();
    let blocks = outcome.tip.map_or(0, |tip| tip.height.0);
    if args.json {
        terminal::print(&format!("{}\n", outcome.json(blocks)))?;
    }
    if let Some(fault) = outcome.fault {
        if fault.is_coin {
            let message = format!("nothing was checked: {}", fault.detail);
            return Err(Failure::failed(message).hint(WITHOUT_COIN_FILES));
        }
        let place = match (fault.height, fault.member) {
            (Some(height), Some(member)) => format!("block {height}, member {member}: "),
            (Some(height), None) => format!("block {height}: "),
            (None, _) => String::new(),
        };
        return Err(
            Failure::failed(format!("not valid: {place}{}", fault.detail)).hint(format!(
                "{} before it hold every rule.",
                count(blocks, "block")
            )),
        );
    }
    if args.json {
        return Ok(());
    }
    let tip = outcome.tip.map_or_else(String::new, |tip| {
        format!("; the tip's hash is {}", tip.hash)
    });
    terminal::print(&format!(
        "{}{tip}\n",
        good(&format!("valid: {}", count(blocks, "block")))
    ))?;
    if outcome.other_spelling > 0 && file.layout() == Layout::Lines {
        terminal::note(&format!(
            "note: {} not spelled canonically, so that `sha256sum` of the line is not the block's hash",
            if outcome.other_spelling == 1 {
                "1 line is".to_owned()
            } else {
                format!("{} lines are", outcome.other_spelling)
            }
        ));
    }
    Ok(())
}

fn check(file: &mut ChainFile) -> Outcome {
    let mut checker = ChainChecker::new();
    let mut other_spelling = 0;
    let fault = loop {
        let text = match file.next_block() {
            Ok(Some(text)) => text,
            Ok(None) => break ending_fault(file, &checker),
            Err(error) => {
                break Some(Fault {
                    height: None,
                    member: None,
                    detail: error.to_string(),
                    is_coin: false,
                });
            }
        };
        match checker.check(&text) {
            Ok(block) if block.text() != text => other_spelling += 1,
            Ok(_) => {}
            Err(broken) if broken.rule.is_broken_by_coin() => {
                break Some(Fault {
                    height: None,
                    member: None,
                    detail: COIN_CHAIN.to_owned(),
                    is_coin: true,
                });
            }
            Err(broken) => {
                break Some(Fault {
                    height: Some(broken.block.0),
                    member: broken.rule.member(),
                    detail: broken.rule.to_string(),
                    is_coin: false,
                });
            }
        }
    };
    Outcome {
        tip: checker.tip(),
        fault,
        other_spelling,
    }
}

/// What can be wrong about a file whose blocks are all valid.
fn ending_fault(file: &ChainFile, checker: &ChainChecker) -> Option<Fault> {
    let blocks = checker.tip().map_or(0, |tip| tip.height.0);
    if blocks == 0 {
        return Some(Fault {
            height: None,
            member: None,
            detail: "the file holds no block".to_owned(),
            is_coin: false,
        });
    }
    let claimed = file.claimed_length().filter(|claimed| *claimed != blocks)?;
    Some(Fault {
        height: None,
        member: Some("length"),
        detail: format!(
            "the file claims a length of {claimed}, its chain has {}",
            count(blocks, "block")
        ),
        is_coin: false,
    })
}

impl Outcome {
    fn json(&self, blocks: u64) -> String {
        serde_json::json!({
            "valid": self.fault.is_none(),
            "blocks": blocks,
            "tip": self.tip.map(|tip| tip.hash),
            "fault": self.fault.as_ref().map(|fault| serde_json::json!({
                "height": fault.height, "member": fault.member, "detail": fault.detail,
            })),
        })
        .to_string()
    }
}
