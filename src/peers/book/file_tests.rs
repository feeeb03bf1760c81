//! The book's file: it comes back, and what is wrong with it stops nobody and loses nothing.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use std::path::Path;

use super::Book;
use super::file::{BOOK_FILE, BookFile, Opened, Unused};
use super::tests::{at, with_tried};
use crate::limits::BOOK_FILE_BYTES;
use crate::peers::reach::Reach;

#[test]
fn the_file_comes_back_and_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || BookFile::open(folder.path(), [9; 32], Reach::Public, at(0));
    let Opened { book, file, unused } = open();
    assert!(unused.is_none() && book.is_empty());
    file.save(&with_tried(0..50)).expect("written");
    // What a crash left is no obstacle.
    std::fs::write(folder.path().join("peers.json.new"), "half").expect("written");
    let full = with_tried(0..100);
    file.save(&full).expect("written over");
    let Opened { book, unused, .. } = open();
    assert!(unused.is_none());
    assert_eq!(
        book,
        Book::decode(&full.encode(), Reach::Public, at(0)).expect("its text")
    );
    assert_eq!(book.secret, full.secret, "places stay what they were");
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 1, "nothing else is left there");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let found = std::fs::metadata(folder.path().join(BOOK_FILE)).expect("it is there");
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    }
}

fn aside(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.to_string_lossy().contains("unreadable"))
        .collect()
}

#[test]
fn what_cannot_be_read_is_moved_aside_whole_and_the_book_begins_anew() {
    let good = with_tried(0..3).encode();
    for (content, wrong) in [
        (&good.as_bytes()[..good.len() / 2], "is not JSON"),
        (b"", "is not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "`format` is missing"),
        (
            br#"{"nodes": ["http://127.0.0.1:1001"]}"#,
            "`format` is missing",
        ),
        (
            good.replace("\"version\": 1", "\"version\": 2").as_bytes(),
            "`version` is 2, this program reads version 1",
        ),
        (
            good.replace("\"secret\": \"07", "\"secret\": \"x7")
                .as_bytes(),
            "`secret` is not 64 hex digits",
        ),
        (
            good.replace("20.1.0.1:1001", "20.1.0.1").as_bytes(),
            "entry 2 of `peers` is \"20.1.0.1\"",
        ),
        (
            good.replace("\"itself\"", "\"nobody\"").as_bytes(),
            "entry 1 of `peers` is \"nobody\"",
        ),
        (
            good.replace("\"heard\"", "\"herd\"").as_bytes(),
            "unknown field `herd`",
        ),
        (&vec![b' '; BOOK_FILE_BYTES + 1], "more than 2097152 bytes"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(BOOK_FILE);
        for round in 1..=2 {
            std::fs::write(&path, content).expect("written");
            let Opened { book, file, unused } =
                BookFile::open(folder.path(), [9; 32], Reach::Public, at(0));
            assert!(book.is_empty());
            let warning = unused.expect("it is told").to_string();
            assert!(warning.contains(wrong), "{wrong}: {warning}");
            assert!(warning.contains(&path.display().to_string()), "{warning}");
            let moved = aside(folder.path());
            assert_eq!(moved.len(), round, "none before it is lost");
            assert!(
                moved
                    .iter()
                    .any(|path| warning.contains(&path.display().to_string()))
            );
            for moved in moved {
                assert_eq!(std::fs::read(moved).expect("it is there"), content);
            }
            file.save(&book).expect("a new one is written");
            assert!(path.exists());
        }
    }
}

#[test]
fn a_folder_in_the_files_place_is_moved_aside_too() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join(BOOK_FILE)).expect("made");
    let opened = BookFile::open(folder.path(), [9; 32], Reach::Public, at(0));
    assert!(matches!(opened.unused, Some(Unused::MovedAside { .. })));
    opened.file.save(&opened.book).expect("written");
    assert_eq!(aside(folder.path()).len(), 1);
}
