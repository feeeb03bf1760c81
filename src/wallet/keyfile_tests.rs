use proptest::prelude::*;
use serde_json::json;

use super::*;

fn key() -> Key {
    format!("{:064x}", 0xB0B).parse().unwrap()
}

fn published() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/keystore.json")).unwrap()
}

fn sealed() -> Value {
    serde_json::from_str(&seal(&key(), b"password", Cost::NONE).unwrap()).unwrap()
}

/// The error of a sealed file with one member changed.
fn refused(pointer: &str, value: Value) -> KeyfileError {
    let mut file = sealed();
    *file.pointer_mut(pointer).unwrap() = value;
    Keyfile::parse(&file.to_string()).unwrap_err()
}

#[test]
fn published_vectors_open_with_their_passwords_alone() {
    let vectors = published();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let file = Keyfile::parse(&vector["json"].to_string()).unwrap();
        let password = vector["password"].as_str().unwrap();
        let key = file.open(password.as_bytes()).unwrap();
        let expected = format!("{:0>64}", vector["key"].as_str().unwrap());
        assert_eq!(hex::encode(key.to_bytes()), expected, "{}", vector["name"]);
        assert_eq!(
            file.open(b"Testpassword").unwrap_err(),
            KeyfileError::WrongPassword
        );
    }
}

#[test]
fn what_is_sealed_opens_and_has_the_members_that_others_read() {
    for password in ["password", "", "пароль 🔑", &"long ".repeat(1000)] {
        let text = seal(&key(), password.as_bytes(), Cost::NONE).unwrap();
        let file = Keyfile::parse(&text).unwrap();
        assert_eq!(file.address(), Some(key().address()));
        let opened = file.open(password.as_bytes()).unwrap();
        assert_eq!(*opened.to_bytes(), *key().to_bytes());
    }
    let file = sealed();
    assert_eq!(file["address"], hex::encode(key().address()));
    assert_eq!(file["version"], 3);
    assert_eq!(file["crypto"]["kdfparams"]["n"], 2);
    let secret = hex::encode(key().to_bytes());
    assert!(!file.to_string().contains(&secret));
}

#[test]
fn nothing_in_two_files_of_one_key_is_the_same() {
    let (one, other) = (sealed(), sealed());
    for pointer in [
        "/id",
        "/crypto/ciphertext",
        "/crypto/cipherparams/iv",
        "/crypto/kdfparams/salt",
        "/crypto/mac",
    ] {
        assert_ne!(one.pointer(pointer), other.pointer(pointer), "{pointer}");
        assert!(one.pointer(pointer).is_some());
    }
}

#[test]
fn the_standard_cost_is_geths() {
    let written = serde_json::to_value(WrittenScrypt::new(Cost::STANDARD, &[])).unwrap();
    let geths = json!({"dklen": 32, "n": 262_144, "r": 8, "p": 1, "salt": ""});
    assert_eq!(written, geths);
}

#[test]
fn capitals_prefixes_and_missing_addresses_of_other_programs_are_read() {
    let mut file = sealed();
    let crypto = file["crypto"].take();
    let file = json!({"Version": "3", "Crypto": crypto, "id": null, "x-ethers": {"client": "x"}});
    let text = file.to_string().replace("\"mac\":\"", "\"MAC\":\"0x");
    let read = Keyfile::parse(&text).unwrap();
    assert_eq!(read.address(), None);
    assert!(read.open(b"password").is_ok());
}

#[test]
fn what_is_no_keyfile_of_version_3_is_refused_by_name() {
    use KeyfileError::*;
    let parse = |text: &str| Keyfile::parse(text).unwrap_err();
    assert!(matches!(parse(""), Form(_)));
    assert!(matches!(parse("[]"), Form(_)));
    assert!(matches!(parse("{}"), Form(_)));
    let version_1 = published()["version_1"].to_string();
    assert_eq!(
        parse(&version_1),
        Version {
            found: "1".to_owned()
        }
    );
    assert_eq!(
        refused("/version", json!(4)),
        Version {
            found: "4".to_owned()
        }
    );
    let found = "aes-128-cbc".to_owned();
    assert_eq!(refused("/crypto/cipher", json!(found)), Cipher { found });
    let found = "argon2".to_owned();
    assert_eq!(refused("/crypto/kdf", json!(found)), Stretching { found });
    for (pointer, value, member) in [
        ("/crypto/mac", json!("00"), "mac"),
        ("/crypto/mac", json!("zz".repeat(32)), "mac"),
        ("/crypto/cipherparams/iv", json!("00"), "iv"),
        ("/crypto/ciphertext", json!(""), "ciphertext"),
        ("/crypto/ciphertext", json!("00".repeat(33)), "ciphertext"),
        ("/crypto/kdfparams/salt", json!("0"), "salt"),
        ("/address", json!("00"), "address"),
    ] {
        let error = refused(pointer, value);
        assert!(
            matches!(error, Hex { member: found, .. } if found == member),
            "{error}"
        );
    }
}

#[test]
fn parameters_cannot_ask_for_more_than_any_wallet_does() {
    for (member, value) in [
        ("n", json!(1u64 << 40)),
        ("n", json!(u64::MAX)),
        ("n", json!(3)),
        ("n", json!(1)),
        ("n", json!(0)),
        ("n", Value::Null),
        ("r", json!(0)),
        ("r", json!(u32::MAX)),
        ("r", json!(u64::MAX)),
        ("p", json!(0)),
        ("p", json!(1u64 << 32)),
        ("p", json!(1u64 << 26)),
        ("dklen", json!(31)),
        ("dklen", json!(0)),
    ] {
        let error = refused(&format!("/crypto/kdfparams/{member}"), value.clone());
        let found = matches!(error, KeyfileError::Parameters { kdf: "scrypt", .. });
        assert!(found, "{member} {value}: {error}");
    }
    let mut file = published()["vectors"][1]["json"].clone();
    for rounds in [json!(0), json!(50_000_001), json!(u64::MAX), Value::Null] {
        file["crypto"]["kdfparams"]["c"] = rounds;
        let error = Keyfile::parse(&file.to_string()).unwrap_err();
        assert!(
            matches!(error, KeyfileError::Parameters { kdf: "pbkdf2", .. }),
            "{error}"
        );
    }
    file["crypto"]["kdfparams"]["c"] = json!(1);
    file["crypto"]["kdfparams"]["prf"] = json!("hmac-sha512");
    let found = "pbkdf2 with hmac-sha512".to_owned();
    assert_eq!(
        Keyfile::parse(&file.to_string()).unwrap_err(),
        KeyfileError::Stretching { found }
    );
}

#[test]
fn every_changed_bit_of_what_is_encrypted_is_seen() {
    for pointer in [
        "/crypto/ciphertext",
        "/crypto/mac",
        "/crypto/kdfparams/salt",
    ] {
        let file = sealed();
        let text = file.pointer(pointer).unwrap().as_str().unwrap();
        for bit in 0..text.len() * 4 {
            let mut bytes = hex::decode(text).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut changed = file.clone();
            *changed.pointer_mut(pointer).unwrap() = json!(hex::encode(bytes));
            let read = Keyfile::parse(&changed.to_string()).unwrap();
            assert_eq!(
                read.open(b"password").unwrap_err(),
                KeyfileError::WrongPassword
            );
        }
    }
}

#[test]
fn a_file_that_lies_about_its_address_or_counter_does_not_open() {
    let mut file = sealed();
    file["address"] = json!("00".repeat(20));
    let read = Keyfile::parse(&file.to_string()).unwrap();
    assert_eq!(
        read.open(b"password").unwrap_err(),
        KeyfileError::OtherAddress {
            claimed: Address::ZERO,
            found: key().address()
        }
    );
    // The check does not cover the counter's start, the address does.
    let mut file = sealed();
    file["crypto"]["cipherparams"]["iv"] = json!("00".repeat(16));
    let read = Keyfile::parse(&file.to_string()).unwrap();
    let error = read.open(b"password").unwrap_err();
    assert!(
        matches!(
            error,
            KeyfileError::OtherAddress { .. } | KeyfileError::Key(_)
        ),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", member in 0usize..14, value in any::<i64>()) {
        let _ = Keyfile::parse(&text);
        let members = ["/version", "/address", "/crypto", "/crypto/cipher", "/crypto/ciphertext", "/crypto/cipherparams",
            "/crypto/cipherparams/iv", "/crypto/kdf", "/crypto/kdfparams", "/crypto/kdfparams/dklen", "/crypto/kdfparams/r",
            "/crypto/kdfparams/p", "/crypto/kdfparams/salt", "/crypto/mac"];
        for value in [json!(text), json!(value), Value::Null, json!([value]), json!({ "a": text })] {
            let mut file = sealed();
            *file.pointer_mut(members[member]).unwrap() = value;
            let _ = Keyfile::parse(&file.to_string());
        }
    }
}
