//! A hash beside the target that it must not exceed, as places on a line: each step to the right is twice as much.

use alloy_primitives::U256;

/// Where the line of 2^0 to 2^256 lies in the picture, in its units.
const LEFT: f64 = 20.0;
const WIDTH: f64 = 480.0;
/// Bits of a hash.
const BITS: f64 = 256.0;

/// The picture's numbers.
#[derive(Debug)]
pub(super) struct Line {
    pub hash: Mark,
    pub target: Mark,
    /// Of the line, from its start.
    pub ticks: [Mark; 5],
}

/// A power of two on the line.
#[derive(Debug)]
pub(super) struct Mark {
    /// Its exponent.
    pub power: f64,
}

impl Mark {
    fn of(value: U256) -> Self {
        Self { power: log2(value) }
    }

    pub fn x(&self) -> String {
        format!("{:.1}", self.place())
    }

    fn place(&self) -> f64 {
        LEFT + self.power / BITS * WIDTH
    }

    /// From the line's beginning to here.
    pub fn length(&self) -> String {
        format!("{:.1}", self.place() - LEFT)
    }

    /// On which side of its mark a label has room.
    pub fn anchor(&self) -> &'static str {
        match self.power {
            ..85.0 => "start",
            ..171.0 => "middle",
            _ => "end",
        }
    }

    pub fn power(&self) -> String {
        format!("{:.1}", self.power)
    }

    pub fn whole(&self) -> String {
        format!("{:.0}", self.power)
    }
}

impl Line {
    pub fn of(hash: U256, target: U256) -> Self {
        Self {
            hash: Mark::of(hash),
            target: Mark::of(target),
            ticks: [0.0, 64.0, 128.0, 192.0, 256.0].map(|power| Mark { power }),
        }
    }
}

/// The binary logarithm, near enough for a picture; 0 for 0.
fn log2(value: U256) -> f64 {
    let bits = value.bit_len();
    // More than a double's mantissa would be rounded off anyway.
    let beyond = bits.saturating_sub(53);
    let top = (value >> beyond).to::<u64>();
    match top {
        0 => 0.0,
        top => (top as f64).log2() + beyond as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_near() {
        for (value, expected) in [
            (U256::ZERO, 0.0),
            (U256::ONE, 0.0),
            (U256::from(12), 3.584_963),
            (U256::ONE << 255, 255.0),
            (U256::MAX, 256.0),
            (U256::from(3) << 100, 101.584_963),
        ] {
            assert!((log2(value) - expected).abs() < 1e-5, "{value}");
        }
    }

    #[test]
    fn marks_stay_on_the_line() {
        let line = Line::of(U256::ZERO, U256::MAX);
        assert_eq!(
            (line.hash.x().as_str(), line.target.x().as_str()),
            ("20.0", "500.0")
        );
        assert_eq!((line.hash.anchor(), line.target.anchor()), ("start", "end"));
        assert_eq!(Mark::of(U256::ONE << 128).length(), "240.0");
    }
}
