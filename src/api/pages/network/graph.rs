//! The nodes as a graph: this one, and around it those that it knows.

use super::super::short;
use super::nodes::{Node, Status};
use super::picture::colour;

/// Nodes in the picture; the table has all.
pub const DRAWN: usize = 16;

const WIDTH: usize = 480;
const HUB: (usize, usize) = (172, 84);
const PEER: (usize, usize) = (226, 66);
const STEP: usize = 82;
const MARGIN: usize = 14;

/// All that is drawn.
#[derive(Debug, Default)]
pub struct Graph {
    pub width: usize,
    pub height: usize,
    pub spots: Vec<Spot>,
    /// Nodes that are in the table alone.
    pub left: usize,
}

/// A node and its line to this one.
#[derive(Debug)]
pub struct Spot {
    /// In the list of nodes.
    pub node: usize,
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
    pub colour: usize,
    /// As much of its address as fits.
    pub name: String,
    pub class: &'static str,
    /// Of the line; none for this node itself.
    pub path: Option<String>,
    pub line: &'static str,
    /// Where the line's text stands.
    pub middle: (usize, usize),
}

impl Graph {
    /// `nodes` has this node first.
    pub fn of(nodes: &[Node]) -> Self {
        let peers = nodes.len().saturating_sub(1);
        let drawn = peers.min(DRAWN);
        let height = 2 * MARGIN + (drawn.max(1) * STEP - (STEP - PEER.1)).max(HUB.1);
        let hub_y = (height - HUB.1) / 2;
        let hub_side = (2 + HUB.0, hub_y + HUB.1 / 2);
        let mut spots = Vec::new();
        for (at, node) in nodes.iter().enumerate().take(drawn + 1) {
            let class = node.status.class();
            let colour = colour(&node.letter);
            if at == 0 {
                spots.push(Spot {
                    node: at,
                    x: 2,
                    y: hub_y,
                    width: HUB.0,
                    height: HUB.1,
                    colour,
                    name: short::cut(&node.address, HUB.0 / 10),
                    class,
                    path: None,
                    line: "",
                    middle: (0, 0),
                });
                continue;
            }
            let y = match drawn {
                1 => (height - PEER.1) / 2,
                _ => MARGIN + (at - 1) * STEP,
            };
            let x = WIDTH - PEER.0 - 2;
            let (to_x, to_y) = (x, y + PEER.1 / 2);
            let (from_x, from_y) = hub_side;
            let middle_x = (from_x + to_x) / 2;
            spots.push(Spot {
                node: at,
                x,
                y,
                width: PEER.0,
                height: PEER.1,
                colour,
                name: short::cut(&node.address, PEER.0 / 10),
                class,
                path: Some(format!(
                    "M{from_x} {from_y}C{middle_x} {from_y} {middle_x} {to_y} {to_x} {to_y}"
                )),
                line: line(node),
                middle: (middle_x, (from_y + to_y) / 2),
            });
        }
        Self {
            width: WIDTH,
            height,
            spots,
            left: peers - drawn,
        }
    }
}

fn line(node: &Node) -> &'static str {
    match (&node.status, node.is_outbound) {
        (Status::Unreachable(_) | Status::NotCalled(_), _) => "broken",
        (_, Some(true)) => "outbound",
        (_, Some(false)) => "inbound",
        (_, None) => "known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_nodes_overlap_and_all_stay_within_the_picture() {
        for peers in [0, 1, 2, 3, 7, 16, 40] {
            let nodes: Vec<Node> = (0..=peers)
                .map(|at| Node::numbered(at, format!("127.0.0.1:{at}")))
                .collect();
            let graph = Graph::of(&nodes);
            assert_eq!(graph.spots.len() + graph.left, nodes.len());
            for (at, one) in graph.spots.iter().enumerate() {
                assert!(
                    one.x + one.width <= graph.width && one.y + one.height <= graph.height,
                    "{peers}"
                );
                for other in graph.spots.iter().skip(at + 1) {
                    let is_beside = one.x + one.width <= other.x || one.y + one.height <= other.y;
                    assert!(is_beside, "{peers}: {one:?} {other:?}");
                }
            }
        }
    }
}
