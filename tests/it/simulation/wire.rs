//! Connections between simulated nodes: what is on its way, what a cut holds back, and which end still listens.

use std::collections::BTreeMap;

use bcoin::peers::engine::input::LinkId;
use bytes::Bytes;

/// Something on its way.
#[derive(Debug, Clone)]
pub enum Item {
    Frame(Bytes),
    /// Bytes of a long frame.
    Part,
    /// The connection stands: for the side that called.
    Opened,
    End,
}

/// One connection; side 0 called. An end is a node, its run, and its number for the link.
pub struct Connection {
    pub ends: [(usize, u32, LinkId); 2],
    pub latency: u64,
    pub is_open: [bool; 2],
    /// When the last thing that each side has sent arrives.
    pub last_arrival: [u64; 2],
    /// What each side has sent and a cut holds back.
    pub held: [Vec<Item>; 2],
    /// Nothing comes through any more, and nobody is told.
    pub is_lost: bool,
}

impl Connection {
    pub fn new(ends: [(usize, u32, LinkId); 2], latency: u64) -> Self {
        Self {
            ends,
            latency,
            is_open: [true; 2],
            last_arrival: [0; 2],
            held: [Vec::new(), Vec::new()],
            is_lost: false,
        }
    }
}

/// All connections that there ever were, less those that both ends have left.
#[derive(Default)]
pub struct Wires {
    connections: BTreeMap<usize, Connection>,
    opened: usize,
}

impl Wires {
    pub fn open(&mut self, connection: Connection) -> usize {
        // Long after both ends have closed, nothing is on its way any more.
        if self.opened.is_multiple_of(1024) {
            let old = self.opened.saturating_sub(100_000);
            self.connections
                .retain(|number, wire| *number >= old || wire.is_open != [false; 2]);
        }
        self.opened += 1;
        self.connections.insert(self.opened, connection);
        self.opened
    }

    pub fn get(&self, number: usize) -> &Connection {
        &self.connections[&number]
    }

    pub fn get_mut(&mut self, number: usize) -> &mut Connection {
        self.connections.get_mut(&number).expect("it was opened")
    }

    pub fn pair(&self, number: usize) -> (usize, usize) {
        let ends = self.get(number).ends;
        (ends[0].0, ends[1].0)
    }

    /// Connections of which an end is open, in order.
    pub fn all(&self) -> Vec<usize> {
        let open = self.connections.iter();
        let open = open.filter(|(_, wire)| wire.is_open != [false; 2]);
        open.map(|(number, _)| *number).collect()
    }
}
