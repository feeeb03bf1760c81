//! Every path against Bitcoin's headers, and against a plain search by the `sha2` crate's digest.

use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::*;

/// The double SHA-256 as a big-endian number.
fn plain_hash(header: &[u8; 76], nonce: u32) -> [u8; 32] {
    let header = [header.as_slice(), &nonce.to_le_bytes()].concat();
    let mut hash: [u8; 32] = Sha256::digest(Sha256::digest(header)).into();
    hash.reverse();
    hash
}

fn plain_search(job: &Job, nonces: Range<u64>) -> Vec<u32> {
    nonces
        .map(|nonce| u32::try_from(nonce).unwrap())
        .filter(|nonce| plain_hash(&job.header, *nonce) <= job.target)
        .collect()
}

#[derive(Deserialize)]
struct Published {
    name: String,
    header: String,
    target: String,
    hash: String,
}

impl Published {
    fn all() -> Vec<Self> {
        let text = include_str!("../../../tests/vectors/headers/bitcoin.json");
        serde_json::from_str(text).unwrap()
    }

    fn job_and_nonce(&self) -> (Job, u32) {
        let header = hex::decode(&self.header).unwrap();
        let (start, nonce) = header.split_at(76);
        let job = Job {
            header: start.try_into().unwrap(),
            target: bytes(&self.target),
        };
        (job, u32::from_le_bytes(nonce.try_into().unwrap()))
    }
}

fn bytes(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

#[test]
fn every_path_finds_the_nonces_of_published_headers() {
    for published in Published::all() {
        let (job, nonce) = published.job_and_nonce();
        let name = &published.name;
        assert_eq!(
            plain_hash(&job.header, nonce),
            bytes(&published.hash),
            "{name}"
        );
        let at = u64::from(nonce);
        let range = at.saturating_sub(57)..(at + 43).min(ALL_NONCES.end);
        let expected = plain_search(&job, range.clone());
        // The easiest target of all is met by others too.
        let alone = name != "regtest 0";
        assert!(
            if alone {
                expected == [nonce]
            } else {
                expected.contains(&nonce)
            },
            "{name}"
        );
        for path in Path::available() {
            assert_eq!(
                every(path, &job, range.clone()),
                expected,
                "{name} on {path}"
            );
            let tried = at + 1 - range.start;
            let found = search(path, &job, range.clone(), || true);
            assert!(
                !alone || found == Outcome::Found { nonce, tried },
                "{name} on {path}"
            );
        }
    }
}

/// A hash that equals the target meets it, and one that exceeds it by one does not.
#[test]
fn the_target_is_compared_to_its_last_bit() {
    for published in Published::all() {
        let (mut job, nonce) = published.job_and_nonce();
        let only = u64::from(nonce)..u64::from(nonce) + 1;
        job.target = plain_hash(&job.header, nonce);
        let mut below = job;
        for byte in below.target.iter_mut().rev() {
            let borrows = *byte == 0;
            *byte = byte.wrapping_sub(1);
            if !borrows {
                break;
            }
        }
        for path in Path::available() {
            assert_eq!(every(path, &job, only.clone()), [nonce], "{path}");
            assert!(every(path, &below, only.clone()).is_empty(), "{path}");
        }
    }
}

fn jobs() -> impl Strategy<Value = Job> {
    let header = prop::collection::vec(any::<u8>(), 76);
    let target = (any::<[u8; 32]>(), 0..12_u32);
    (header, target).prop_map(|(header, (mut target, zeros))| {
        let top = u16::from_be_bytes([target[0], target[1]]) | 0x8000;
        [target[0], target[1]] = (top >> zeros).to_be_bytes();
        Job {
            header: header.try_into().unwrap(),
            target,
        }
    })
}

fn ranges() -> impl Strategy<Value = Range<u64>> {
    let starts = prop_oneof![
        0..ALL_NONCES.end,
        0..100_u64,
        ALL_NONCES.end - 200..ALL_NONCES.end
    ];
    (starts, 0..200_u64).prop_map(|(start, length)| start..(start + length).min(ALL_NONCES.end))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Ranges of any length at any place, the greatest nonces among them; targets that every second nonce meets, or one of thousands.
    #[test]
    fn every_path_gives_the_answers_of_a_plain_search(job in jobs(), range in ranges()) {
        let expected = plain_search(&job, range.clone());
        for path in Path::available() {
            prop_assert_eq!(&every(path, &job, range.clone()), &expected, "{}", path);
            let outcome = search(path, &job, range.clone(), || true);
            let expected = match expected.first() {
                Some(nonce) => {
                    let tried = u64::from(*nonce) + 1 - range.start;
                    Outcome::Found { nonce: *nonce, tried }
                }
                None => Outcome::Exhausted { tried: range.end - range.start },
            };
            prop_assert_eq!(outcome, expected, "{}", path);
        }
    }
}

#[test]
fn a_search_stops_when_it_is_told_to() {
    let impossible = Job {
        header: [7; 76],
        target: [0; 32],
    };
    for path in Path::available() {
        let outcome = search(path, &impossible, ALL_NONCES, || false);
        assert_eq!(outcome, Outcome::Stopped { tried: 0 }, "{path}");
        let asked = std::cell::Cell::new(0);
        let twice = || {
            asked.set(asked.get() + 1);
            asked.get() <= 2
        };
        let tried = 2 * GROUPS_AT_ONCE * u64::from(path.kernel().lanes);
        let outcome = search(path, &impossible, ALL_NONCES, twice);
        assert_eq!(outcome, Outcome::Stopped { tried }, "{path}");
    }
}

#[test]
fn nothing_is_searched_beyond_the_greatest_nonce() {
    let everything = Job {
        header: [7; 76],
        target: [0xff; 32],
    };
    for path in Path::available() {
        let end = ALL_NONCES.end;
        assert_eq!(
            every(path, &everything, end - 2..end + 9),
            [u32::MAX - 1, u32::MAX]
        );
        assert!(every(path, &everything, end..end + 9).is_empty());
    }
}

#[test]
fn paths_are_called_by_name() {
    for path in Path::ALL {
        assert_eq!(path.to_string().parse(), Ok(path));
    }
    let unknown = "sse2".parse::<Path>().unwrap_err().to_string();
    assert!(unknown.contains("sse2") && unknown.contains("avx512+sha"));
    assert_eq!(Path::available().last(), Some(&Path::Portable));
    assert!(Path::best().is_available());
}
