//! Where a node keeps the key by which others know it: `node-key` in its folder, 64 hexadecimal digits, for the node's user alone.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::peers::message::identity::Identity;

/// The file's name in the node's folder.
pub const KEY_FILE: &str = "node-key";

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("the node's key {} cannot be read or written: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error("{} holds no key: 64 hexadecimal digits are. Delete it, and the node makes a new one: others then take it for another node", file.display())]
    NotAKey { file: PathBuf },
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

/// The key in this node's folder; a fresh one, kept there, at the first start. Blocks.
///
/// # Errors
/// [`KeyFileError`], which names the file.
pub fn load_or_create(folder: &Path) -> Result<Identity, KeyFileError> {
    let file = folder.join(KEY_FILE);
    let failed = |source| KeyFileError::Io {
        file: file.clone(),
        source,
    };
    match fs::read_to_string(&file) {
        Ok(text) => {
            let mut secret = [0; 32];
            hex::decode_to_slice(text.trim(), &mut secret)
                .ok()
                .and_then(|()| Identity::of(secret))
                .ok_or_else(|| KeyFileError::NotAKey { file: file.clone() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let identity = fresh()?;
            // Whole or not at all, and readable by this user alone, as temporary files are.
            let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut beside| {
                writeln!(beside, "{}", hex::encode(identity.secret_bytes()))?;
                beside.as_file().sync_all()?;
                beside.persist(&file).map_err(|error| error.error)
            });
            written.map_err(failed)?;
            Ok(identity)
        }
        Err(error) => Err(failed(error)),
    }
}

fn fresh() -> Result<Identity, KeyFileError> {
    loop {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(KeyFileError::NoRandomness)?;
        // One of 2^128 is no key.
        if let Some(identity) = Identity::of(secret) {
            return Ok(identity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_create(folder.path()).unwrap().key();
        assert_eq!(load_or_create(folder.path()).unwrap().key(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(KEY_FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "others may read it");
        }
        fs::write(folder.path().join(KEY_FILE), "nonsense").unwrap();
        let error = load_or_create(folder.path()).unwrap_err();
        assert!(error.to_string().contains("node-key"), "{error}");
    }
}
