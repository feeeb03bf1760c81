//! Log lines on standard error: which ones, how they look, and that no text from outside steers a terminal.
//!
//! A call site that logs in a flood is cut off for the rest of its ten seconds, and the count of what was left out is
//! logged after them. `main.rs` starts this once; `bcoin up` lends it the board that its lines must not tear.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Filter, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::board::Drawing;
use super::exit::Failure;
use super::terminal::steers_terminal;
use crate::config::{LogFormat, LogSection};

/// How many lines a call site may log in one [`WINDOW`]. A node that restarts and pulls logs far fewer; a flood of bad
/// requests logs thousands, and would fill a disk.
const LINES_A_WINDOW: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// Where log lines go. Clones share the place.
#[derive(Clone, Default)]
pub struct LogSink {
    board: Arc<Mutex<Option<Arc<Drawing>>>>,
}

impl LogSink {
    /// From now on lines appear above this board; with `None`, plainly again.
    pub fn set_board(&self, board: Option<Arc<Drawing>>) {
        *self.board.lock().unwrap_or_else(PoisonError::into_inner) = board;
    }

    fn write_lines(&self, lines: &[u8]) {
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        match &*board {
            Some(board) => board.write_above(lines),
            None => {
                // A log that nobody can read any more stops no node.
                let _ = std::io::stderr().lock().write_all(lines);
            }
        }
    }
}

/// Starts logging for the whole process.
pub fn start(section: &LogSection) -> Result<LogSink, Failure> {
    let sink = LogSink::default();
    let filter = EnvFilter::try_new(section.filter.as_str())
        .map_err(|error| Failure::usage(format!("the log filter {}: {error}", section.filter)))?;
    let limit = SiteLimit {
        sites: Mutex::default(),
        sink: sink.clone(),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Writers {
            sink: sink.clone(),
            format: section.format,
        });
    let layer = match section.format {
        LogFormat::Text => lines.with_target(false).with_filter(limit).boxed(),
        LogFormat::Json => lines.json().with_filter(limit).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init()
        .map_err(|error| Failure::failed(format!("cannot start the log: {error}")))?;
    // One line of the log: the database gives up in this way over damaged pages, which its callers catch and report.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, message, "a task gave up");
    }));
    Ok(sink)
}

struct Writers {
    sink: LogSink,
    format: LogFormat,
}

impl<'a> MakeWriter<'a> for Writers {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

struct LineWriter<'a>(&'a Writers);

impl Write for LineWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.sink.write_lines(&escaped(bytes, self.0.format));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One log line with the characters that steer a terminal as escapes of its format; only the line's own end stays.
fn escaped(line: &[u8], format: LogFormat) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let (text, end) = match text.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (&*text, ""),
    };
    let mut out = String::with_capacity(line.len());
    for c in text.chars() {
        match format {
            LogFormat::Text if steers_terminal(c) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)))
            }
            LogFormat::Json if steers_terminal(c) => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            _ => out.push(c),
        }
    }
    out.push_str(end);
    out.into_bytes()
}

/// Lets each call site log [`LINES_A_WINDOW`] lines in a [`WINDOW`].
struct SiteLimit {
    sites: Mutex<HashMap<Identifier, Site>>,
    sink: LogSink,
}

struct Site {
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl<S: Subscriber> Filter<S> for SiteLimit {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let site = event.metadata();
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let (passes, left_out) = sites
            .entry(site.callsite())
            .or_insert_with(|| Site {
                since: Instant::now(),
                lines: 0,
                left_out: 0,
            })
            .passes(Instant::now());
        drop(sites);
        if left_out > 0 {
            self.sink.write_lines(
                format!(
                    "{} more lines like the next one were left out ({}:{})\n",
                    left_out,
                    site.target(),
                    site.line().unwrap_or(0)
                )
                .as_bytes(),
            );
        }
        passes
    }
}

impl Site {
    /// Whether a line may pass now, and how many were left out in the window that it ends.
    fn passes(&mut self, now: Instant) -> (bool, u64) {
        let mut left_out = 0;
        if now.duration_since(self.since) >= WINDOW {
            left_out = self.left_out;
            *self = Self {
                since: now,
                lines: 0,
                left_out: 0,
            };
        }
        if self.lines < LINES_A_WINDOW {
            self.lines += 1;
            return (true, left_out);
        }
        self.left_out += 1;
        (false, left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_keeps_one_end_and_no_control_character() {
        let line = "a\nb\u{1b}[31m\u{202e}\n".as_bytes();
        assert_eq!(
            escaped(line, LogFormat::Text),
            b"a\\u{a}b\\u{1b}[31m\\u{202e}\n"
        );
        assert_eq!(
            escaped(line, LogFormat::Json),
            b"a\\u000ab\\u001b[31m\\u202e\n"
        );
    }

    #[test]
    fn a_flood_from_one_site_is_cut_off_and_counted() {
        let start = Instant::now();
        let mut site = Site {
            since: start,
            lines: 0,
            left_out: 0,
        };
        let passed = (0..LINES_A_WINDOW + 7)
            .filter(|_| site.passes(start).0)
            .count();
        assert_eq!(passed, LINES_A_WINDOW as usize);
        assert_eq!(site.passes(start + WINDOW), (true, 7));
    }
}
