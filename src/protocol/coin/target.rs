//! Targets, their compact form, and the work that they stand for: Bitcoin's `arith_uint256` and `GetBlockProof`.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use alloy_primitives::{B256, U256};
use thiserror::Error;

/// What a proof-of-work hash, read as a little-endian number, must not exceed. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(U256);

/// A target in Bitcoin's compact form, as it stands in a header: size in the first byte, mantissa in the other three.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits(pub u32);

/// The expected number of hashes. Sums do not overflow: a chain would need 2^256 hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Work(pub U256);

/// Why a compact form stands for no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadBits {
    #[error("{0} has the sign bit set")]
    Negative(Bits),
    #[error("{0} stands for zero")]
    Zero(Bits),
    #[error("{0} stands for a target of 2^256 or more")]
    Overflow(Bits),
}

impl Bits {
    const SIGN: u32 = 0x0080_0000;

    /// The target, if there is one.
    ///
    /// # Errors
    /// [`BadBits`] when the form is negative, zero or above 256 bits.
    pub fn target(self) -> Result<Target, BadBits> {
        let size = self.0 >> 24;
        let mantissa = self.0 & 0x007f_ffff;
        if self.0 & Self::SIGN != 0 {
            return Err(BadBits::Negative(self));
        }
        let target = if size <= 3 {
            U256::from(mantissa >> (8 * (3 - size)))
        } else {
            let shift = 8 * (size as usize - 3);
            let target = U256::from(mantissa);
            if mantissa != 0 && shift + target.bit_len() > 256 {
                return Err(BadBits::Overflow(self));
            }
            target.checked_shl(shift).unwrap_or_default()
        };
        Target::new(target).ok_or(BadBits::Zero(self))
    }

    /// Whether this is the form that [`Target::bits`] gives.
    pub fn is_canonical(self) -> bool {
        self.target().is_ok_and(|target| target.bits() == self)
    }
}

impl Target {
    /// The least there is.
    pub const HARDEST: Self = Self(U256::ONE);

    /// A target that is not zero.
    pub fn new(value: U256) -> Option<Self> {
        (!value.is_zero()).then_some(Self(value))
    }

    pub fn value(self) -> U256 {
        self.0
    }

    /// The compact form; it keeps the first 16 to 23 bits, so that its target is this one or a little less.
    pub fn bits(self) -> Bits {
        let mut size = self.0.bit_len().div_ceil(8);
        let mut mantissa: u32 = if size <= 3 {
            self.0.to::<u32>() << (8 * (3 - size))
        } else {
            (self.0 >> (8 * (size - 3))).to::<u32>()
        };
        if mantissa & Bits::SIGN != 0 {
            mantissa >>= 8;
            size += 1;
        }
        // At most 33 bytes long.
        Bits(mantissa | (size as u32) << 24)
    }

    /// `floor(2^256 / (target + 1))`.
    pub fn work(self) -> Work {
        match self.0.checked_add(U256::ONE) {
            // 2^256 / d = (2^256 - d) / d + 1, which stays within 256 bits.
            Some(divisor) => Work((!self.0) / divisor + U256::ONE),
            None => Work(U256::ONE),
        }
    }

    /// Whether a hash, as hashed, meets this target.
    pub fn is_met_by(self, hash: B256) -> bool {
        U256::from_le_bytes(hash.0) <= self.0
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bits({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::uint;
    use proptest::prelude::*;

    use super::*;

    /// From Bitcoin Core's `arith_uint256_tests.cpp`, `bignum_SetCompact`: compact form, what it decodes to, and the compact form of that.
    #[test]
    fn bitcoins_compact_vectors() {
        for zero in [
            0x0000_0000,
            0x0012_3456,
            0x0100_3456,
            0x0200_0056,
            0x0300_0000,
            0x0400_0000,
        ] {
            assert_eq!(Bits(zero).target(), Err(BadBits::Zero(Bits(zero))));
        }
        for negative in [
            0x0092_3456,
            0x0180_3456,
            0x0280_0056,
            0x04923456,
            0x01fedcba,
        ] {
            let bits = Bits(negative);
            assert_eq!(bits.target(), Err(BadBits::Negative(bits)));
        }
        for (bits, target, again) in [
            (0x0112_3456, uint!(0x12_U256), 0x0112_0000),
            (0x0212_3456, uint!(0x1234_U256), 0x0212_3400),
            (0x0312_3456, uint!(0x123456_U256), 0x0312_3456),
            (0x0412_3456, uint!(0x12345600_U256), 0x0412_3456),
            (0x0500_9234, uint!(0x92340000_U256), 0x0500_9234),
            (
                0x2012_3456,
                uint!(0x1234560000000000000000000000000000000000000000000000000000000000_U256),
                0x2012_3456,
            ),
        ] {
            let decoded = Bits(bits).target().expect("a target");
            assert_eq!((decoded.value(), decoded.bits()), (target, Bits(again)));
        }
        let overflow = Bits(0xff12_3456);
        assert_eq!(overflow.target(), Err(BadBits::Overflow(overflow)));
        assert_eq!(Target(uint!(0x80_U256)).bits(), Bits(0x0200_8000));
    }

    /// From Bitcoin's chain: the work of a block at difficulty 1, and of the regression test network's easiest target.
    #[test]
    fn bitcoins_work() {
        let work = |bits| Bits(bits).target().expect("a target").work().0;
        assert_eq!(work(0x1d00_ffff), uint!(0x100010001_U256));
        assert_eq!(work(0x207f_ffff), uint!(2_U256));
        assert_eq!(Target(U256::MAX).work().0, U256::ONE);
        assert_eq!(Target(U256::ONE).work().0, U256::ONE << 255);
    }

    proptest! {
        #[test]
        fn the_compact_form_loses_little_and_is_its_own_form(bytes: [u8; 32], shift in 0_usize..256) {
            if let Some(target) = Target::new(U256::from_be_bytes(bytes) >> shift) {
                let bits = target.bits();
                let rounded = bits.target().expect("a target has a form that stands for one");
                prop_assert!(rounded <= target && bits.is_canonical());
                prop_assert!(target.value() - rounded.value() <= target.value() >> 15);
            }
        }

        #[test]
        fn work_is_the_quotient(bytes: [u8; 32], shift in 0_usize..256) {
            if let Some(target) = Target::new(U256::from_be_bytes(bytes) >> shift) {
                let (numerator, divisor) = (alloy_primitives::U512::ONE << 256, alloy_primitives::U512::from(target.value()) + alloy_primitives::U512::ONE);
                prop_assert_eq!(alloy_primitives::U512::from(target.work().0), numerator / divisor);
            }
        }
    }
}
