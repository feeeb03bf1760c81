//! The table of nodes that `bcoin up` shows: drawn again where it stands on a terminal, one line a change elsewhere.
//!
//! The cursor rests on the empty line below the table, so that an echoed `^C` harms nothing.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use terminal_size::{Height, Width, terminal_size_of};

use super::exit::Failure;
use super::terminal::{self, printable};

/// What is shown of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub url: String,
    pub miner: String,
    pub height: u64,
    pub tip: String,
    pub waiting: u64,
    pub peers: usize,
    pub last_event: String,
}

const HEADER: &str =
    "NODE                     MINER        HEIGHT  TIP           WAITING  PEERS  LAST EVENT";

impl Row {
    fn table_line(&self) -> String {
        format!(
            "{:<24} {:<10} {:>8}  {:<13} {:>7} {:>6}  {}",
            self.url,
            self.miner,
            self.height,
            terminal::short_hash(&self.tip),
            self.waiting,
            self.peers,
            self.last_event
        )
    }

    fn plain_line(&self) -> String {
        format!(
            "{} height {} tip {} waiting {} peers {}: {}\n",
            self.url,
            self.height,
            terminal::short_hash(&self.tip),
            self.waiting,
            self.peers,
            self.last_event
        )
    }
}

/// The table.
pub struct Board {
    rows: Vec<Row>,
    /// On a terminal that has room for all lines.
    drawing: Option<Arc<Drawing>>,
}

impl Board {
    /// Shows the table for the first time.
    pub fn show(rows: Vec<Row>) -> Result<Self, Failure> {
        // Header, the cursor's line, and one to spare.
        let room = terminal_size_of(std::io::stdout())
            .is_some_and(|(_, Height(height))| usize::from(height) >= rows.len() + 3);
        if !room || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            for row in &rows {
                terminal::print(&row.plain_line())?;
            }
            return Ok(Self {
                rows,
                drawing: None,
            });
        }
        let drawing = Drawing::default();
        drawing.redraw(&rows)?;
        Ok(Self {
            rows,
            drawing: Some(Arc::new(drawing)),
        })
    }

    /// Where log lines go so that they do not tear the table.
    pub fn drawing(&self) -> Option<Arc<Drawing>> {
        self.drawing.clone()
    }

    /// Changes the row of one node; shows it if it differs.
    pub fn update(&mut self, node: usize, change: impl FnOnce(&mut Row)) -> Result<(), Failure> {
        let Some(row) = self.rows.get_mut(node) else {
            return Ok(());
        };
        let before = row.clone();
        change(row);
        if *row == before {
            return Ok(());
        }
        match &self.drawing {
            None => terminal::print(&row.plain_line()),
            Some(drawing) => drawing.redraw(&self.rows),
        }
    }

    /// Leaves the last state standing; what the terminal echoed below it goes.
    pub fn close(self) -> Result<(), Failure> {
        self.drawing
            .map_or(Ok(()), |drawing| drawing.redraw(&self.rows))
    }
}

/// The lines that stand on the terminal now.
#[derive(Debug, Default)]
pub struct Drawing {
    lines: Mutex<Vec<String>>,
}

impl Drawing {
    fn redraw(&self, rows: &[Row]) -> Result<(), Failure> {
        let width = terminal_size_of(std::io::stdout())
            .map_or(usize::MAX, |(Width(width), _)| width.into());
        let fitted = |line: &str| line.chars().take(width).collect::<String>();
        let new = std::iter::once(fitted(HEADER))
            .chain(rows.iter().map(|row| fitted(&printable(&row.table_line()))))
            .collect();
        let mut lines = self.lines();
        let drawn = frame(lines.len(), &new);
        *lines = new;
        terminal::print(&drawn)
    }

    /// Writes text on standard error; if that is this terminal, above the table.
    pub fn write_above(&self, text: &[u8]) {
        let mut err = std::io::stderr();
        let lines = self.lines();
        // A log that nobody can read any more stops no node.
        if err.is_terminal() {
            let _ = terminal::print(&frame(lines.len(), &Vec::new()));
            let _ = err.write_all(text);
            let _ = terminal::print(&frame(0, &lines));
        } else {
            let _ = err.write_all(text);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What turns `old` lines that stand above the cursor into `new` ones.
fn frame(old: usize, new: &Vec<String>) -> String {
    let mut out = String::from("\r");
    if old > 0 {
        let _ = write!(out, "\x1b[{old}A");
    }
    for line in new {
        let _ = write!(out, "\x1b[2K{line}\r\n");
    }
    // Whatever is left below, such as an echoed ^C or an old line.
    out.push_str("\x1b[J");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_what_a_node_has() {
        let row = Row {
            url: "http://127.0.0.1:1001".to_owned(),
            miner: "Bharathi".to_owned(),
            height: 7,
            tip: "0123456789abcdef".to_owned(),
            waiting: 2,
            peers: 3,
            last_event: "mined block 7".to_owned(),
        };
        assert_eq!(
            row.plain_line(),
            "http://127.0.0.1:1001 height 7 tip 0123456789ab… waiting 2 peers 3: mined block 7\n"
        );
        // Each name stands over its column: numbers end where it ends, texts begin where it begins.
        let line: Vec<char> = row.table_line().chars().collect();
        for (name, value, ends) in [
            ("MINER", "Bharathi", false),
            ("HEIGHT", "7", true),
            ("TIP", "0123456789ab…", false),
            ("WAITING", "2", true),
            ("PEERS", "3", true),
            ("LAST EVENT", "mined block 7", false),
        ] {
            let start = HEADER.find(name).unwrap();
            let from = if ends {
                start + name.len() - value.len()
            } else {
                start
            };
            let shown: String = line.iter().skip(from).take(value.chars().count()).collect();
            assert_eq!(shown, value, "{name}");
        }
    }

    #[test]
    fn a_frame_goes_up_writes_every_line_and_clears_the_rest() {
        let lines = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(frame(0, &lines), "\r\x1b[2Ka\r\n\x1b[2Kb\r\n\x1b[J");
        assert_eq!(frame(2, &Vec::new()), "\r\x1b[2A\x1b[J");
    }
}
