//! `bcoin import`: a chain from a file into the folder of a node that is not running.
//!
//! The whole file is checked before anything is written. Then it is treated as a peer's chain would be: it takes the
//! place of the node's own only if it is longer, and what it displaces is kept.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use indicatif::ProgressBar;

use super::chain_file::{COIN_CHAIN, ChainFile, ChainFileError, WITHOUT_COIN_FILES};
use super::exit::{Ending, Failure};
use super::terminal::{self, Unit, count, good};
use crate::limits::QueueLimits;
use crate::node::{self, Adoption, Branch, BranchBlocks, BranchError, NodeError, system_clock};
use crate::peers::spool::{Spool, SpoolWriter};
use crate::protocol::classic::block::{Block, Link};
use crate::protocol::classic::rules::{BrokenRule, ChainChecker};
use crate::protocol::classic::tag::BlockTags;
use crate::store::{Snapshot, Store, StoreError, StoreOptions};

#[derive(Debug, Args)]
#[command(
    after_help = "The file is a saved get_chain body or has one block a line. All of it is checked before anything is
written. A chain that is not longer than the one in the folder changes nothing. Transactions of
blocks that it displaces wait again.

Examples:
  bcoin import chain.txt --data-dir data/1001
  curl -s http://192.168.1.20:1001/get_chain | bcoin import - --data-dir data/1001"
)]
pub struct ImportArgs {
    /// The chain to take in (- reads standard input)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The node's folder; made if it is not there
    #[arg(long, short, value_name = "DIR", env = "BCOIN_DATA_DIR", default_value = "data/1001", value_hint = ValueHint::DirPath)]
    pub data_dir: PathBuf,
}

/// A file whose every block holds.
struct Checked {
    first: Block,
    tip: Link,
    /// All its blocks, since standard input can be read once only.
    spool: Spool,
}

pub async fn run(args: &ImportArgs) -> Result<(), Failure> {
    let checked = check(args)?;
    let first = checked.first.clone();
    let store = Store::open(&args.data_dir, StoreOptions::default(), move || first)?;
    let own = store.snapshot()?.state()?.tip;
    let in_file = count(checked.tip.height.0, "block");
    let said = if checked.tip == own {
        format!("It is the chain in {}.", args.data_dir.display())
    } else if checked.tip.height <= own.height {
        return Err(Failure::failed(format!(
            "nothing was changed: the chain in {} has {}, the one in {} has {in_file}, and only a longer one takes its place",
            args.data_dir.display(),
            count(own.height.0, "block"),
            args.file.display()
        )));
    } else {
        take_in(store, checked, &args.data_dir).await?
    };
    terminal::print(&format!(
        "{} {said}\n",
        good(&format!("Checked {in_file}."))
    ))
}

/// Checks the whole file and keeps its blocks.
fn check(args: &ImportArgs) -> Result<Checked, Failure> {
    let unread = |error: ChainFileError| {
        Failure::failed(format!(
            "nothing was changed: {}: {error}",
            args.file.display()
        ))
    };
    let not_valid = |broken: BrokenRule| {
        if broken.rule.is_broken_by_coin() {
            let file = args.file.display();
            let message = format!("nothing was changed: {file}: {COIN_CHAIN}");
            return Failure::failed(message).hint(WITHOUT_COIN_FILES);
        }
        let member = broken
            .rule
            .member()
            .map(|member| format!(" (member {member})"))
            .unwrap_or_default();
        Failure::failed(format!(
            "nothing was changed: {} is not valid: {broken}{member}",
            args.file.display()
        ))
    };
    let folder = args
        .data_dir
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("."));
    let kept = |error: std::io::Error| Failure::file("keep blocks in", folder, &error);
    let mut file = ChainFile::open(&args.file)?;
    let mut rules = ChainChecker::new();
    let mut spool = SpoolWriter::new(folder.to_owned());
    let mut first = None;
    while let Some(text) = file.next_block().map_err(unread)? {
        let block = rules.check(&text).map_err(not_valid)?;
        spool.push(&block).map_err(kept)?;
        first.get_or_insert(block);
    }
    file.bar.finish_and_clear();
    match (first, rules.tip()) {
        (Some(first), Some(tip)) => Ok(Checked {
            first,
            tip,
            spool: spool.finish(None).map_err(kept)?,
        }),
        _ => Err(Failure::failed(format!(
            "nothing was changed: {} holds no block",
            args.file.display()
        ))),
    }
}

/// The last block that the chain in the store has, too.
fn fork(checked: &mut Checked, own: &Snapshot) -> Result<Option<Link>, Failure> {
    let mut fork = None;
    for block in checked.spool.blocks() {
        let block = block.map_err(|error| Failure::failed(error.to_string()))?;
        if own.hash_at(block.height())? != Some(block.hash()) {
            break;
        }
        fork = Some(block.link());
    }
    Ok(fork)
}

/// Has the writer switch to the chain; what it did.
async fn take_in(store: Store, mut checked: Checked, folder: &Path) -> Result<String, Failure> {
    let fork = fork(&mut checked, &store.snapshot()?)?;
    let bar = terminal::bar(Some(checked.tip.height.0), Unit::Blocks);
    let branch = Branch {
        fork,
        tip: checked.tip.height,
        blocks: Box::new(Spooled {
            spool: checked.spool,
            behind: fork,
            bar: bar.clone(),
        }),
    };
    // Nothing is mined here.
    let settings = node::Settings {
        miner: String::new(),
        clock: system_clock(),
        queue_limits: QueueLimits::default(),
        travels: false,
        recorder: std::sync::Arc::new(metrics::NoopRecorder),
    };
    let (handle, writer) = node::start(store, settings)?;
    let adoption = handle.adopt(branch).await;
    drop(handle);
    let ended = tokio::task::spawn_blocking(move || writer.join()).await;
    ended.map_err(|error| Failure::failed(format!("the writer ended badly: {error}")))?;
    bar.finish_and_clear();
    match adoption? {
        Adoption::NoLongerBetter => Err(Failure::failed(
            "nothing was changed: the chain in the folder is no shorter",
        )),
        Adoption::Adopted {
            displaced,
            connected,
            returned,
            tip,
            ..
        } => {
            let mut said = format!(
                "{} has {} now, {connected} of them new.",
                folder.display(),
                count(tip.0, "block")
            );
            if displaced > 0 {
                let wait = if returned == 1 {
                    "transaction waits"
                } else {
                    "transactions wait"
                };
                said.push_str(&format!(
                    " {} of its own gave way and can be looked at under /v1/displaced; {returned} {wait} again.",
                    count(displaced, "block"),
                ));
            }
            Ok(said)
        }
    }
}

/// The blocks behind the fork, which the writer takes.
struct Spooled {
    spool: Spool,
    behind: Option<Link>,
    bar: ProgressBar,
}

impl BranchBlocks for Spooled {
    fn visit(
        &mut self,
        visit: &mut dyn FnMut(Block, BlockTags) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        for block in self.spool.blocks() {
            let block = block.map_err(|error| BranchError::Unreadable(error.to_string()))?;
            self.bar.inc(1);
            if self
                .behind
                .is_none_or(|behind| block.height() > behind.height)
            {
                visit(block, BlockTags::default())?;
            }
        }
        Ok(())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Ending::Store, error.to_string())
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Store(error) => error.into(),
            other => Self::failed(other.to_string()),
        }
    }
}
