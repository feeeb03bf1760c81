//! `bcoin up`: a local network in one process, shown as a table until a signal ends it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::board::Board;
use super::exit::Failure;
use super::folders;
use super::launch::{self, Place, Runs};
use super::local_network::{self, LocalNetwork, MOST_NODES};
use super::local_node::LocalNode;
use super::logging::LogSink;
use super::settings::{FollowArgs, KeysArgs, NetworkArgs, ProgramArgs, PullArgs};
use super::signals::Signals;
use super::terminal;
use crate::config::Config;

#[derive(Debug, Args)]
#[command(
    after_help = "The nodes know each other through nodes.json in the current folder, if it names just them; else
through one that is written into DIR. Each keeps its chain in DIR/<port>, so that the next `up`
goes on where this one ended; --fresh starts over. On another network than classic that is
DIR/<network>/<port>. Where this user may not take ports below 1024, the nodes are on 11001 and on.
Of a settings file all holds but port, listen, miner, mining, data_dir and nodes_file, which the
network chooses itself.

Examples:
  bcoin up
  bcoin up --network dev
  bcoin up --nodes 5 --base-port 2001
  bcoin up --fresh --data-dir /tmp/lesson"
)]
pub struct UpArgs {
    /// How many nodes
    #[arg(long, short, value_name = "N", env = "BCOIN_NODES", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_NODES)))]
    pub nodes: u16,
    /// The first node's port; the others follow
    #[arg(long, short, value_name = "PORT", env = "BCOIN_BASE_PORT", default_value_t = super::client::BOOK_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    pub base_port: u16,
    /// Where the nodes' folders are
    #[arg(long, short, value_name = "DIR", env = "BCOIN_NETWORK_DIR", default_value = "data", value_hint = ValueHint::DirPath)]
    pub data_dir: PathBuf,
    /// Delete what the nodes kept, and start over
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub keys: KeysArgs,
    #[command(flatten)]
    pub follow: FollowArgs,
    #[command(flatten)]
    pub pull: PullArgs,
    #[command(flatten)]
    pub program: ProgramArgs,
}

pub async fn run(args: &UpArgs, config: &Config, log: &LogSink) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let settings = config.clone();
    let runs = signals.or_leave(move || Runs::of(&settings)).await?;
    let data_dir = runs.folder_in(&args.data_dir);
    let network = local_network::take_ports(args.base_port, args.nodes).await?;
    if args.fresh {
        let folders: Vec<PathBuf> = network
            .ports()
            .map(|port| folder_of(&data_dir, port))
            .collect();
        folders::erase(&folders)?;
    }
    let fell_back = network.fell_back;
    let nodes_file = network.nodes_file(Path::new(""), &data_dir)?;
    let nodes = start(&runs, config, network, &data_dir, &nodes_file).await?;
    let greeting = local_network::greeting(
        &runs,
        runs.sync(config),
        &nodes,
        &nodes_file,
        &data_dir,
        fell_back,
    );
    let ended = match terminal::print(&greeting) {
        Ok(()) => watch(&nodes, &mut signals, log).await,
        unread => unread,
    };
    tracing::info!("the nodes end");
    signals.or_at_once(shut_down(nodes)).await?;
    ended?;
    terminal::note("All nodes have ended; their chains are kept.");
    Ok(())
}

fn folder_of(data_dir: &Path, port: u16) -> PathBuf {
    data_dir.join(port.to_string())
}

/// Starts the nodes one after the other. If one does not start, those before it end cleanly.
async fn start(
    runs: &Runs,
    config: &Config,
    network: LocalNetwork,
    data_dir: &Path,
    nodes_file: &Path,
) -> Result<Vec<LocalNode>, Failure> {
    let peers = local_network::read_nodes_file(nodes_file)?;
    let mut nodes = Vec::new();
    for (place, (port, listener)) in network.into_listeners().enumerate() {
        let place = Place {
            port,
            place,
            folder: Some(folder_of(data_dir, port)),
            miner: Some(local_network::miner(place).to_owned()),
            by_settings: false,
            peers: peers.clone(),
        };
        match launch::start(runs, config, place, listener).await {
            Ok(node) => nodes.push(node),
            Err(failure) => {
                shut_down(nodes).await;
                return Err(failure);
            }
        }
    }
    Ok(nodes)
}

async fn shut_down(nodes: Vec<LocalNode>) {
    let mut ending = JoinSet::new();
    for node in nodes {
        ending.spawn(node.shut_down());
    }
    ending.join_all().await;
}

/// Shows the nodes until a signal, or a disk that fails.
async fn watch(nodes: &[LocalNode], signals: &mut Signals, log: &LogSink) -> Result<(), Failure> {
    let (changed, mut changes) = mpsc::channel(nodes.len().max(1));
    let mut watchers = JoinSet::new();
    let mut rows = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        rows.push(node.row());
        // Subscribed before the first row is shown, so that nothing falls in between.
        watchers.spawn(node.tell_changes(place, changed.clone()));
    }
    drop(changed);
    let mut board = Board::show(rows)?;
    log.set_board(board.drawing());
    let mut disk_failed = std::pin::pin!(any_failed(nodes));
    let ended = loop {
        tokio::select! {
            _ = signals.next() => break Ok(()),
            () = &mut disk_failed => break Err(Failure::failed("the store failed, so the network ended; the log says why")
                .hint("Nothing was acknowledged since. Look at the disk, then start again: the nodes open at their last commits.")),
            Some((place, last_event)) = changes.recv() => {
                let Some(node) = nodes.get(place) else { continue };
                let shown = board.update(place, |row| {
                    node.show_tip(row);
                    row.last_event = last_event;
                });
                if let Err(failure) = shown {
                    break Err(failure);
                }
            }
        }
    };
    // The watchers hold the nodes' writers open.
    watchers.shutdown().await;
    log.set_board(None);
    board.close()?;
    ended
}

async fn any_failed(nodes: &[LocalNode]) {
    futures_util::future::select_all(nodes.iter().map(|node| Box::pin(node.failed()))).await;
}
