//! The blocks of all nodes in one tree: those of this node as it has them, and what other nodes say of theirs.

use std::collections::BTreeMap;

use super::super::super::v1::network::TreeBlock;
use super::lanes::Knot;
use crate::peers::watch::SeenTree;

/// Blocks in the tree at most, so that the page stays small whatever nodes say.
pub const BLOCKS: usize = 72;

/// Of these, blocks that a node may add whatever others do.
const SHARE: usize = 24;

/// What a block is to this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On its chain.
    Chain,
    /// Here, but displaced or beside it.
    Beside,
    /// On another node's chain, by that node's word.
    Elsewhere,
    /// Displaced on another node, by that node's word.
    BesideElsewhere,
}

/// A block of the tree.
#[derive(Debug, Clone)]
pub struct Block {
    pub height: u64,
    pub hash: String,
    pub parent: Option<String>,
    pub transactions: Option<u64>,
    pub kind: Kind,
    /// Letters of the nodes that stand on it.
    pub nodes: Vec<String>,
    /// Where its page is.
    pub link: String,
}

/// All blocks, highest first.
#[derive(Debug, Default)]
pub struct Forest {
    pub blocks: Vec<Block>,
    by_hash: BTreeMap<String, usize>,
    /// How many nodes' words did not fit.
    pub left_out: usize,
}

/// How a block stands to the chain of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As many blocks above its tip.
    Ahead(u64),
    /// On a branch that leaves it behind this height.
    Parts(u64),
    /// Nothing in the tree leads to it.
    Apart,
}

impl Forest {
    /// Own blocks as `/v1/network` has them; and trees of others, each with the origin of its node's pages.
    pub fn of<'t>(
        own: Vec<TreeBlock>,
        others: impl IntoIterator<Item = (Option<String>, &'t SeenTree)>,
    ) -> Self {
        let mut forest = Self::default();
        let lowest = own
            .iter()
            .filter(|block| block.on_chain)
            .map(|block| block.height)
            .min();
        for block in own {
            let kind = if block.on_chain {
                Kind::Chain
            } else {
                Kind::Beside
            };
            forest.add(Block {
                link: format!("/block/{}", block.hash),
                height: block.height,
                hash: block.hash,
                parent: block.parent,
                transactions: block.transactions.map(|count| count as u64),
                kind,
                nodes: Vec::new(),
            });
        }
        let others: Vec<_> = others.into_iter().collect();
        let room = BLOCKS.saturating_sub(forest.blocks.len());
        // Nobody fills the page alone.
        let share = room.checked_div(others.len()).unwrap_or(0).max(SHARE);
        for (origin, tree) in others {
            let most = forest.blocks.len() + share;
            for block in &tree.blocks {
                let is_tip = block.hash == tree.tip;
                if lowest.is_some_and(|lowest| block.height < lowest) && !is_tip {
                    continue;
                }
                let kind = if block.on_chain {
                    Kind::Elsewhere
                } else {
                    Kind::BesideElsewhere
                };
                if let Some(known) = forest.by_hash.get(&block.hash) {
                    // What is on somebody's chain is on one.
                    if let Some(known) = forest.blocks.get_mut(*known)
                        && known.kind == Kind::BesideElsewhere
                    {
                        known.kind = kind;
                    }
                    continue;
                }
                if forest.blocks.len() >= BLOCKS.min(most) {
                    forest.left_out += 1;
                    continue;
                }
                let origin = origin.as_deref().unwrap_or_default();
                forest.add(Block {
                    height: block.height,
                    hash: block.hash.clone(),
                    parent: block.parent.clone(),
                    transactions: block.transactions,
                    kind,
                    nodes: Vec::new(),
                    link: match origin {
                        "" => String::new(),
                        origin => format!("{origin}/block/{}", block.hash),
                    },
                });
            }
        }
        forest.sort();
        forest
    }

    /// Adds a block; [`Forest::sort`] comes behind the last.
    pub fn add(&mut self, block: Block) {
        self.by_hash.insert(block.hash.clone(), self.blocks.len());
        self.blocks.push(block);
    }

    /// Brings blocks that were added into their order.
    pub fn sort(&mut self) {
        self.blocks.sort_by(|one, other| {
            let order = |block: &Block| (std::cmp::Reverse(block.height), block.kind as u8);
            order(one)
                .cmp(&order(other))
                .then_with(|| one.hash.cmp(&other.hash))
        });
        let places = self.blocks.iter().enumerate();
        self.by_hash = places.map(|(at, block)| (block.hash.clone(), at)).collect();
    }

    /// A node stands on a block; where that is not in the tree, it is nowhere.
    pub fn stand(&mut self, letter: &str, hash: &str) {
        let at = self.by_hash.get(hash);
        if let Some(block) = at.and_then(|at| self.blocks.get_mut(*at)) {
            block.nodes.push(letter.to_owned());
        }
    }

    /// The place of a block's parent, if it is one height below.
    fn parent_of(&self, block: &Block) -> Option<usize> {
        let at = *self.by_hash.get(block.parent.as_ref()?)?;
        let below = block.height.checked_sub(1)?;
        (self.blocks.get(at)?.height == below).then_some(at)
    }

    /// How the block with this hash stands to this node's chain, whose tip is `own`.
    pub fn standing(&self, hash: &str, own: &str) -> Standing {
        let tip = self.by_hash.get(hash).and_then(|at| self.blocks.get(*at));
        let mut block = tip;
        // Each parent is lower, so that this ends.
        while let Some(at) = block {
            if at.kind == Kind::Chain {
                return match at.hash == own {
                    true => Standing::Ahead(tip.map_or(0, |tip| tip.height - at.height)),
                    false => Standing::Parts(at.height),
                };
            }
            block = self.parent_of(at).and_then(|at| self.blocks.get(at));
        }
        Standing::Apart
    }

    /// What the layout needs; blocks of the kind `main` get the first lane.
    pub fn knots(&self, main: Kind) -> Vec<Knot> {
        let knots = self.blocks.iter().map(|block| {
            let parent = self.parent_of(block);
            Knot {
                height: block.height,
                parent,
                is_cut: parent.is_none() && block.parent.is_some(),
                is_main: block.kind == main,
                is_held: !block.nodes.is_empty(),
            }
        });
        knots.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::watch::SeenBlock;

    fn hash(name: char) -> String {
        name.to_string().repeat(64)
    }

    fn own(height: u64, name: char, parent: Option<char>, on_chain: bool) -> TreeBlock {
        TreeBlock {
            height,
            hash: hash(name),
            parent: parent.map(hash),
            on_chain,
            transactions: Some(1),
            standing: Vec::new(),
        }
    }

    fn seen(height: u64, name: char, parent: char, on_chain: bool) -> SeenBlock {
        SeenBlock {
            height,
            hash: hash(name),
            parent: Some(hash(parent)),
            on_chain,
            transactions: None,
        }
    }

    #[test]
    fn what_this_node_has_goes_before_what_others_say() {
        let mine = vec![
            own(1, 'a', None, true),
            own(2, 'b', Some('a'), true),
            own(2, 'c', Some('a'), false),
        ];
        let one = SeenTree {
            height: 3,
            tip: hash('d'),
            blocks: vec![
                seen(3, 'd', 'c', true),
                seen(9, 'b', 'f', true),
                seen(3, 'e', 'b', false),
            ],
        };
        let other = SeenTree {
            height: 3,
            tip: hash('e'),
            blocks: vec![seen(3, 'e', 'b', true), seen(7, 'f', 'a', true)],
        };
        let origin = Some("http://127.0.0.1:1002".to_owned());
        let forest = Forest::of(mine, [(origin, &one), (None, &other)]);
        let found: Vec<(u64, &str, Kind)> = forest
            .blocks
            .iter()
            .map(|b| (b.height, &b.hash[..1], b.kind))
            .collect();
        assert_eq!(
            found,
            [
                (7, "f", Kind::Elsewhere),
                (3, "d", Kind::Elsewhere),
                (3, "e", Kind::Elsewhere),
                (2, "b", Kind::Chain),
                (2, "c", Kind::Beside),
                (1, "a", Kind::Chain),
            ]
        );
        assert_eq!(
            forest.blocks[1].link,
            format!("http://127.0.0.1:1002/block/{}", hash('d'))
        );
        assert_eq!(forest.blocks[0].link, "");
        assert_eq!(forest.standing(&hash('e'), &hash('b')), Standing::Ahead(1));
        assert_eq!(forest.standing(&hash('d'), &hash('b')), Standing::Parts(1));
        assert_eq!(
            forest.standing(&hash('f'), &hash('b')),
            Standing::Apart,
            "a height that its parent does not have"
        );
        assert_eq!(forest.standing(&hash('9'), &hash('b')), Standing::Apart);
        assert!(forest.knots(Kind::Chain)[0].is_cut && !forest.knots(Kind::Chain)[5].is_cut);
    }

    #[test]
    fn no_node_makes_the_page_long() {
        let blocks = (0..200_u64).map(|number| SeenBlock {
            height: number,
            hash: format!("{number:064x}"),
            parent: None,
            on_chain: true,
            transactions: None,
        });
        let tree = SeenTree {
            height: 0,
            tip: String::new(),
            blocks: blocks.collect(),
        };
        let forest = Forest::of(Vec::new(), [(None, &tree), (None, &tree)]);
        assert_eq!(forest.blocks.len(), BLOCKS);
        assert!(forest.left_out > 0);
    }
}
