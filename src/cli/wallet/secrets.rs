//! How secrets come in: by hidden prompts on a terminal, by files that nobody else can read, or by standard input.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use clap::{Args, ValueHint};
use zeroize::Zeroizing;

use crate::cli::exit::{Ending, Failure};
use crate::cli::terminal;
use crate::cli::tty::Silence;
use crate::wallet::keyfile::{KeyfileError, MAX_BYTES};
use crate::wallet::keys::Key;
use crate::wallet::keystore::{Keystore, KeystoreError};

pub type Secret = Zeroizing<String>;

/// How often a person may try a password.
const TRIES: usize = 3;

/// A shorter password is guessed in days on rented machines, whatever stretches it.
const SHORT: usize = 8;

#[derive(Debug, Clone, Args)]
pub struct PasswordOptions {
    /// A file that holds the password on its first line; none but its owner may read it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Wallet")]
    pub password_file: Option<PathBuf>,
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "password_file", help_heading = "Wallet")]
    pub password_stdin: bool,
}

#[derive(Debug, Clone, Args)]
pub struct PassphraseOptions {
    /// Ask for the passphrase that belongs to the words, if they have one
    #[arg(long, help_heading = "Wallet")]
    pub passphrase: bool,
    /// A file that holds the passphrase on its first line; none but its owner may read it
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase", value_hint = ValueHint::FilePath, help_heading = "Wallet")]
    pub passphrase_file: Option<PathBuf>,
}

impl PasswordOptions {
    /// The password without asking anyone, if an option gives one.
    fn given(&self) -> Result<Option<Secret>, Failure> {
        match &self.password_file {
            Some(path) => first_line_of(path).map(Some),
            None if self.password_stdin => {
                first_line(&mut io::stdin().lock())
                    .map(Some)
                    .map_err(|error| {
                        Failure::failed(format!(
                            "cannot read the password on standard input: {error}"
                        ))
                    })
            }
            None => Ok(None),
        }
    }

    /// A password for new files: typed twice, never empty.
    pub fn for_new_files(&self) -> Result<Secret, Failure> {
        let password = match self.given()? {
            Some(password) => password,
            None => twice("Password for the key files (not shown): ", "password")?,
        };
        if password.is_empty() {
            return Err(Failure::usage("an empty password protects nothing"));
        }
        if password.chars().count() < SHORT {
            terminal::note(&format!(
                "note: a password of less than {SHORT} characters is soon guessed"
            ));
        }
        Ok(password)
    }

    /// Opens what `open` opens, with the password that is given or typed; a person may try again.
    pub fn unlock<T>(
        &self,
        what: &str,
        open: impl Fn(&[u8]) -> Result<T, KeystoreError>,
    ) -> Result<(T, Secret), Failure> {
        if let Some(password) = self.given()? {
            return Ok((open(password.as_bytes())?, password));
        }
        // From the first try to the last, since people type on while a password is checked.
        let _silence = terminal::somebody_is_there().then(Silence::begin);
        let mut tries = 1;
        loop {
            let password = hidden(
                &format!("Password of {what} (not shown): "),
                "`--password-file FILE` or `--password-stdin` gives it.",
            )?;
            match open(password.as_bytes()) {
                Ok(opened) => return Ok((opened, password)),
                Err(KeystoreError::Keyfile {
                    source: KeyfileError::WrongPassword,
                    ..
                }) if tries < TRIES => {
                    tries += 1;
                    terminal::note("The password is wrong (or the file damaged). Try again.");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Opens a key of the keystore.
    pub fn unlock_key(&self, keystore: &Keystore, address: Address) -> Result<Key, Failure> {
        // Before anyone types: is there one?
        keystore.find(address)?;
        let open = |password: &[u8]| keystore.open(address, password);
        self.unlock(&address.to_string(), open).map(|(key, _)| key)
    }
}

impl PassphraseOptions {
    pub fn is_given(&self) -> bool {
        self.passphrase || self.passphrase_file.is_some()
    }

    /// The passphrase of words that are known.
    pub fn of_words(&self) -> Result<Secret, Failure> {
        match &self.passphrase_file {
            Some(path) => first_line_of(path),
            None if self.passphrase => {
                hidden("Passphrase of the words (not shown): ", BY_PASSPHRASE_FILE)
            }
            None => Ok(Secret::default()),
        }
    }

    /// The passphrase of new words.
    pub fn of_new_words(&self) -> Result<Secret, Failure> {
        match &self.passphrase_file {
            Some(path) => first_line_of(path),
            None if self.passphrase => {
                twice("Passphrase for the words (not shown): ", "passphrase")
            }
            None => Ok(Secret::default()),
        }
    }
}

const BY_PASSPHRASE_FILE: &str = "`--passphrase-file FILE` gives it.";

/// Asks for a secret without showing what is typed.
pub fn hidden(question: &str, way_out: &str) -> Result<Secret, Failure> {
    let what = question.trim_end_matches(" (not shown): ");
    if !terminal::somebody_is_there() {
        return Err(
            Failure::usage(format!("{what}: nobody is there to type it")).hint(way_out.to_owned()),
        );
    }
    rpassword::prompt_password(question)
        .map(Secret::new)
        .map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => Failure::new(Ending::Interrupted, ""),
            _ => Failure::failed(format!("{what}: cannot read it: {error}")),
        })
}

fn twice(question: &str, what: &str) -> Result<Secret, Failure> {
    let way_out = format!("`--{what}-file FILE` gives it.");
    loop {
        let first = hidden(question, &way_out)?;
        let second = hidden("The same again (not shown): ", &way_out)?;
        if first == second {
            return Ok(first);
        }
        terminal::note("The two differ. Try again.");
    }
}

/// The first line of a file that only its owner can read.
fn first_line_of(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: io::Error| Failure::file("read", path, &error);
    let file = File::open(path).map_err(failed)?;
    if let Some(mode) = open_to_others(&file).map_err(failed)? {
        return Err(Failure::usage(format!(
            "others may read {} (its mode is {mode:03o}), so it holds no secret",
            path.display()
        ))
        .hint(format!("`chmod 600 {}` keeps them out.", path.display())));
    }
    first_line(&mut io::BufReader::new(file)).map_err(failed)
}

/// The mode of a file that others than its owner may open; a pipe, as a shell's `<(…)` makes, stands for itself.
#[cfg(unix)]
pub fn open_to_others(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata()?;
    let mode = metadata.permissions().mode() & 0o777;
    Ok((metadata.is_file() && mode & 0o077 != 0).then_some(mode))
}

#[cfg(not(unix))]
pub fn open_to_others(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

fn first_line(from: &mut dyn BufRead) -> io::Result<Secret> {
    // Room for a long line from the start, since a text that grows leaves copies behind.
    let mut line = Secret::new(String::with_capacity(4096));
    from.take(MAX_BYTES).read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

/// Everything in a file, or on standard input for `-`.
pub fn whole(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: io::Error| Failure::file("read", path, &error);
    let mut text = Secret::new(String::with_capacity(4096));
    let read = if path.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(MAX_BYTES + 1)
            .read_to_string(&mut text)
    } else {
        let file = File::open(path).map_err(failed)?;
        file.take(MAX_BYTES + 1).read_to_string(&mut text)
    };
    match read.map_err(failed)? as u64 > MAX_BYTES {
        true => Err(Failure::failed(format!(
            "{} is longer than {MAX_BYTES} bytes, so it holds neither words nor a key",
            path.display()
        ))),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_its_writer_ended_it() {
        for (text, line) in [
            ("pass word \n", "pass word "),
            ("pass\r\n", "pass"),
            ("pass", "pass"),
            ("pass\nmore\n", "pass"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(*first_line(&mut text.as_bytes()).unwrap(), line);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "secret\n").unwrap();
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let line = first_line_of(&path);
            assert_eq!(line.is_ok(), good, "{mode:o}");
            if let Err(failure) = line {
                assert!(failure.report().contains("chmod 600"), "{failure}");
            }
        }
    }
}
