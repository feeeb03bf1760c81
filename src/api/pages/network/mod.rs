//! The network: which nodes there are and where each stands, and the tree of recent blocks over all of them.
//!
//! What this node knows comes from the readers behind `/v1`. What other nodes say of their chains comes from
//! [`crate::peers::watch`], and is shown as what it is: their word. [`forest`] puts it together, [`lanes`] and [`picture`] draw it.

pub(super) mod classic;
mod classic_replay;
pub(super) mod coin;
mod coin_replay;
mod forest;
mod graph;
mod lanes;
mod nodes;
mod picture;
mod replay;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::super::face::Face;
use super::super::problem::{Kind as ProblemKind, Problem};
use super::super::v1::network::NetworkAnswer;
use super::super::v1::parameters::{Parameters, shown};
use super::super::v1::peers::{PeersAnswer, of_face};
use super::shell::Shell;
use super::short;
use super::strings::{Network, fill};
use crate::peers::message::{BlockId, Stand, Weight};
use crate::peers::watch::Glance;
use forest::{Block, Forest, Kind};
use graph::Graph;
use nodes::{Known, Node};
use picture::Picture;
use replay::{Fate, Replay};

/// Blocks of the chain in the tree, unless the visitor says how many; and at most, so that the page stays small.
const BLOCKS: usize = 24;
const MOST_BLOCKS: usize = 48;

#[derive(Template)]
#[template(path = "network.html")]
struct Page<'s> {
    shell: &'s Shell,
    asked: Asked,
    /// Whether the node follows others by itself.
    is_auto: bool,
    /// Whether nodes are being asked just now.
    is_asking: bool,
    nodes: Vec<Node>,
    graph: Graph,
    tree: Picture,
    blocks: Vec<Block>,
    /// Blocks of other nodes that did not fit.
    left_out: usize,
    /// Nodes whose place is known, and the blocks that they stand on.
    seen: usize,
    tips: usize,
    /// The reorganisation that is shown, if there was any.
    replay: Option<Replay>,
}

/// What the visitor asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    blocks: usize,
    folds: bool,
    /// A reorganisation, by the number of its event.
    reorg: Option<u64>,
}

impl Asked {
    fn read(query: Option<&str>) -> Result<Self, Problem> {
        let parameters = Parameters::read(query, &["blocks", "whole", "reorg"])?;
        let blocks = parameters.number("blocks")?.unwrap_or(BLOCKS as u64);
        let blocks = usize::try_from(blocks)
            .ok()
            .filter(|blocks| (1..=MOST_BLOCKS).contains(blocks));
        let blocks = blocks.ok_or_else(|| {
            let given = shown(parameters.text("blocks").unwrap_or_default());
            let detail = format!("`blocks` is {given}, and may be 1 to {MOST_BLOCKS}.");
            Problem::new(ProblemKind::BadParameter, detail).with("parameter", "blocks")
        })?;
        Ok(Self {
            blocks,
            folds: parameters.text("whole").is_none(),
            reorg: parameters.number("reorg")?,
        })
    }

    /// The query of this page with other wishes.
    fn query(self) -> String {
        let whole = if self.folds { "" } else { "&whole" };
        let reorg = self.reorg.map(|number| format!("&reorg={number}"));
        format!(
            "?blocks={}{whole}{}",
            self.blocks,
            reorg.unwrap_or_default()
        )
    }

    fn with_reorg(self, number: &u64) -> String {
        let reorg = Some(*number);
        Self { reorg, ..self }.query()
    }

    fn unfolded(self, is_whole: bool) -> String {
        let folds = !is_whole;
        Self { folds, ..self }.query()
    }

    /// Other numbers of blocks that a visitor may want.
    fn choices(self) -> impl Iterator<Item = (usize, String)> {
        let all = [BLOCKS / 2, BLOCKS, MOST_BLOCKS].into_iter();
        let others = all.filter(move |blocks| *blocks != self.blocks);
        others.map(move |blocks| (blocks, Self { blocks, ..self }.query()))
    }
}

/// What is known of other nodes before the store is read.
struct Others {
    peers: PeersAnswer,
    /// Where nodes stand that said so in a session.
    sessions: Vec<(String, Stand)>,
    /// Addresses at which they can be called.
    callable: BTreeSet<String>,
    glance: Glance,
}

impl Others {
    /// Reads what is known, and has looked at nodes that stand elsewhere than `own`, or that have no session.
    async fn of(face: &Face, known: Vec<String>, own: BlockId) -> Self {
        let view = match &face.network {
            Some(network) => network.view().await,
            None => None,
        };
        let mut callable = BTreeSet::new();
        let mut sessions = Vec::new();
        let mut elsewhere = Vec::new();
        for peer in view.into_iter().flat_map(|view| view.peers) {
            let address = peer.shown_address();
            if peer.address.is_some() {
                callable.insert(address.clone());
                if peer.stand.id != own {
                    elsewhere.push(address.clone());
                }
            }
            sessions.push((address, peer.stand));
        }
        let asked = match face.network {
            Some(_) => elsewhere.iter(),
            None => known.iter(),
        };
        let watched = nodes::to_watch(asked.map(String::as_str));
        let watched: Vec<_> = watched
            .into_iter()
            .filter(|peer| !face.itself.is(peer, None))
            .collect();
        let glance = face.watch.look(&watched);
        Self {
            peers: of_face(face, known).await,
            sessions,
            callable,
            glance,
        }
    }

    /// Where nodes stand, by their sessions or by their answers; `id_of` reads a hash as it is shown.
    fn stands(&self, id_of: impl Fn(&str) -> Option<BlockId>) -> Vec<(String, Stand)> {
        let mut stands = self.sessions.clone();
        let said: BTreeSet<&str> = self
            .sessions
            .iter()
            .map(|(address, _)| address.as_str())
            .collect();
        let mut seen = Vec::new();
        for (address, looked) in &self.glance.looked {
            let address = address.to_string();
            let Ok(tree) = &looked.tree else { continue };
            if let Some(id) = id_of(&tree.tip).filter(|_| !said.contains(address.as_str())) {
                let stand = Stand {
                    height: tree.height,
                    id,
                    weight: Weight::default(),
                };
                seen.push((address, stand));
            }
        }
        stands.extend(seen);
        stands
    }
}

impl<'s> Page<'s> {
    /// Puts together what was read.
    fn of(
        shell: &'s Shell,
        asked: Asked,
        mut network: NetworkAnswer,
        others: Others,
        replay: Option<Replay>,
    ) -> Self {
        let own = std::mem::take(&mut network.blocks);
        let host = shell.visit.host.as_str();
        let trees = others.glance.looked.iter();
        let trees = trees.filter_map(|(address, looked)| {
            let tree = looked.tree.as_ref().ok()?;
            Some((Some(nodes::origin(address, host)), &**tree))
        });
        let mut forest = Forest::of(own, trees);
        let is_auto = network.sync == "auto";
        let nodes = Node::all(Known {
            peers: others.peers,
            network: &network,
            forest: &forest,
            glance: &others.glance,
            callable: &others.callable,
            host,
        });
        for node in &nodes {
            if let Some(tip) = &node.tip {
                forest.stand(&node.letter, tip);
            }
        }
        let tips: BTreeMap<&str, ()> = nodes
            .iter()
            .filter_map(|node| Some((node.tip.as_deref()?, ())))
            .collect();
        Self {
            shell,
            asked,
            is_auto,
            is_asking: others.glance.is_asking,
            graph: Graph::of(&nodes),
            tree: Picture::of(&forest, asked.folds),
            left_out: forest.left_out,
            blocks: forest.blocks,
            seen: nodes.iter().filter(|node| node.tip.is_some()).count(),
            tips: tips.len(),
            replay,
            nodes,
        }
    }

    /// Whether something may change that no event of this node tells.
    fn is_watched(&self) -> bool {
        self.nodes.len() > 1 && (!self.is_auto || self.tips > 1)
    }

    /// Where the nodes stand, in a sentence.
    fn summary(&self) -> String {
        let t = &self.shell.t.network;
        match (self.nodes.len(), self.seen, self.tips) {
            (1, _, _) => t.alone.to_owned(),
            (_, 1, _) => t.sees_none.to_owned(),
            (_, seen, 1) => self.shell.with(t.all_on_one, seen),
            (_, seen, tips) => self.shell.with_two(t.on_several, seen, tips),
        }
    }
}

impl Fate {
    /// What became of the transaction, in a few words.
    fn words(&self, t: &Network) -> String {
        match self {
            Self::Waits => t.fate_waits.to_owned(),
            Self::InNewChain(height, _) => fill(t.fate_in_new, &[&short::number(height)]),
            Self::Gone => t.fate_gone.to_owned(),
            Self::Unknown => t.fate_unknown.to_owned(),
        }
    }

    fn mark(&self) -> &'static str {
        match self {
            Self::Waits => "↺",
            Self::InNewChain(..) => "✓",
            Self::Gone => "✕",
            Self::Unknown => "?",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Waits => "warn",
            Self::InNewChain(..) => "good",
            Self::Gone | Self::Unknown => "soft",
        }
    }
}

impl Kind {
    /// What the block is, in a few words.
    fn words(self, t: &Network) -> &'static str {
        match self {
            Self::Chain => t.on_chain,
            Self::Beside => t.displaced,
            Self::Elsewhere => t.elsewhere,
            Self::BesideElsewhere => t.displaced_elsewhere,
        }
    }
}
