//! What travels between simulated nodes, and what keeps it from arriving.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::net::SocketAddr;

use bcoin::peers::address::PeerAddress;
use bcoin::peers::engine::input::{DialFailure, Input, LinkId};
use bcoin::peers::message::{Message, codec};
use bytes::Bytes;
use rand::RngExt;

use super::model::block_id;
use super::wire::{Connection, Item};
use super::world::{Happening, World};

/// A call that nobody answers is tried again after a second, as TCP does, and given up after two, as nodes do.
const CALL_AGAIN: u64 = 1_000_000;

impl World {
    pub(super) fn say(&mut self, node: usize, link: LinkId, frame: Bytes) {
        let Some(mut lies) = self.nodes[node].lies.take() else {
            return self.transmit(node, link, frame);
        };
        let ledger = self.nodes[node].ledger.clone();
        let said = lies.instead(link, &frame, &ledger, self.now);
        self.nodes[node].lies = Some(lies);
        // It thinks that it has said what it wanted.
        let length = frame.len();
        self.later(
            node,
            0,
            Input::Sent {
                link,
                bytes: length,
            },
        );
        for frame in said {
            self.transmit(node, link, frame);
        }
    }

    pub(super) fn tell_lies(&mut self, node: usize) {
        let Some(mut lies) = self.nodes[node].lies.take() else {
            return;
        };
        let links: Vec<LinkId> = self.nodes[node].links.keys().copied().collect();
        let ledger = self.nodes[node].ledger.clone();
        for link in links {
            for frame in lies.unasked(link, &ledger, self.now) {
                self.transmit(node, link, frame);
            }
        }
        self.nodes[node].lies = Some(lies);
    }

    fn transmit(&mut self, node: usize, link: LinkId, frame: Bytes) {
        let Some(&(connection, side)) = self.nodes[node].links.get(&link) else {
            return;
        };
        let length = frame.len();
        let sender = &mut self.nodes[node];
        let kind = frame.first().copied().unwrap_or(u8::MAX);
        let (count, bytes) = sender.sent.entry(kind).or_default();
        *count += 1;
        *bytes += length as u64;
        let begins = self.now.max(sender.up_free_at);
        let leaves = begins + length as u64 * 1_000_000 / sender.place.bandwidth;
        sender.up_free_at = leaves;
        let other = self.wires.get(connection).ends[1 - side].0;
        let reads = self.nodes[other]
            .lies
            .as_ref()
            .is_none_or(|lies| lies.reads());
        if reads {
            let wait = leaves - self.now;
            self.later(
                node,
                wait,
                Input::Sent {
                    link,
                    bytes: length,
                },
            );
        }
        // Of what takes long the other hears while it comes.
        let mut part = begins + 500_000;
        while part < leaves {
            self.travels(connection, side, part, Item::Part);
            part += 500_000;
        }
        self.travels(connection, side, leaves, Item::Frame(frame));
    }

    /// Puts something on its way that leaves at this moment.
    pub(super) fn travels(&mut self, connection: usize, side: usize, leaves: u64, item: Item) {
        let jitter = self.draw((0, self.chances.jitter));
        let wire = self.wires.get_mut(connection);
        let arrives = wire.last_arrival[side].max(leaves + wire.latency + jitter);
        wire.last_arrival[side] = arrives;
        let happening = Happening::Arrives {
            connection,
            side,
            item,
        };
        self.put(arrives, happening);
    }

    /// What was sent by `side` arrives at the other.
    pub(super) fn arrives(&mut self, connection: usize, side: usize, item: Item) {
        let wire = self.wires.get(connection);
        if wire.is_lost {
            return;
        }
        let (from, (to, run, link)) = (wire.ends[side].0, wire.ends[1 - side]);
        if self.is_cut(from, to) {
            return self.wires.get_mut(connection).held[side].push(item);
        }
        if !wire.is_open[1 - side] || self.nodes[to].run != run {
            return;
        }
        match item {
            Item::Frame(frame) => {
                frame.get(..frame.len().min(64)).hash(&mut self.trace);
                if self.counts_bodies {
                    self.count_bodies(to, &frame);
                }
                let node = &mut self.nodes[to];
                let is_deaf = node.lies.as_mut().is_some_and(|lies| !lies.hears(&frame));
                if is_deaf {
                    return;
                }
                self.feed(to, Input::Received { link, frame });
            }
            Item::Part => self.feed(to, Input::Heard { link }),
            Item::Opened => {
                let remote = self.nodes[from].place.address;
                self.nodes[to].links.insert(link, (connection, 1 - side));
                self.feed(to, Input::Dialled { link, remote });
            }
            Item::End => {
                self.wires.get_mut(connection).is_open[1 - side] = false;
                self.nodes[to].links.remove(&link);
                let why = "the connection was closed".to_owned();
                self.feed(to, Input::Closed { link, why });
            }
        }
    }

    fn count_bodies(&mut self, node: usize, frame: &[u8]) {
        if frame.first() == Some(&6)
            && let Ok(Message::Blocks { blocks, .. }) = codec::decode(frame)
        {
            for item in blocks.iter() {
                *self.nodes[node]
                    .bodies
                    .entry(block_id(&item.block))
                    .or_default() += 1;
            }
        }
    }

    pub(super) fn close(&mut self, node: usize, link: LinkId) {
        let Some((connection, side)) = self.nodes[node].links.remove(&link) else {
            return;
        };
        self.wires.get_mut(connection).is_open[side] = false;
        let leaves = self.nodes[node].up_free_at.max(self.now);
        self.travels(connection, side, leaves, Item::End);
    }

    pub(super) fn dial(&mut self, node: usize, link: LinkId, address: &PeerAddress) {
        let to: Option<SocketAddr> = address.to_string().parse().ok();
        let run = self.nodes[node].run;
        let wait = self.draw(self.chances.latency) * 2;
        match to {
            Some(to) => self.put(
                self.now + wait,
                Happening::Calls {
                    node,
                    run,
                    link,
                    to,
                    again: false,
                },
            ),
            None => self.not_reached(node, link, wait),
        }
    }

    fn not_reached(&mut self, node: usize, link: LinkId, wait: u64) {
        let failure = DialFailure::Unreachable("nobody answers there".to_owned());
        self.later(node, wait, Input::NotDialled { link, failure });
    }

    /// A call reaches the other side, if there is one.
    pub(super) fn calls(
        &mut self,
        node: usize,
        run: u32,
        link: LinkId,
        to: SocketAddr,
        again: bool,
    ) {
        if self.nodes[node].run != run {
            return;
        }
        let found = self.nodes.iter().position(|node| node.place.address == to);
        let Some(other) = found.filter(|other| !self.is_cut(node, *other)) else {
            // Some router says so, or nothing comes back.
            if again {
                return self.not_reached(node, link, CALL_AGAIN);
            }
            if self.random.random_bool(0.5) {
                return self.not_reached(node, link, 0);
            }
            let again = Happening::Calls {
                node,
                run,
                link,
                to,
                again: true,
            };
            return self.put(self.now + CALL_AGAIN, again);
        };
        if !self.runs(other) || !self.nodes[other].place.listens {
            return self.not_reached(node, link, 0);
        }
        let latency = self.draw(self.chances.latency);
        let there = &mut self.nodes[other];
        there.accepted += 1;
        let (other_run, other_link) = (there.run, LinkId((1 << 63) + there.accepted));
        let ends = [(node, run, link), (other, other_run, other_link)];
        let connection = self.wires.open(Connection::new(ends, latency));
        self.nodes[other].links.insert(other_link, (connection, 1));
        self.travels(connection, 1, self.now, Item::Opened);
        let from = self.nodes[node].place.address.ip();
        let port = 20_000 + (connection % 40_000) as u16;
        let remote = SocketAddr::new(from, port);
        let link = other_link;
        self.feed(other, Input::Accepted { link, remote });
    }

    pub fn is_cut(&self, one: usize, other: usize) -> bool {
        self.cut.contains(&(one.min(other), one.max(other)))
    }

    /// Nodes of different sides cannot reach each other from now on.
    pub fn partition(&mut self, side_of: &[usize]) {
        let mut cut = BTreeSet::new();
        for (one, side) in side_of.iter().enumerate() {
            for (other, other_side) in side_of.iter().enumerate().skip(one + 1) {
                if side != other_side {
                    cut.insert((one, other));
                }
            }
        }
        self.cut(cut);
    }

    /// These pairs of nodes cannot reach each other from now on, and all others can; some connections will not outlive it.
    pub fn cut(&mut self, cut: BTreeSet<(usize, usize)>) {
        let before = std::mem::replace(&mut self.cut, cut);
        let survives = self.chances.survives;
        for connection in self.wires.all() {
            let (one, other) = self.wires.pair(connection);
            let pair = (one.min(other), one.max(other));
            if self.cut.contains(&pair) && !before.contains(&pair) {
                let is_lost = self.random.random_range(0..1000) >= survives;
                self.wires.get_mut(connection).is_lost |= is_lost;
            }
            if !self.cut.contains(&pair) {
                self.let_go(connection);
            }
        }
    }

    pub fn heal(&mut self) {
        self.cut(BTreeSet::new());
    }

    /// What was held on a connection goes on its way.
    fn let_go(&mut self, connection: usize) {
        for side in 0..2 {
            for item in std::mem::take(&mut self.wires.get_mut(connection).held[side]) {
                let happening = Happening::Arrives {
                    connection,
                    side,
                    item,
                };
                self.put(self.now, happening);
            }
        }
    }

    /// A connection fails: noticed at both ends, or silent for ever.
    pub fn break_connection(&mut self, connection: usize, silently: bool) {
        if silently {
            self.wires.get_mut(connection).is_lost = true;
            return;
        }
        let wire = self.wires.get_mut(connection);
        wire.is_lost = true;
        let ends = wire.ends;
        for (side, (node, run, link)) in ends.into_iter().enumerate() {
            if self.wires.get(connection).is_open[side] && self.nodes[node].run == run {
                self.wires.get_mut(connection).is_open[side] = false;
                self.nodes[node].links.remove(&link);
                let why = "the connection was reset".to_owned();
                self.later(node, 0, Input::Closed { link, why });
            }
        }
    }
}
