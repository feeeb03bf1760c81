//! Whom this node calls by itself, and which of these sessions it keeps: [`Dialler`].
//!
//! # Dialling policy
//!
//! 1. The operator's addresses are always called when due, and never hung up on for another's sake.
//! 2. Beside them there are [`OUTBOUND_PEERS`] places for peers of our own choice, each public group once. Half of the
//!    picks come from the tried addresses.
//! 3. After a start the anchors are called first: the [`BOOK_ANCHORS`](crate::limits::BOOK_ANCHORS) peers of longest standing
//!    from before.
//! 4. Every [`FEELER_PAUSE`] a *feeler* calls one more address, two times of three a new one. It shakes hands, which makes a
//!    new address a tried one, and sees the peer's tip. One that shows nothing new is hung up on after [`FEELER_STAY`],
//!    one that does and finds no place stays on as a challenger does, [`CHALLENGERS`] of these at most.
//! 5. One place more belongs to a *challenger*: a peer that is listened to until two blocks have come without it, or for
//!    [`CHALLENGER_STAY`]. As long as fewer than [`OUTBOUND_PROTECTED`] of our peers show blocks, there are [`CHALLENGERS`].
//! 6. A peer *shows* a block if it lets us know that it has it before we told it. So that the honest can, feelers and
//!    challengers are told of a new block [`GUEST_PATIENCE`] later than others: who only echoes has nothing to show.
//! 7. A feeler or challenger that showed a block which joined our best chain gets a place among the [`OUTBOUND_PEERS`]: a
//!    free one, or that of the peer which has been silent for most blocks, that is, which did not show what others did. A peer
//!    that was silent for one block only is spared, and so are the [`OUTBOUND_PROTECTED`] of longest standing until they were
//!    silent for [`OUTBOUND_SILENT_BLOCKS`].
//! 8. A peer of ours whose tip has had less work than ours for [`OUTBOUND_LAG`], though we told it of ours, is hung up on.
//! 9. Claims count for nothing: *shown* and *silent* speak of blocks that were checked and joined our best chain.
//!
//! Why it holds: who owns nine of ten addresses will often own all eight peers of a node that is new. They can hide blocks
//! from it, but they cannot keep the feelers from reaching somebody honest, one call of ten; that one brings what was
//! hidden, takes a place, and keeps it, since it goes on showing blocks. Hostile peers that show all blocks in time look just
//! like honest ones and may fill every place, as no rule can tell them apart: but then the node follows the honest chain, and
//! once they stop the rules above apply. What no policy can help against: an attacker who holds this node's line, or every
//! address that it ever hears of.
//!
//! Pure: the engine tells what stands, and obeys. Call [`Dialler::step`] about once a second, and when a session ends.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::{Rng, RngExt};

use super::group::Group;
use super::{Book, Moment, Want};
use crate::limits::{
    CHALLENGER_STAY, CHALLENGERS, FEELER_AHEAD, FEELER_PAUSE, FEELER_STAY, FEELERS, GUEST_PATIENCE,
    OUTBOUND_LAG, OUTBOUND_PEERS, OUTBOUND_PROTECTED, OUTBOUND_SILENT_BLOCKS,
};
use crate::peers::address::PeerAddress;

/// What a session that this node opened is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The operator named the address.
    Operator,
    /// A peer of our own choice, to stay.
    Chosen,
    /// To see who is there, and what tip it shows.
    Feeler,
    /// Listened to for a while.
    Challenger,
}

impl Role {
    /// How long after we took up a block a peer in this role is told of it.
    pub fn told_after(self) -> Duration {
        match self {
            Role::Operator | Role::Chosen => Duration::ZERO,
            Role::Feeler | Role::Challenger => GUEST_PATIENCE,
        }
    }
}

/// A session that this node opened, or a call under way. Times are [`Moment::running_ms`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    pub address: PeerAddress,
    pub role: Role,
    /// When the handshake was done; nothing while the call is under way.
    pub since: Option<u64>,
    /// Since when the tip that it shows has had less work than ours.
    pub behind_since: Option<u64>,
    /// It shows a tip of more work than ours, which it has not delivered yet.
    pub claims_more: bool,
    /// Blocks of our best chain that it showed in this session, before we had told it of them. Those that we had when it came
    /// are not counted: it may have learnt of them from our own greeting.
    pub shown: u32,
    /// Blocks in a row that joined our best chain, that others showed (our own are not counted) and that this one did not, in
    /// what it greeted with or said later.
    pub silent_blocks: u32,
}

/// What the engine is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Call this address: [`Book::attempted`], and at the end [`Book::succeeded`] or [`Book::failed`].
    Dial { address: PeerAddress, role: Role },
    /// This session is [`Role::Chosen`] from now on.
    Keep { address: PeerAddress },
    /// End this session politely; it is no fault.
    HangUp { address: PeerAddress, why: Why },
}

/// Why a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its tip has had less work than ours for too long.
    Lags,
    /// Another peer showed blocks that this one did not.
    Displaced,
    /// It was called to be seen or heard for a while, and the while is over.
    Seen,
}

/// What the dialler remembers between two steps.
#[derive(Clone, Debug, Default)]
pub struct Dialler {
    next_feeler: u64,
    started: bool,
    anchors: Vec<PeerAddress>,
}

impl Dialler {
    pub fn new() -> Dialler {
        Dialler::default()
    }

    /// What to do now, with all sessions that this node opened, calls under way included. `skip` names further addresses not
    /// to call: this node's own, and those of peers that have called us.
    pub fn step(
        &mut self,
        book: &Book,
        outbound: &[Outbound],
        now: Moment,
        rng: &mut impl Rng,
        skip: impl Fn(&PeerAddress) -> bool,
    ) -> Vec<Order> {
        if !self.started {
            self.started = true;
            // The best one is taken from the end first.
            self.anchors = book.anchors().iter().rev().cloned().collect();
            self.next_feeler = now.running_ms.saturating_add(ms(FEELER_STAY));
        }
        let mut plan = Plan::new(outbound);
        for peer in outbound {
            plan.hang_up_if_lagging(peer, now);
        }
        for peer in outbound {
            plan.judge_guest(peer, outbound, now);
        }
        plan.dial_operators(book, now);
        let anchors = &mut self.anchors;
        plan.dial_chosen(book, anchors, now, rng, &skip);
        if now.running_ms >= self.next_feeler {
            // Not like clockwork, or others could time their moves by it.
            let pause = ms(FEELER_PAUSE);
            let pause = rng.random_range(pause / 2..=pause.saturating_mul(3) / 2);
            self.next_feeler = now.running_ms.saturating_add(pause);
            plan.dial_feeler(book, now, rng, &skip);
        }
        while plan.wants_challenger(outbound) {
            let before = plan.challengers;
            plan.dial_challenger(book, now, rng, &skip);
            if plan.challengers == before {
                break;
            }
        }
        plan.orders
    }
}

/// The orders of one step, and what stands once they are carried out.
struct Plan {
    orders: Vec<Order>,
    /// All that are called or connected, those hung up on just now included.
    engaged: BTreeSet<PeerAddress>,
    /// Who has, or will have, a place of our own choice.
    chosen: BTreeSet<PeerAddress>,
    feelers: usize,
    /// Feelers that showed a block and found no place yet.
    waiting: usize,
    challengers: usize,
}

impl Plan {
    fn new(outbound: &[Outbound]) -> Plan {
        let of = |role| outbound.iter().filter(move |peer| peer.role == role);
        let addresses = |peer: &Outbound| peer.address.clone();
        Plan {
            orders: Vec::new(),
            engaged: outbound.iter().map(addresses).collect(),
            chosen: of(Role::Chosen).map(addresses).collect(),
            // Those that wait for a place keep nobody from calling further ones.
            feelers: of(Role::Feeler).filter(|peer| peer.shown == 0).count(),
            waiting: 0,
            challengers: of(Role::Challenger).count(),
        }
    }

    fn hang_up_if_lagging(&mut self, peer: &Outbound, now: Moment) {
        let behind = peer.behind_since.map_or(0, |since| elapsed(since, now));
        if peer.role == Role::Chosen && behind >= ms(OUTBOUND_LAG) {
            self.hang_up(&peer.address, Why::Lags);
        }
    }

    /// A feeler or challenger gets a place, stays for a while, or goes.
    fn judge_guest(&mut self, peer: &Outbound, outbound: &[Outbound], now: Moment) {
        let Some(since) = peer.since else { return };
        // A challenger may have come while the first block was on its way; a feeler waits for a place as long as it shows all.
        let is_silent = match peer.role {
            Role::Feeler => peer.shown > 0 && peer.silent_blocks >= 1,
            _ => peer.silent_blocks >= 2,
        };
        let stay = match peer.role {
            Role::Operator | Role::Chosen => return,
            Role::Challenger => CHALLENGER_STAY,
            // It waits for a place: none of ours has been silent for long enough yet.
            Role::Feeler if peer.shown > 0 && !is_silent && self.waiting < CHALLENGERS => {
                self.waiting = self.waiting.saturating_add(1);
                CHALLENGER_STAY
            }
            Role::Feeler if peer.claims_more => FEELER_AHEAD,
            Role::Feeler => FEELER_STAY,
        };
        if peer.shown > 0 && self.make_room(&peer.address, outbound) {
            self.leaves_guests(peer);
            self.chosen.insert(peer.address.clone());
            self.orders.push(Order::Keep {
                address: peer.address.clone(),
            });
        } else if is_silent || elapsed(since, now) >= ms(stay) {
            self.leaves_guests(peer);
            self.hang_up(&peer.address, Why::Seen);
        }
    }

    fn leaves_guests(&mut self, peer: &Outbound) {
        match peer.role {
            Role::Feeler if peer.shown == 0 => self.feelers = self.feelers.saturating_sub(1),
            Role::Challenger => self.challengers = self.challengers.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether there is a place for this peer; if need be, the most silent of those that may be displaced goes.
    fn make_room(&mut self, newcomer: &PeerAddress, outbound: &[Outbound]) -> bool {
        let group = Group::of(newcomer);
        let neighbour = |peer: &Outbound| group.is_public() && Group::of(&peer.address) == group;
        let mut placed: Vec<&Outbound> = outbound
            .iter()
            .filter(|peer| self.chosen.contains(&peer.address))
            .filter(|peer| peer.role == Role::Chosen)
            .collect();
        placed.sort_by_key(|peer| (peer.since.unwrap_or(u64::MAX), &peer.address));
        let has_neighbour = placed.iter().any(|peer| neighbour(peer));
        let joined_now = self
            .chosen
            .iter()
            .filter(|address| placed.iter().all(|peer| peer.address != **address));
        if joined_now
            .clone()
            .any(|address| group.is_public() && Group::of(address) == group)
        {
            return false;
        }
        if self.chosen.len() < OUTBOUND_PEERS && !has_neighbour {
            return true;
        }
        let worst = placed
            .iter()
            .enumerate()
            // Of one group only one has a place, so a newcomer can take that of its neighbour alone.
            .filter(|(_, peer)| !has_neighbour || neighbour(peer))
            .filter(|(standing, peer)| {
                let silent = match *standing < OUTBOUND_PROTECTED {
                    true => OUTBOUND_SILENT_BLOCKS,
                    false => 2,
                };
                // A call under way has had no time to show anything, and is no loss.
                peer.since.is_none() || peer.silent_blocks as usize >= silent
            })
            .max_by_key(|(_, peer)| (peer.since.is_none(), peer.silent_blocks));
        match worst {
            Some((_, worst)) => {
                self.hang_up(&worst.address, Why::Displaced);
                true
            }
            None => false,
        }
    }

    fn hang_up(&mut self, address: &PeerAddress, why: Why) {
        self.chosen.remove(address);
        self.orders.push(Order::HangUp {
            address: address.clone(),
            why,
        });
    }

    fn dial(&mut self, address: PeerAddress, role: Role) {
        self.engaged.insert(address.clone());
        if role == Role::Chosen {
            self.chosen.insert(address.clone());
        }
        self.orders.push(Order::Dial { address, role });
    }

    fn dial_operators(&mut self, book: &Book, now: Moment) {
        for address in book.operators() {
            if !self.engaged.contains(address) && book.is_due(address, now) {
                self.dial(address.clone(), Role::Operator);
            }
        }
    }

    fn dial_chosen(
        &mut self,
        book: &Book,
        anchors: &mut Vec<PeerAddress>,
        now: Moment,
        rng: &mut impl Rng,
        skip: &impl Fn(&PeerAddress) -> bool,
    ) {
        while self.chosen.len() < OUTBOUND_PEERS {
            let fits = |address: &PeerAddress, group: &Group| {
                !self.engaged.contains(address) && !skip(address) && !self.has(group)
            };
            let anchor = std::iter::from_fn(|| anchors.pop())
                .find(|anchor| book.is_due(anchor, now) && fits(anchor, &Group::of(anchor)));
            let picked = anchor
                .or_else(|| book.pick(Want::Any, now, rng, |address, group| !fits(address, group)));
            match picked {
                Some(address) => self.dial(address, Role::Chosen),
                None => break,
            }
        }
    }

    /// Whether a peer of our own choice is in this neighbourhood already.
    fn has(&self, group: &Group) -> bool {
        group.is_public() && self.chosen.iter().any(|chosen| Group::of(chosen) == *group)
    }

    fn dial_feeler(
        &mut self,
        book: &Book,
        now: Moment,
        rng: &mut impl Rng,
        skip: &impl Fn(&PeerAddress) -> bool,
    ) {
        if self.feelers >= FEELERS {
            return;
        }
        let want = match rng.random_ratio(2, 3) {
            true => Want::New,
            false => Want::Tried,
        };
        let engaged = &self.engaged;
        let address = book.pick(want, now, rng, |address, _| {
            engaged.contains(address) || skip(address)
        });
        if let Some(address) = address {
            self.dial(address, Role::Feeler);
        }
    }

    /// Several at once until enough of our peers have shown that they get blocks, and again once they stop.
    fn wants_challenger(&self, outbound: &[Outbound]) -> bool {
        let showing = outbound.iter().filter(|peer| {
            self.chosen.contains(&peer.address) && peer.shown > 0 && peer.silent_blocks < 4
        });
        let most = match showing.count() < OUTBOUND_PROTECTED {
            true => CHALLENGERS,
            false => 1,
        };
        self.chosen.len() >= OUTBOUND_PEERS && self.challengers < most
    }

    fn dial_challenger(
        &mut self,
        book: &Book,
        now: Moment,
        rng: &mut impl Rng,
        skip: &impl Fn(&PeerAddress) -> bool,
    ) {
        let address = book.pick(Want::Any, now, rng, |address, group| {
            self.engaged.contains(address) || skip(address) || self.has(group)
        });
        if let Some(address) = address {
            self.challengers = self.challengers.saturating_add(1);
            self.dial(address, Role::Challenger);
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn elapsed(since: u64, now: Moment) -> u64 {
    now.running_ms.saturating_sub(since)
}
