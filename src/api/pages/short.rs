//! How long things are shown in little room.

/// A hash in short: its first ten and last six digits.
pub(super) fn hash(whole: &str) -> String {
    let ends = whole
        .get(..10)
        .zip(whole.get(whole.len().saturating_sub(6)..));
    match ends {
        Some((first, last)) if whole.len() > 20 => format!("{first}…{last}"),
        _ => whole.to_owned(),
    }
}

/// A hash by its first eight digits, where others stand beside it.
pub(super) fn start(whole: &str) -> &str {
    whole.get(..8).unwrap_or(whole)
}

/// A text's first characters, and whether there are more.
pub(super) fn cut(whole: &str, characters: usize) -> String {
    match whole.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", whole.get(..end).unwrap_or_default()),
        None => whole.to_owned(),
    }
}

/// A whole number in groups of three, as `1,000,000`; both languages write it so.
pub(super) fn number(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A text in a page's title: its first forty characters.
pub(super) fn title(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.by_ref().take(40).collect();
    match characters.next() {
        Some(_) => first + "…",
        None => first,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn groups_and_ends() {
        assert_eq!(super::number(7), "7");
        assert_eq!(super::number(1_000_000_u64), "1,000,000");
        assert_eq!(super::number(999), "999");
        assert_eq!(super::hash("abc"), "abc");
        assert_eq!(
            super::hash(&"0123456789abcdef".repeat(4)),
            "0123456789…abcdef"
        );
        assert_eq!(super::hash("ééééééééééééééééééééééééé"), "ééééé…ééé");
    }
}
