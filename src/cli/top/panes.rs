//! What stands below the table of nodes, as lines: the tree of recent blocks, the last blocks, events, and what waits.

use super::super::terminal::count;
use super::answers::{Chain, Report};
use super::model::{Model, Node, State};
use super::rows::in_full;
use super::tree::{self, short};

/// One line of a pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// What stands out: blocks on which somebody stands.
    pub strong: bool,
    /// What stands back: blocks beside the best chain.
    pub faint: bool,
}

/// The panes, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    #[default]
    Tree,
    Blocks,
    Events,
    Waiting,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Tree, Self::Blocks, Self::Events, Self::Waiting];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tree => "Tree",
            Self::Blocks => "Blocks",
            Self::Events => "Events",
            Self::Waiting => "Waiting",
        }
    }

    /// The pane's title, for the node that is chosen.
    pub fn title(self, model: &Model, node: Option<&Node>) -> String {
        let of = match (self, node) {
            (Self::Events, _) => {
                let listening = model.nodes.iter().filter(|node| node.listening).count();
                format!(" of {}", count(listening as u64, "node"))
            }
            (Self::Tree, Some(node)) => match &node.report {
                Some(report) => format!(" of {}", report.chain.network),
                None => String::new(),
            },
            (_, Some(node)) => format!(" of {}", model.label(node)),
            (_, None) => String::new(),
        };
        format!("{}{of}", self.name())
    }

    /// The pane's lines, for the node that is chosen.
    pub fn lines(self, model: &Model, node: Option<&Node>) -> Vec<Line> {
        let report = node.and_then(|node| node.report.as_deref());
        let lines = match (self, report) {
            (Self::Events, _) => events(model),
            (_, None) => vec![remark("nothing is known of this node yet")],
            (Self::Tree, Some(report)) => tree(model, &report.chain),
            (Self::Blocks, Some(report)) => blocks(report),
            (Self::Waiting, Some(report)) => waiting(report),
        };
        if lines.is_empty() {
            let nothing = match self {
                Self::Tree | Self::Blocks => "no node that answers says more",
                Self::Events => "nothing has happened since this began",
                Self::Waiting => "no transaction waits",
            };
            return vec![remark(nothing)];
        }
        lines
    }
}

fn remark(text: &str) -> Line {
    Line {
        text: text.to_owned(),
        faint: true,
        ..Line::default()
    }
}

fn plain(text: String) -> Line {
    Line {
        text,
        ..Line::default()
    }
}

/// Highest blocks first, forks beside each other, and who stands where.
fn tree(model: &Model, chain: &Chain) -> Vec<Line> {
    let drawn = model.tree_of(chain).lines(model.standing(chain));
    // As wide as the lanes are everywhere, so that blocks stand under each other.
    let lanes = drawn
        .iter()
        .map(|line| line.art.chars().count())
        .max()
        .unwrap_or(0);
    let line = |line: tree::Line| {
        let Some(block) = line.block else {
            return remark(&format!("{}{}", line.art, line.remark));
        };
        let transactions = match block.transactions {
            Some(number) => format!("{number} tx"),
            None => "? tx".to_owned(),
        };
        let mut text = format!(
            "{:<lanes$} {} {}  {transactions}",
            line.art,
            block.height,
            short(&block.hash),
        );
        if !line.standing.is_empty() {
            text.push_str(&format!("  ← {}", line.standing.join(" ")));
        }
        Line {
            text,
            strong: !line.standing.is_empty(),
            faint: !line.on_best && line.standing.is_empty(),
        }
    };
    drawn.into_iter().map(line).collect()
}

fn blocks(report: &Report) -> Vec<Line> {
    let line = |block: &super::answers::Block| {
        plain(format!(
            "{} {}  {}  {:>3} tx  {}",
            block.height,
            short(&block.hash),
            block.time,
            block.transactions,
            block.by
        ))
    };
    report.blocks.iter().map(line).collect()
}

/// The latest first.
fn events(model: &Model) -> Vec<Line> {
    let line = |happening: &super::said::Happening| {
        let node = model.nodes.get(happening.node);
        let node = node.map(|node| model.label(node)).unwrap_or_default();
        Line {
            text: format!(
                "{} {node} {}: {}",
                happening.at, happening.kind, happening.words
            ),
            strong: matches!(&*happening.kind, "reorg" | "split" | "healed"),
            faint: false,
        }
    };
    model.events.iter().rev().map(line).collect()
}

/// In the order in which they are kept, and how many more there are.
fn waiting(report: &Report) -> Vec<Line> {
    let line = |one: &super::answers::Waiting| {
        let text = format!("{} → {}: {}  {}", one.from, one.to, one.amount, one.more);
        plain(text.trim_end().to_owned())
    };
    let mut lines: Vec<Line> = report.pool.iter().map(line).collect();
    let more = report.waiting.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(remark(&format!("and {more} more")));
    }
    lines
}

/// Who the chosen node is, and what is wrong with it.
pub fn of_node(node: &Node) -> String {
    let report = node.report.as_deref();
    let wrong = match (&node.state, report) {
        (State::Asked, _) => "it has not answered yet".to_owned(),
        (State::Down { why, .. }, _) => why.clone(),
        (State::Up, Some(report)) => {
            let ready = report.not_ready.iter();
            let all: Vec<String> = ready.chain(&report.missing).cloned().collect();
            all.join("; ")
        }
        (State::Up, None) => String::new(),
    };
    let mut said: Vec<String> = Vec::new();
    if !wrong.is_empty() {
        said.push(wrong);
    }
    said.extend(report.map(in_full));
    said.join(" · ")
}

/// The first line: which networks, how many nodes answer, and the best chain of the chosen node's network.
pub fn headline(model: &Model, node: Option<&Node>) -> String {
    let up = model.up().count();
    let mut said = vec![match (up, model.nodes.len()) {
        (up, all) if up == all => format!("{} up", count(all as u64, "node")),
        (up, all) => format!("{up} of {} up", count(all as u64, "node")),
    }];
    let report = node.and_then(|node| node.report.as_deref());
    let report = report.or_else(|| model.up().next().map(|(_, report)| report));
    if let Some(report) = report {
        said.insert(0, report.chain.network.clone());
        if let Some(best) = model.reports_of(&report.chain).first() {
            said.push(format!("best {} {}", best.height, short(&best.tip)));
        }
    }
    said.join(" · ")
}
