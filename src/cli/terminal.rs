//! What goes to standard output and how it looks: tables, weights of type, shortened hashes, progress bars.
//!
//! Nothing here decides what is said. Colours and bars appear on a terminal only, and never with `NO_COLOR`.

use std::borrow::Cow;
use std::io::{BufRead, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::exit::Failure;

/// Below this width a table shows the first characters of a hash only.
const WIDE: u16 = 150;

/// How many characters of a hash a narrow table shows: enough to tell blocks apart, as git does.
const SHORT_HASH: usize = 12;

/// Writes to standard output, where a reader who leaves early ends the command without noise.
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// As [`print()`], for an answer that goes out byte for byte.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))
}

/// A remark beside the output, on standard error. That nobody reads it stops nothing.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Asks a question with yes or no; only yes is yes. `undone` says what nobody can answer now, `way_out` what to do.
pub fn confirmed(question: &str, undone: &str, way_out: &str) -> Result<bool, Failure> {
    if !somebody_is_there() {
        return Err(Failure::usage(format!("{undone}: nobody is there to ask")).hint(way_out));
    }
    let answer = ask(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Whether a person reads what is said and can answer.
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line that is no secret; without blanks around it.
pub fn ask(question: &str) -> Result<String, Failure> {
    let mut err = std::io::stderr().lock();
    let _ = err
        .write_all(question.as_bytes())
        .and_then(|()| err.flush());
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::failed(format!("cannot read the answer: {error}")))?;
    Ok(answer.trim().to_owned())
}

/// Whether the environment asks for plain text: `NO_COLOR` is set to something, or the terminal can do nothing.
pub fn plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether standard output may carry colours.
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && !plain()
}

fn styled(text: &str, style: Style) -> String {
    if colours() {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

/// Text that says that all is well.
pub fn good(text: &str) -> String {
    styled(text, Style::new().fg_color(Some(AnsiColor::Green.into())))
}

/// Text that says that something is wrong.
pub fn bad(text: &str) -> String {
    styled(
        text,
        Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
    )
}

/// Text that carries the answer.
pub fn strong(text: &str) -> String {
    styled(text, Style::new().bold())
}

/// A table for people: columns apart by spaces, names of the columns first.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    if !std::io::stdout().is_terminal() {
        table.force_no_tty();
    }
    table
}

/// The lines of a table, without the blanks at their ends.
pub fn lines(table: &Table) -> String {
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        out.push('\n');
    }
    out
}

/// A hash as a table shows it: whole where there is room or no terminal, else its beginning.
pub fn hash(hash: &str) -> String {
    let narrow =
        std::io::stdout().is_terminal() && Table::new().width().is_some_and(|width| width < WIDE);
    if narrow {
        short_hash(hash)
    } else {
        hash.to_owned()
    }
}

/// The beginning of a hash.
pub fn short_hash(hash: &str) -> String {
    match hash.char_indices().nth(SHORT_HASH) {
        Some((at, _)) => format!("{}…", hash.get(..at).unwrap_or(hash)),
        None => hash.to_owned(),
    }
}

/// Whether a character steers a terminal or turns the direction of writing.
pub fn steers_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text from outside as a terminal may see it: characters that steer it are shown as escapes.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers_terminal) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if steers_terminal(c) {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Text from outside in one cell of a table: printable, and cut off after `most` characters.
pub fn cell(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(&text)),
        None => text.into_owned(),
    }
}

/// A bar for long work, on standard error and only if that is a terminal. `total` is in the unit.
pub fn bar(total: Option<u64>, unit: Unit) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() && !dumb() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(total, target)
        // However the work ends, the bar goes before what is said about it.
        .with_finish(ProgressFinish::AndClear);
    let template = match (total.is_some(), unit) {
        (true, Unit::Bytes) => "{bar:32} {binary_bytes}/{binary_total_bytes}  {msg}",
        (true, Unit::Blocks) => "{bar:32} {human_pos}/{human_len} blocks  {msg}",
        (true, Unit::Nonces) => "{bar:32} {human_pos}/{human_len} nonces  {msg}",
        (true, Unit::Rounds) => "{bar:32} {human_pos}/{human_len} rounds  {msg}",
        (false, Unit::Bytes) => "{spinner} {binary_bytes}  {msg}",
        (false, Unit::Blocks) => "{spinner} {human_pos} blocks  {msg}",
        (false, Unit::Nonces) => "{spinner} {human_pos} nonces  {msg}",
        (false, Unit::Rounds) => "{spinner} {human_pos} rounds  {msg}",
    };
    let style =
        ProgressStyle::with_template(template).expect("the templates above are well formed");
    bar.set_style(style.progress_chars("=> "));
    bar
}

/// A sign of life while something is waited for, with the time it took so far; as [`bar`], where one can be seen.
pub fn waiting(for_what: &str) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() && !dumb() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let sign = ProgressBar::with_draw_target(None, target).with_finish(ProgressFinish::AndClear);
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
        .expect("the template above is well formed");
    sign.set_style(style);
    sign.set_message(for_what.to_owned());
    sign.enable_steady_tick(std::time::Duration::from_millis(200));
    sign
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// What a progress bar counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    Blocks,
    Nonces,
    Rounds,
}

/// A number of seconds as people say it.
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A count with its noun: `1 block`, `2 blocks`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_a_terminal() {
        assert_eq!(printable("plain é 漢"), "plain é 漢");
        assert_eq!(
            printable("a\u{1b}[2Jb\nc\u{202e}d"),
            "a\\u{1b}[2Jb\\u{a}c\\u{202e}d"
        );
        assert_eq!(cell("漢字漢字", 2), "漢字…");
    }

    #[test]
    fn a_short_hash_keeps_its_beginning() {
        assert_eq!(short_hash("0123456789abcdef"), "0123456789ab…");
        assert_eq!(short_hash("0"), "0");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 1 s");
        assert_eq!(duration(3_600), "1 h 0 min");
        assert_eq!(duration(90_000), "1 d 1 h");
    }
}
