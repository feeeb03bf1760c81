//! One encrypted key as text: version 3 of Ethereum's
//! [Web3 Secret Storage](https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage/), which
//! geth, eth-account, MetaMask and others read and write.
//!
//! Password to key by scrypt (or, in files of others, PBKDF2), AES-128 in counter mode, and Keccak-256 of the second half
//! of the derived key and the ciphertext, by which a wrong password is known. Files of others are read with bounds on
//! what their parameters may ask of this machine.

use aes::Aes128;
use alloy_primitives::{Address, Keccak256};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::keys::{Key, KeyError};
use super::stretching::{Cost, Kdf, KdfForm, PRF, WrittenScrypt};

/// Longest text that can be a keyfile: some hundred bytes are, and nothing else need be read.
pub const MAX_BYTES: u64 = 64 * 1024;

const CIPHER: &str = "aes-128-ctr";

/// Why a text is no keyfile, or does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyfileError {
    #[error("it is not a keystore file: {0}")]
    Form(String),
    #[error("it is a keystore file of version {found}; only version 3 is read here")]
    Version { found: String },
    #[error("it is encrypted with {found}; only {CIPHER} is read here")]
    Cipher { found: String },
    #[error(
        "its password is stretched by {found}; only scrypt and pbkdf2 with {PRF} are read here"
    )]
    Stretching { found: String },
    #[error("its member {member} is not hexadecimal text of {expected} bytes")]
    Hex {
        member: &'static str,
        expected: &'static str,
    },
    #[error("its parameters of {kdf} are not valid or ask for more than any wallet does: {shown}")]
    Parameters { kdf: &'static str, shown: String },
    #[error("the password is wrong")]
    WrongPassword,
    #[error("what it holds is no key: {0}")]
    Key(#[from] KeyError),
    #[error("it claims to be of {claimed}, its key is of {found}")]
    OtherAddress { claimed: Address, found: Address },
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// A keyfile that was read, and is still locked.
#[derive(Debug, Clone)]
pub struct Keyfile {
    address: Option<Address>,
    kdf: Kdf,
    iv: [u8; 16],
    ciphertext: Vec<u8>,
    mac: [u8; 32],
}

/// The members that are read, in small letters.
#[derive(Deserialize)]
struct Form {
    version: Value,
    address: Option<String>,
    crypto: CryptoForm,
}

#[derive(Deserialize)]
struct CryptoForm {
    cipher: String,
    cipherparams: CipherForm,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfForm,
    mac: String,
}

#[derive(Deserialize)]
struct CipherForm {
    iv: String,
}

impl Keyfile {
    /// Reads a keyfile. Names of members may be in capitals, as some old programs write them.
    ///
    /// # Errors
    /// One variant a rule.
    pub fn parse(text: &str) -> Result<Self, KeyfileError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| KeyfileError::Form(error.to_string()))?;
        let value = with_small_names(value);
        // First of all, since other versions have other members.
        match value.get("version") {
            Some(version) if *version != 3 && *version != "3" => {
                let found = version.as_str().map_or(version.to_string(), str::to_owned);
                return Err(KeyfileError::Version { found });
            }
            _ => {}
        }
        let form: Form =
            serde_json::from_value(value).map_err(|error| KeyfileError::Form(error.to_string()))?;
        drop(form.version);
        let crypto = form.crypto;
        if crypto.cipher != CIPHER {
            let found = crypto.cipher;
            return Err(KeyfileError::Cipher { found });
        }
        let address = form.address.as_deref().filter(|text| !text.is_empty());
        let ciphertext = bytes("ciphertext", &crypto.ciphertext, "1 to 32")?;
        if !(1..=32).contains(&ciphertext.len()) {
            let (member, expected) = ("ciphertext", "1 to 32");
            return Err(KeyfileError::Hex { member, expected });
        }
        Ok(Self {
            address: address
                .map(|text| array("address", text, "20").map(Address::from))
                .transpose()?,
            kdf: Kdf::read(&crypto.kdf, &crypto.kdfparams)?,
            iv: array("iv", &crypto.cipherparams.iv, "16")?,
            ciphertext,
            mac: array("mac", &crypto.mac, "32")?,
        })
    }

    /// The address that the file claims, unproven; some programs leave it out.
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// Opens the file. Takes as long as its parameters say, about a second.
    ///
    /// # Errors
    /// [`KeyfileError::WrongPassword`]; [`KeyfileError::Key`] and [`KeyfileError::OtherAddress`] for a file that lies.
    pub fn open(&self, password: &[u8]) -> Result<Key, KeyfileError> {
        let stretched = self.kdf.stretch(password);
        let (cipher_key, mac_key) = stretched.split_at(16);
        if !bool::from(mac(mac_key, &self.ciphertext).ct_eq(&self.mac)) {
            return Err(KeyfileError::WrongPassword);
        }
        // Some programs left out zeros at the beginning.
        let mut secret = Zeroizing::new([0; 32]);
        let (_, digits) = secret.split_at_mut(32 - self.ciphertext.len());
        digits.copy_from_slice(&self.ciphertext);
        apply_cipher(cipher_key, &self.iv, digits);
        let key = Key::from_bytes(&secret)?;
        match self.address {
            Some(claimed) if claimed != key.address() => Err(KeyfileError::OtherAddress {
                claimed,
                found: key.address(),
            }),
            _ => Ok(key),
        }
    }
}

/// Encrypts a key, as text of one line.
///
/// # Errors
/// [`KeyfileError::Random`] when the system gives no random numbers.
pub fn seal(key: &Key, password: &[u8], cost: Cost) -> Result<String, KeyfileError> {
    let (mut salt, mut iv) = ([0; 32], [0; 16]);
    for buffer in [salt.as_mut_slice(), iv.as_mut_slice()] {
        getrandom::fill(buffer).map_err(|error| KeyfileError::Random(error.to_string()))?;
    }
    let kdf = Kdf::scrypt(cost, salt);
    let stretched = kdf.stretch(password);
    let (cipher_key, mac_key) = stretched.split_at(16);
    let mut ciphertext = key.to_bytes();
    apply_cipher(cipher_key, &iv, ciphertext.as_mut_slice());
    let written = WrittenFile {
        address: hex::encode(key.address()),
        crypto: WrittenCrypto {
            cipher: CIPHER,
            cipherparams: WrittenCipher {
                iv: hex::encode(iv),
            },
            ciphertext: hex::encode(*ciphertext),
            kdf: "scrypt",
            kdfparams: WrittenScrypt::new(cost, &salt),
            mac: hex::encode(mac(mac_key, ciphertext.as_slice())),
        },
        id: uuid::Uuid::new_v4().to_string(),
        version: 3,
    };
    serde_json::to_string(&written).map_err(|error| KeyfileError::Form(error.to_string()))
}

/// In the order in which geth writes the members.
#[derive(Serialize)]
struct WrittenFile {
    address: String,
    crypto: WrittenCrypto,
    id: String,
    version: u8,
}

#[derive(Serialize)]
struct WrittenCrypto {
    cipher: &'static str,
    ciphertext: String,
    cipherparams: WrittenCipher,
    kdf: &'static str,
    kdfparams: WrittenScrypt,
    mac: String,
}

#[derive(Serialize)]
struct WrittenCipher {
    iv: String,
}

fn apply_cipher(key: &[u8], iv: &[u8; 16], bytes: &mut [u8]) {
    Ctr128BE::<Aes128>::new_from_slices(key, iv)
        .expect("the derived key was split at the cipher's 16 bytes")
        .apply_keystream(bytes);
}

fn mac(key: &[u8], ciphertext: &[u8]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    hash.update(key);
    hash.update(ciphertext);
    hash.finalize().0
}

pub(super) fn bytes(
    member: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<Vec<u8>, KeyfileError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|_| KeyfileError::Hex { member, expected })
}

fn array<const N: usize>(
    member: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<[u8; N], KeyfileError> {
    let found = bytes(member, text, expected)?;
    <[u8; N]>::try_from(found).map_err(|_| KeyfileError::Hex { member, expected })
}

fn with_small_names(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), with_small_names(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
#[path = "keyfile_tests.rs"]
mod tests;
