//! The token that lets a client on another machine change this node's state.
//!
//! Owns the file it is kept in: made once, with mode 0600, and refused when others could have read it. Compared in
//! constant time; never printed.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use uuid::Uuid;

/// A token shorter than this could be guessed; the ones made here have 64 characters.
const SHORTEST: usize = 32;
/// Far more than a token needs: a longer file is some other file.
const LONGEST: usize = 1024;

/// The token, and where it came from.
#[derive(Clone)]
pub struct Token {
    text: String,
    file: PathBuf,
}

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(
        "others can read the token file {} (its mode is {mode:o}), so others may know the token: delete the file, and \
         the next start makes a new one (or run chmod 600 on it, if nobody else uses this machine)", .file.display()
    )]
    ReadableByOthers { file: PathBuf, mode: u32 },
    #[error(
        "the token file {} holds no token (one line of {SHORTEST} letters and digits or more): delete it, and the next \
         start makes a new one", .file.display()
    )]
    NotAToken { file: PathBuf },
    #[error("cannot {doing} the token file {}: {source}", .file.display())]
    Io {
        doing: &'static str,
        file: PathBuf,
        source: io::Error,
    },
}

impl Token {
    /// The token in this file; a fresh one, written there, when the file does not exist.
    pub fn load_or_create(file: &Path) -> Result<Self, TokenError> {
        let failed = |doing| {
            move |source| TokenError::Io {
                doing,
                file: file.to_owned(),
                source,
            }
        };
        match fs::symlink_metadata(file) {
            // Anything else, such as a pipe, could keep the start waiting.
            Ok(found) if found.is_dir() || !file.is_file() => Err(TokenError::NotAToken {
                file: file.to_owned(),
            }),
            Ok(_) => Self::load(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Written beside and renamed, so that a crash leaves no half token.
                let text = fresh();
                let beside = file.with_extension("new");
                match fs::remove_file(&beside) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed("replace")(error));
                    }
                    _ => {}
                }
                write_private(&beside, &text).map_err(failed("write"))?;
                fs::rename(&beside, file).map_err(failed("write"))?;
                Ok(Self {
                    text,
                    file: file.to_owned(),
                })
            }
            Err(error) => Err(failed("look at")(error)),
        }
    }

    fn load(file: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Io {
            doing: "read",
            file: file.to_owned(),
            source,
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(file).map_err(failed)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(TokenError::ReadableByOthers {
                    file: file.to_owned(),
                    mode,
                });
            }
        }
        let bytes = fs::read(file).map_err(failed)?;
        let text = bytes.trim_ascii();
        // The characters of RFC 6750's b64token.
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
        if !(SHORTEST..=LONGEST).contains(&text.len()) || !text.iter().all(fits) {
            return Err(TokenError::NotAToken {
                file: file.to_owned(),
            });
        }
        Ok(Self {
            text: String::from_utf8_lossy(text).into_owned(),
            file: file.to_owned(),
        })
    }

    /// Whether this is what the client presented. Takes the same time wherever they differ.
    pub fn is(&self, presented: &[u8]) -> bool {
        self.text.as_bytes().ct_eq(presented).into()
    }

    /// Where the token can be read.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The token itself, for a client on this machine.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// 32 bytes in hex. Two random UUIDs hold 244 bits from the operating system; hashing spreads them evenly.
fn fresh() -> String {
    let mut hash = Sha256::new();
    hash.update(Uuid::new_v4().as_bytes());
    hash.update(Uuid::new_v4().as_bytes());
    hex::encode(hash.finalize())
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(file)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let made = Token::load_or_create(&file).expect("made");
        assert_eq!(made.reveal().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&file).expect("there").permissions().mode() & 0o777,
                0o600
            );
        }
        let loaded = Token::load_or_create(&file).expect("loaded");
        assert_eq!(loaded.reveal(), made.reveal());
        assert!(made.is(loaded.reveal().as_bytes()));
        assert!(
            !made.is(b"")
                && !made.is(&made.reveal().as_bytes()[1..])
                && !made.is(fresh().as_bytes())
        );
        assert!(!format!("{made:?}").contains(made.reveal()));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_could_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        Token::load_or_create(&file).expect("made");
        for mode in [0o644, 0o640, 0o604, 0o620] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
            let error = Token::load_or_create(&file).expect_err("readable by others");
            assert!(
                matches!(error, TokenError::ReadableByOthers { mode: told, .. } if told == mode)
            );
            assert!(error.to_string().contains(&file.display().to_string()));
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("set");
        assert!(Token::load_or_create(&file).is_ok());
    }

    #[test]
    fn a_file_that_holds_no_token_is_refused_and_one_of_the_users_own_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text, good) in [
            ("empty", String::new(), false),
            ("short", "a".repeat(31), false),
            ("own", format!("{}\r\n", "a".repeat(32)), true),
            (
                "two",
                format!("{}\n{}", "a".repeat(32), "b".repeat(32)),
                false,
            ),
            ("long", "a".repeat(1025), false),
        ] {
            let file = folder.path().join(name);
            write_private(&file, &text).expect("written");
            assert_eq!(Token::load_or_create(&file).is_ok(), good, "{name}");
        }
    }
}
