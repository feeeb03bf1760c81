//! Who may stay of those that call this node, and who leaves when all places are taken.

use std::collections::BTreeMap;

use std::net::SocketAddr;

use super::Engine;

use super::input::{LinkId, Moment, Output};

use super::session::{Place, Session};

use crate::limits;

use crate::peers::book::{Group, group};

use crate::peers::message::Parting;

impl Engine {
    pub(super) fn accepted(&mut self, link: LinkId, remote: SocketAddr) {
        if self.ending {
            return self.outputs.push_back(Output::Close { link });
        }
        self.make_room_to_greet();
        self.opened(link, Place::Inbound, None, remote);
    }

    /// Where too many callers have not shown a key yet, the one that has had most time of the largest neighbourhood goes: silent
    /// callers would else keep everyone out.
    fn make_room_to_greet(&mut self) {
        let mut groups: BTreeMap<Group, Vec<LinkId>> = BTreeMap::new();
        let mut greeting = 0_usize;
        for session in self.sessions.values() {
            if session.place == Place::Inbound && session.peer().is_none() {
                greeting = greeting.saturating_add(1);
                let links = groups.entry(group(session.remote.ip())).or_default();
                links.push(session.link);
            }
        }
        if greeting < limits::SESSIONS_GREETING {
            return;
        }
        // Links are numbered in the order in which they were opened.
        let largest = groups.into_values().max_by_key(Vec::len);
        if let Some(oldest) = largest.and_then(|links| links.first().copied()) {
            self.counts.refused_sessions = self.counts.refused_sessions.saturating_add(1);
            self.drop_session(oldest, "too many others have called since");
        }
    }

    /// Whether an inbound session may stay; makes room for it at another's cost where that is fair.
    pub(super) fn has_room_for(&mut self, link: LinkId) -> bool {
        let inbound: Vec<&Session> = self
            .settled()
            .filter(|session| session.place == Place::Inbound && session.link != link)
            .collect();
        let places = self
            .settings
            .sessions
            .saturating_sub(limits::OUTBOUND_PEERS + 2);
        if inbound.len() < places {
            return true;
        }
        let Some(leaves) = who_leaves(inbound) else {
            return false;
        };
        let has_addresses = self
            .sessions
            .get(&leaves)
            .and_then(|session| session.peer())
            .is_none_or(|peer| peer.gave_addresses);
        if !has_addresses {
            self.give_addresses(leaves);
        }
        self.part(
            leaves,
            Parting::Replaced,
            "all places are taken, and another has come",
        );
        true
    }
}

/// Of inbound sessions the one that is missed least: those that an attacker could not easily outdo (long there, quick, bringing what
/// is new) stay, and of the others the youngest of the largest neighbourhood leaves.
fn who_leaves(mut inbound: Vec<&Session>) -> Option<LinkId> {
    const PROTECTED: usize = 6;
    let mut protect = |order: &mut dyn FnMut(&Session) -> u64| {
        inbound.sort_by_key(|session| order(session));
        inbound.drain(..PROTECTED.min(inbound.len()));
    };
    let newest = |at: Option<Moment>| u64::MAX - at.map_or(0, |at| at.0);
    protect(&mut |s| {
        s.round_trip
            .map_or(u64::MAX, |time| time.as_micros() as u64)
    });
    protect(&mut |s| newest(s.peer().and_then(|peer| peer.last_block)));
    protect(&mut |s| newest(s.peer().and_then(|peer| peer.last_transaction)));
    protect(&mut |s| s.opened.0);
    let mut groups: BTreeMap<Group, Vec<&Session>> = BTreeMap::new();
    for session in inbound {
        groups
            .entry(group(session.remote.ip()))
            .or_default()
            .push(session);
    }
    let youngest = |group: &Vec<&Session>| group.iter().map(|session| session.opened).max();
    let largest = groups
        .into_values()
        .max_by_key(|group| (group.len(), youngest(group)))?;
    let youngest = largest.into_iter().max_by_key(|session| session.opened)?;
    Some(youngest.link)
}
