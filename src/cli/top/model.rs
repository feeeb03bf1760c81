//! All that the view knows: nodes in their rows, and what happened. Pure: what comes in is an [`Update`], and the moment it
//! came.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use url::Url;

use super::answers::{Chain, Report};
use super::said::Happening;
use super::tree::{Place, Tree};

/// Nodes that are watched at once: each is asked a handful of questions an interval.
pub const MOST_NODES: usize = 32;

/// Events that are kept.
const MOST_EVENTS: usize = 200;

/// What is known of the network.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub nodes: Vec<Node>,
    /// Newest last.
    pub events: VecDeque<Happening>,
}

/// A node and its row.
#[derive(Debug, Clone)]
pub struct Node {
    pub base: Url,
    /// Host and port.
    pub address: String,
    /// Whether it was asked for, rather than found among a node's peers.
    pub named: bool,
    pub state: State,
    /// What it said last, even if it is down now.
    pub report: Option<Box<Report>>,
    /// Whether its events are being heard.
    pub listening: bool,
}

/// Whether a node answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The first answer is still awaited.
    Asked,
    Up,
    Down {
        why: String,
        since: Instant,
    },
}

/// Something new.
#[derive(Debug)]
pub enum Update {
    Answered {
        node: usize,
        report: Box<Report>,
    },
    Failed {
        node: usize,
        why: String,
    },
    /// A peer of the only named node answers.
    Found {
        base: Url,
        address: String,
        report: Box<Report>,
    },
    Listening {
        node: usize,
        on: bool,
    },
    Happened(Happening),
}

/// How far a node is from the best of its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Blocks by which it is lower.
    pub behind: u64,
    pub place: Place,
}

impl Model {
    /// Adds a row; its number. Nothing if there are as many as are watched at once.
    pub fn add(&mut self, base: Url, address: String, named: bool) -> Option<usize> {
        if self.nodes.len() >= MOST_NODES {
            return None;
        }
        self.nodes.push(Node {
            base,
            address,
            named,
            state: State::Asked,
            report: None,
            listening: false,
        });
        Some(self.nodes.len() - 1)
    }

    /// Takes something new in; the number of the row that this added, if it did.
    pub fn take(&mut self, update: Update, now: Instant) -> Option<usize> {
        match update {
            Update::Answered { node, report } => {
                let node = self.nodes.get_mut(node)?;
                node.state = State::Up;
                node.report = Some(report);
                None
            }
            Update::Failed { node, why } => {
                let node = self.nodes.get_mut(node)?;
                let since = match node.state {
                    State::Down { since, .. } => since,
                    _ => now,
                };
                node.state = State::Down { why, since };
                None
            }
            Update::Found {
                base,
                address,
                report,
            } => {
                if self.is_shown(&report) {
                    return None;
                }
                let added = self.add(base, address, false)?;
                self.take(
                    Update::Answered {
                        node: added,
                        report,
                    },
                    now,
                );
                Some(added)
            }
            Update::Listening { node, on } => {
                self.nodes.get_mut(node)?.listening = on;
                None
            }
            Update::Happened(happening) => {
                self.events.push_back(happening);
                while self.events.len() > MOST_EVENTS {
                    self.events.pop_front();
                }
                None
            }
        }
    }

    /// Whether a node has a row already, whatever it is called there.
    fn is_shown(&self, report: &Report) -> bool {
        let mut reports = self.nodes.iter().filter_map(|node| node.report.as_ref());
        reports.any(|shown| shown.id == report.id)
    }

    pub fn up(&self) -> impl Iterator<Item = (&Node, &Report)> {
        let up = self.nodes.iter().filter(|node| node.state == State::Up);
        up.filter_map(|node| Some((node, node.report.as_deref()?)))
    }

    /// What the nodes of a network that answer said, the best first.
    pub fn reports_of(&self, chain: &Chain) -> Vec<&Report> {
        let mut reports: Vec<&Report> = self.up().map(|(_, report)| report).collect();
        reports.retain(|report| report.chain == *chain);
        // Stable: of equal weights the first row's.
        reports.sort_by(|one, other| by_weight(other, one));
        reports
    }

    pub fn tree_of(&self, chain: &Chain) -> Tree<'_> {
        Tree::of(&self.reports_of(chain))
    }

    /// How far a node is from the best; nothing of one that does not answer.
    pub fn lag(&self, node: &Node, tree: &Tree) -> Option<Lag> {
        let report = node.report.as_ref().filter(|_| node.state == State::Up)?;
        let best = self.reports_of(&report.chain).first().copied()?;
        let place = if best.tip == report.tip {
            Place::On
        } else {
            tree.place(report.height, &report.tip)
        };
        Some(Lag {
            behind: best.height.saturating_sub(report.height),
            place,
        })
    }

    /// Who stands on which block, of the nodes in rows and of those peers whom only others know.
    pub fn standing(&self, chain: &Chain) -> BTreeMap<String, Vec<String>> {
        let mut standing: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let ours = self.up().filter(|(_, report)| report.chain == *chain);
        for (node, report) in ours {
            let here = standing.entry(report.tip.clone()).or_default();
            here.push(self.label(node));
        }
        for (name, hash) in self
            .reports_of(chain)
            .into_iter()
            .flat_map(|report| &report.standing)
        {
            let in_a_row = self.nodes.iter().any(|node| node.address == *name);
            let here = standing.values().flatten().any(|known| known == name);
            if name != "this node" && !in_a_row && !here && standing.len() < 2 * MOST_NODES {
                standing.entry(hash.clone()).or_default().push(name.clone());
            }
        }
        standing
    }

    /// A node's shortest name: its port, where all rows are on one host.
    pub fn label(&self, node: &Node) -> String {
        let host = node.base.host_str();
        let one_host = self.nodes.iter().all(|other| other.base.host_str() == host);
        match node.base.port_or_known_default() {
            Some(port) if one_host => format!(":{port}"),
            _ => node.address.clone(),
        }
    }
}

/// Compares the weights of two chains, which may have more digits than any integer here.
fn by_weight(one: &Report, other: &Report) -> Ordering {
    let digits = |report: &'_ Report| report.weight.trim_start_matches('0').len();
    let by_length = digits(one).cmp(&digits(other));
    by_length.then_with(|| {
        let [one, other] = [one, other].map(|report| report.weight.trim_start_matches('0'));
        one.cmp(other)
    })
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
