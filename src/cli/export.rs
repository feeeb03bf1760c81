//! `bcoin export`: a chain as a file that anybody can check: one block a line in canonical text, so that the SHA-256 of
//! each line without its end is the block's hash.
//!
//! The chain is checked on its way by the rules of the network, and the file appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use tempfile::NamedTempFile;
use url::Url;

use super::chain_file::WITHOUT_COIN_FILES;
use super::client::{NodeClient, NodeOptions, parse_node_url};
use super::exit::{Ending, Failure};
use super::folders;
use super::terminal::{self, Unit, count};
use crate::protocol::classic::block::Height;
use crate::protocol::classic::chain_reader::{ChainReader, ReadLimits};
use crate::protocol::classic::rules::ChainChecker;
use crate::store::OpenError;

#[derive(Debug, Args)]
#[command(
    after_help = "Works with any node of the classic network, the book's Python nodes included. A coin node's chain
is its folder, of which a copy can be made once the node has ended.

Examples:
  bcoin export chain.txt
  bcoin export chain.txt --data-dir data/1001
  bcoin export - --node http://127.0.0.1:1002 | head -1 | tr -d '\\n' | sha256sum"
)]
pub struct ExportArgs {
    /// The file to write (- writes standard output)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
    /// The node to ask, as a URL or host:port [default: http://127.0.0.1:1001, else the same on 11001]
    #[arg(long, value_name = "URL", env = "BCOIN_NODE", value_parser = parse_node_url)]
    pub node: Option<Url>,
    /// Read the chain in this folder, of a node that is not running
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

pub async fn run(args: &ExportArgs) -> Result<(), Failure> {
    match &args.data_dir {
        Some(folder) => from_folder(folder, args),
        None => from_node(args).await,
    }
}

async fn from_node(args: &ExportArgs) -> Result<(), Failure> {
    let node = NodeClient::open(&NodeOptions {
        node: args.node.clone(),
        token_file: None,
        json: false,
    })
    .await?;
    refuse_coin(&node).await?;
    let mut out = Output::open(&args.file, args.force)?;
    let mut response = node.stream("/get_chain").await?;
    let bar = terminal::bar(response.content_length(), Unit::Bytes);
    let mut reader = ChainReader::new(ReadLimits::default());
    let mut rules = ChainChecker::new();
    let bad = |error: String| {
        Failure::failed(format!(
            "the chain of {} is not valid: {error}",
            node.address()
        ))
    };
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| Failure::failed(format!("{} broke off: {error}", node.address())))?
    {
        bar.inc(piece.len() as u64);
        let pushed = reader.push(&piece);
        while let Some(text) = reader.next_block() {
            let block = rules
                .check(&text)
                .map_err(|broken| bad(broken.to_string()))?;
            out.block(block.text())?;
        }
        pushed.map_err(|error| bad(error.to_string()))?;
    }
    reader.finish().map_err(|error| bad(error.to_string()))?;
    bar.finish_and_clear();
    out.keep(&args.file)
}

/// A coin chain is no file of texts. The book's own nodes cannot say what they are, so silence is no objection.
async fn refuse_coin(node: &NodeClient) -> Result<(), Failure> {
    let Ok(answer) = node.get("/v1/node").await else {
        return Ok(());
    };
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if said.get("protocol").and_then(serde_json::Value::as_str) != Some("coin") {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} keeps a coin chain, and chain files hold classic ones",
        node.address()
    ))
    .hint(WITHOUT_COIN_FILES))
}

fn from_folder(folder: &Path, args: &ExportArgs) -> Result<(), Failure> {
    let store = folders::open_existing(folder).map_err(|error| match error {
        OpenError::OtherNetwork { found, .. } => Failure::failed(format!(
            "{} holds a chain of the coin network {found}, and chain files hold classic ones",
            folder.display()
        ))
        .hint(WITHOUT_COIN_FILES),
        other => other.into(),
    })?;
    let snapshot = store.snapshot()?;
    let tip = snapshot.state()?.tip.height;
    let mut out = Output::open(&args.file, args.force)?;
    let bar = terminal::bar(Some(tip.0), Unit::Blocks);
    let mut rules = ChainChecker::new();
    snapshot.for_each_unchecked(Height::FIRST..=tip, |block| {
        rules
            .check_stored(block.text, block.hash)
            .map_err(|broken| {
                Failure::new(
                    Ending::Store,
                    format!("the chain in {} is not valid: {broken}", folder.display()),
                )
            })?;
        bar.inc(1);
        out.block(block.text)
    })?;
    bar.finish_and_clear();
    out.keep(&args.file)
}

/// A file in the making, or standard output.
pub struct Output {
    to: Target,
    blocks: u64,
}

enum Target {
    /// Written beside its place, so that a chain that breaks off leaves nothing behind.
    File(BufWriter<NamedTempFile>),
    Stdout(BufWriter<io::Stdout>),
}

impl Output {
    /// Opens `path`, or standard output for `-`.
    pub fn open(path: &Path, force: bool) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self {
                to: Target::Stdout(BufWriter::new(io::stdout())),
                blocks: 0,
            });
        }
        if path.exists() && !force {
            return Err(
                Failure::usage(format!("{} is there already", path.display()))
                    .hint("`--force` writes over it."),
            );
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder)
            .map_err(|error| Failure::file("write into", folder, &error))?;
        Ok(Self {
            to: Target::File(BufWriter::new(file)),
            blocks: 0,
        })
    }

    /// Writes one block as a line.
    pub fn block(&mut self, text: &str) -> Result<(), Failure> {
        self.blocks += 1;
        let out: &mut dyn Write = match &mut self.to {
            Target::File(file) => file,
            Target::Stdout(stdout) => stdout,
        };
        out.write_all(text.as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|error| Failure::output(&error))
    }

    /// Puts the file in its place and says so.
    pub fn keep(self, path: &Path) -> Result<(), Failure> {
        match self.to {
            Target::Stdout(mut stdout) => stdout.flush().map_err(|error| Failure::output(&error)),
            Target::File(file) => {
                let failed = |error: io::Error| Failure::file("write", path, &error);
                let file = file
                    .into_inner()
                    .map_err(|error| failed(error.into_error()))?;
                make_readable(file.as_file()).map_err(failed)?;
                file.as_file().sync_all().map_err(failed)?;
                file.persist(path).map_err(|error| failed(error.error))?;
                terminal::note(&format!(
                    "{}: {}, each line's sha256sum (without its end) is its hash",
                    path.display(),
                    count(self.blocks, "block")
                ));
                Ok(())
            }
        }
    }
}

/// A temporary file is for its owner alone; a chain is public.
#[cfg(unix)]
pub(super) fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub(super) fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}
