//! Whether no string is missing, in the table or past it.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn lines() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    Strings::PARTS.iter().flat_map(|(part, lines)| {
        let named = lines.iter();
        named.map(move |(name, en, zh)| (format!("{part}.{name}"), *en, *zh))
    })
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    let behind = text.split('{').skip(1);
    behind.filter_map(|rest| rest.split('}').next()).collect()
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// What both languages say alike.
const ALIKE: &[&str] = &["shell.brand"];

#[test]
fn every_line_says_something_in_both_languages_with_the_same_places_to_fill() {
    for (name, en, zh) in lines() {
        assert!(!en.trim().is_empty() && !zh.trim().is_empty(), "{name}");
        assert_eq!(placeholders(en), placeholders(zh), "{name}");
        assert!(!en.chars().any(is_han), "{name}: {en}");
        if !ALIKE.contains(&name.as_str()) {
            assert!(zh.chars().any(is_han), "{name} is not translated: {zh}");
        }
    }
}

fn sources(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = std::fs::read_to_string(&path).expect("text");
                found.push((path.display().to_string(), text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn every_line_is_used() {
    let pages = sources("src/api/pages", "rs");
    let all: String = pages
        .iter()
        .filter(|(path, _)| !path.contains("/strings/"))
        .chain(&sources("src/api/pages/templates", "html"))
        .map(|(_, text)| text.as_str())
        .collect();
    let words: BTreeSet<&str> = all
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    for (name, _, _) in lines() {
        let (_, short) = name.split_once('.').expect("a part and a name");
        assert!(words.contains(short), "nothing shows {name}");
    }
}

/// The text of a template outside of its tags, blocks and expressions.
fn text_of(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['<', '{']) {
        let (before, found) = rest.split_at(at);
        text.push_str(before);
        let closing = match found.get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#") => "#}",
            _ if found.starts_with('<') => ">",
            _ => "",
        };
        let end = found.find(closing).expect("an end") + closing.len().max(1);
        text.push(' ');
        rest = &found[end..];
    }
    text + rest
}

/// What stands in a page in any language: names of the protocols' own.
const NAMES: &[&str] = &["SHA", "JSON", "Keccak", "curl", "B", "Coin", "p", "x", "d"];

#[test]
fn no_template_has_words_of_its_own() {
    for (path, template) in sources("src/api/pages/templates", "html") {
        let text = text_of(&template);
        for word in text.split(|c: char| !c.is_alphabetic()) {
            let is_entity = template.contains(&format!("&{word};"));
            let known = word.is_empty() || is_entity || NAMES.contains(&word);
            assert!(known, "{path} has `{word}` past the table of strings");
        }
        for attribute in ["title=\"", "aria-label=\"", "placeholder=\"", "alt=\""] {
            for value in template.split(attribute).skip(1) {
                let value = value.split('"').next().expect("an end");
                let is_from_the_table = value.is_empty() || value.contains("{{");
                assert!(is_from_the_table, "{path} has {attribute}{value}");
            }
        }
    }
}

#[test]
fn what_is_filled_in_is_not_filled_again() {
    assert_eq!(fill("{0} of {1}", &[&"{1}", &2]), "{1} of 2");
    assert_eq!(fill("{1}/{0} {", &[&1, &2]), "2/1 {");
    assert_eq!(fill("{7} {x}", &[&1]), "{7} {x}");
}

#[test]
fn tags_name_languages() {
    assert_eq!(Language::of_tag("zh-Hans-CN"), Some(Language::Chinese));
    assert_eq!(Language::of_tag("EN_us"), Some(Language::English));
    assert_eq!(Language::of_tag("fr"), None);
    assert_eq!(Language::of_tag(""), None);
}
