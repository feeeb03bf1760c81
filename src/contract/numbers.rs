//! Whole numbers as people write them: decimal, hexadecimal, with a power of ten or with a unit of coins.

use alloy_primitives::{I256, U256};

use super::reading::ValueError;

/// Units a number may stand before, and by how many places each moves the point.
const UNITS: [(&str, u32); 8] = [
    ("coins", 18),
    ("coin", 18),
    ("ether", 18),
    ("gwei", 9),
    ("units", 0),
    ("unit", 0),
    ("wei", 0),
    ("", 0),
];

/// Reads a number that is not negative: `1000`, `1_000`, `0x3e8`, `1e18`, `1.5coin`, `10 gwei`.
///
/// # Errors
/// [`ValueError`] where it is no number, or not a whole one in the smallest unit, or 2^256 and above.
pub fn unsigned(text: &str) -> Result<U256, ValueError> {
    let wrong = || ValueError::NotANumber {
        found: text.to_owned(),
    };
    let trimmed = text.trim();
    if let Some(digits) = trimmed.strip_prefix("0x") {
        let digits = digits.replace('_', "");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        return U256::from_str_radix(&digits, 16).map_err(|_| ValueError::Beyond256Bits);
    }
    let (number, places) = UNITS
        .iter()
        .find_map(|(unit, places)| Some((trimmed.strip_suffix(unit)?.trim_end(), *places)))
        .ok_or_else(wrong)?;
    let (number, power) = match number.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<u32>().map_err(|_| wrong())?),
        None => (number, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let has_point = number.contains('.');
    let is_digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    let has_digit = |text: &str| text.bytes().any(|c| c.is_ascii_digit());
    if !is_digits(whole)
        || !has_digit(whole)
        || !is_digits(fraction)
        || (has_point && !has_digit(fraction))
    {
        return Err(wrong());
    }
    let fraction = fraction.replace('_', "");
    let fraction = fraction.trim_end_matches('0');
    let places = places.checked_add(power).ok_or(ValueError::Beyond256Bits)?;
    let missing = (places as usize)
        .checked_sub(fraction.len())
        .ok_or_else(|| ValueError::NotWhole {
            found: text.to_owned(),
        })?;
    let digits: String = whole
        .chars()
        .filter(char::is_ascii_digit)
        .chain(fraction.chars())
        .collect();
    let digits = digits.trim_start_matches('0');
    // 2^256 has 78 digits.
    if !digits.is_empty() && digits.len() + missing > 78 {
        return Err(ValueError::Beyond256Bits);
    }
    let digits = match digits.is_empty() {
        true => "0".to_owned(),
        false => format!("{digits}{}", "0".repeat(missing)),
    };
    U256::from_str_radix(&digits, 10).map_err(|_| ValueError::Beyond256Bits)
}

/// Reads a number that may be negative, as [`unsigned`] with a minus.
///
/// # Errors
/// As [`unsigned`], and for what is beyond 255 bits.
pub fn signed(text: &str) -> Result<I256, ValueError> {
    let (negative, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let size = unsigned(digits)?;
    let sign = match negative {
        true => alloy_primitives::Sign::Negative,
        false => alloy_primitives::Sign::Positive,
    };
    I256::checked_from_sign_and_abs(sign, size).ok_or(ValueError::Beyond256Bits)
}

/// What makes a large number readable beside its digits: `1.5e18`; nothing for numbers that a person takes in at once.
pub fn power(number: U256) -> Option<String> {
    let digits = number.to_string();
    if digits.len() < 10 {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    if significant.len() > 6 {
        return None;
    }
    let (first, rest) = significant.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{first}{point}{rest}e{}", digits.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (text, units) in [
            ("0", "0"),
            ("007", "7"),
            ("1_000", "1000"),
            ("0x3e8", "1000"),
            ("0xff_ff", "65535"),
            ("1e3", "1000"),
            ("1.5e3", "1500"),
            ("1.50coin", "1500000000000000000"),
            ("1.5 coins", "1500000000000000000"),
            ("10gwei", "10000000000"),
            ("2 ether", "2000000000000000000"),
            ("7 wei", "7"),
            ("7units", "7"),
            ("0.000000000000000001 coin", "1"),
            ("0e99", "0"),
            (&U256::MAX.to_string(), &U256::MAX.to_string()),
        ] {
            let read = unsigned(text).map(|number| number.to_string());
            assert_eq!(read.as_deref(), Ok(units), "{text}");
        }
        assert_eq!(signed("-1.5e3").unwrap().to_string(), "-1500");
        assert_eq!(signed(&I256::MIN.to_string()), Ok(I256::MIN));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-1", "+1", "abc", "0x", "0xg", "1.", ".5", "1,5", "1e", "1e-3", "coin", "1.5.1",
            "_", "1 000", "e5",
        ] {
            let found = text.to_owned();
            assert_eq!(unsigned(text), Err(ValueError::NotANumber { found }));
        }
        for text in ["1.5", "0.1wei", "1.0000000000000000001coin"] {
            let found = text.to_owned();
            assert_eq!(unsigned(text), Err(ValueError::NotWhole { found }));
        }
        let above = format!("{}0", U256::MAX);
        for text in [
            "1e78",
            "1e4294967295",
            "2e77coin",
            &above,
            &format!("0x1{}", "0".repeat(64)),
        ] {
            assert_eq!(unsigned(text), Err(ValueError::Beyond256Bits), "{text}");
        }
        assert_eq!(
            signed(&U256::MAX.to_string()),
            Err(ValueError::Beyond256Bits)
        );
    }

    #[test]
    fn a_power_of_ten_stands_beside_round_numbers_alone() {
        let power = |text: &str| power(unsigned(text).unwrap());
        assert_eq!(power("1.5coin").as_deref(), Some("1.5e18"));
        assert_eq!(power("1coin").as_deref(), Some("1e18"));
        assert_eq!(power("1000"), None);
        assert_eq!(power("1234567890123"), None);
    }

    proptest! {
        #[test]
        fn digits_read_back(limbs: [u64; 4]) {
            let number = U256::from_limbs(limbs);
            prop_assert_eq!(unsigned(&number.to_string()), Ok(number));
            prop_assert_eq!(unsigned(&format!("{number:#x}")), Ok(number));
            let negative = I256::from_raw(number);
            prop_assert_eq!(signed(&negative.to_string()), Ok(negative));
        }

        #[test]
        fn no_text_panics(text in "[-+.,0-9a-fex_ coingw]{0,60}|.*") {
            let _ = (unsigned(&text), signed(&text));
        }
    }
}
