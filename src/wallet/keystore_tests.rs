use tempfile::TempDir;

use super::*;

fn key(number: u64) -> Key {
    format!("{number:064x}").parse().unwrap()
}

fn keystore() -> (TempDir, Keystore) {
    let folder = tempfile::tempdir().unwrap();
    let keystore = Keystore::at(folder.path().join("deep/wallet"));
    (folder, keystore)
}

fn store(keystore: &Keystore, number: u64, name: Option<&str>) -> Result<StoredKey, KeystoreError> {
    let keys = [(key(number), name.map(str::to_owned))];
    keystore
        .store(&keys, b"password", Cost::NONE)
        .map(|mut stored| stored.pop().unwrap())
}

#[test]
fn what_is_stored_is_found_and_opens() {
    let (_folder, keystore) = keystore();
    assert_eq!(keystore.list().unwrap(), Listing::default());
    let (one, other) = (
        store(&keystore, 1, Some("savings")).unwrap(),
        store(&keystore, 2, None).unwrap(),
    );
    assert_eq!(keystore.list().unwrap().keys, [one.clone(), other]);
    assert_eq!(keystore.find(one.address).unwrap(), one);
    let opened = keystore.open(one.address, b"password").unwrap();
    assert_eq!(opened.address(), key(1).address());
    assert_eq!(keystore.names().unwrap().name(one.address), Some("savings"));
    let text = keystore.read(one.address).unwrap();
    assert_eq!(Keyfile::parse(&text).unwrap().address(), Some(one.address));
}

#[test]
fn a_wrong_password_and_a_missing_key_say_so() {
    let (_folder, keystore) = keystore();
    let stored = store(&keystore, 1, None).unwrap();
    let wrong = keystore.open(stored.address, b"Password").unwrap_err();
    assert!(
        wrong.to_string().ends_with(": the password is wrong"),
        "{wrong}"
    );
    let missing = keystore.open(key(2).address(), b"password").unwrap_err();
    assert!(
        matches!(missing, KeystoreError::Missing { .. }),
        "{missing}"
    );
}

#[test]
fn files_are_named_as_geth_names_them() {
    let when = DateTime::parse_from_rfc3339("2026-11-21T07:05:09.000000042Z").unwrap();
    assert_eq!(
        file_name(key(1).address(), when.to_utc()),
        "UTC--2026-11-21T07-05-09.000000042Z--7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    );
}

#[test]
fn nothing_is_written_over() {
    let (_folder, keystore) = keystore();
    let first = store(&keystore, 1, Some("savings")).unwrap();
    let text = fs::read(&first.path).unwrap();
    let again = store(&keystore, 1, None).unwrap_err();
    assert!(
        matches!(again, KeystoreError::AlreadyThere { .. }),
        "{again}"
    );
    // A name that is taken stops all of it, the keys before it too.
    let keys = [(key(2), None), (key(3), Some("savings".to_owned()))];
    let taken = keystore.store(&keys, b"password", Cost::NONE).unwrap_err();
    assert!(
        matches!(
            taken,
            KeystoreError::Name {
                source: NameError::Taken { .. },
                ..
            }
        ),
        "{taken}"
    );
    assert_eq!(keystore.list().unwrap().keys, std::slice::from_ref(&first));
    assert_eq!(fs::read(&first.path).unwrap(), text);
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, keystore) = keystore();
    let stored = store(&keystore, 1, Some("savings")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stored.path), 0o600);
    assert_eq!(mode(keystore.folder()), 0o700);
    assert_eq!(mode(keystore.folder().parent().unwrap()), 0o700);
    for name in [NAMES_FILE, LOCK_FILE] {
        assert_eq!(mode(&keystore.folder().join(name)), 0o600, "{name}");
    }
    assert!(!keystore.is_open_to_others());
    fs::set_permissions(keystore.folder(), fs::Permissions::from_mode(0o750)).unwrap();
    assert!(keystore.is_open_to_others());
}

#[test]
fn files_of_other_programs_are_found_and_the_rest_is_told() {
    let (_folder, keystore) = keystore();
    let stored = store(&keystore, 1, None).unwrap();
    let text = fs::read_to_string(&stored.path).unwrap();
    let folder = keystore.folder();
    fs::remove_file(&stored.path).unwrap();
    let mut nameless: serde_json::Value = serde_json::from_str(&text).unwrap();
    nameless.as_object_mut().unwrap().remove("address");
    let digits = hex::encode(stored.address);
    let named = folder.join(format!("UTC--2020-01-01T00-00-00.0Z--{digits}.json"));
    fs::write(&named, nameless.to_string()).unwrap();
    fs::write(folder.join("a-key-of-nobody.json"), nameless.to_string()).unwrap();
    fs::write(folder.join("notes.txt"), "hello").unwrap();
    fs::write(folder.join(".hidden"), &text).unwrap();
    fs::write(folder.join("backup~"), &text).unwrap();
    fs::write(folder.join("large"), " ".repeat(100_000)).unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    let listing = keystore.list().unwrap();
    let address = stored.address;
    assert_eq!(
        listing.keys,
        [StoredKey {
            address,
            path: named.clone()
        }]
    );
    let others: Vec<_> = listing
        .others
        .iter()
        .map(|(path, _)| path.file_name().unwrap())
        .collect();
    assert_eq!(others, ["a-key-of-nobody.json", "large", "notes.txt"]);
    assert!(keystore.open(address, b"password").is_ok());
    // A name that lies.
    let liar = folder.join(format!("UTC--0--{}", hex::encode(key(9).address())));
    fs::rename(named, liar).unwrap();
    let lied = keystore.open(key(9).address(), b"password").unwrap_err();
    assert!(matches!(
        lied,
        KeystoreError::Keyfile {
            source: KeyfileError::OtherAddress { .. },
            ..
        }
    ));
}

#[test]
fn two_files_of_one_address_are_not_chosen_from() {
    let (_folder, keystore) = keystore();
    let stored = store(&keystore, 1, None).unwrap();
    fs::copy(&stored.path, keystore.folder().join("copy")).unwrap();
    let error = keystore.open(stored.address, b"password").unwrap_err();
    assert!(
        matches!(&error, KeystoreError::Ambiguous { paths, .. } if paths.len() == 2),
        "{error}"
    );
}

#[test]
fn names_that_cannot_be_read_stop_what_would_write_over_them() {
    let (_folder, keystore) = keystore();
    store(&keystore, 1, Some("savings")).unwrap();
    fs::write(keystore.folder().join(NAMES_FILE), "{\"version\": 2}").unwrap();
    let error = store(&keystore, 2, Some("other")).unwrap_err();
    assert!(matches!(error, KeystoreError::Name { .. }), "{error}");
    assert_eq!(keystore.list().unwrap().keys.len(), 1);
}
