//! Text in columns of a terminal, by the width that characters have there.

use std::time::Instant;

use ratatui::style::Style;
use ratatui::text::Span;

use super::model::Model;
use super::rows::{COLUMNS, Mood, Row, fit, rows};

/// Columns of a terminal that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in at most `most` columns; one that is cut ends in `…`.
pub fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::default()) {
        taken += width(grapheme.symbol);
        // One is left for the sign of the cut.
        if taken >= most {
            break;
        }
        out.push_str(grapheme.symbol);
    }
    if most > 0 {
        out.push('…');
    }
    out
}

/// The end of a text in at most `most` columns: of addresses it says more than the beginning.
fn cut_before(text: &str, most: usize) -> String {
    let mut rest = text;
    while width(rest) >= most {
        let Some(first) = rest.chars().next() else {
            break;
        };
        rest = rest.strip_prefix(first).unwrap_or_default();
    }
    match width(text) <= most {
        true => text.to_owned(),
        false => cut(&format!("…{rest}"), most),
    }
}

/// A text in exactly `columns`; numbers end where the column ends.
pub fn pad(text: &str, columns: usize, right: bool) -> String {
    let text = cut(text, columns);
    let blanks = " ".repeat(columns.saturating_sub(width(&text)));
    match right {
        true => blanks + &text,
        false => text + &blanks,
    }
}

/// The table of nodes in `columns`: the line of names, then a line a node with its mood. Each begins with two blanks, for a mark.
pub fn table(model: &Model, now: Instant, columns: usize) -> (String, Vec<(String, Mood)>) {
    let rows = rows(model, now);
    let shown = fit(&rows, columns.saturating_sub(2), width);
    let line = |cells: &[&str]| {
        let cells = shown.iter().map(|(at, columns)| {
            let cell = cells.get(*at).copied().unwrap_or_default();
            let right = COLUMNS.get(*at).is_some_and(|(_, right, _)| *right);
            match at {
                0 => pad(&cut_before(cell, *columns), *columns, right),
                _ => pad(cell, *columns, right),
            }
        });
        let cells: Vec<String> = cells.collect();
        cut(format!("  {}", cells.join("  ")).trim_end(), columns)
    };
    let names = COLUMNS.map(|(name, ..)| name);
    let of_row = |row: &Row| {
        let text = match &row.down {
            Some(why) => {
                let [name, ..] = &row.cells;
                let first = shown.first().map_or(0, |(_, columns)| *columns);
                let name = pad(&cut_before(name, first), first, false);
                cut(&format!("  {name}  {why}"), columns)
            }
            None => line(&row.cells.each_ref().map(String::as_str)),
        };
        (text, row.mood)
    };
    (line(&names), rows.iter().map(of_row).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_measured_as_a_terminal_shows_them() {
        assert_eq!(width("漢字"), 4);
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("漢字漢字", 4), "漢…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 0), "");
        assert_eq!(cut_before("127.0.0.1:1001", 8), "….1:1001");
        assert_eq!(cut_before("漢字漢字", 6), "…漢字");
        assert_eq!(cut_before("abc", 3), "abc");
        assert_eq!(pad("漢", 4, true), "  漢");
        assert_eq!(pad("ab", 4, false), "ab  ");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "\\PC{0,30}", most in 0_usize..40) {
            prop_assert!(width(&cut(&text, most)) <= most);
            prop_assert!(width(&cut_before(&text, most)) <= most);
            prop_assert_eq!(width(&pad(&text, most, true)), most);
        }
    }
}
