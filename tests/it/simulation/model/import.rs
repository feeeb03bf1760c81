//! A peer's chain on its way into the model.

use std::collections::BTreeMap;

use bcoin::peers::blame::Offence;
use bcoin::peers::ledger::{Import, Outlined, Plan, Refusal, Stretch};
use bcoin::peers::message::{BlockId, BlockItem, Headers, Stand, Weight};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{BROKEN, HEADER, Header, Kind, Model, STEP, read_block};

/// Headers that one import looks at.
const MOST: usize = 200_000;

pub struct ModelImport {
    model: Model,
    /// Headers so far: where each stands.
    outline: Vec<Stand>,
    /// The block identities that heights must have.
    promised: BTreeMap<u64, BlockId>,
    end: Stand,
    reached: Stand,
    checked: Vec<(Stand, Header, Bytes, Vec<Bytes>)>,
}

fn add(weight: Weight, work: u32) -> Weight {
    Weight(weight.0 + alloy_primitives::U256::from(work))
}

impl ModelImport {
    pub fn new(model: Model) -> Self {
        let tip = model.tip();
        Self {
            model,
            outline: Vec::new(),
            promised: BTreeMap::new(),
            end: tip,
            reached: tip,
            checked: Vec::new(),
        }
    }

    fn plan(&mut self, base: Stand, end: Stand, stretches: Vec<Stretch>) -> Plan {
        let promised = stretches.iter().map(|stretch| (stretch.height, stretch.id));
        self.promised.extend(promised);
        self.checked.clear();
        (self.reached, self.end) = (base, end);
        Plan {
            base,
            end,
            stretches,
        }
    }

    fn coin(&mut self, headers: &Headers) -> Result<Outlined, Refusal> {
        let (items, rest) = headers.items.as_chunks::<HEADER>();
        if !rest.is_empty() {
            return Err(Refusal::blaming(Offence::Malformed, "half a header"));
        }
        let state = self.model.state();
        let mut at = match self.outline.last() {
            Some(last) if last.id == headers.after_id => *last,
            _ => {
                self.outline.clear();
                let known = state.blocks.get(&headers.after_id);
                let known = known.map(|kept| kept.stand);
                known
                    .filter(|known| known.height == headers.after)
                    .ok_or_else(|| {
                        Refusal::blaming(Offence::Malformed, "it goes on behind a block of its own")
                    })?
            }
        };
        if self.outline.is_empty() {
            self.outline.push(at);
        }
        for item in items {
            let header = Header::read(item).expect("80 bytes");
            if header.parent != at.id {
                return Err(Refusal::blaming(Offence::Invalid, "headers do not link"));
            }
            if !header.proof_is_valid() {
                return Err(Refusal::blaming(
                    Offence::Invalid,
                    "a header proves nothing",
                ));
            }
            at = Stand {
                height: at.height + 1,
                id: header.id(),
                weight: add(at.weight, header.work),
            };
            if state.condemned.contains(&at.id) {
                return Err(Refusal::of_nobody("a block of it failed before"));
            }
            self.outline.push(at);
        }
        let all = items.len() < super::MOST_HEADERS || at.height >= headers.end.height;
        if !all && self.outline.len() < MOST {
            return Ok(Outlined::More {
                locator: vec![at.id],
            });
        }
        if at.weight <= state.tip().weight {
            return Ok(Outlined::NotBetter { shown: at, all });
        }
        let has = |stand: &&Stand| state.blocks.contains_key(&stand.id);
        let base = *self
            .outline
            .iter()
            .rev()
            .find(has)
            .expect("it begins with one");
        let first = self.outline[0].height;
        let behind = &self.outline[(base.height - first) as usize + 1..];
        let last_of = |part: &[Stand]| {
            part.last().map(|stand| Stretch {
                height: stand.height,
                id: stand.id,
            })
        };
        let stretches = behind.chunks(STEP as usize).filter_map(last_of).collect();
        let promised = behind.iter().map(|stand| (stand.height, stand.id));
        self.promised = promised.collect();
        drop(state);
        Ok(Outlined::Planned(self.plan(base, at, stretches)))
    }

    fn classic(&mut self, headers: &Headers) -> Result<Outlined, Refusal> {
        let (items, rest) = headers.items.as_chunks::<32>();
        let state = self.model.state();
        let known = state.blocks.get(&headers.after_id).map(|kept| kept.stand);
        let base = known.filter(|known| known.height == headers.after);
        let (end, own) = (headers.end, state.tip());
        drop(state);
        let Some(base) = base.filter(|_| rest.is_empty() && headers.step == STEP as u32) else {
            return Err(Refusal::blaming(
                Offence::Malformed,
                "no outline of this chain",
            ));
        };
        let span = end.height.saturating_sub(base.height);
        if items.len() as u64 != span.div_ceil(STEP).min(super::MOST_HEADERS as u64) {
            return Err(Refusal::blaming(
                Offence::Malformed,
                "its outline has other blocks",
            ));
        }
        let stretches = items.iter().enumerate().map(|(at, id)| Stretch {
            height: end.height.min(base.height + STEP * (at as u64 + 1)),
            id: BlockId(*id),
        });
        let stretches: Vec<Stretch> = stretches.collect();
        let shown = stretches.last().map_or(base, |last| Stand {
            height: last.height,
            id: last.id,
            weight: Weight(alloy_primitives::U256::from(last.height)),
        });
        if shown.weight <= own.weight {
            return Ok(Outlined::NotBetter { shown, all: true });
        }
        self.promised.clear();
        Ok(Outlined::Planned(self.plan(base, shown, stretches)))
    }

    /// Holds one block to everything that it shows by itself and to what was promised.
    fn check_one(&mut self, item: &BlockItem) -> Result<(), Refusal> {
        let invalid = |why: &str| Refusal::blaming(Offence::Invalid, why);
        if self.reached.height >= self.end.height {
            return Err(Refusal::blaming(
                Offence::Malformed,
                "more than was asked for",
            ));
        }
        let (header, items) = read_block(&item.block).ok_or_else(|| invalid("no block"))?;
        if header.parent != self.reached.id {
            return Err(invalid("it stands on another block"));
        }
        if !header.proof_is_valid() {
            return Err(invalid("it proves nothing"));
        }
        let body: [u8; 32] = Sha256::digest(&item.block[HEADER..]).into();
        if body != header.commitment {
            return Err(invalid("its body is another's"));
        }
        let work = match self.model.state().kind {
            Kind::Coin => header.work,
            Kind::Classic => 1,
        };
        let stand = Stand {
            height: self.reached.height + 1,
            id: header.id(),
            weight: add(self.reached.weight, work),
        };
        if self
            .promised
            .get(&stand.height)
            .is_some_and(|id| *id != stand.id)
        {
            return Err(invalid("it is not the block that was promised"));
        }
        self.checked
            .push((stand, header, item.block.clone(), items));
        self.reached = stand;
        Ok(())
    }
}

impl Import for ModelImport {
    fn locator(&self) -> Vec<BlockId> {
        self.model.state().locator()
    }

    fn headers(&mut self, headers: &Headers) -> Result<Outlined, Refusal> {
        let kind = self.model.state().kind;
        match kind {
            Kind::Coin => self.coin(headers),
            Kind::Classic => self.classic(headers),
        }
    }

    fn next_block(&mut self, to: &Stand) -> Plan {
        let base = self.model.tip();
        self.promised.clear();
        let stretch = Stretch {
            height: to.height,
            id: to.id,
        };
        self.plan(base, *to, vec![stretch])
    }

    fn reached(&self) -> BlockId {
        self.reached.id
    }

    fn check(&mut self, blocks: Vec<BlockItem>) -> Result<Stand, Refusal> {
        for item in &blocks {
            self.check_one(item)?;
        }
        Ok(self.reached)
    }

    fn connect(&mut self) -> Result<Stand, Refusal> {
        let mut state = self.model.state();
        for (stand, header, bytes, items) in std::mem::take(&mut self.checked) {
            if items.iter().any(|item| item.first() == Some(&BROKEN)) {
                state.condemned.insert(stand.id);
                return Err(Refusal::of_nobody("it fails when it is carried out"));
            }
            let Some(parent) = state.blocks.get(&header.parent).map(|kept| kept.stand) else {
                return Err(Refusal::of_nobody("its parent is not here"));
            };
            state.keep(parent, header, bytes, &items);
            if state.blocks[&stand.id].stand.weight > state.tip().weight {
                state.switch_to(stand.id);
            }
        }
        Ok(state.tip())
    }
}
