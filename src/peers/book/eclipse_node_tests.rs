//! This node in the modelled world: whom it calls, with whom it parts, and what it still knows after a restart.

use rand::RngExt;

use super::{Line, STEP, World, is_honest, is_real};
use crate::limits::OUTBOUND_PEERS;
use crate::peers::address::PeerAddress;
use crate::peers::book::dialling::{Dialler, Order, Outbound, Role, Why};
use crate::peers::book::{Book, End};
use crate::peers::reach::Reach;

impl World {
    pub(super) fn dial(&mut self) {
        let now = self.now();
        let outbound: Vec<Outbound> = self
            .lines
            .values()
            .map(|line| line.outbound.clone())
            .collect();
        for order in self
            .dialler
            .step(&self.book, &outbound, now, &mut self.rng, |_| false)
        {
            match order {
                Order::Dial { address, role } => self.call(address, role),
                Order::Keep { address } => {
                    self.lines
                        .get_mut(&address)
                        .expect("it stands")
                        .outbound
                        .role = Role::Chosen;
                }
                Order::HangUp { address, why } => {
                    self.lines.remove(&address).expect("it stands");
                    let end = match why {
                        Why::Lags => End::Lagged,
                        Why::Displaced | Why::Seen => End::Ours,
                    };
                    self.book.ended(&address, end, now);
                }
            }
        }
        let chosen = self
            .lines
            .values()
            .filter(|line| line.outbound.role == Role::Chosen);
        assert!(chosen.count() <= OUTBOUND_PEERS);
    }

    fn call(&mut self, address: PeerAddress, role: Role) {
        let now = self.now();
        self.book.attempted(&address, now);
        // An honest node is up nine times of ten, and then for four hours in the mean; hostile ones never sleep.
        let up = self.rng.random_bool(0.9);
        let minutes = -self.rng.random_range(0.000_001..1.0_f64).ln() * 240.0;
        let (answers, until) = match is_honest(&address) {
            true => (up, self.step + (minutes * 60_000.0) as u64 / STEP),
            false => (is_real(&address), u64::MAX),
        };
        let outbound = Outbound {
            address: address.clone(),
            role,
            since: None,
            behind_since: None,
            claims_more: false,
            shown: 0,
            silent_blocks: 0,
        };
        let before = self.lines.insert(
            address,
            Line {
                outbound,
                answers,
                until,
            },
        );
        assert!(before.is_none(), "nobody is called twice");
    }

    pub(super) fn restart(&mut self) {
        let standing = self.lines.values().map(|line| &line.outbound);
        let mut standing: Vec<_> = standing
            .filter(|peer| peer.role == Role::Chosen)
            .filter_map(|peer| Some((peer.since?, peer.address.clone())))
            .collect();
        standing.sort();
        self.book
            .set_anchors(standing.into_iter().map(|(_, address)| address));
        let text = self.book.encode();
        self.book = Book::decode(&text, Reach::Public, self.now()).expect("its own text");
        self.dialler = Dialler::new();
        self.lines.clear();
    }
}
