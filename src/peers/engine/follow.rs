//! Bringing in better chains: whose chain is looked at, who is asked for which blocks, and what comes of it.
//!
//! Several chains may be on their way at once, one a peer (see [`super::slots`]). The blocks of one chain are asked for from everyone who
//! should have them.

use super::event::Event;
use super::fetch::{Bodies, FetchId, Stage};
use super::input::{LinkId, Moment, Question};
use super::{Asked, Engine};
use crate::limits;
use crate::peers::blame::Offence;
use crate::peers::ledger::{Import, LedgerError, Outlined, Refusal};
use crate::peers::message::bounded::Few;
use crate::peers::message::{BlockId, Headers, Message, Stand, Weight};

impl Engine {
    /// A peer says where it stands.
    pub(super) fn peer_stands(&mut self, link: LinkId, stand: Stand) {
        let Some(peer) = self
            .sessions
            .get_mut(&link)
            .and_then(|session| session.peer_mut())
        else {
            return;
        };
        peer.stand = stand;
        peer.hint = None;
        if stand.weight > self.announced.weight {
            self.shown.note(stand.id);
        } else {
            self.note_shown(link, stand.id);
        }
        self.consider(link);
        self.tell_what_waits_to(link);
    }

    pub(super) fn begun(
        &mut self,
        id: FetchId,
        begun: Result<(Box<dyn Import>, Vec<BlockId>), LedgerError>,
    ) {
        let (mut import, locator) = match begun {
            Ok(begun) => begun,
            Err(error) => return self.end_fetch(id, Some(&error.to_string())),
        };
        let (own, now) = (self.own, self.now);
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        if fetch.target.height == own.height.saturating_add(1) && locator.first() == Some(&own.id) {
            let plan = import.next_block(&fetch.target);
            fetch.base = plan.base.height;
            fetch.stage = Stage::Bodies(Bodies::of(plan, false, now));
            fetch.import = Some(import);
            return self.go_on(id);
        }
        fetch.import = Some(import);
        self.ask_headers(id, locator);
    }

    pub(super) fn ask_headers(&mut self, id: FetchId, locator: Vec<BlockId>) {
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        fetch.stage = Stage::AskedHeaders { at: now };
        let from = fetch.from;
        if let Some(peer) = self.sessions.get_mut(&from).and_then(|s| s.peer_mut()) {
            peer.record.asked_for_headers(now);
            peer.owes_headers = peer.owes_headers.saturating_add(1);
        }
        self.send(from, &Message::GetHeaders(Few::first_of(locator)));
    }

    pub(super) fn headers_came(&mut self, link: LinkId, headers: Headers) {
        let now = self.now;
        let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) else {
            return;
        };
        let is_slow;
        match peer.owes_headers.checked_sub(1) {
            Some(left) => {
                peer.owes_headers = left;
                is_slow = peer.record.answered_with_headers(headers.items.len(), now);
            }
            None => {
                let why = "it sends headers that nobody asked for";
                return self.blame(link, Offence::Malformed, why);
            }
        }
        let least = peer.record.least();
        let asked = self.fetches.iter_mut().find(|(_, fetch)| {
            fetch.from == link && matches!(fetch.stage, Stage::AskedHeaders { .. })
        });
        let asked = asked.map(|(id, fetch)| (*id, fetch));
        if is_slow {
            let why = "its headers come slowly and lead to no blocks";
            if let Some((id, fetch)) = asked {
                let target = fetch.target.id;
                self.note_failure(link, target);
                self.end_fetch(id, Some(why));
            }
            return self.blame(link, Offence::Timeout, why);
        }
        // A late answer to a question that was given up is no offence.
        let Some((id, fetch)) = asked else {
            return;
        };
        let Some(import) = fetch.import.take() else {
            return;
        };
        let promised = least.max(headers.end.weight);
        fetch.stage = Stage::Outlining { promised };
        fetch.moved = now;
        fetch.gained = fetch.gained.saturating_add(headers.items.len() as u64);
        self.ask(Asked::Fetch(id), Question::Headers { import, headers });
    }

    pub(super) fn outlined(
        &mut self,
        id: FetchId,
        import: Box<dyn Import>,
        outlined: Result<Outlined, Refusal>,
    ) {
        let now = self.now;
        let Some(fetch) = self.fetches.get_mut(&id) else {
            return;
        };
        fetch.import = Some(import);
        fetch.moved = now;
        let (from, target) = (fetch.from, fetch.target);
        let promised = match fetch.stage {
            Stage::Outlining { promised } => promised,
            _ => Weight::default(),
        };
        match outlined {
            Ok(Outlined::More { locator }) => self.ask_headers(id, locator),
            Ok(Outlined::NotBetter { shown, all }) => {
                let is_false = all && shown.weight < target.weight;
                // Its greeting and its answers are of what its disk has.
                let is_broken = all && shown.weight < promised;
                let mut unshown = 0;
                if let Some(peer) = self.sessions.get_mut(&from).and_then(|s| s.peer_mut()) {
                    peer.unshown = if is_false {
                        peer.unshown.saturating_add(1)
                    } else {
                        0
                    };
                    unshown = peer.unshown;
                    peer.failed = Some((target.id, now.after(limits::SYNC_NOT_YET)));
                }
                // The first time its disk may not have had yet what it was about to stand on.
                let was_false = unshown > 1 || is_broken;
                if was_false {
                    self.note_failure(from, target.id);
                }
                self.end_fetch(id, Some("its chain is not better than this node's"));
                if was_false {
                    let why = format!(
                        "it claims a chain of weight {} and shows one of {}",
                        target.weight.max(promised),
                        shown.weight
                    );
                    self.blame(from, Offence::FalseTip, &why);
                }
            }
            Ok(Outlined::Planned(plan)) => {
                let (base, to) = (plan.base.height, plan.end.height);
                fetch.base = base;
                fetch.stage = Stage::Bodies(Bodies::of(plan, true, now));
                if let Some(peer) = self.sessions.get_mut(&from).and_then(|s| s.peer_mut()) {
                    peer.record.turns = 0;
                }
                let name = self
                    .sessions
                    .get(&from)
                    .map_or_else(String::new, |s| s.name());
                if to.saturating_sub(base) > 1 {
                    self.tell(Event::SyncBegan {
                        name,
                        from: base,
                        to,
                    });
                }
                self.go_on(id);
            }
            Err(refusal) => {
                self.note_failure(from, target.id);
                self.end_fetch(id, Some(&refusal.why));
                if let Some(offence) = refusal.offence {
                    self.blame(from, offence, &refusal.why);
                }
            }
        }
    }

    /// A peer's chain could not be had: it is tried again later, and ever later.
    pub(super) fn note_failure(&mut self, link: LinkId, target: BlockId) {
        let now = self.now;
        if let Some(peer) = self.sessions.get_mut(&link).and_then(|s| s.peer_mut()) {
            let wait = limits::SYNC_AGAIN.saturating_mul(1 << peer.failures.min(8));
            peer.failures = peer.failures.saturating_add(1);
            peer.failed = Some((target, now.after(wait)));
        }
    }

    /// An import is done, or given up: another may take its place.
    pub(super) fn end_fetch(&mut self, id: FetchId, why: Option<&str>) {
        self.leave_fetch(id, why);
        self.consider_all();
    }

    pub(super) fn leave_fetch(&mut self, id: FetchId, why: Option<&str>) {
        let Some(fetch) = self.fetches.remove(&id) else {
            return;
        };
        if let Stage::Bodies(bodies) = &fetch.stage {
            let name = self
                .sessions
                .get(&fetch.from)
                .map_or_else(String::new, |s| s.name());
            if bodies.end.height.saturating_sub(fetch.base) > 1 || why.is_some() {
                let at = bodies.at;
                tracing::debug!(peer = name, at, why, "a sync ended");
                self.tell(Event::SyncEnded {
                    name,
                    at,
                    why: why.map(str::to_owned),
                });
            }
        }
        if why.is_none()
            && let Some(peer) = self
                .sessions
                .get_mut(&fetch.from)
                .and_then(|s| s.peer_mut())
        {
            peer.failures = 0;
            peer.unshown = 0;
            peer.failed = None;
        }
    }

    /// A session has ended: others are asked for what it owed.
    pub(super) fn abandon_requests(&mut self, link: LinkId) {
        let ids: Vec<FetchId> = self.fetches.keys().copied().collect();
        for id in ids {
            let Some(fetch) = self.fetches.get_mut(&id) else {
                continue;
            };
            if let Stage::Bodies(bodies) = &mut fetch.stage {
                for part in &mut bodies.parts {
                    part.asked.retain(|asked| asked.link != link);
                }
            }
            if fetch.from == link {
                match self.heir(id) {
                    Some(heir) => {
                        if let Some(fetch) = self.fetches.get_mut(&id) {
                            fetch.from = heir;
                        }
                    }
                    None => {
                        self.end_fetch(id, Some("the session ended"));
                        continue;
                    }
                }
            }
            self.go_on(id);
        }
    }

    /// Another peer that stands on the same tip, where blocks are being fetched already.
    fn heir(&self, id: FetchId) -> Option<LinkId> {
        let fetch = self.fetches.get(&id)?;
        if !matches!(fetch.stage, Stage::Bodies(_)) {
            return None;
        }
        let stands_there = |session: &&super::session::Session| {
            session.link != fetch.from
                && session
                    .peer()
                    .is_some_and(|peer| peer.stands_on(fetch.target.id))
        };
        self.settled()
            .find(stands_there)
            .map(|session| session.link)
    }

    /// Blames peers for what did not come in time, whoever sent it meanwhile, and for tips that fell back.
    fn blame_for_late_answers(&mut self) {
        let now = self.now;
        let (mut late, mut fallen) = (Vec::new(), Vec::new());
        for session in self.sessions.values_mut() {
            let link = session.link;
            let Some(peer) = session.peer_mut() else {
                continue;
            };
            for owed in &mut peer.owes_blocks {
                if !owed.is_late && now.since(owed.at) > limits::SYNC_BLOCKS_ANSWER {
                    owed.is_late = true;
                    late.push((link, "it does not send the blocks that it has"));
                }
            }
            if peer.record.is_late_with_headers(now) {
                late.push((link, "it does not answer with its headers"));
            }
            if peer.record.has_fallen(peer.stand.weight, now) {
                let (stands, least) = (peer.stand.weight, peer.record.least());
                fallen.push((
                    link,
                    format!("it greeted with a chain of weight {least} and says that it has one of {stands}"),
                ));
            }
        }
        for (link, why) in late {
            self.blame(link, Offence::Timeout, why);
        }
        for (link, why) in fallen {
            self.blame(link, Offence::FalseTip, &why);
        }
    }

    /// What time brings to imports: peers that do not answer.
    pub(super) fn keep_fetching(&mut self) {
        let now = self.now;
        self.blame_for_late_answers();
        let ids: Vec<FetchId> = self.fetches.keys().copied().collect();
        for id in ids {
            let Some(fetch) = self.fetches.get_mut(&id) else {
                continue;
            };
            let (from, target) = (fetch.from, fetch.target);
            match &mut fetch.stage {
                Stage::AskedHeaders { at } => {
                    let waited = now.since(*at);
                    let others = self.settled().any(|session| {
                        session.link != from
                            && session.peer().is_some_and(|peer| peer.stands_on(target.id))
                    });
                    let limit = if others {
                        limits::SYNC_SECOND_PEER
                    } else {
                        limits::SYNC_ANSWER
                    };
                    if waited > limit {
                        // It is blamed once its own time is over.
                        self.note_failure(from, target.id);
                        self.end_fetch(id, Some("it does not answer with its headers"));
                    }
                }
                Stage::Bodies(bodies) => {
                    let late: Vec<LinkId> = late_answers(bodies, now);
                    for link in late {
                        self.note_failure(link, target.id);
                    }
                    self.go_on(id);
                    let is_stuck = self.fetches.get_mut(&id).is_some_and(|fetch| {
                        let Stage::Bodies(bodies) = &mut fetch.stage else {
                            return false;
                        };
                        fetch.import.is_some() && bodies.is_stuck(now)
                    });
                    if is_stuck {
                        self.note_failure(from, target.id);
                        self.end_fetch(id, Some("nobody sends its blocks"));
                    }
                }
                Stage::Beginning | Stage::Outlining { .. } => {}
            }
        }
    }
}

/// Takes the requests that were not answered in time out of the parts, and marks their peers.
fn late_answers(bodies: &mut Bodies, now: Moment) -> Vec<LinkId> {
    let mut late = Vec::new();
    for part in &mut bodies.parts {
        part.asked.retain(|asked| {
            let in_time = now.since(asked.at) <= limits::SYNC_BLOCKS_ANSWER;
            if !in_time {
                late.push(asked.link);
            }
            in_time
        });
    }
    bodies.unsuited.extend(late.iter().copied());
    late
}
