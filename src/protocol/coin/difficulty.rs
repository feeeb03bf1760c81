//! Which target a block must meet: ASERT (`aserti3-2d`) with two amendments for networks that sleep.
//!
//! The formula is Bitcoin Cash's (<https://reference.cash/protocol/forks/2020-11-15-asert>). Amended are its inputs: the anchor is block 1 at its own time, and one
//! gap between blocks counts at most two half-lives. Without the second a network that slept a night would hand out thousands of blocks at once.

use alloy_primitives::{U256, U512};

use super::parameters::Parameters;
use super::target::{Bits, Target};

/// The time that counts for the difficulty: the sum of the gaps between blocks 1 and this one, each at most two half-lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountedTime(pub u64);

impl CountedTime {
    /// Behind block `number`, whose parent had this counted time, `gap` seconds after its parent.
    #[must_use]
    pub fn after(self, parameters: &Parameters, number: u64, gap: u64) -> Self {
        if number <= 1 {
            return Self(0);
        }
        Self(self.0 + gap.min(2 * u64::from(parameters.half_life)))
    }
}

/// The bits that block `number` must have, whose parent has this counted time.
pub fn required_bits(parameters: &Parameters, number: u64, parent: CountedTime) -> Bits {
    if parameters.half_life == 0 || number < 2 {
        return parameters.easiest_bits;
    }
    let behind_schedule =
        i128::from(parent.0) - i128::from(parameters.spacing) * i128::from(number - 2);
    let easiest = parameters.easiest();
    asert(
        easiest,
        behind_schedule,
        parameters.half_life.into(),
        easiest,
    )
    .bits()
}

/// `aserti3-2d`: the anchor's target, doubled for each half-life that the chain is behind its schedule, both in seconds.
///
/// The answer is at least 1 and at most `easiest`.
pub fn asert(anchor: Target, behind_schedule: i128, half_life: i128, easiest: Target) -> Target {
    const RADIX: i128 = 1 << 16;
    let exponent = behind_schedule * RADIX / half_life;
    let shifts = exponent >> 16;
    let fraction = (exponent - (shifts << 16)) as u128;
    let cubic = 195_766_423_245_049 * fraction
        + 971_821_376 * fraction * fraction
        + 5127 * fraction * fraction * fraction;
    let factor = 65_536 + ((cubic + (1 << 47)) >> 48);
    let product = U512::from(anchor.value()) * U512::from(factor);
    let shift = shifts - 16;
    let target = if shift > 256 {
        U512::MAX
    } else if shift < -512 {
        U512::ZERO
    } else if shift >= 0 {
        // 256 and 17 bits, shifted so that those above 512 can only be lost from a product that is too great anyway.
        product.checked_shl(shift as usize).unwrap_or(U512::MAX)
    } else {
        product >> (-shift) as usize
    };
    if target >= U512::from(easiest.value()) {
        return easiest;
    }
    Target::new(U256::from(target)).unwrap_or(Target::HARDEST)
}
