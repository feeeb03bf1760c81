//! Peers that lie: engines whose words are replaced.

use bcoin::peers::engine::input::LinkId;
use bytes::Bytes;

use super::model::Model;

/// What a liar does differently from an honest node, whose engine runs beneath.
pub trait Lies: Send {
    /// What is sent instead of this frame.
    fn instead(&mut self, _link: LinkId, frame: &Bytes, _own: &Model, _now: u64) -> Vec<Bytes> {
        vec![frame.clone()]
    }

    /// What is sent without a reason, about every tenth of a second.
    fn unasked(&mut self, _link: LinkId, _own: &Model, _now: u64) -> Vec<Bytes> {
        Vec::new()
    }

    /// Whether its engine is to hear this frame.
    fn hears(&mut self, _link: LinkId, _frame: &Bytes, _own: &Model) -> bool {
        true
    }

    /// Whether it takes what it is sent off the line.
    fn reads(&self) -> bool {
        true
    }
}
