//! How a session ends, and what a peer is blamed for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Engine;
use super::event::Event;
use super::input::{LinkId, Moment, Output};
use super::session::{Place, Session};
use crate::limits;
use crate::peers::blame::{MOST_POINTS, Offence};
use crate::peers::book::End;
use crate::peers::message::bounded::Text;
use crate::peers::message::identity::NodeKey;
use crate::peers::message::{Message, Parting};

/// Keys that are remembered with their points.
const KEYS: usize = 4_096;

/// What keys are blamed for, forgiven with time; a key cannot shed it by coming again.
#[derive(Debug, Default)]
pub struct Scores {
    points: BTreeMap<NodeKey, (u32, Moment)>,
    kept_out: BTreeMap<NodeKey, Moment>,
}

impl Scores {
    /// Points of a key now.
    pub fn of(&self, key: NodeKey, now: Moment) -> u32 {
        self.points
            .get(&key)
            .map_or(0, |(points, at)| forgiven(*points, *at, now))
    }

    fn add(&mut self, key: NodeKey, points: u32, now: Moment) -> u32 {
        let sum = self.of(key, now).saturating_add(points);
        self.points.insert(key, (sum, now));
        self.bound(now);
        sum
    }

    pub fn is_kept_out(&self, key: NodeKey, now: Moment) -> bool {
        self.kept_out.get(&key).is_some_and(|until| now < *until)
    }

    fn keep_out(&mut self, key: NodeKey, until: Moment, now: Moment) {
        self.points.remove(&key);
        self.kept_out.insert(key, until);
        self.bound(now);
    }

    fn bound(&mut self, now: Moment) {
        if self.points.len() > KEYS {
            self.points
                .retain(|_, (points, at)| forgiven(*points, *at, now) > 0);
        }
        while self.points.len() > KEYS {
            self.points.pop_first();
        }
        if self.kept_out.len() > KEYS {
            self.kept_out.retain(|_, until| now < *until);
        }
        while self.kept_out.len() > KEYS {
            self.kept_out.pop_first();
        }
    }
}

/// One point a minute.
fn forgiven(points: u32, at: Moment, now: Moment) -> u32 {
    let minutes = u32::try_from(now.since(at).as_secs() / 60).unwrap_or(u32::MAX);
    points.saturating_sub(minutes)
}

impl Engine {
    /// Notes what a peer did; at [`MOST_POINTS`] it is parted from and left alone.
    pub(super) fn blame(&mut self, link: LinkId, offence: Offence, why: &str) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&link) else {
            return;
        };
        session.last_error = Some(why.to_owned());
        let count = self.counts.offences.entry(offence).or_default();
        *count = count.saturating_add(1);
        let name = session.name();
        let key = session.peer().map(|peer| peer.key);
        // Who has not shown a key yet has no second chance.
        let score = key.map_or(MOST_POINTS, |key| {
            self.scores.add(key, offence.points(), now)
        });
        tracing::debug!(
            peer = name,
            offence = offence.name(),
            score,
            why,
            "a peer is blamed"
        );
        self.tell(Event::Blamed {
            link,
            name: name.clone(),
            offence,
            score,
            why: why.to_owned(),
        });
        if score < MOST_POINTS {
            return;
        }
        let Some(session) = self.sessions.get(&link) else {
            return;
        };
        let (dialled, place) = (session.dialled.clone(), session.place);
        let wait = match (dialled, key) {
            (Some(address), _) if key.is_some() || offence == Offence::Invalid => {
                let until = self
                    .unix()
                    .saturating_add(limits::PEER_LEFT_ALONE.as_secs());
                let now = self.book_now();
                self.book.leave_alone(&address, until, now);
                Some(limits::PEER_LEFT_ALONE)
            }
            _ => None,
        };
        if let Some(address) = self.sessions.get(&link).and_then(|s| s.dialled.clone())
            && key.is_none()
        {
            // Whatever is there now, it is not asked again at once.
            self.dialling
                .wait_longer(&address, limits::PEER_BROKEN_GREETING, now);
        }
        if let Some(key) = key {
            let until = now.after(limits::PEER_KEPT_OUT);
            self.scores.keep_out(key, until, now);
        }
        let wait =
            wait.or((place == Place::Inbound && key.is_some()).then_some(limits::PEER_KEPT_OUT));
        if let Some(wait) = wait {
            self.counts.banned = self.counts.banned.saturating_add(1);
            self.tell(Event::Banned {
                name,
                seconds: wait.as_secs(),
            });
            self.outputs.push_back(Output::KeepBook);
        }
        self.part(link, Parting::Fault, why);
    }

    /// Ends a session politely.
    pub(super) fn part(&mut self, link: LinkId, why: Parting, text: &str) {
        let end = match why {
            Parting::Silent => End::Theirs,
            _ => End::Ours,
        };
        self.part_as(link, why, end, text);
    }

    pub(super) fn part_as(&mut self, link: LinkId, why: Parting, end: End, text: &str) {
        let goodbye = Message::Goodbye {
            why,
            text: Text::start_of(text),
        };
        self.send(link, &goodbye);
        self.end_session(link, end, text);
    }

    /// Ends a session without a word.
    pub(super) fn drop_session(&mut self, link: LinkId, why: &str) {
        self.end_session(link, End::Theirs, why);
    }

    fn end_session(&mut self, link: LinkId, end: End, why: &str) {
        if self.sessions.contains_key(&link) {
            self.outputs.push_back(Output::Close { link });
            self.forget(link, end, why);
        }
    }

    /// The connection is gone.
    pub(super) fn closed(&mut self, link: LinkId, why: &str) {
        self.forget(link, End::Theirs, why);
    }

    pub(super) fn said_goodbye(&mut self, link: LinkId, why: Parting, text: &str) {
        let clean: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if let Some(address) = self.sessions.get(&link).and_then(|s| s.dialled.clone()) {
            match why {
                Parting::OtherNetwork | Parting::OtherVersion | Parting::Itself => {
                    self.dialling.parted_for_good(&address, self.now);
                }
                Parting::Full | Parting::Replaced | Parting::KeptOut | Parting::Fault => {
                    // Who has nobody else asks again soon.
                    let is_alone = self.settled().all(|session| session.link == link);
                    let wait = Duration::from_secs(if is_alone { 5 } else { 60 });
                    self.dialling.wait_longer(&address, wait, self.now);
                }
                Parting::Twice | Parting::Silent | Parting::Ending => {}
            }
        }
        self.drop_session(link, &format!("the other said goodbye: {clean}"));
    }

    fn forget(&mut self, link: LinkId, end: End, why: &str) {
        let Some(session) = self.sessions.remove(&link) else {
            return;
        };
        let name = session.name();
        self.left(&session, end, why);
        if let Some(peer) = session.peer() {
            let other = self.session_of(peer.key);
            let other = other.and_then(|other| self.sessions.get(&other)?.peer());
            let stays = other.is_some_and(|other| other.may_be(peer));
            tracing::debug!(peer = name, why, "a session ended");
            self.tell(Event::Left {
                link,
                name,
                why: why.to_owned(),
                stays,
            });
        }
        self.abandon_requests(link);
        self.abandon_transactions(link);
    }

    /// The node ends: everyone is told.
    pub(super) fn end(&mut self) {
        self.ending = true;
        let links: Vec<LinkId> = self.sessions.keys().copied().collect();
        for link in links {
            self.part(link, Parting::Ending, "this node ends");
        }
    }

    /// Settled sessions.
    pub(super) fn settled(&self) -> impl Iterator<Item = &Session> {
        self.sessions
            .values()
            .filter(|session| session.peer().is_some())
    }
}
