//! `bcoin top`: nodes, their tips and rates, the tree of recent blocks and what happens, over the HTTP of any node.
//!
//! `ask` asks one node and bounds what it may answer; `answers` makes what came printable and short; `model` is all that
//! is known, `rows`, `tree` and `panes` are what is said of it. `watch` and `follow` are the tasks that keep it
//! current; `live` shows it on a terminal, `snapshot` without one. Nothing here changes a node.

mod answers;
mod ask;
mod draw;
mod follow;
mod live;
mod model;
mod panes;
mod rows;
mod said;
mod screen;
mod snapshot;
mod sse;
mod text;
mod tree;
mod view;
mod watch;

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use url::Url;

use super::client::{parse_node_url, usual_node};
use super::exit::Failure;
use ask::Asker;
use model::{MOST_NODES, Model};

/// Seconds between two questions. A node answers each in well under a millisecond; below a tenth nobody reads along.
const INTERVAL: std::ops::RangeInclusive<f64> = 0.1..=3_600.0;

#[derive(Debug, Args)]
#[command(
    after_help = "Of an only node its peers are shown, too, where they answer. A node that is down says why, and
comes back by itself. LAG is in blocks behind the best chain of its network; `fork` stands where a
node's last block is not on that chain.

Keys: q, Esc or Ctrl-C ends; arrows, j and k choose a node; Tab the next pane; PgUp and PgDn scroll;
p pauses; ? shows them all. Where standard output is no terminal, one snapshot is printed. The exit
code is 3 if no node answered.

Examples:
  bcoin top
  bcoin top --node 127.0.0.1:1001 --node 127.0.0.1:2001
  bcoin top --once
  bcoin top --json --count 60 | jq '.nodes[] | [.node, .height, .lag]'"
)]
pub struct TopArgs {
    /// A node to watch, as a URL or host:port; again for more [default: http://127.0.0.1:1001, else the same on 11001]
    #[arg(long, value_name = "URL", env = "BCOIN_NODE", value_delimiter = ',', value_parser = parse_node_url, help_heading = "Node")]
    pub node: Vec<Url>,
    /// Show the named node alone, without its peers
    #[arg(long, help_heading = "Node")]
    pub no_peers: bool,
    /// Seconds between two questions, 0.1 to 3600
    #[arg(long, short, value_name = "SECONDS", default_value = "1", value_parser = parse_interval)]
    pub interval: Duration,
    /// Print one snapshot, and end
    #[arg(long)]
    pub once: bool,
    /// Print snapshots as JSON, for programs: a line an interval, or one with --once
    #[arg(long)]
    pub json: bool,
    /// End after so many lines of JSON
    #[arg(long, value_name = "N", requires = "json", conflicts_with = "once", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "a number of seconds, such as 1 or 0.5".to_owned())?;
    if INTERVAL.contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(format!(
        "it may be {} to {} seconds",
        INTERVAL.start(),
        INTERVAL.end()
    ))
}

pub async fn run(args: &TopArgs) -> Result<(), Failure> {
    let mut bases = args.node.clone();
    if bases.is_empty() {
        bases.push(usual_node().await);
    }
    let http = ask::http()?;
    let mut model = Model::default();
    for base in bases {
        if model.nodes.iter().any(|node| node.base == base) {
            continue;
        }
        let address = Asker::new(http.clone(), base.clone()).address();
        model.add(base, address, true).ok_or_else(|| {
            Failure::usage(format!("more than {MOST_NODES} nodes are named"))
                .hint("Each is asked several questions an interval; watch the others in a second terminal.")
        })?;
    }
    let peers = model.nodes.len() == 1 && !args.no_peers;
    let no_screen = !std::io::stdout().is_terminal()
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if args.json && !args.once {
        return snapshot::lines(model, &http, peers, args.interval, args.count).await;
    }
    if args.once || no_screen {
        return snapshot::once(model, &http, peers, args.json).await;
    }
    live::run(model, http, peers, args.interval).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_outside_their_bounds_are_refused() {
        assert_eq!(parse_interval("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("3600"), Ok(Duration::from_secs(3_600)));
        for text in ["0", "0.09", "-1", "3601", "NaN", "inf", "1e400", "", "1s"] {
            assert!(parse_interval(text).is_err(), "{text}");
        }
    }
}
