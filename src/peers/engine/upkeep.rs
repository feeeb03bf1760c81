//! What time brings: pings, peers that have fallen silent, calls, and what was promised and did not come.

use std::time::Duration;

use super::Engine;
use super::input::{LinkId, Moment};
use super::session::Stage;
use crate::limits;
use crate::peers::message::{Message, Parting};

/// How often time is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How often peers that are ahead are told where this node stands, and every peer's tip is looked at.
const SLOWLY: Duration = Duration::from_secs(1);

impl Engine {
    /// When the engine wants [`super::Input::Tick`], whatever else happens before.
    pub fn wakes_at(&self) -> Moment {
        let tick = self.ticked.after(TICK);
        self.gossip.tell_at.map_or(tick, |at| at.min(tick))
    }

    /// Called after every input.
    pub(super) fn keep_up(&mut self) {
        self.keep_telling();
        if self.now < self.ticked.after(TICK) && self.ticked != Moment(0) {
            return;
        }
        self.ticked = self.now;
        self.look_at_sessions();
        self.ask_hinted();
        self.keep_fetching();
        self.keep_requesting();
        self.keep_calling();
        if self.now >= self.slowly_at {
            self.slowly_at = self.now.after(SLOWLY);
            self.announce_slowly();
            self.consider_all();
        }
    }

    fn look_at_sessions(&mut self) {
        let (now, own) = (self.now, self.own);
        let mut pings = Vec::new();
        let mut silent = Vec::new();
        let mut slow_to_greet = Vec::new();
        for session in self.sessions.values_mut() {
            if let Stage::Greeting { .. } = session.stage {
                if now.since(session.opened) > limits::SESSION_GREETING {
                    slow_to_greet.push(session.link);
                }
                continue;
            }
            if let Some(peer) = session.peer_mut() {
                // It is not behind before it was told that there is more.
                let stands_behind = peer.stand.weight < own.weight && peer.hint.is_none();
                let is_behind = stands_behind && peer.told == own.id;
                let before = peer.behind_since.filter(|_| stands_behind);
                peer.behind_since = before.or(is_behind.then_some(now));
            }
            match session.ping {
                Some(_) if session.before_ping > 0 => {
                    if now.since(session.moved) > limits::SESSION_STALL {
                        silent.push(session.link);
                    }
                }
                Some((_, at)) => {
                    if now.since(session.heard.max(at)) > limits::SESSION_SILENCE {
                        silent.push(session.link);
                    }
                }
                None => {
                    let idle = now.since(session.heard) >= limits::SESSION_PING;
                    if idle || now.since(session.last_ping) >= limits::SESSION_ROUND_TRIP {
                        session.ping = Some((now.0, now));
                        session.last_ping = now;
                        pings.push((session.link, now.0));
                    }
                }
            }
        }
        for (link, number) in pings {
            self.send(link, &Message::Ping(number));
            if let Some(session) = self.sessions.get_mut(&link) {
                session.before_ping = session.queued;
            }
        }
        for link in silent {
            self.part(link, Parting::Silent, "nothing was heard of it");
        }
        for link in slow_to_greet {
            self.drop_session(link, "it did not show its key in time");
        }
    }

    pub(super) fn ponged(&mut self, link: LinkId, number: u64) {
        let now = self.now;
        if let Some(session) = self.sessions.get_mut(&link)
            && let Some((sent, at)) = session.ping
            && sent == number
        {
            session.ping = None;
            session.before_ping = 0;
            session.round_trip = Some(now.since(at));
        }
    }
}
