use bip32::{ExtendedPrivateKey, Prefix};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wallet::keys::Key;

const TEST_WORDS: &str = "test test test test test test test test test test test junk";

fn language(name: &str) -> Language {
    match name {
        "english" => Language::English,
        "chinese_simplified" => Language::SimplifiedChinese,
        "chinese_traditional" => Language::TraditionalChinese,
        "czech" => Language::Czech,
        "french" => Language::French,
        "italian" => Language::Italian,
        "japanese" => Language::Japanese,
        "korean" => Language::Korean,
        "portuguese" => Language::Portuguese,
        "spanish" => Language::Spanish,
        other => panic!("{other}"),
    }
}

#[test]
fn published_vectors_of_bip39_hold() {
    let file: Value = serde_json::from_str(include_str!("../../tests/vectors/bip39.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 45);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let words = Words::parse(text("words")).unwrap();
        let entropy = hex::decode(text("entropy")).unwrap();
        let made = Words::from_entropy(&entropy, language(text("language")));
        assert_eq!(made.phrase(), words.phrase());
        assert_eq!(*words.phrase(), *normalized(text("words")));
        let seed = words.seed(text("passphrase"));
        assert_eq!(
            hex::encode(seed.as_bytes()),
            text("seed"),
            "{}",
            text("words")
        );
        let root = ExtendedPrivateKey::<Key>::new(seed.as_bytes()).unwrap();
        assert_eq!(*root.to_string(Prefix::XPRV), text("xprv"));
    }
}

#[test]
fn new_words_are_valid_and_never_the_same() {
    for (count, _) in COUNTS {
        let (one, other) = (
            Words::generate(count, Language::English).unwrap(),
            Words::generate(count, Language::English).unwrap(),
        );
        assert_eq!(one.count(), count);
        assert_ne!(one.phrase(), other.phrase());
        assert_eq!(Words::parse(&one.phrase()).unwrap().phrase(), one.phrase());
    }
    assert_eq!(
        Words::generate(13, Language::English).unwrap_err(),
        WordsError::Count { found: 13 }
    );
}

#[test]
fn blanks_lines_and_capitals_change_nothing() {
    let words = Words::parse(TEST_WORDS).unwrap();
    for text in [
        "  test test test test\ntest test test test\r\ntest\ttest test junk\n",
        "TEST Test test test test test test test test test test Junk",
    ] {
        assert_eq!(Words::parse(text).unwrap().phrase(), words.phrase());
    }
}

#[test]
fn a_word_that_is_in_no_list_is_named_with_those_near_it() {
    let unknown = |text: &str| match Words::parse(text).unwrap_err() {
        WordsError::Unknown {
            place,
            shown,
            nearest,
            language: Language::English,
        } => (place, shown, nearest),
        other => panic!("{other:?}"),
    };
    let with =
        |word: &str| format!("test test {word} test test test test test test test test junk");
    assert_eq!(
        unknown(&with("abondon")),
        (3, "\"abondon\"".to_owned(), vec!["abandon"])
    );
    // Two letters that changed places, a beginning, a letter too many.
    assert_eq!(unknown(&with("wintre")).2.first(), Some(&"winter"));
    assert_eq!(unknown(&with("aban")).2.first(), Some(&"abandon"));
    assert_eq!(unknown(&with("zooo")).2.first(), Some(&"zoo"));
    assert_eq!(unknown(&with("xxxxxxxxxx")).2, Vec::<&str>::new());
    let error = Words::parse(&with("abondon")).unwrap_err().to_string();
    assert_eq!(
        error,
        "word 3, \"abondon\", is not in the English list; near it are: abandon"
    );
}

#[test]
fn what_may_be_another_secret_is_not_repeated() {
    let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let text = format!("test test {key} test test test test test test test test junk");
    let error = Words::parse(&text).unwrap_err().to_string();
    assert!(
        !error.contains("ac09") && error.contains("64 characters"),
        "{error}"
    );
    assert!(!format!("{:?}", Words::parse(TEST_WORDS).unwrap()).contains("junk"));
}

#[test]
fn a_wrong_number_and_a_wrong_checksum_are_refused() {
    assert_eq!(
        Words::parse("").unwrap_err(),
        WordsError::Count { found: 0 }
    );
    assert_eq!(
        Words::parse("test junk").unwrap_err(),
        WordsError::Count { found: 2 }
    );
    let swapped = "junk test test test test test test test test test test test";
    assert_eq!(
        Words::parse(swapped).unwrap_err(),
        WordsError::Checksum {
            count: 12,
            language: Language::English
        }
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z ]{0,200}|.*") {
        let _ = Words::parse(&text);
    }

    #[test]
    fn entropy_and_words_are_two_forms_of_one_thing(entropy in prop::array::uniform32(any::<u8>()), which in 0usize..5) {
        let entropy = &entropy[..COUNTS[which].1];
        for language in Language::ALL {
            let words = Words::from_entropy(entropy, *language);
            let read = Words::parse(&words.phrase()).unwrap();
            prop_assert_eq!(read.0.to_entropy(), entropy);
        }
    }
}
