//! `bcoin contract inspect`: what stands at an address.

use alloy_json_abi::JsonAbi;
use clap::Args;
use serde_json::Value;

use super::abi::{AbiOptions, Kept, kept, nothing_there};
use super::sending::names_of;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, count, printable, strong};
use crate::cli::wallet::folder::{FolderOptions, shown, whose};
use crate::contract::interface::{described, described_event};
use crate::wallet::names::Names;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Functions, events and storage are known from the source that the node keeps (`bcoin contract
verify`), or from --abi. Names in it are its author's: only the code decides what they do.

Examples:
  bcoin contract inspect $TOKEN
  bcoin contract inspect $TOKEN --abi Token.json
  bcoin contract inspect $TOKEN --source > token.vy"
)]
pub struct InspectArgs {
    /// The contract's address, or its name in the wallet
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// Print the source that the node keeps, and nothing else
    #[arg(long, conflicts_with = "abi")]
    pub source: bool,
    #[command(flatten)]
    pub abi: AbiOptions,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub async fn run(args: &InspectArgs) -> Result<(), Failure> {
    let names = names_of(&args.folder)?;
    let contract = whose(&args.contract, &names)?;
    let from_file = args.abi.of_file()?;
    let node = NodeClient::open(&args.node).await?;
    let (kept, json) = kept(&node, contract).await?;
    if args.source {
        let source = kept.source.as_ref().ok_or_else(|| {
            Failure::failed(format!("{} keeps no source of {contract}", node.address()))
                .hint("`bcoin contract verify` has the node keep one.")
        })?;
        // As it came: whoever shows it on a terminal has asked for it.
        return terminal::print(&source.text);
    }
    if args.node.json {
        return terminal::print(&format!("{json}\n"));
    }
    if kept.code_size == 0 {
        return Err(nothing_there(&node, contract));
    }
    let mut text = facts(&shown(contract, &names), &kept, &names);
    let abi = match from_file {
        Some(abi) => Some(abi),
        None => kept.abi()?,
    };
    match &abi {
        Some(abi) => text.push_str(&interface(abi)),
        None => text.push_str("Its functions are not known: `--abi FILE` tells them.\n"),
    }
    let layout = kept
        .source
        .as_ref()
        .and_then(|source| source.storage_layout.as_ref());
    if let Some(layout) = layout {
        text.push_str(&storage(layout));
    }
    terminal::print(&text)
}

fn facts(contract: &str, kept: &Kept, names: &Names) -> String {
    let hash = kept.code_hash.as_deref().unwrap_or("-");
    let created = match &kept.created {
        Some(created) => {
            let by = created.by.parse();
            let by = by.map_or_else(|_| created.by.clone(), |by| shown(by, names));
            format!(
                "in block {} by {} (transaction {})",
                created.block,
                printable(&by),
                printable(&created.transaction)
            )
        }
        None => "by another contract, or with the network".to_owned(),
    };
    let mut text = format!(
        "{}\n  Code       {}, hash {}\n  Created    {created}\n",
        strong(contract),
        count(kept.code_size, "byte"),
        printable(hash),
    );
    match &kept.source {
        None => text.push_str("  Source     none is kept by the node\n"),
        Some(source) => {
            let or_unknown = |text: &Option<String>| {
                printable(text.as_deref().unwrap_or("unknown")).into_owned()
            };
            text.push_str(&format!(
                "  Source     {} in {}, {} ({})\n  Checked    {}\n  Not so     {}\n",
                printable(&source.name),
                printable(&source.file),
                or_unknown(&source.language),
                or_unknown(&source.compiler),
                printable(&source.checked),
                printable(&source.not_checked),
            ));
            if let Some(said) = &source.said {
                text.push_str(&format!(
                    "  Said       {} (by whoever handed it in)\n",
                    printable(said)
                ));
            }
        }
    }
    text.push_str(&format!("  As of      block {}\n", kept.block));
    text
}

/// Functions and events as people read them.
fn interface(abi: &JsonAbi) -> String {
    let mut text = String::new();
    let sections = [
        (
            "Functions",
            abi.functions().map(described).collect::<Vec<_>>(),
        ),
        ("Events", abi.events().map(described_event).collect()),
        (
            "Errors",
            abi.errors().map(|error| error.signature()).collect(),
        ),
    ];
    for (title, lines) in sections {
        if lines.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", strong(title)));
        for line in lines {
            text.push_str(&format!("  {}\n", printable(&line)));
        }
    }
    text
}

/// Which variable lies where, from the layouts of Vyper and Solidity; nothing of a form that is neither's.
fn storage(layout: &Value) -> String {
    let mut rows: Vec<(u64, String)> = Vec::new();
    let number = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
        None => None,
    };
    if let Some(variables) = layout.get("storage").and_then(Value::as_array) {
        for variable in variables {
            let text = |name: &str| variable.get(name).and_then(Value::as_str);
            let ty = text("type").unwrap_or("?");
            let label = layout
                .pointer(&format!(
                    "/types/{}/label",
                    ty.replace('~', "~0").replace('/', "~1")
                ))
                .and_then(Value::as_str);
            if let (Some(slot), Some(name)) = (number(variable.get("slot")), text("label")) {
                rows.push((slot, format!("{name}: {}", label.unwrap_or(ty))));
            }
        }
    }
    let vyper = layout.get("storage_layout").unwrap_or(layout);
    for (name, variable) in vyper.as_object().into_iter().flatten() {
        let ty = variable.get("type").and_then(Value::as_str);
        if let (Some(slot), Some(ty)) = (number(variable.get("slot")), ty) {
            rows.push((slot, format!("{name}: {ty}")));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    rows.sort();
    let mut text = format!("{}\n", strong("Storage"));
    for (slot, variable) in rows {
        text.push_str(&format!("  {slot:>3}  {}\n", printable(&variable)));
    }
    text
}
