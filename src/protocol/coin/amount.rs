//! Amounts of coins: whole numbers of the smallest unit, written as decimal text that is exact to the last of 18 places.
//!
//! No floating point: what is read is what is kept, and what is shown reads back as the same amount.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::U256;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

/// Places behind the point: one coin is 10^18 units, as Ethereum's wallets expect.
pub const PLACES: usize = 18;

/// Units of one coin.
pub const UNITS_PER_COIN: u64 = 1_000_000_000_000_000_000;

/// An amount of coins, in units; never negative.
///
/// Its text is one or more digits and, if need be, a point and at most 18 more: `50`, `0.5`, `0.000000000000021`. No
/// sign, exponent, blank or separator. Shown without zeros that say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(U256);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("an amount of coins is a number such as 1.5, not an empty text")]
    Empty,
    #[error("an amount of coins is not negative, this one begins with a minus")]
    Negative,
    #[error(
        "an amount of coins is digits with at most one point between them, this one holds {found:?}"
    )]
    NotDecimal { found: char },
    #[error(
        "an amount of coins has digits on both sides of its point, this one has none {side} it"
    )]
    NoDigits { side: &'static str },
    #[error(
        "an amount of coins has at most {PLACES} places behind the point, this one has {places}"
    )]
    TooFine { places: usize },
    #[error("an amount of coins is less than 2^256 units, this one is more")]
    TooLarge,
}

impl Amount {
    pub const ZERO: Self = Self(U256::ZERO);

    pub const fn from_units(units: U256) -> Self {
        Self(units)
    }

    pub const fn units(self) -> U256 {
        self.0
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum, if it is an amount.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, if it is not negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// So many times this amount, if that is an amount: gas times the fee of one.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(U256::from(times)).map(Self)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        if text.starts_with('-') {
            return Err(AmountError::Negative);
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = || whole.chars().chain(fraction.unwrap_or_default().chars());
        if let Some(found) = digits().find(|c| !c.is_ascii_digit()) {
            return Err(AmountError::NotDecimal { found });
        }
        if whole.is_empty() {
            return Err(AmountError::NoDigits { side: "before" });
        }
        let places = match fraction {
            Some("") => return Err(AmountError::NoDigits { side: "behind" }),
            Some(fraction) => fraction.len(),
            None => 0,
        };
        if places > PLACES {
            return Err(AmountError::TooFine { places });
        }
        let ten = U256::from(10);
        let filled = digits().chain(std::iter::repeat_n('0', PLACES - places));
        let mut units = U256::ZERO;
        for digit in filled.filter_map(|c| c.to_digit(10)) {
            units = units
                .checked_mul(ten)
                .and_then(|units| units.checked_add(U256::from(digit)))
                .ok_or(AmountError::TooLarge)?;
        }
        Ok(Self(units))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.0.div_rem(U256::from(UNITS_PER_COIN));
        if fraction.is_zero() {
            return f.pad(&whole.to_string());
        }
        let fraction = format!("{fraction:0>PLACES$}");
        f.pad(&format!("{whole}.{}", fraction.trim_end_matches('0')))
    }
}

/// As text, since JSON's numbers pass through floating point in most readers.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: &str =
        "115792089237316195423570985008687907853269984665640564039457.584007913129639935";

    #[test]
    fn amounts_are_exact_to_the_last_place() {
        for (text, units, shown) in [
            ("0", "0", "0"),
            ("0.0", "0", "0"),
            ("1", "1000000000000000000", "1"),
            ("1.5", "1500000000000000000", "1.5"),
            ("007.50", "7500000000000000000", "7.5"),
            ("0.000000000000000001", "1", "0.000000000000000001"),
            ("0.000000000000021", "21000", "0.000000000000021"),
            // Neither has an exact double.
            ("0.1", "100000000000000000", "0.1"),
            (
                "9007199254740993",
                "9007199254740993000000000000000000",
                "9007199254740993",
            ),
            (MOST, &U256::MAX.to_string(), MOST),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount.units().to_string(), units, "{text}");
            assert_eq!(amount.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        use AmountError::*;
        for (text, error) in [
            ("", Empty),
            ("-1", Negative),
            ("-0", Negative),
            ("+1", NotDecimal { found: '+' }),
            ("1e18", NotDecimal { found: 'e' }),
            ("1,5", NotDecimal { found: ',' }),
            ("1_000", NotDecimal { found: '_' }),
            (" 1", NotDecimal { found: ' ' }),
            ("1.5.0", NotDecimal { found: '.' }),
            ("0x10", NotDecimal { found: 'x' }),
            ("١", NotDecimal { found: '١' }),
            ("inf", NotDecimal { found: 'i' }),
            (".5", NoDigits { side: "before" }),
            ("5.", NoDigits { side: "behind" }),
            (".", NoDigits { side: "before" }),
            ("0.0000000000000000001", TooFine { places: 19 }),
            ("1.0000000000000000000", TooFine { places: 19 }),
            (
                "115792089237316195423570985008687907853269984665640564039457.584007913129639936",
                TooLarge,
            ),
            (
                "999999999999999999999999999999999999999999999999999999999999999999999",
                TooLarge,
            ),
        ] {
            assert_eq!(text.parse::<Amount>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn sums_are_checked() {
        let (one, most) = (
            Amount::from_units(U256::from(1)),
            Amount::from_units(U256::MAX),
        );
        assert_eq!(most.checked_add(one), None);
        assert_eq!(Amount::ZERO.checked_sub(one), None);
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(
            one.checked_mul(3),
            one.checked_add(one).unwrap().checked_add(one)
        );
    }

    #[test]
    fn json_holds_amounts_as_text() {
        let amount: Amount = serde_json::from_str("\"0.10\"").unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), "\"0.1\"");
        assert!(serde_json::from_str::<Amount>("0.1").is_err());
        assert!(serde_json::from_str::<Amount>("\"0.1 \"").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_shown_reads_back(limbs: [u64; 4], used in 0usize..=4) {
            let mut limbs = limbs;
            limbs[used..].fill(0);
            let amount = Amount::from_units(U256::from_limbs(limbs));
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in "[-+.,0-9e ]{0,100}|.*") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            }
        }
    }
}
