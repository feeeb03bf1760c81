//! Private keys of secp256k1: derived from words, turned into addresses, used to sign.
//!
//! Derivation is BIP-32's by the `bip32` crate along Ethereum's path of BIP-44, so that MetaMask, eth-account and every
//! other wallet finds the same addresses; the curve is libsecp256k1, as in the execution.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, B256, Signature};
use bip32::{DerivationPath, ExtendedPrivateKey, PrivateKeyBytes, PublicKeyBytes};
use secp256k1::{Message, PublicKey, SECP256K1, Scalar, SecretKey};
use zeroize::Zeroizing;

use super::words::{Seed, Words};

/// A private key. Wiped when dropped; shows its address alone.
#[derive(Clone)]
pub struct Key(SecretKey);

/// Why bytes or a text are no private key, or an index has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a private key is 64 hexadecimal digits, this is {found} characters")]
    Length { found: usize },
    #[error("a private key is hexadecimal digits, this holds another character at place {place}")]
    NotHex {
        /// Counted from 1, behind `0x`.
        place: usize,
    },
    #[error("a private key is above zero and below the order of secp256k1, this is not")]
    OutOfRange,
    #[error("an index is below 2^31, this is {found}")]
    Index { found: u32 },
}

/// The path of the account's address with this index: Ethereum's of BIP-44, as MetaMask counts.
pub fn path(index: u32) -> String {
    format!("m/44'/60'/0'/0/{index}")
}

/// Words that everybody has, for tests and the network `dev`.
pub const PUBLIC_TEST_WORDS: &str = "test test test test test test test test test test test junk";

/// The first keys of [`PUBLIC_TEST_WORDS`].
pub fn public_test_keys(count: usize) -> Vec<Key> {
    let words = Words::parse(PUBLIC_TEST_WORDS).expect("they are words, with their checksum");
    let seed = words.seed("");
    let indices = (0_u32..).take(count);
    indices
        .filter_map(|index| Key::derive(&seed, index).ok())
        .collect()
}

impl Key {
    /// # Errors
    /// [`KeyError::OutOfRange`] for zero, the curve's order and what is above.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        SecretKey::from_byte_array(*bytes)
            .map(Self)
            .map_err(|_| KeyError::OutOfRange)
    }

    /// Derives the key at [`path`].
    ///
    /// # Errors
    /// [`KeyError::Index`] for an index that BIP-32 keeps for hardened keys; [`KeyError::OutOfRange`] with a chance of
    /// less than 1 in 2^127.
    pub fn derive(seed: &Seed, index: u32) -> Result<Self, KeyError> {
        let path =
            DerivationPath::from_str(&path(index)).map_err(|_| KeyError::Index { found: index })?;
        ExtendedPrivateKey::<Self>::derive_from_path(seed.as_bytes(), &path)
            .map(|extended| extended.private_key().clone())
            .map_err(|_| KeyError::OutOfRange)
    }

    pub fn address(&self) -> Address {
        let point = self.0.public_key(SECP256K1).serialize_uncompressed();
        let (_, coordinates) = point.split_at(1);
        Address::from_raw_public_key(coordinates)
    }

    /// Signs a hash: the nonce as RFC 6979 says, so that the same input gives the same signature everywhere; `s` low.
    pub fn sign(&self, hash: B256) -> Signature {
        let message = Message::from_digest(hash.0);
        let signature = SECP256K1.sign_ecdsa_recoverable(message, &self.0);
        let (recovery, bytes) = signature.serialize_compact();
        // The ids 2 and 3 stand for an r above the curve's order, which nobody can find.
        Signature::from_bytes_and_parity(&bytes, i32::from(recovery) & 1 == 1)
    }

    /// The secret itself.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.secret_bytes())
    }
}

/// From 64 hexadecimal digits, with or without `0x`.
impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if let Some(place) = digits.bytes().position(|digit| !digit.is_ascii_hexdigit()) {
            return Err(KeyError::NotHex { place: place + 1 });
        }
        let found = digits.len();
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, bytes.as_mut_slice())
            .map_err(|_| KeyError::Length { found })?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.address())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// What the `bip32` crate needs to know of the curve.
impl bip32::PrivateKey for Key {
    type PublicKey = Point;

    fn from_bytes(bytes: &PrivateKeyBytes) -> bip32::Result<Self> {
        Self::from_bytes(bytes).map_err(|_| bip32::Error::Crypto)
    }

    fn to_bytes(&self) -> PrivateKeyBytes {
        self.0.secret_bytes()
    }

    fn derive_child(&self, tweak: PrivateKeyBytes) -> bip32::Result<Self> {
        let tweak = Scalar::from_be_bytes(tweak).map_err(|_| bip32::Error::Crypto)?;
        let child = self.0.add_tweak(&tweak);
        child.map(Self).map_err(|_| bip32::Error::Crypto)
    }

    fn public_key(&self) -> Point {
        Point(self.0.public_key(SECP256K1))
    }
}

/// A public key, for derivation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point(PublicKey);

impl bip32::PublicKey for Point {
    fn from_bytes(bytes: PublicKeyBytes) -> bip32::Result<Self> {
        PublicKey::from_byte_array_compressed(bytes)
            .map(Self)
            .map_err(|_| bip32::Error::Crypto)
    }

    fn to_bytes(&self) -> PublicKeyBytes {
        self.0.serialize()
    }

    fn derive_child(&self, tweak: PrivateKeyBytes) -> bip32::Result<Self> {
        let tweak = Scalar::from_be_bytes(tweak).map_err(|_| bip32::Error::Crypto)?;
        self.0
            .add_exp_tweak(SECP256K1, &tweak)
            .map(Self)
            .map_err(|_| bip32::Error::Crypto)
    }
}

#[cfg(test)]
mod tests {
    use bip32::Prefix;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::wallet::words::Words;

    #[test]
    fn published_vectors_of_bip32_hold() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/vectors/bip32.json")).unwrap();
        let mut checked = 0;
        for vector in file["vectors"].as_array().unwrap() {
            let seed = hex::decode(vector["seed"].as_str().unwrap()).unwrap();
            for key in vector["keys"].as_array().unwrap() {
                let path: DerivationPath = key["path"].as_str().unwrap().parse().unwrap();
                let derived = ExtendedPrivateKey::<Key>::derive_from_path(&seed, &path).unwrap();
                assert_eq!(
                    *derived.to_string(Prefix::XPRV),
                    key["xprv"].as_str().unwrap()
                );
                checked += 1;
            }
        }
        assert_eq!(checked, 17);
    }

    #[test]
    fn words_give_the_addresses_that_other_wallets_derive() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/vectors/bip44.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 19);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let seed = Words::parse(text("words"))
                .unwrap()
                .seed(text("passphrase"));
            let index = u32::try_from(vector["index"].as_u64().unwrap()).unwrap();
            let key = Key::derive(&seed, index).unwrap();
            assert_eq!(hex::encode(key.to_bytes()), text("key"));
            assert_eq!(key.address().to_string(), text("address"));
        }
    }

    #[test]
    fn an_index_stays_below_the_hardened_ones() {
        let words = "test test test test test test test test test test test junk";
        let seed = Words::parse(words).unwrap().seed("");
        assert!(Key::derive(&seed, (1 << 31) - 1).is_ok());
        let found = 1 << 31;
        assert_eq!(
            Key::derive(&seed, found).unwrap_err(),
            KeyError::Index { found }
        );
    }

    #[test]
    fn texts_that_are_no_key_are_refused() {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        let most = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
        assert!(most.parse::<Key>().is_ok());
        for (text, error) in [
            (order, KeyError::OutOfRange),
            (&"0".repeat(64), KeyError::OutOfRange),
            (&"1".repeat(63), KeyError::Length { found: 63 }),
            (&"1".repeat(66), KeyError::Length { found: 66 }),
            ("", KeyError::Length { found: 0 }),
            ("0x12g4", KeyError::NotHex { place: 3 }),
        ] {
            assert_eq!(text.parse::<Key>().unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_key_shows_its_address_alone() {
        let key: Key = format!("{:064x}", 1).parse().unwrap();
        assert_eq!(
            format!("{key:?}"),
            "Key(0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf)"
        );
    }

    proptest! {
        #[test]
        fn signatures_are_low_repeatable_and_give_back_the_signer(key in prop::array::uniform32(1u8..255), hash in prop::array::uniform32(any::<u8>())) {
            let (key, hash) = (Key::from_bytes(&key).unwrap(), B256::from(hash));
            let signature = key.sign(hash);
            prop_assert_eq!(signature, key.sign(hash));
            prop_assert!(signature.normalize_s().is_none());
            let signer = alloy_consensus::crypto::secp256k1::recover_signer(&signature, hash);
            prop_assert_eq!(signer.unwrap(), key.address());
        }
    }
}
