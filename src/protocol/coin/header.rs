//! The 80-byte header, Bitcoin's in Bitcoin's order, and the proof-of-work hash that identifies a block.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use super::target::Bits;

/// Bytes of an encoded header.
pub const HEADER_BYTES: usize = 80;

/// SHA-256 of SHA-256.
pub fn sha256d(bytes: &[u8]) -> B256 {
    B256::new(Sha256::digest(Sha256::digest(bytes)).into())
}

/// SHA-256d of a header, as hashed. Shown, as Bitcoin shows hashes, with its bytes reversed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PowHash(pub B256);

impl PowHash {
    /// What the genesis block names as its parent.
    pub const ZERO: Self = Self(B256::ZERO);
}

impl fmt::Display for PowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.0;
        bytes.reverse();
        f.write_str(&hex::encode(bytes))
    }
}

impl fmt::Debug for PowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PowHash({self})")
    }
}

impl FromStr for PowHash {
    type Err = hex::FromHexError;

    /// Reads 64 hexadecimal digits in the order in which hashes are shown.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        bytes.reverse();
        Ok(Self(B256::new(bytes)))
    }
}

/// A block's header. `docs/coin-format.md`, section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub version: u32,
    pub previous: PowHash,
    /// SHA-256d of the record's RLP.
    pub commitment: B256,
    /// Seconds since 1970.
    pub time: u32,
    pub bits: Bits,
    pub nonce: u32,
}

impl Header {
    /// The only version so far.
    pub const VERSION: u32 = 1;

    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let parts: [&[u8]; 6] = [
            &self.version.to_le_bytes(),
            self.previous.0.as_slice(),
            self.commitment.as_slice(),
            &self.time.to_le_bytes(),
            &self.bits.0.to_le_bytes(),
            &self.nonce.to_le_bytes(),
        ];
        for (byte, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *from;
        }
        bytes
    }

    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Self {
        let mut rest = bytes.as_slice();
        Self {
            version: u32::from_le_bytes(take(&mut rest)),
            previous: PowHash(B256::new(take(&mut rest))),
            commitment: B256::new(take(&mut rest)),
            time: u32::from_le_bytes(take(&mut rest)),
            bits: Bits(u32::from_le_bytes(take(&mut rest))),
            nonce: u32::from_le_bytes(take(&mut rest)),
        }
    }

    pub fn hash(&self) -> PowHash {
        PowHash(sha256d(&self.encode()))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (first, behind) = rest
        .split_first_chunk::<N>()
        .expect("the fields together are as long as a header");
    *rest = behind;
    *first
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bitcoin's block 1, as any full node gives it (`getblockheader … false`).
    #[test]
    fn bitcoins_first_header_has_its_hash() {
        let bytes = hex::decode(concat!(
            "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000",
            "982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e",
            "61bc6649ffff001d01e36299"
        ))
        .expect("hex");
        let header = Header::decode(&bytes.try_into().expect("80 bytes"));
        let hash = header.hash();
        assert_eq!(
            hash.to_string(),
            "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048"
        );
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(
            (header.time, header.bits),
            (1_231_469_665, Bits(0x1d00_ffff))
        );
        assert!(header.bits.target().expect("a target").is_met_by(hash.0));
    }

    proptest! {
        #[test]
        fn decoding_then_encoding_is_identity(bytes in proptest::array::uniform::<_, HEADER_BYTES>(any::<u8>())) {
            prop_assert_eq!(Header::decode(&bytes).encode(), bytes);
        }
    }
}
