//! The table of nodes that `bcoin up` shows: drawn again and again on a terminal, one line a change elsewhere.

use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::exit::Failure;
use super::terminal;

/// How often a second the table is drawn at most.
const DRAWN_HZ: u8 = 10;

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
    live: Option<(MultiProgress, Vec<ProgressBar>)>,
}

impl Board {
    /// Shows the table for the first time.
    pub fn show(rows: Vec<Row>) -> Result<Self, Failure> {
        if !std::io::stdout().is_terminal()
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
        {
            for row in &rows {
                terminal::print(&row.plain_line())?;
            }
            return Ok(Self { rows, live: None });
        }
        let multi = MultiProgress::with_draw_target(ProgressDrawTarget::stdout_with_hz(DRAWN_HZ));
        let style =
            ProgressStyle::with_template("{wide_msg}").expect("the template is well formed");
        let line = |text: String| {
            let bar = multi.add(ProgressBar::new_spinner().with_style(style.clone()));
            bar.set_message(text);
            bar
        };
        line(format!(
            "{:<24} {:<10} {:>8}  {:<13} {:>7} {:>6}  {}",
            "NODE", "MINER", "HEIGHT", "TIP", "WAITING", "PEERS", "LAST EVENT"
        ));
        let bars = rows.iter().map(|row| line(row.table_line())).collect();
        Ok(Self {
            rows,
            live: Some((multi, bars)),
        })
    }

    /// Where log lines go so that they do not tear the table.
    pub fn drawing(&self) -> Option<MultiProgress> {
        self.live.as_ref().map(|(multi, _)| multi.clone())
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
        match &self.live {
            None => terminal::print(&row.plain_line()),
            Some((_, bars)) => {
                if let Some(bar) = bars.get(node) {
                    bar.set_message(row.table_line());
                }
                Ok(())
            }
        }
    }

    /// Leaves the last state of the table standing, and the cursor below it.
    pub fn close(self) {
        for bar in self.live.iter().flat_map(|(_, bars)| bars) {
            bar.abandon();
        }
    }
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
        let columns: Vec<String> = row
            .table_line()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            columns[..6],
            [
                "http://127.0.0.1:1001",
                "Bharathi",
                "7",
                "0123456789ab…",
                "2",
                "3"
            ]
        );
    }
}
