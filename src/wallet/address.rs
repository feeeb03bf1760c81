//! Addresses as people write them, with the checksum of [EIP-55](https://eips.ethereum.org/EIPS/eip-55) in their
//! capital letters.

use alloy_primitives::Address;

/// An address that was read, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub address: Address,
    /// Whether its capitals carried the checksum; else a mistyped character would go unseen.
    pub checked: bool,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address begins with 0x")]
    NoPrefix,
    #[error("an address has 40 hexadecimal digits behind 0x, this has {found}")]
    Length { found: usize },
    #[error("an address is hexadecimal digits, this holds {found:?}")]
    NotHex { found: char },
    // The right capitals are not told: whoever copies them would pay to the mistyped address.
    #[error(
        "the capital letters of {written} are not its checksum (EIP-55), so at least one character is wrong"
    )]
    Checksum { written: String },
}

/// Reads an address: `0x` and 40 hexadecimal digits. Letters of one case carry no checksum, mixed ones must hold it.
///
/// # Errors
/// One variant a rule.
pub fn parse(text: &str) -> Result<Written, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::NoPrefix)?;
    if let Some(found) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(AddressError::NotHex { found });
    }
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Length {
        found: digits.len(),
    })?;
    let address = Address::from(bytes);
    let one_case = !(digits.contains(|c: char| c.is_ascii_lowercase())
        && digits.contains(|c: char| c.is_ascii_uppercase()));
    match (address.to_checksum(None) == text, one_case) {
        (checked, true) => Ok(Written { address, checked }),
        (true, false) => Ok(Written {
            address,
            checked: true,
        }),
        (false, false) => Err(AddressError::Checksum {
            written: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples on EIP-55's page.
    const PUBLISHED: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn published_checksums_hold() {
        for text in PUBLISHED {
            let written = parse(text).unwrap();
            assert!(written.checked, "{text}");
            assert_eq!(written.address.to_string(), text);
        }
    }

    #[test]
    fn letters_of_one_case_carry_no_checksum() {
        for text in &PUBLISHED[4..] {
            for text in [
                text.to_lowercase(),
                format!("0x{}", text[2..].to_uppercase()),
            ] {
                assert!(!parse(&text).unwrap().checked, "{text}");
            }
        }
    }

    #[test]
    fn every_single_wrong_capital_is_refused() {
        for text in &PUBLISHED[4..] {
            for at in 2..42 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= if bytes[at].is_ascii_alphabetic() {
                    0x20
                } else {
                    0
                };
                let changed = String::from_utf8(bytes).unwrap();
                if changed != *text {
                    let written = changed.clone();
                    assert_eq!(parse(&changed), Err(AddressError::Checksum { written }));
                }
            }
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for (text, error) in [
            ("", AddressError::NoPrefix),
            (
                "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                AddressError::NoPrefix,
            ),
            (
                "0X52908400098527886E0F7030069857D2E4169EE7",
                AddressError::NoPrefix,
            ),
            ("0x", AddressError::Length { found: 0 }),
            (
                "0x52908400098527886E0F7030069857D2E4169EE",
                AddressError::Length { found: 39 },
            ),
            (
                "0x52908400098527886E0F7030069857D2E4169EE70",
                AddressError::Length { found: 41 },
            ),
            (
                "0x52908400098527886E0F7030069857D2E4169EEg",
                AddressError::NotHex { found: 'g' },
            ),
            ("0xé", AddressError::NotHex { found: 'é' }),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
