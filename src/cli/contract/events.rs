//! `bcoin contract events`: what a contract told, decoded, and what it tells from now on.

use std::collections::VecDeque;
use std::time::Duration;

use alloy_json_abi::JsonAbi;
use alloy_primitives::B256;
use clap::Args;

use super::abi::AbiOptions;
use super::sending::names_of;
use super::summary::event_json;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, printable};
use crate::cli::wallet::folder::{FolderOptions, whose};
use crate::contract::interface::event;
use crate::contract::rpc::LogsOf;
use crate::contract::told::{Told, told};
use crate::contract::{Rpc, RpcError};

/// How many blocks one question goes through.
const STRIDE: u64 = 10_000;

/// Between two looks for new blocks, and how often in a row the node may not answer then.
const PAUSE: Duration = Duration::from_millis(500);
const PATIENCE: u32 = 60;

/// How many of the last blocks are remembered, to see when a reorganisation displaced them.
const REMEMBERED: usize = 64;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Each event is a line, oldest first: its block, its transaction, its name and values. With --json
each is an object on a line of its own. --follow goes on until Ctrl-C; what a reorganisation of the
chain takes back is told by a note.

Examples:
  bcoin contract events $TOKEN --abi Token.json
  bcoin contract events $SALE --event Bought --from-block 100 --to-block 200
  bcoin contract events $ESCROW --follow --json | jq .values"
)]
pub struct EventsArgs {
    /// The contract's address, or its name in the wallet
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// Only events of this name or signature
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
    /// The first block
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub from_block: u64,
    /// The last block [default: the tip]
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    pub to_block: Option<u64>,
    /// Go on with what the contract tells from now on
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    pub abi: AbiOptions,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

struct Watch<'a> {
    args: &'a EventsArgs,
    rpc: Rpc,
    abi: JsonAbi,
    of: LogsOf,
}

pub async fn run(args: &EventsArgs) -> Result<(), Failure> {
    let names = names_of(&args.folder)?;
    let contract = whose(&args.contract, &names)?;
    let node = NodeClient::open(&args.node).await?;
    let abi = args.abi.find(&node, contract).await?;
    let topics = match &args.event {
        Some(name) => vec![Some(event(&abi, name)?.selector())],
        None => Vec::new(),
    };
    let watch = Watch {
        args,
        rpc: Rpc::new(&node.address())?,
        abi,
        of: LogsOf {
            address: Some(contract),
            topics,
            ..LogsOf::default()
        },
    };
    let tip = watch.rpc.block_number().await?;
    let last = args.to_block.map_or(tip, |to| to.min(tip));
    let shown = watch.show(args.from_block, last).await?;
    if !args.follow {
        if shown == 0 && !args.node.json {
            terminal::note(&format!(
                "No such event in blocks {} to {last}.",
                args.from_block
            ));
        }
        return Ok(());
    }
    watch
        .follow(args.from_block.max(last.saturating_add(1)))
        .await
}

impl Watch<'_> {
    /// Shows the events of these blocks; how many.
    async fn show(&self, from: u64, last: u64) -> Result<usize, Failure> {
        let mut shown = 0;
        let mut next = from;
        while next <= last {
            let to = next.saturating_add(STRIDE - 1).min(last);
            let of = LogsOf {
                from: next,
                to: Some(to),
                ..self.of.clone()
            };
            for log in self.rpc.logs(&of).await? {
                self.print(&told(&self.abi, log))?;
                shown += 1;
            }
            next = to.saturating_add(1);
        }
        Ok(shown)
    }

    fn print(&self, told: &Told) -> Result<(), Failure> {
        if self.args.node.json {
            return terminal::print(&format!("{}\n", event_json(told)));
        }
        let block = told.log.block_number.unwrap_or_default();
        let transaction = told.log.transaction_hash.unwrap_or_default().to_string();
        terminal::print(&format!(
            "{block}  {}  {}\n",
            terminal::short_hash(&transaction),
            printable(&told.to_string())
        ))
    }

    /// Shows what blocks bring from `next` on, until a signal ends it.
    async fn follow(&self, mut next: u64) -> Result<(), Failure> {
        terminal::note("Waits for events; Ctrl-C ends it.");
        let before = next.saturating_sub(1);
        let mut seen = VecDeque::new();
        seen.extend(self.hash_of(before).await?.map(|hash| (before, hash)));
        let mut failures = 0;
        loop {
            match self.round(next, &mut seen).await {
                Ok(then) => {
                    next = then;
                    failures = 0;
                }
                Err(Stop::Node(error)) => {
                    failures += 1;
                    if failures == PATIENCE {
                        return Err(error.into());
                    }
                }
                Err(Stop::Output(failure)) => return Err(failure),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One look at the chain; from which block the next one goes on. `seen` are the last blocks that were looked through, and their hashes.
    async fn round(&self, next: u64, seen: &mut VecDeque<(u64, B256)>) -> Result<u64, Stop> {
        let mut next = next;
        let mut displaced = 0;
        while let Some((number, hash)) = seen.back().copied() {
            if self.hash_of(number).await? == Some(hash) {
                break;
            }
            seen.pop_back();
            next = number;
            displaced += 1;
        }
        if displaced > 0 {
            terminal::note(&format!(
                "note: {} from {next} on were displaced, and their events with them; what is there now follows",
                terminal::count(displaced, "block")
            ));
        }
        let tip = self.rpc.block_number().await?;
        if tip < next {
            return Ok(next);
        }
        let first_kept = (tip + 1).saturating_sub(REMEMBERED as u64).max(next);
        let mut hashes = Vec::new();
        for number in first_kept..=tip {
            hashes.extend(self.hash_of(number).await?.map(|hash| (number, hash)));
        }
        self.show(next, tip).await.map_err(Stop::Output)?;
        seen.extend(hashes);
        while seen.len() > REMEMBERED {
            seen.pop_front();
        }
        Ok(tip + 1)
    }

    async fn hash_of(&self, number: u64) -> Result<Option<B256>, RpcError> {
        let block = self.rpc.block(Some(number)).await?;
        Ok(block.map(|block| block.hash))
    }
}

/// Why a look at the chain ended.
enum Stop {
    /// The node may answer again.
    Node(RpcError),
    Output(Failure),
}

impl From<RpcError> for Stop {
    fn from(error: RpcError) -> Self {
        Self::Node(error)
    }
}
