//! `bcoin tx`: transactions, which on classic are three free values, and on coin signed ones or transfers of a node's own keys.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use serde::de::IgnoredAny;

use super::client::{NodeClient, NodeOptions};
use super::exit::Failure;
use super::terminal::{self, good, printable};

/// Longest file that is sent as a transaction. The node takes 16 KiB; this only keeps a wrong file out of memory.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub struct TxArgs {
    #[command(subcommand)]
    pub command: TxCommand,
}

#[derive(Debug, Subcommand)]
pub enum TxCommand {
    /// Hand a transaction to the node, which keeps it until a block takes it
    #[command(
        after_help = "SENDER and RECEIVER are text. AMOUNT is a JSON value if it reads as one, else text: 5 is a number,
\"5\" in quotes (for the shell: '\"5\"') is text, and so is five. On a coin network they are two
addresses and coins, and the node must hold the sender's key (bcoin node --unlock); `bcoin wallet
send` signs itself.

Examples:
  bcoin tx add Alice Bob 5
  bcoin tx add Alice Bob '{\"apples\": 3}'
  bcoin tx add --file transaction.json
  echo '{\"sender\":[1],\"receiver\":null,\"amount\":0.1}' | bcoin tx add --file -"
    )]
    Add(AddArgs),
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Who gives
    #[arg(required_unless_present = "file")]
    pub sender: Option<String>,
    /// Who receives
    #[arg(required_unless_present = "file")]
    pub receiver: Option<String>,
    /// How much, as a JSON value or text
    #[arg(required_unless_present = "file", allow_hyphen_values = true)]
    pub amount: Option<String>,
    /// Send this file's text as it is, as curl would (- reads standard input)
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["sender", "receiver", "amount"], value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub node: NodeOptions,
}

pub async fn run(args: &TxArgs) -> Result<(), Failure> {
    let TxCommand::Add(add) = &args.command;
    let body = match (&add.file, &add.sender, &add.receiver, &add.amount) {
        (Some(path), ..) => read_file(path)?,
        (None, Some(sender), Some(receiver), Some(amount)) => {
            transaction(sender, receiver, amount).into_bytes()
        }
        _ => {
            return Err(Failure::usage(
                "sender, receiver and amount are needed, or --file",
            ));
        }
    };
    let node = NodeClient::open(&add.node).await?;
    let answer = node.post("/add_transaction", Some(body)).await?;
    if add.node.json {
        return answer.print();
    }
    let json: serde_json::Value = serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no JSON: {error}", node.address())))?;
    let message = json
        .get("message")
        .and_then(|message| message.as_str())
        .unwrap_or("Taken.");
    let mut out = format!("{}\n", good(&printable(message)));
    // On a coin network it has a name of its own, and may wait for another.
    for (member, label) in [("hash", "Transaction"), ("waits_for", "It waits for")] {
        if let Some(text) = json.get(member).and_then(|text| text.as_str()) {
            out.push_str(&format!("{label} {}\n", printable(text)));
        }
    }
    terminal::print(&out)
}

/// The body for three arguments. The amount's text goes out as it stands, so that no digit of it changes.
fn transaction(sender: &str, receiver: &str, amount: &str) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let amount = if serde_json::from_str::<IgnoredAny>(amount).is_ok() {
        amount.to_owned()
    } else {
        text(amount)
    };
    format!(
        r#"{{"sender": {}, "receiver": {}, "amount": {amount}}}"#,
        text(sender),
        text(receiver)
    )
}

fn read_file(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
    };
    match read {
        Err(error) => Err(Failure::file("read", path, &error)),
        Ok(_) if bytes.len() as u64 > MAX_FILE_BYTES => Err(Failure::failed(format!(
            "{} is longer than {MAX_FILE_BYTES} bytes; no node takes such a transaction",
            path.display()
        ))),
        Ok(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_json_where_it_reads_as_json() {
        for (amount, sent) in [
            ("5", "5"),
            ("0.10", "0.10"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("\"5\"", "\"5\""),
            ("{\"a\": [1]}", "{\"a\": [1]}"),
            ("five", "\"five\""),
            ("NaN", "\"NaN\""),
            ("", "\"\""),
            ("1 2", "\"1 2\""),
        ] {
            let body = transaction("A \"quoted\"\n", "B", amount);
            assert!(body.ends_with(&format!(r#""amount": {sent}}}"#)), "{body}");
            assert!(
                serde_json::from_str::<serde_json::Value>(&body).is_ok(),
                "{body}"
            );
        }
    }
}
