//! `bcoin node`: one node in the foreground, until a signal ends it.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

use super::bind::bind;
use super::exit::Failure;
use super::launch::{self, LESSON, Place, Runs, TOYS};
use super::settings::{NodeArgs, ProgramArgs};
use super::signals::Signals;
use super::terminal::{self, printable};
use crate::config::Config;
use crate::daemon::TOKEN_FILE;
use crate::peers::address::AddressError;
use crate::peers::nodes_file;

#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C or SIGTERM ends the node cleanly within 5 s, a second one at once. What it acknowledged is
on disk either way.

Examples:
  bcoin node
  bcoin node --port 1002 --peers nodes.json
  bcoin node --network dev --automine
  bcoin node --network main --miner 0xYOURS --mine 4
  bcoin node --listen 0.0.0.0 --host-name node1.lab --allow 192.168.1.0/24
  BCOIN_MINER=Ada bcoin node --data-dir /var/lib/bcoin --log-format json"
)]
pub struct RunArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    #[command(flatten)]
    pub node: NodeArgs,
}

pub async fn run(config: &Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let settings = config.clone();
    let runs = signals.or_leave(move || Runs::of(&settings)).await?;
    let mut peers = match &config.peers.nodes_file {
        Some(file) => nodes_file::read(file).map_err(|error| Failure::usage(error.to_string()))?,
        None => Vec::new(),
    };
    for text in &config.peers.known {
        let address = text
            .parse()
            .map_err(|error: AddressError| Failure::usage(format!("--peer: {error}")))?;
        if !peers.contains(&address) {
            peers.push(address);
        }
    }
    let listener = bind(config.http.listen, config.http.port)
        .await
        .map_err(super::bind::BindError::into_failure)?;
    // With port 0 the system chose one.
    let port = listener
        .local_addr()
        .map_or(config.http.port, |address| address.port());
    let folder = match &runs {
        Runs::Classic => config.data_dir(port),
        Runs::Coin { genesis, .. } => config.coin_data_dir(&genesis.parameters.name, port),
    };
    let place = Place {
        port,
        by_settings: true,
        peers,
        ..Place::default()
    };
    let node = launch::start(&runs, config, place, listener).await?;
    let (network, height) = node.place();
    let (address, miner) = (node.address(), node.miner());
    tracing::info!(
        %address, network, miner, node = node.node_id(), height, folder = %folder.display(), "the node answers"
    );
    let notice = match &runs {
        Runs::Classic => Some(LESSON),
        Runs::Coin { genesis, .. } => (genesis.parameters.half_life == 0).then_some(TOYS),
    };
    if let Some(notice) = notice {
        tracing::info!("{notice}");
    }
    if !address.ip().is_loopback() {
        let token = folder.join(TOKEN_FILE);
        tracing::info!(
            "calls from other machines that change this node need the token in {} or an address allowed by --allow",
            token.display()
        );
    }
    if std::io::stdout().is_terminal() {
        let url = url_here(address);
        let notice = notice.map_or_else(String::new, |notice| format!("{notice}\n"));
        // A node does its work unseen as well.
        let _ = terminal::print(&format!(
            "The node answers on {url}. Miner: {}. Folder: {}.\n{notice}Try: curl {url}/get_chain\nCtrl-C ends it.\n",
            printable(&miner),
            folder.display()
        ));
    }
    let failed = tokio::select! {
        _ = signals.next() => false,
        () = node.failed() => true,
    };
    tracing::info!("the node ends");
    signals.or_at_once(node.shut_down()).await?;
    if failed {
        return Err(Failure::failed("the store failed, so the node ended; the log says why")
            .hint("Nothing was acknowledged since. Look at the disk, then start the node again: it opens at the last commit."));
    }
    Ok(())
}

/// The URL under which a node that listens on `address` is reached from this machine.
pub fn url_here(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
