//! A peer's chain on its way into a classic node. What stands for its headers proves nothing: a chain is as long as its blocks hold.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::super::waiting::{answers_of, wait_for};
use super::super::{Import, Outlined, Plan, Refusal, Stretch};
use super::course::Course;
use super::kept::Kept;
use super::serving::{ID_BYTES, STEP};
use super::{BranchRoom, claimed, hash_of, id_of, stand_at};
use crate::node::{Adoption, Branch, NodeHandle};
use crate::peers::blame::Offence;
use crate::peers::coin::locator::numbers;
use crate::peers::message::{BlockId, BlockItem, Headers, Stand};
use crate::protocol::classic::block::{BlockHash, BlockReader, Height, Link};
use crate::protocol::classic::tag::BlockTags;
use crate::store::{Snapshot, StoreError};

/// Identities may be no farther apart, so that a wrong block is noticed before too many stand on it.
const MOST_STEP: u32 = 16 * STEP;

/// Stretches of one import, for memory's sake: what lies beyond is left to the next.
const MOST_STRETCHES: usize = 65_536;

/// How often one import may begin anew: each time the peer has gone over to another branch.
const MOST_RESTARTS: u32 = 4;

/// One import.
pub(super) struct ClassicImport {
    node: NodeHandle,
    room: Arc<BranchRoom>,
    /// Blocks of this node's chain, the last one first.
    located: Vec<(u64, BlockId)>,
    /// Identities so far, while more are to come.
    outline: Option<Outline>,
    restarts: u32,
    course: Option<Course>,
    /// Tags of blocks that this node has, and perhaps without them.
    lessons: Vec<(BlockHash, BlockTags)>,
}

/// What a peer says of its chain.
struct Outline {
    after: (u64, BlockId),
    stretches: VecDeque<Stretch>,
}

impl Outline {
    fn end(&self) -> (u64, BlockId) {
        let last = self.stretches.back();
        last.map_or(self.after, |last| (last.height, last.id))
    }
}

impl ClassicImport {
    pub(super) fn begin(
        node: NodeHandle,
        room: Arc<BranchRoom>,
    ) -> Result<ClassicImport, StoreError> {
        let located = node.read(|snapshot| {
            let tip = snapshot.state()?.tip.height.0;
            let mut located = Vec::new();
            // The first block is at height 1.
            for height in numbers(tip.saturating_sub(1)).map(|number| number.saturating_add(1)) {
                if let Some(hash) = snapshot.hash_at(Height(height))? {
                    located.push((height, id_of(hash)));
                }
            }
            Ok(located)
        })?;
        Ok(ClassicImport {
            node,
            room,
            located,
            outline: None,
            restarts: 0,
            course: None,
            lessons: Vec::new(),
        })
    }

    /// What these identities go on with. Those that begin at a block of this node's begin anew.
    fn continued(&mut self, headers: &Headers) -> Result<Outline, Refusal> {
        let after = (headers.after, headers.after_id);
        let outline = self.outline.take();
        if let Some(outline) = outline {
            if outline.end() == after {
                return Ok(outline);
            }
            self.restarts = self.restarts.saturating_add(1);
            if self.restarts > MOST_RESTARTS {
                let why = "its answers begin anew again and again";
                return Err(Refusal::blaming(Offence::Malformed, why));
            }
        }
        if !self.located.contains(&after) && after != (0, BlockId::default()) {
            let number = headers.after;
            let why =
                format!("it begins its answer behind block {number}, which this node did not name");
            return Err(Refusal::blaming(Offence::Malformed, why));
        }
        Ok(Outline {
            after,
            stretches: VecDeque::new(),
        })
    }

    /// The plan for an outline that leads beyond this node's chain.
    fn planned(&mut self, outline: Outline) -> Result<Plan, Refusal> {
        let end = outline.end();
        let Outline {
            mut after,
            mut stretches,
        } = outline;
        let read = self.node.read(|snapshot| {
            // A locator is coarse far from its end: the chains may part later than where it has them part.
            while let Some(first) = stretches.front()
                && snapshot.hash_at(Height(first.height))? == Some(hash_of(first.id))
            {
                after = (first.height, first.id);
                stretches.pop_front();
            }
            if after.0 == 0 {
                return Ok(Some(None));
            }
            let link = link_at(&snapshot, Height(after.0))?;
            let link = link.filter(|link| id_of(link.hash) == after.1);
            Ok(link.map(Some))
        });
        let base = read.map_err(Refusal::of_nobody)?.ok_or_else(|| {
            let height = after.0;
            Refusal::of_nobody(format!("this node's chain has changed at block {height}"))
        })?;
        let plan = Plan {
            base: stand_at(base),
            end: claimed(end.0, end.1),
            stretches: stretches.iter().copied().collect(),
        };
        self.course = Some(Course::behind(base, stretches));
        Ok(plan)
    }

    /// Has the node adopt what was checked.
    fn adopt(&mut self, tip: Link) -> Result<(), Refusal> {
        let Some(course) = &mut self.course else {
            return Ok(());
        };
        let fresh = mem::take(&mut course.fresh);
        let kept = match course.on_disk.take() {
            Some(on_disk) => on_disk
                .finish(course.fork, fresh)
                .map_err(Refusal::of_nobody)?,
            None => Kept::in_memory(fresh),
        };
        let branch = Branch {
            fork: course.fork,
            tip: tip.height,
            blocks: Box::new(kept.clone()),
        };
        match wait_for(self.node.adopt(branch)).map_err(Refusal::of_nobody)? {
            Adoption::Adopted { .. } => {
                course.fork = Some(tip);
                course.has_parted = false;
            }
            Adoption::NoLongerBetter => {
                if let Some(fork) = course.fork {
                    let stands = self.node.read(|snapshot| snapshot.hash_at(fork.height));
                    if stands.map_err(Refusal::of_nobody)? != Some(fork.hash) {
                        let height = fork.height;
                        let why = format!("this node's chain has changed at block {height}");
                        return Err(Refusal::of_nobody(why));
                    }
                }
                // This node's chain has grown meanwhile: more blocks are needed.
                let on_disk = kept.back_to_disk(&self.room);
                course.on_disk = Some(on_disk.map_err(Refusal::of_nobody)?);
            }
        }
        Ok(())
    }
}

impl Import for ClassicImport {
    fn locator(&self) -> Vec<BlockId> {
        let read = self.outline.iter().map(|outline| outline.end().1);
        let own = self.located.iter().map(|(_, id)| *id);
        read.chain(own).take(crate::limits::PEER_LOCATOR).collect()
    }

    fn headers(&mut self, headers: &Headers) -> Result<Outlined, Refusal> {
        let mut outline = self.continued(headers)?;
        let own = self.node.tip().link.height.0;
        let end = claimed(headers.end.height, headers.end.id);
        add_identities(&mut outline, headers)?;
        if end.height <= own {
            return Ok(Outlined::NotBetter {
                shown: end,
                all: true,
            });
        }
        let (height, id) = outline.end();
        let is_over = height >= end.height
            || headers.items.is_empty()
            || outline.stretches.len() >= MOST_STRETCHES;
        if !is_over {
            self.outline = Some(outline);
            let locator = self.locator();
            return Ok(Outlined::More { locator });
        }
        if height <= own {
            let shown = claimed(height, id);
            let all = outline.stretches.len() < MOST_STRETCHES;
            return Ok(Outlined::NotBetter { shown, all });
        }
        self.planned(outline).map(Outlined::Planned)
    }

    fn next_block(&mut self, to: &Stand) -> Plan {
        let base = Some(self.node.tip().link);
        let stretch = Stretch {
            height: to.height,
            id: to.id,
        };
        self.course = Some(Course::behind(base, VecDeque::from([stretch])));
        Plan {
            base: stand_at(base),
            end: *to,
            stretches: vec![stretch],
        }
    }

    fn reached(&self) -> BlockId {
        let checked = self.course.as_ref().map(|course| course.checker.tip());
        stand_at(checked.unwrap_or(Some(self.node.tip().link))).id
    }

    fn check(&mut self, blocks: Vec<BlockItem>) -> Result<Stand, Refusal> {
        let Some(course) = &mut self.course else {
            return Err(Refusal::of_nobody("no blocks are planned"));
        };
        let mut opened = None;
        for item in blocks {
            if course.is_done() {
                let why = "it sends more blocks than were asked for";
                return Err(Refusal::blaming(Offence::Malformed, why));
            }
            let (block, tags) = course.step(&item)?;
            if !course.has_parted {
                let snapshot = match &opened {
                    Some(snapshot) => snapshot,
                    None => opened.insert(self.node.read(Ok).map_err(Refusal::of_nobody)?),
                };
                let own = snapshot.hash_at(block.height());
                if own.map_err(Refusal::of_nobody)? == Some(block.hash()) {
                    course.fork = Some(block.link());
                    let kept = snapshot.kept_tags();
                    let known = kept.and_then(|kept| kept.of_block(block.height(), block.hash()));
                    if !tags.none_known() && known.map_err(Refusal::of_nobody)? != tags {
                        self.lessons.push((block.hash(), tags));
                    }
                    continue;
                }
                course.has_parted = true;
            }
            course.fresh.push((block, tags));
        }
        Ok(stand_at(course.checker.tip()))
    }

    fn connect(&mut self) -> Result<Stand, Refusal> {
        let lessons = mem::take(&mut self.lessons);
        if self.node.travels() {
            let learnt = lessons.into_iter();
            let learnt = answers_of(learnt.map(|(block, tags)| self.node.learn_tags(block, tags)));
            learnt
                .into_iter()
                .try_for_each(|learnt| learnt.map(drop))
                .map_err(Refusal::of_nobody)?;
        }
        if let Some(course) = &mut self.course
            && let Some(tip) = course.checker.tip()
            && !course.fresh.is_empty()
        {
            if tip.height > self.node.tip().link.height {
                self.adopt(tip)?;
            } else {
                course.put_on_disk(&self.room)?;
            }
        }
        Ok(stand_at(Some(self.node.tip().link)))
    }
}

/// Adds identities to an outline: of every `step`th block behind its end, and of the sender's last.
fn add_identities(outline: &mut Outline, headers: &Headers) -> Result<(), Refusal> {
    let malformed = |why: &str| Err(Refusal::blaming(Offence::Malformed, why));
    let (ids, rest) = headers.items.as_chunks::<ID_BYTES>();
    if !rest.is_empty() || !(1..=MOST_STEP).contains(&headers.step) {
        return malformed("identities of a classic chain have 32 bytes each, and leave few out");
    }
    let end = headers.end;
    for id in ids {
        let (height, _) = outline.end();
        if height >= end.height {
            return malformed("it names blocks behind the end of its chain");
        }
        let height = height.saturating_add(headers.step.into()).min(end.height);
        let id = BlockId(*id);
        if height == end.height && id != end.id {
            return malformed("it names two blocks as the end of its chain");
        }
        outline.stretches.push_back(Stretch { height, id });
    }
    Ok(())
}

/// What a block of this node's chain is to the next.
fn link_at(snapshot: &Snapshot, height: Height) -> Result<Option<Link>, StoreError> {
    let tip = snapshot.state()?.tip;
    if height == tip.height {
        return Ok(Some(tip));
    }
    let Some(block) = snapshot.block(height)? else {
        return Ok(None);
    };
    let mut reader = BlockReader::default();
    let view = reader
        .read_canonical(&block.text)
        .map_err(|error| StoreError::Damaged {
            file: snapshot.path().to_owned(),
            what: format!("block {height}"),
            detail: error.to_string(),
        })?;
    Ok(Some(Link {
        height,
        hash: block.hash,
        proof: view.proof,
    }))
}
