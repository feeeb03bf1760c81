//! Tasks that ask nodes, one a node, and look for an only node's peers. They end with the channel that they report to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use url::{Host, Url};

use super::super::client::{parse_node_url, problem_sentence};
use super::answers::{
    DifficultyAnswer, NetworkAnswer, NodeAnswer, PeersAnswer, Report, blocks, clean, waiting,
};
use super::ask::{Asker, Trouble};
use super::follow::follow;
use super::model::{MOST_NODES, Model, Update};

/// Bytes that are read of an answer. The lists hold what blocks and transactions of peers hold, which may be long; without
/// them the rest is shown.
const SMALL: usize = 64 * 1024;
const LIST: usize = 1024 * 1024;
const BLOCKS: usize = 4 * 1024 * 1024;

/// Between two questions whether a peer answers that has not done so yet.
const PEER_AGAIN: Duration = Duration::from_secs(5);

/// What a node says now. What hangs on the tip alone is asked for when the tip has changed since `before`.
pub async fn report(asker: &Asker, before: Option<&Report>) -> Result<Report, Trouble> {
    let node: NodeAnswer = asker.json("/v1/node", "", SMALL).await?;
    let mut report = node.report();
    let same_tip = before.filter(|before| {
        before.tip == report.tip && before.chain == report.chain && !before.blocks.is_empty()
    });
    let classic = report.chain.protocol == "classic";
    let pool = if classic {
        "/v1/transactions/waiting"
    } else {
        "/v1/mempool"
    };
    // The estimate must not reach back to the first block, whose time says nothing about when mining began.
    let lately = format!("?blocks={}", report.height.saturating_sub(1).clamp(1, 20));
    let some_wait = report.waiting > 0;
    let (ready, peers, network, pool, page, difficulty) = tokio::join!(
        asker.say("/readyz", "", SMALL),
        asker.json::<PeersAnswer>("/v1/peers", "", LIST),
        asker.json::<NetworkAnswer>("/v1/network", "?blocks=24", LIST),
        only_if(some_wait, asker.bytes(pool, "?limit=32", LIST)),
        only_if(
            same_tip.is_none(),
            asker.bytes("/v1/blocks", "?order=desc&limit=20", BLOCKS)
        ),
        only_if(
            same_tip.is_none() && !classic,
            asker.json::<DifficultyAnswer>("/v1/difficulty", &lately, SMALL)
        ),
    );
    if let Some(before) = same_tip {
        report.blocks.clone_from(&before.blocks);
        report.difficulty.clone_from(&before.difficulty);
        report.hash_rate.clone_from(&before.hash_rate);
    }
    let mut missing = Vec::new();
    match ready {
        Ok(said) if said.status.is_success() => {}
        Ok(said) => {
            let words = problem_sentence(&said.body);
            let words = words.unwrap_or_else(|| format!("it answers {}", said.status.as_u16()));
            report.not_ready = Some(clean(&words, 160));
        }
        Err(trouble) => missing.push(trouble.to_string()),
    }
    let mut or_missing = |trouble: Trouble| missing.push(trouble.to_string());
    match peers {
        Ok(answer) => answer.add_to(&mut report),
        Err(trouble) => or_missing(trouble),
    }
    match network {
        Ok(answer) => answer.add_to(&mut report),
        Err(trouble) => or_missing(trouble),
    }
    match difficulty {
        Some(Ok(answer)) => answer.add_to(&mut report),
        Some(Err(trouble)) => or_missing(trouble),
        None => {}
    }
    let strange = |path| move |why| Trouble::Strange { path, why };
    match page.map(|page| blocks(&page?).map_err(strange("/v1/blocks"))) {
        Some(Ok(blocks)) => report.blocks = blocks,
        Some(Err(trouble)) => or_missing(trouble),
        None => {}
    }
    let protocol = report.chain.protocol.clone();
    match pool.map(|page| waiting(&page?, &protocol).map_err(strange("what waits"))) {
        Some(Ok(pool)) => report.pool = pool,
        Some(Err(trouble)) => or_missing(trouble),
        None => {}
    }
    report.missing = missing;
    Ok(report)
}

async fn only_if<T>(wanted: bool, asked: impl Future<Output = T>) -> Option<T> {
    if wanted { Some(asked.await) } else { None }
}

/// The URLs of peers that a node knows. A node elsewhere cannot have this machine's own services asked.
pub fn peers_of(base: &Url, known: &[String]) -> Vec<Url> {
    let urls = known
        .iter()
        .filter_map(|address| parse_node_url(address).ok());
    urls.filter(|url| is_here(base) || !is_here(url)).collect()
}

fn is_here(url: &Url) -> bool {
    let here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
    match url.host() {
        Some(Host::Ipv4(address)) => here(address.into()),
        Some(Host::Ipv6(address)) => here(address.to_canonical()),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The tasks of the live view.
pub struct Watch {
    http: reqwest::Client,
    interval: Duration,
    updates: mpsc::Sender<Update>,
    /// Peers that have no row, and whoever looks for them.
    looked_for: HashMap<Url, AbortHandle>,
}

impl Watch {
    pub fn new(http: reqwest::Client, interval: Duration, updates: mpsc::Sender<Update>) -> Self {
        Self {
            http,
            interval,
            updates,
            looked_for: HashMap::new(),
        }
    }

    /// Begins to ask a node, and to listen to it.
    pub fn begin(&self, node: usize, base: Url) {
        let asker = Asker::new(self.http.clone(), base);
        let wake = Arc::new(Notify::new());
        let asking = keep_asking(
            asker.clone(),
            node,
            self.interval,
            wake.clone(),
            self.updates.clone(),
        );
        tokio::spawn(asking);
        tokio::spawn(follow(asker, node, wake, self.updates.clone()));
    }

    /// Looks for the peers that the only named node knows now, and no more for those that it has forgotten.
    pub fn look_for(&mut self, peers: Vec<Url>, model: &Model) {
        self.looked_for.retain(|url, task| {
            let wanted = peers.contains(url);
            if !wanted {
                task.abort();
            }
            wanted
        });
        for url in peers {
            let shown = model.nodes.iter().any(|node| node.base == url);
            if shown || self.looked_for.contains_key(&url) || self.looked_for.len() >= MOST_NODES {
                continue;
            }
            let asker = Asker::new(self.http.clone(), url.clone());
            let task = tokio::spawn(find(asker, self.updates.clone()));
            self.looked_for.insert(url, task.abort_handle());
        }
    }
}

async fn find(asker: Asker, updates: mpsc::Sender<Update>) {
    loop {
        if let Ok(report) = report(&asker, None).await {
            let found = Update::Found {
                base: asker.base.clone(),
                address: asker.address(),
                report: Box::new(report),
            };
            // Who has a row under another name needs none; it is asked no more.
            let _ = updates.send(found).await;
            return;
        }
        sleep(PEER_AGAIN).await;
    }
}

async fn keep_asking(
    asker: Asker,
    node: usize,
    interval: Duration,
    wake: Arc<Notify>,
    updates: mpsc::Sender<Update>,
) {
    // What the event stream tells of is asked for at once, but not more often than this.
    let gap = interval / 4;
    let mut before: Option<Box<Report>> = None;
    loop {
        let update = match report(&asker, before.as_deref()).await {
            Ok(report) => {
                let report = Box::new(report);
                before = Some(report.clone());
                Update::Answered { node, report }
            }
            Err(trouble) => Update::Failed {
                node,
                why: trouble.to_string(),
            },
        };
        if updates.send(update).await.is_err() {
            return;
        }
        sleep(gap).await;
        let _ = timeout(interval - gap, wake.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_elsewhere_has_nobody_here_asked() {
        let known = [
            "127.0.0.1:1002",
            "10.0.0.7:1001",
            "[::1]:1",
            "localhost:1",
            "0.0.0.0:1",
            "[::ffff:127.0.0.1]:1",
            "no address",
        ]
        .map(str::to_owned);
        let peers = |base: &str| peers_of(&parse_node_url(base).unwrap(), &known);
        assert_eq!(peers("127.0.0.1:1001").len(), 6);
        let elsewhere = peers("10.0.0.1:1001");
        assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
        assert_eq!(elsewhere[0].as_str(), "http://10.0.0.7:1001/");
    }
}
