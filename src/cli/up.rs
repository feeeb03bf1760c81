//! `bcoin up`: a local network in one process, shown as a table until a signal ends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueHint};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::board::{Board, Row};
use super::exit::Failure;
use super::folders;
use super::launch;
use super::local_network::{self, LocalNetwork, MOST_NODES};
use super::logging::LogSink;
use super::settings::{ProgramArgs, PullArgs};
use super::signals::Signals;
use super::terminal::{self, count};
use crate::config::Config;
use crate::daemon::Daemon;
use crate::node::{Event, NodeHandle};

/// Changes of a node within this time are shown as one, so that a flood of them does not slow the node down.
const ONE_CHANGE: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
#[command(
    after_help = "The nodes know each other through nodes.json in the current folder, if it names just them; else through one that is written
into DIR. Each keeps its chain in DIR/<port>, so that the next `up` goes on where this one ended; --fresh starts over.
Where this user may not take ports below 1024, the nodes are on 11001 and on. Of a settings file all holds but port, listen,
miner, data_dir and nodes_file, which the network chooses itself.

Examples:
  bcoin up
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
    pub pull: PullArgs,
    #[command(flatten)]
    pub program: ProgramArgs,
}

pub async fn run(args: &UpArgs, config: &Config, log: &LogSink) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let network = local_network::take_ports(args.base_port, args.nodes).await?;
    if args.fresh {
        let folders: Vec<PathBuf> = network
            .ports()
            .map(|port| folder_of(&args.data_dir, port))
            .collect();
        folders::erase(&folders)?;
    }
    let fell_back = network.fell_back;
    let nodes_file = network.nodes_file(Path::new(""), &args.data_dir)?;
    let nodes = start(args, config, network, &nodes_file).await?;
    let greeting = local_network::greeting(&nodes, &nodes_file, args, fell_back);
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
    args: &UpArgs,
    config: &Config,
    network: LocalNetwork,
    nodes_file: &Path,
) -> Result<Vec<Daemon>, Failure> {
    let peers = local_network::read_nodes_file(nodes_file)?;
    let mut nodes = Vec::new();
    for (place, (port, listener)) in network.into_listeners().enumerate() {
        let mut settings = launch::settings(config, port);
        settings.data_dir = folder_of(&args.data_dir, port);
        local_network::miner(place).clone_into(&mut settings.miner);
        settings.peers.clone_from(&peers);
        match launch::start(settings, listener).await {
            Ok(node) => nodes.push(node),
            Err(failure) => {
                shut_down(nodes).await;
                return Err(failure);
            }
        }
    }
    Ok(nodes)
}

async fn shut_down(nodes: Vec<Daemon>) {
    let mut ending = JoinSet::new();
    for node in nodes {
        ending.spawn(node.shut_down());
    }
    ending.join_all().await;
}

/// Shows the nodes until a signal, or a disk that fails.
async fn watch(nodes: &[Daemon], signals: &mut Signals, log: &LogSink) -> Result<(), Failure> {
    let (changed, mut changes) = mpsc::channel(nodes.len().max(1));
    let mut watchers = JoinSet::new();
    let mut rows = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        rows.push(row(node));
        // Subscribed before the first row is shown, so that nothing falls in between.
        let events = node.node.events().subscribe(None).live;
        watchers.spawn(tell_changes(
            place,
            node.node.clone(),
            events,
            changed.clone(),
        ));
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
                    show_tip(row, &node.node);
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

async fn any_failed(nodes: &[Daemon]) {
    futures_util::future::select_all(nodes.iter().map(|node| Box::pin(node.failed()))).await;
}

/// Sends what happens in a node, in words, until it ends or nobody listens.
async fn tell_changes(
    place: usize,
    node: NodeHandle,
    mut events: broadcast::Receiver<crate::node::NumberedEvent>,
    changed: mpsc::Sender<(usize, String)>,
) {
    loop {
        let mut last: Option<Arc<Event>> = match events.recv().await {
            Ok(event) => Some(event.event),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        while let Ok(event) = events.try_recv() {
            last = Some(event.event);
        }
        let words = last.map_or_else(
            || "many changes".to_owned(),
            |event| in_words(&event, &node),
        );
        tracing::debug!(node = node.node_id(), "{words}");
        if changed.send((place, words)).await.is_err() {
            return;
        }
        tokio::time::sleep(ONE_CHANGE).await;
    }
}

fn in_words(event: &Event, node: &NodeHandle) -> String {
    match event {
        Event::Block {
            height,
            transactions,
            ..
        } => {
            format!(
                "mined block {height} with {}",
                count(*transactions as u64, "transaction")
            )
        }
        Event::Reorg {
            height,
            displaced: 0,
            ..
        } => format!("took a longer chain, {height} blocks"),
        Event::Reorg {
            height,
            displaced,
            returned,
            ..
        } => {
            format!(
                "took a longer chain, {height} blocks; {displaced} gave way, {} back",
                count(*returned as u64, "transaction")
            )
        }
        Event::Transaction { .. } => match node.tip().waiting {
            0 | 1 => "a transaction came in".to_owned(),
            waiting => format!("a transaction came in, {waiting} wait"),
        },
        Event::Peer { address } => format!("knows {}", terminal::printable(address)),
    }
}

fn row(node: &Daemon) -> Row {
    let mut row = Row {
        url: super::node::url_here(node.address),
        miner: node.node.miner_name().to_owned(),
        last_event: "started".to_owned(),
        ..Row::default()
    };
    show_tip(&mut row, &node.node);
    row
}

fn show_tip(row: &mut Row, node: &NodeHandle) {
    let tip = node.tip();
    row.height = tip.link.height.0;
    row.tip = tip.link.hash.to_string();
    row.waiting = tip.waiting;
    row.peers = tip.peers;
}
