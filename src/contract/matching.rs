//! Whether the code at an address is an artifact's: byte for byte, but for what a constructor fills in and what says nothing about what the code does.

use alloy_primitives::Bytes;

use super::artifact::Artifact;

/// How a code and an artifact are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Bytes that the constructor filled in: values of immutables.
    pub immutable_bytes: usize,
    /// Whether the metadata at the end, which no execution reaches, is another: a comment or the name of a file differs.
    pub other_metadata: bool,
    /// Whether the transaction that created the contract began with the artifact's creation code; nothing where it is not known.
    pub created_by_it: Option<bool>,
}

/// Why they are not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("the artifact holds no deployed bytecode to compare with")]
    NoRuntime,
    #[error("there is no code at the address")]
    NoCode,
    #[error("the code at the address has {found} bytes, the artifact's {wanted}")]
    Length { wanted: usize, found: usize },
    #[error("byte {at} of {of} is {found:#04x} at the address and {wanted:#04x} in the artifact")]
    Byte {
        at: usize,
        of: usize,
        wanted: u8,
        found: u8,
    },
}

/// Holds the code at an address against an artifact; `creation` is the input of the transaction that created the contract, if known.
///
/// # Errors
/// [`Mismatch`].
pub fn matches(
    code: &[u8],
    artifact: &Artifact,
    creation: Option<&[u8]>,
) -> Result<Match, Mismatch> {
    if code.is_empty() {
        return Err(Mismatch::NoCode);
    }
    let runtime = artifact.deployed_bytecode.as_ref();
    let runtime = runtime.ok_or(Mismatch::NoRuntime)?;
    let created_by_it = match (creation, &artifact.bytecode) {
        (Some(creation), Some(bytecode)) => Some(creation.starts_with(bytecode)),
        _ => None,
    };
    let found = match is_vyper(artifact) {
        true => behind_the_code(code, runtime)?,
        false => inside_the_code(code, runtime, &artifact.immutables)?,
    };
    Ok(Match {
        created_by_it,
        ..found
    })
}

fn is_vyper(artifact: &Artifact) -> bool {
    let mut named = [&artifact.language, &artifact.compiler]
        .into_iter()
        .flatten();
    named.any(|name| name.to_lowercase().starts_with("vyper"))
}

/// Vyper appends the values of immutables, in words of 32 bytes.
fn behind_the_code(code: &[u8], runtime: &Bytes) -> Result<Match, Mismatch> {
    let wrong_length = Mismatch::Length {
        wanted: runtime.len(),
        found: code.len(),
    };
    let (start, rest) = code
        .split_at_checked(runtime.len())
        .ok_or(wrong_length.clone())?;
    same(start, runtime, |_| false)?;
    if rest.len() % 32 != 0 {
        return Err(wrong_length);
    }
    Ok(Match {
        immutable_bytes: rest.len(),
        other_metadata: false,
        created_by_it: None,
    })
}

/// Solidity writes them into room that it leaves in the code, and its metadata behind the code.
fn inside_the_code(
    code: &[u8],
    runtime: &Bytes,
    immutables: &[(usize, usize)],
) -> Result<Match, Mismatch> {
    let filled_in = |at: usize| {
        let mut places = immutables.iter();
        places.any(|(start, length)| at >= *start && at - start < *length)
    };
    let immutable_bytes = (0..runtime.len()).filter(|at| filled_in(*at)).count();
    let found = |other_metadata| Match {
        immutable_bytes,
        other_metadata,
        created_by_it: None,
    };
    let whole = match code.len() == runtime.len() {
        true => same(code, runtime, filled_in),
        false => Err(Mismatch::Length {
            wanted: runtime.len(),
            found: code.len(),
        }),
    };
    let Err(mismatch) = whole else {
        return Ok(found(false));
    };
    match (without_metadata(code), without_metadata(runtime)) {
        (Some(code), Some(runtime)) if code.len() == runtime.len() => {
            same(code, runtime, filled_in)?;
            Ok(found(true))
        }
        _ => Err(mismatch),
    }
}

fn same(code: &[u8], wanted: &[u8], left_out: impl Fn(usize) -> bool) -> Result<(), Mismatch> {
    let bytes = code.iter().zip(wanted).enumerate();
    for (at, (found, wanted_byte)) in bytes {
        if found != wanted_byte && !left_out(at) {
            return Err(Mismatch::Byte {
                at,
                of: wanted.len(),
                wanted: *wanted_byte,
                found: *found,
            });
        }
    }
    Ok(())
}

/// The code before its metadata: a CBOR map, and its length in the last two bytes.
fn without_metadata(code: &[u8]) -> Option<&[u8]> {
    let (rest, length) = code.split_last_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let start = rest.len().checked_sub(length)?;
    let (code, metadata) = rest.split_at_checked(start)?;
    // A map of one to six members.
    let first = *metadata.first()?;
    (0xa1..=0xa6).contains(&first).then_some(code)
}

impl Match {
    /// In words: what was held against what, and how it came out.
    pub fn words(&self) -> String {
        let mut text =
            "the code at the address is the artifact's runtime code, byte for byte".to_owned();
        if self.immutable_bytes > 0 {
            text.push_str(&format!(
                " but for the {} bytes of values that the constructor set",
                self.immutable_bytes
            ));
        }
        if self.other_metadata {
            text.push_str(" but for the metadata at its end, which never runs");
        }
        text.push_str(match self.created_by_it {
            Some(true) => "; the transaction that created it began with the artifact's creation code",
            Some(false) => "; the transaction that created it began with other code, so its constructor may have set other things",
            None => "; which transaction created it is not known, so what its constructor did is not checked",
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(language: &str, runtime: &[u8], immutables: &[(usize, usize)]) -> Artifact {
        Artifact {
            language: Some(language.to_owned()),
            bytecode: Some(Bytes::from_static(&[9, 9])),
            deployed_bytecode: Some(Bytes::copy_from_slice(runtime)),
            immutables: immutables.to_vec(),
            ..Artifact::default()
        }
    }

    #[test]
    fn vyper_appends_immutables() {
        let artifact = artifact("Vyper", &[1, 2, 3], &[]);
        let with = |rest: &[u8]| matches(&[&[1, 2, 3], rest].concat(), &artifact, None);
        assert_eq!(with(&[]).unwrap().immutable_bytes, 0);
        assert_eq!(with(&[7; 64]).unwrap().immutable_bytes, 64);
        assert_eq!(
            with(&[7; 33]),
            Err(Mismatch::Length {
                wanted: 3,
                found: 36
            })
        );
        let shorter = matches(&[1, 2], &artifact, None);
        assert_eq!(
            shorter,
            Err(Mismatch::Length {
                wanted: 3,
                found: 2
            })
        );
        let other = matches(&[1, 7, 3], &artifact, None);
        assert_eq!(
            other,
            Err(Mismatch::Byte {
                at: 1,
                of: 3,
                wanted: 2,
                found: 7
            })
        );
    }

    #[test]
    fn solidity_fills_them_in_and_ends_in_metadata() {
        let metadata = |byte: u8| vec![0xa1, byte, 0x00, 0x02];
        let runtime = [vec![1, 0, 0, 4], metadata(1)].concat();
        let artifact = artifact("Solidity", &runtime, &[(1, 2)]);
        let code = |start: [u8; 4], byte| [start.to_vec(), metadata(byte)].concat();
        let same = matches(&code([1, 8, 9, 4], 1), &artifact, Some(&[9, 9, 5])).unwrap();
        assert_eq!(
            (
                same.immutable_bytes,
                same.other_metadata,
                same.created_by_it
            ),
            (2, false, Some(true))
        );
        let other = matches(&code([1, 8, 9, 4], 2), &artifact, Some(&[9, 8])).unwrap();
        assert_eq!(
            (other.other_metadata, other.created_by_it),
            (true, Some(false))
        );
        let wrong = matches(&code([1, 8, 9, 5], 2), &artifact, None);
        assert!(
            matches!(wrong, Err(Mismatch::Byte { at: 3, .. })),
            "{wrong:?}"
        );
        // Bytes behind the code are not taken for immutables there.
        let longer = [code([1, 8, 9, 4], 1), vec![0; 32]].concat();
        assert!(matches!(
            matches(&longer, &artifact, None),
            Err(Mismatch::Length { .. })
        ));
        assert_eq!(matches(&[], &artifact, None), Err(Mismatch::NoCode));
    }

    proptest::proptest! {
        #[test]
        fn one_other_byte_is_found(code in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..100), at: proptest::sample::Index) {
            for language in ["Vyper", "Solidity"] {
                let artifact = artifact(language, &code, &[]);
                proptest::prop_assert!(matches(&code, &artifact, None).is_ok());
                let mut other = code.clone();
                let at = at.index(code.len());
                other[at] ^= 1;
                let found = matches(&other, &artifact, None);
                // Only within metadata does it not matter.
                let in_metadata = without_metadata(&code).is_some_and(|code| at >= code.len());
                proptest::prop_assert_eq!(found.is_err(), language == "Vyper" || !in_metadata || without_metadata(&other).is_none_or(|rest| Some(rest.len()) != without_metadata(&code).map(<[u8]>::len)));
            }
        }
    }
}
