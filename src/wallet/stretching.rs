//! How a password becomes a key: scrypt, or in files of others PBKDF2, with bounds on what a file's parameters may ask of
//! this machine.

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::keyfile::{KeyfileError, bytes};

/// What scrypt may ask for: memory of 1 GiB (geth's own files take 256 MiB) and 32 times the work of geth's files.
/// PBKDF2 may ask for 50 times the rounds of eth-account's.
const MOST_SCRYPT_BYTES: u64 = 1 << 30;
const MOST_SCRYPT_WORK: u64 = 1 << 26;
const MOST_ROUNDS: u32 = 50_000_000;

pub(super) const PRF: &str = "hmac-sha256";

/// What opening a file costs whoever guesses passwords: the parameters of scrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl Cost {
    /// As geth writes its files: 256 MiB and about a second.
    pub const STANDARD: Self = Self {
        log_n: 18,
        r: 8,
        p: 1,
    };

    /// Next to nothing. For keys that everybody knows.
    #[cfg(test)]
    pub const NONE: Self = Self {
        log_n: 1,
        r: 8,
        p: 1,
    };
}

#[derive(Debug, Clone)]
pub(super) enum Kdf {
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
    },
    Pbkdf2 {
        rounds: u32,
        salt: Vec<u8>,
    },
}

/// The parameters as they stand in a file.
#[derive(Debug, Deserialize)]
pub(super) struct KdfForm {
    dklen: u64,
    salt: String,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

#[derive(Serialize)]
pub(super) struct WrittenScrypt {
    dklen: u8,
    n: u64,
    p: u32,
    r: u32,
    salt: String,
}

impl WrittenScrypt {
    pub(super) fn new(cost: Cost, salt: &[u8]) -> Self {
        Self {
            dklen: 32,
            n: 1 << cost.log_n,
            p: cost.p,
            r: cost.r,
            salt: hex::encode(salt),
        }
    }
}

impl Kdf {
    pub(super) fn scrypt(cost: Cost, salt: [u8; 32]) -> Self {
        Self::Scrypt {
            params: scrypt::Params::new(cost.log_n, cost.r, cost.p)
                .expect("the costs above are within scrypt's limits"),
            salt: salt.to_vec(),
        }
    }

    pub(super) fn read(name: &str, form: &KdfForm) -> Result<Self, KeyfileError> {
        let salt = bytes("salt", &form.salt, "any number of")?;
        // The first 32 bytes are the same however many are derived, and no more are used.
        let long_enough = form.dklen >= 32;
        match name {
            "scrypt" => {
                let params = scrypt_params(form).filter(|_| long_enough);
                let refused = || KeyfileError::Parameters {
                    kdf: "scrypt",
                    shown: shown(&[("n", form.n), ("r", form.r), ("p", form.p)], form.dklen),
                };
                let params = params.ok_or_else(refused)?;
                Ok(Self::Scrypt { params, salt })
            }
            "pbkdf2" => {
                if let Some(prf) = form.prf.as_deref().filter(|prf| *prf != PRF) {
                    let found = format!("pbkdf2 with {prf}");
                    return Err(KeyfileError::Stretching { found });
                }
                let rounds = form.c.and_then(|rounds| u32::try_from(rounds).ok());
                let refused = || KeyfileError::Parameters {
                    kdf: "pbkdf2",
                    shown: shown(&[("c", form.c)], form.dklen),
                };
                let rounds = rounds
                    .filter(|rounds| (1..=MOST_ROUNDS).contains(rounds) && long_enough)
                    .ok_or_else(refused)?;
                Ok(Self::Pbkdf2 { rounds, salt })
            }
            other => Err(KeyfileError::Stretching {
                found: other.to_owned(),
            }),
        }
    }

    /// The key that belongs to a password: 16 bytes for the cipher, 16 for the check.
    pub(super) fn stretch(&self, password: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut stretched = Zeroizing::new([0; 32]);
        match self {
            Self::Scrypt { params, salt } => {
                scrypt::scrypt(password, salt, params, stretched.as_mut_slice())
                    .expect("32 bytes are within what scrypt gives");
            }
            Self::Pbkdf2 { rounds, salt } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, *rounds, stretched.as_mut_slice());
            }
        }
        stretched
    }
}

/// The parameters, if they are scrypt's and within the bounds above.
fn scrypt_params(form: &KdfForm) -> Option<scrypt::Params> {
    let (n, r, p) = (form.n?, form.r?, form.p?);
    let bytes_a_lane = n.checked_mul(r)?.checked_mul(128)?;
    let work = n.checked_mul(r)?.checked_mul(p)?;
    let fits = n.is_power_of_two() && n > 1 && r > 0 && p > 0;
    if !fits || bytes_a_lane > MOST_SCRYPT_BYTES || work > MOST_SCRYPT_WORK {
        return None;
    }
    let log_n = u8::try_from(n.trailing_zeros()).ok()?;
    scrypt::Params::new(log_n, u32::try_from(r).ok()?, u32::try_from(p).ok()?).ok()
}

fn shown(parameters: &[(&str, Option<u64>)], dklen: u64) -> String {
    let mut shown = format!("dklen {dklen}");
    for (name, value) in parameters {
        let value = value.map_or("missing".to_owned(), |value| value.to_string());
        shown.push_str(&format!(", {name} {value}"));
    }
    shown
}
