//! The book's file, `peers.json` in the node's folder: read at the start, written whole now and then and at the end.
//!
//! Nothing that is wrong with it stops a node, which finds peers again; so what cannot be read is moved aside, told of, and
//! the book begins empty. The file holds the book's secret, and so is for its owner alone (mode 0600).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::text::TextError;
use super::{Book, Moment};
use crate::limits::BOOK_FILE_BYTES;
use crate::peers::reach::Reach;

/// The file's name in a node's folder.
pub const BOOK_FILE: &str = "peers.json";
/// The next version of the file while it is being written; what a crash leaves of it is overwritten.
const UNFINISHED: &str = "peers.json.new";

/// Why the file of an earlier run is not used.
#[derive(Debug, Error)]
pub enum Unreadable {
    #[error("it cannot be read: {0}")]
    NotRead(io::Error),
    #[error("it has more than {BOOK_FILE_BYTES} bytes, which an address book never has")]
    TooLong,
    #[error("it is not UTF-8 text")]
    NotText,
    #[error(transparent)]
    Text(#[from] TextError),
}

/// A file that is not used, and where it is now. For a warning: the node runs on.
#[derive(Debug, Error)]
pub enum Unused {
    #[error(
        "the address book {} is not used: {why}; it was moved to {}, and the node looks for its peers anew: to use it again, stop the node, mend the file and move it back", file.display(), aside.display()
    )]
    MovedAside {
        file: PathBuf,
        aside: PathBuf,
        why: Unreadable,
    },
    #[error(
        "the address book {} is not used: {why}; it could not be moved aside ({cause}), so this run's addresses are not kept: move the file away and start the node again", file.display()
    )]
    InTheWay {
        file: PathBuf,
        why: Unreadable,
        cause: io::Error,
    },
}

/// Why the book could not be written. The node runs on, and tries again the next time.
#[derive(Debug, Error)]
#[error("the address book {} cannot be written: {cause}", file.display())]
pub struct NotWritten {
    pub file: PathBuf,
    pub cause: io::Error,
}

/// Where a book is kept.
#[derive(Clone, Debug)]
pub struct BookFile {
    folder: PathBuf,
    /// Something stands there that is not ours to overwrite.
    in_the_way: bool,
}

/// What a start finds.
#[derive(Debug)]
pub struct Opened {
    pub book: Book,
    pub file: BookFile,
    /// To be told as a warning.
    pub unused: Option<Unused>,
}

impl BookFile {
    /// Opens the book in a node's folder, which has to exist and to be this node's alone. `secret` is for a book that has to
    /// begin anew: 32 random bytes.
    pub fn open(folder: &Path, secret: [u8; 32], reach: Reach, now: Moment) -> Opened {
        let path = folder.join(BOOK_FILE);
        let (book, unused) = match read(&path, reach, now) {
            Ok(Some(book)) => (book, None),
            Ok(None) => (Book::new(secret, reach), None),
            Err(why) => (
                Book::new(secret, reach),
                Some(move_aside(folder, path, why, now)),
            ),
        };
        let file = BookFile {
            folder: folder.to_owned(),
            in_the_way: matches!(unused, Some(Unused::InTheWay { .. })),
        };
        Opened { book, file, unused }
    }

    /// Writes the book, whole or not at all: into a file beside it, synced and then renamed. Blocking.
    pub fn save(&self, book: &Book) -> Result<(), NotWritten> {
        match self.in_the_way {
            // It was told at the start.
            true => Ok(()),
            false => write(&self.folder, &book.encode()).map_err(|cause| NotWritten {
                file: self.folder.join(BOOK_FILE),
                cause,
            }),
        }
    }
}

fn read(path: &Path, reach: Reach, now: Moment) -> Result<Option<Book>, Unreadable> {
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unreadable::NotRead(error)),
        Ok(found) if !found.is_file() => {
            let reason = io::Error::other("it is not a plain file");
            return Err(Unreadable::NotRead(reason));
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|open| {
            open.take(BOOK_FILE_BYTES as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(Unreadable::NotRead)?;
    if bytes.len() > BOOK_FILE_BYTES {
        return Err(Unreadable::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    Ok(Some(Book::decode(&text, reach, now)?))
}

/// Renames the file to one that is dated, so that none before it is lost.
fn move_aside(folder: &Path, file: PathBuf, why: Unreadable, now: Moment) -> Unused {
    let names = (now.unix..).map(|date| folder.join(format!("{BOOK_FILE}.unreadable-{date}")));
    let free = names
        .take(100)
        .find(|aside| fs::symlink_metadata(aside).is_err());
    let moved = match free {
        Some(aside) => fs::rename(&file, &aside).map(|()| aside),
        None => Err(io::Error::other("there are a hundred such files already")),
    };
    match moved {
        Ok(aside) => Unused::MovedAside { file, aside, why },
        Err(cause) => Unused::InTheWay { file, why, cause },
    }
}

fn write(folder: &Path, text: &str) -> io::Result<()> {
    let unfinished = folder.join(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&unfinished, folder.join(BOOK_FILE))?;
    // Else the rename itself may be lost with the power. Windows has no such call.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
