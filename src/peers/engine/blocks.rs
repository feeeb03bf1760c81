//! The blocks of a chain that is being brought in: asked of everyone who should have them, checked in order, connected together.

use super::event::Event;
use super::fetch::{Arrived, Asked as Request, CONNECT_BLOCKS, FetchId, Stage};
use super::input::{LinkId, Question};
use super::serve::Relayed;
use super::session::Owed;
use super::{Asked, Engine};
use crate::limits;
use crate::peers::blame::Offence;
use crate::peers::ledger::{Import, Refusal};
use crate::peers::message::{BlockId, BlockItem, Message, Stand};

/// Requests for blocks that one peer has to answer at the same time.
pub(super) const A_PEER: usize = 4;

impl Engine {
    /// Asks for blocks that nobody was asked for, checks what has arrived, and connects what is checked.
    pub(super) fn go_on(&mut self, id: FetchId) {
        self.ask_blocks(id);
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        let Stage::Bodies(bodies) = &mut fetch.stage else {
            return;
        };
        if fetch.import.is_none() {
            return;
        }
        let all_checked = bodies.all_checked();
        let is_due = bodies.unconnected >= CONNECT_BLOCKS
            || all_checked
            || now.since(bodies.unconnected_since) >= limits::SYNC_CONNECT;
        if bodies.unconnected > 0 && is_due {
            bodies.unconnected = 0;
            if let Some(import) = fetch.import.take() {
                self.ask(Asked::Fetch(id), Question::Connect { import });
            }
            return;
        }
        if all_checked {
            return self.end_fetch(id, None);
        }
        let is_last = bodies.parts.len() == 1 && bodies.rest.is_empty();
        let end = bodies.end;
        let after = bodies.parts.front().map(|part| part.after);
        if let Some(arrived) = bodies.take_arrived()
            && let Some(import) = fetch.import.take()
        {
            fetch.gained = fetch.gained.saturating_add(arrived.bytes() as u64);
            let Arrived { from, blocks, last } = arrived;
            // A block at the very end is passed on as soon as it is checked.
            let relay = match (is_last && last == end.id, blocks.last(), after) {
                (true, Some(block), Some(after)) if blocks.len() == 1 => Some(Relayed {
                    after,
                    stand: end,
                    block: block.clone(),
                }),
                _ => None,
            };
            let whose = Asked::Check {
                fetch: id,
                from,
                relay,
            };
            self.ask(whose, Question::Check { import, blocks });
        }
    }

    /// Asks peers for the stretches that nobody was asked for.
    fn ask_blocks(&mut self, id: FetchId) {
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        let source = fetch.from;
        let Stage::Bodies(bodies) = &mut fetch.stage else {
            return;
        };
        bodies.open();
        let mut requests = Vec::new();
        for (place, part) in bodies.parts.iter_mut().enumerate() {
            if part.arrived.is_some() || part.checking {
                continue;
            }
            // The first stretch holds up all others: a second peer is asked where the first takes its time.
            let waited = part.wanted_since.map(|since| now.since(since));
            let is_held_up =
                place == 0 && waited.is_some_and(|waited| waited > limits::SYNC_SECOND_PEER);
            if !(part.asked.is_empty() || is_held_up && part.asked.len() < 2) {
                continue;
            }
            if is_held_up {
                let late = part.asked.iter().map(|asked| asked.link);
                bodies.held_up.extend(late.chain(part.begun_by));
            }
            let suits = |session: &&super::session::Session| {
                session.peer().is_some_and(|peer| {
                    peer.owes_blocks.len() < A_PEER
                        && !bodies.unsuited.contains(&session.link)
                        && (is_held_up || session.link == source || !peer.record.is_doubted(now))
                        && !part.asked.iter().any(|asked| asked.link == session.link)
                        && (session.link == source
                            || peer.stands_on(bodies.end.id)
                            || peer.stand.height >= part.to.height
                                && peer.stand.weight >= bodies.end.weight)
                })
            };
            let load = |session: &&super::session::Session| {
                let owed = session.peer().map_or(0, |peer| peer.owes_blocks.len());
                (
                    // Who has begun goes on, as long as nobody waits for it.
                    is_held_up || part.begun_by != Some(session.link),
                    bodies.held_up.contains(&session.link),
                    owed,
                    session.link != source,
                    session.round_trip,
                    session.link,
                )
            };
            let Some(link) = self
                .sessions
                .values()
                .filter(suits)
                .min_by_key(load)
                .map(|s| s.link)
            else {
                continue;
            };
            self.last_number = self.last_number.saturating_add(1);
            let ticket = u32::try_from(self.last_number & u64::from(u32::MAX)).unwrap_or(0);
            if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
                peer.owes_blocks.push(Owed {
                    ticket,
                    at: now,
                    is_late: false,
                });
            }
            part.wanted_since.get_or_insert(now);
            part.asked.push(Request {
                link,
                ticket,
                at: now,
            });
            let bytes = u32::try_from(limits::SESSION_BLOCKS_BYTES).unwrap_or(u32::MAX);
            let request = Message::GetBlocks {
                ticket,
                after: part.after,
                to: part.to.id,
                bytes,
            };
            requests.push((link, request));
        }
        for (link, request) in requests {
            self.send(link, &request);
        }
    }

    pub(super) fn blocks_came(
        &mut self,
        link: LinkId,
        ticket: u32,
        blocks: Vec<BlockItem>,
        last: BlockId,
    ) {
        let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) else {
            return;
        };
        let is_doubted = peer.record.is_doubted(self.now);
        let owed = peer
            .owes_blocks
            .iter()
            .position(|owed| owed.ticket == ticket);
        match owed {
            Some(at) => drop(peer.owes_blocks.remove(at)),
            None => {
                let why = "it sends blocks that nobody asked for";
                return self.blame(link, Offence::Malformed, why);
            }
        }
        let found = self.fetches.iter_mut().find_map(|(id, fetch)| {
            let Stage::Bodies(bodies) = &mut fetch.stage else {
                return None;
            };
            bodies.part_of(link, ticket)?;
            Some((*id, bodies))
        });
        // An answer that another peer's has overtaken is no offence.
        let Some((id, bodies)) = found else {
            return;
        };
        if let Some(part) = bodies.part_of(link, ticket) {
            part.asked.retain(|asked| asked.link != link);
            let begun_by = part.begun_by;
            if blocks.is_empty() {
                bodies.unsuited.insert(link);
                return self.has_no_blocks(id, link, begun_by);
            }
            if part.was_cut_short(link, &blocks) {
                // One at a time they would hold up the others.
                bodies.unsuited.insert(link);
                self.go_on(id);
                let why = "it sends fewer blocks than fit into an answer";
                return self.blame(link, Offence::Malformed, why);
            }
            let arrived = Arrived {
                from: link,
                blocks,
                last,
            };
            // Those of a peer that has led astray before have to lead to the end, where another's are on their way.
            let is_wanted = !is_doubted || part.asked.is_empty() || last == part.to.id;
            // Behind what the ledger is looking at, other blocks may be wanted than those.
            if is_wanted && part.arrived.is_none() && !part.checking {
                part.arrived = Some(arrived);
            }
        }
        self.go_on(id);
    }

    /// A peer does not have the blocks that it was asked for.
    fn has_no_blocks(&mut self, id: FetchId, link: LinkId, begun_by: Option<LinkId>) {
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        let is_source = fetch.from == link;
        match begun_by {
            Some(begun_by) if begun_by != link => {
                let end = match &fetch.stage {
                    Stage::Bodies(bodies) => bodies.end.id,
                    _ => return,
                };
                let (source, target) = (fetch.from, fetch.target.id);
                let denier = self.sessions.get(&link).and_then(|s| s.peer());
                let stands_there = denier.is_some_and(|peer| peer.stand.id == end);
                // What others have of a chain is no measure, unless they stand on its very end.
                if !(is_source || stands_there && begun_by == source) {
                    return self.go_on(id);
                }
                // One of the two says what is not so: it begins anew with the one that denies, and the other comes after it.
                if let Some(peer) = self.sessions.get_mut(&begun_by).and_then(|s| s.peer_mut()) {
                    peer.record.doubt(now);
                    if begun_by == source {
                        peer.failed = Some((target, now.after(limits::SYNC_SECOND_PEER)));
                    }
                }
                let why = "its chain does not go on behind what another sent of it";
                return self.end_fetch(id, Some(why));
            }
            Some(_) if !is_source => {
                self.go_on(id);
                // A node keeps what it left for other branches, mostly.
                let why = "it does not go on with the blocks that it has begun";
                return self.blame(link, Offence::Timeout, why);
            }
            _ if !is_source => return self.go_on(id),
            _ => {}
        }
        match (&fetch.stage, fetch.import.take()) {
            (Stage::Bodies(bodies), Some(import)) if !bodies.outlined => {
                // Its chain does not go on behind this node's tip: its headers say where the two part.
                let locator = import.locator();
                if let Some(fetch) = self.fetches.get_mut(&id) {
                    fetch.import = Some(import);
                }
                self.ask_headers(id, locator);
            }
            // Its chain has changed since: what it says next is looked at afresh.
            _ => {
                let target = fetch.target.id;
                self.note_failure(link, target);
                self.end_fetch(id, Some("its chain has changed meanwhile"));
                // A node keeps what it left for other branches, mostly.
                let why = "it does not have the blocks that it has shown";
                self.blame(link, Offence::Timeout, why);
            }
        }
    }

    pub(super) fn checked(
        &mut self,
        id: FetchId,
        from: LinkId,
        relay: Option<Relayed>,
        import: Box<dyn Import>,
        checked: Result<Stand, Refusal>,
    ) {
        let now = self.now;
        let reached = import.reached();
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        fetch.import = Some(import);
        fetch.moved = now;
        let Stage::Bodies(bodies) = &mut fetch.stage else {
            return;
        };
        match checked {
            Ok(stand) => {
                bodies.checked_up_to(stand.id, stand.height, from, now);
                if let Some(peer) = self.sessions.get_mut(&from).and_then(|s| s.peer_mut()) {
                    peer.last_block = Some(now);
                }
                if let Some(relayed) = relay
                    && relayed.stand.id == stand.id
                {
                    self.relay(Relayed { stand, ..relayed });
                }
                self.go_on(id);
            }
            Err(refusal) => {
                if let Some(first) = bodies.parts.front_mut() {
                    first.checking = false;
                    if first.after != reached {
                        first.goes_on(reached, from, now);
                        first.left_off = None;
                    }
                }
                match refusal.offence {
                    Some(offence) => {
                        bodies.unsuited.insert(from);
                        let target = fetch.target.id;
                        self.note_failure(from, target);
                        self.blame(from, offence, &refusal.why);
                        self.go_on(id);
                    }
                    None => {
                        let (source, target) = (fetch.from, fetch.target.id);
                        self.note_failure(source, target);
                        self.end_fetch(id, Some(&refusal.why));
                    }
                }
            }
        }
    }

    pub(super) fn connected(
        &mut self,
        id: FetchId,
        import: Box<dyn Import>,
        connected: Result<Stand, Refusal>,
    ) {
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        fetch.import = Some(import);
        let (from, target) = (fetch.from, fetch.target.id);
        match connected {
            Ok(stand) => {
                // Before the node says so: who stands there is not to be asked for the same blocks.
                if stand.weight > self.own.weight {
                    self.own = stand;
                }
                if let Stage::Bodies(bodies) = &fetch.stage
                    && now.since(fetch.told) >= limits::SYNC_TOLD
                {
                    fetch.told = now;
                    let (at, to) = (bodies.at, bodies.end.height);
                    self.tell(Event::SyncAt { at, to });
                }
                self.go_on(id);
            }
            Err(refusal) => {
                self.note_failure(from, target);
                self.end_fetch(id, Some(&refusal.why));
                if let Some(offence) = refusal.offence {
                    self.blame(from, offence, &refusal.why);
                }
            }
        }
    }
}
