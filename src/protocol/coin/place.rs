//! What a block needs its ancestors and the clock for. `docs/coin-format.md`, section 9.2.

use alloy_primitives::B256;

use super::block::CheckedBlock;
use super::broken::Broken;
use super::difficulty::{CountedTime, required_bits};
use super::header::{Header, PowHash};
use super::parameters::Parameters;
use super::target::{Bits, Work};

/// What a chain's headers say of one block; all that its child's place depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub hash: PowHash,
    pub number: u64,
    pub time: u32,
    pub bits: Bits,
    pub counted_time: CountedTime,
    /// Of the whole chain up to here.
    pub work: Work,
}

impl Place {
    /// The place of the genesis block.
    pub fn genesis(header: &Header, work: Work) -> Self {
        Self {
            hash: header.hash(),
            number: 0,
            time: header.time,
            bits: header.bits,
            counted_time: CountedTime::default(),
            work,
        }
    }

    /// The place of a child with this header, whose own work is `work`: headers can be followed without their bodies.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn child(
        &self,
        header: &Header,
        work: Work,
        parameters: &Parameters,
        now: u64,
    ) -> Result<Self, Broken> {
        if header.previous != self.hash {
            return Err(Broken::ParentUnknown {
                parent: header.previous,
            });
        }
        time_is_valid(header.time, self.time, parameters, now)?;
        let expected = self.required_bits_of_child(parameters);
        if header.bits != expected {
            return Err(Broken::BitsWrong {
                found: header.bits,
                expected,
            });
        }
        let number = self.number + 1;
        let gap = u64::from(header.time - self.time);
        Ok(Self {
            hash: header.hash(),
            number,
            time: header.time,
            bits: header.bits,
            counted_time: self.counted_time.after(parameters, number, gap),
            work: self.work + work,
        })
    }

    /// What the difficulty rule demands of a child.
    pub fn required_bits_of_child(&self, parameters: &Parameters) -> Bits {
        required_bits(parameters, self.number + 1, self.counted_time)
    }
}

/// The place of a block behind its parent, whose record has hash `parent_record`.
///
/// # Errors
/// The first rule that does not hold.
pub fn place_is_valid(
    block: &CheckedBlock,
    parent: &Place,
    parent_record: B256,
    parameters: &Parameters,
    now: u64,
) -> Result<Place, Broken> {
    let record = block.record();
    if block.header().previous == parent.hash {
        if record.parent_hash != parent_record {
            return Err(Broken::RecordParent {
                found: record.parent_hash,
                expected: parent_record,
            });
        }
        let expected = parent.number + 1;
        if record.number != expected {
            return Err(Broken::Number {
                found: record.number,
                expected,
            });
        }
    }
    parent.child(block.header(), block.work(), parameters, now)
}

pub(super) fn time_is_valid(
    found: u32,
    parent: u32,
    parameters: &Parameters,
    now: u64,
) -> Result<(), Broken> {
    if found <= parent {
        return Err(Broken::TimeNotAboveParent { found, parent });
    }
    let ahead = parameters.ahead;
    if ahead != 0 && u64::from(found) > now.saturating_add(ahead.into()) {
        return Err(Broken::TimeTooFarAhead { found, now, ahead });
    }
    Ok(())
}
