//! How many nonces a second, by way and by number of threads.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use comfy_table::{Cell, CellAlignment, Color};
use serde_json::json;

use super::super::exit::Failure;
use super::super::terminal::{self, Unit, count, lines, strong, table};
use super::MineArgs;
use crate::miner::search::{ALL_NONCES, ENDLESS, Path, measured_rate, search};

/// A turn: long beside what starting takes, short beside what else disturbs a machine.
const TURN: Duration = Duration::from_millis(50);

/// Fewer rounds give no median worth the name.
const MIN_ROUNDS: u64 = 3;

/// Widest bar of the tables, in characters.
const BAR: f64 = 32.0;

/// What took turns with others.
struct Measured {
    name: String,
    /// Nonces a second, by round.
    rates: Vec<f64>,
}

/// What is said of it: medians over the rounds.
struct Line {
    name: String,
    rate: f64,
    /// To what the first took in the same round, so that a slow round counts as one for both.
    ratio: f64,
}

pub fn measure(args: &MineArgs) -> Result<(), Failure> {
    let paths = Path::available();
    let best = Path::best();
    if !args.json {
        terminal::print(&format!(
            "This machine searches with {}.\n\n",
            strong(&best.to_string())
        ))?;
    }
    let asked = args
        .threads
        .and_then(|threads| NonZeroUsize::new(threads.into()));
    let machine = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = thread_counts(asked.unwrap_or(machine));
    let turns = (paths.len() + threads.len()) as u64;
    let rounds = (args.seconds * 1_000 / (turns * TURN.as_millis() as u64)).max(MIN_ROUNDS);
    let mut by_path: Vec<_> = paths.iter().map(Measured::of).collect();
    let mut by_threads: Vec<_> = threads.iter().map(Measured::of).collect();
    let bar = terminal::bar(Some(rounds), Unit::Rounds);
    for _ in 0..rounds {
        for (path, measured) in paths.iter().zip(&mut by_path) {
            measured.rates.push(rate_of(*path));
        }
        for (count, measured) in threads.iter().zip(&mut by_threads) {
            measured.rates.push(measured_rate(best, *count, TURN));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    // The portable path is always there, and last.
    let by_path = compared(&by_path, paths.len() - 1);
    let by_threads = compared(&by_threads, 0);
    terminal::print(&if args.json {
        let paths: Vec<_> = by_path.iter().map(|line| line.json("path")).collect();
        let threads: Vec<_> = by_threads.iter().map(|line| line.json("threads")).collect();
        let best = best.to_string();
        format!(
            "{}\n",
            json!({"best": best, "rounds": rounds, "paths": paths, "threads": threads})
        )
    } else {
        format!(
            "{}\n{}\nMedians of {}. MH/S: a million nonces a second. Ratios are medians, too, of those within each round, and so\nneed not be those of the rates. One thread walked the paths; the threads walked {best}.\n",
            shown(["PATH", "MH/S", "TO PORTABLE", ""], &by_path),
            shown(["THREADS", "MH/S", "TO ONE", ""], &by_threads),
            count(rounds, "round")
        )
    })
}

/// 1, 2, 3 … up to the greatest; above eight only powers of two and the greatest itself.
fn thread_counts(greatest: NonZeroUsize) -> Vec<NonZeroUsize> {
    (1..=greatest.get())
        .filter(|count| *count <= 8 || count.is_power_of_two() || *count == greatest.get())
        .filter_map(NonZeroUsize::new)
        .collect()
}

fn rate_of(path: Path) -> f64 {
    let start = Instant::now();
    let outcome = search(path, &ENDLESS, ALL_NONCES, || start.elapsed() < TURN);
    outcome.tried() as f64 / start.elapsed().as_secs_f64()
}

impl Measured {
    fn of(name: &impl ToString) -> Self {
        Self {
            name: name.to_string(),
            rates: Vec::new(),
        }
    }
}

/// Each beside the one at `reference`.
fn compared(measured: &[Measured], reference: usize) -> Vec<Line> {
    let reference = measured.get(reference);
    let references = || reference.into_iter().flat_map(|one| &one.rates);
    measured
        .iter()
        .map(|one| Line {
            name: one.name.clone(),
            rate: median(one.rates.iter().copied()),
            ratio: median(one.rates.iter().zip(references()).map(|(a, b)| a / b)),
        })
        .collect()
}

/// The middle one; of an even number the greater of the two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Line {
    fn json(&self, kind: &str) -> serde_json::Value {
        let name = match self.name.parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) => json!(self.name),
        };
        let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
        json!({kind: name, "mhs": rounded(self.rate / 1e6), "ratio": rounded(self.ratio)})
    }
}

fn shown(header: [&str; 4], measured: &[Line]) -> String {
    let fastest = measured.iter().map(|line| line.rate).fold(0.0, f64::max);
    let mut table = table(header);
    for line in measured {
        let bar = "█".repeat((line.rate / fastest * BAR).round().max(1.0) as usize);
        let bar = Cell::new(bar);
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&line.name),
            right(format!("{:.2}", line.rate / 1e6)),
            right(format!("{:.2} ×", line.ratio)),
            if terminal::colours() {
                bar.fg(Color::Green)
            } else {
                bar
            },
        ]);
    }
    lines(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(greatest: usize) -> Vec<usize> {
        let greatest = NonZeroUsize::new(greatest).unwrap();
        thread_counts(greatest)
            .iter()
            .map(|count| count.get())
            .collect()
    }

    #[test]
    fn many_threads_are_measured_by_few_numbers() {
        assert_eq!(counts(1), [1]);
        assert_eq!(counts(3), [1, 2, 3]);
        assert_eq!(counts(24), [1, 2, 3, 4, 5, 6, 7, 8, 16, 24]);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let rounds = |name: &str, rates: [f64; 3]| Measured {
            name: name.to_owned(),
            rates: rates.to_vec(),
        };
        // The second round was disturbed.
        let measured = [
            rounds("fast", [9e6, 3e6, 9.3e6]),
            rounds("slow", [3e6, 1e6, 3e6]),
        ];
        let lines = compared(&measured, 1);
        let said: Vec<_> = lines.iter().map(|line| (line.rate, line.ratio)).collect();
        assert_eq!(said, [(9e6, 3.0), (3e6, 1.0)]);
        let text = shown(["PATH", "MH/S", "TO PORTABLE", ""], &lines);
        let rows: Vec<_> = text.lines().collect();
        assert!(
            rows[1].starts_with("fast") && rows[1].contains("3.00 ×"),
            "{text}"
        );
        assert!(rows[1].ends_with(&"█".repeat(32)), "{text}");
        assert!(rows[2].matches('█').count() == 11, "{text}");
        assert_eq!(
            lines[0].json("path"),
            json!({"path": "fast", "mhs": 9.0, "ratio": 3.0})
        );
    }
}
