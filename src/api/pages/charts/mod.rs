//! Charts of the chain: how blocks come, what they hold, and on coin what they are worth. Drawn by the node as SVG, with the same numbers as tables.

pub(super) mod classic;
pub(super) mod coin;
mod draw;
mod samples;

use askama::Template;

use super::super::problem::{Kind, Problem};
use super::super::v1::parameters::{Parameters, shown};
use super::shell::Shell;
use super::short;
use draw::Plot;

/// How many of the last blocks a page can be about.
const STRETCHES: [u64; 4] = [100, 1_000, 10_000, 100_000];

/// Text of blocks that one page reads at most, in bytes: the page is there at once whatever blocks hold.
const READ_BYTES: usize = 2 * 1024 * 1024;

#[derive(Template)]
#[template(path = "charts.html")]
struct Page<'s> {
    shell: &'s Shell,
    /// How many blocks are chosen.
    blocks: u64,
    /// The blocks that are looked at.
    first: u64,
    last: u64,
    /// Whether only some of them are.
    sampled: bool,
    charts: Vec<Chart>,
    miners: Option<Vec<Miner>>,
}

impl Page<'_> {
    /// The choices of how many blocks.
    fn stretches(&self) -> [u64; 4] {
        STRETCHES
    }

    /// Size of a chart, for SVG.
    fn view_box(&self) -> String {
        format!("0 0 {} {}", draw::SIZE.0, draw::SIZE.1)
    }
}

/// A picture and its numbers.
struct Chart {
    id: &'static str,
    title: &'static str,
    /// What is to be seen in it, in a sentence.
    what: String,
    /// What the second colour is.
    legend: Option<String>,
    /// What stands within the `svg` element; empty where there is nothing to draw yet.
    svg: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Who was paid for blocks.
struct Miner {
    name: String,
    blocks: usize,
    /// Of the most, in hundredths.
    share: usize,
}

/// How many blocks are wanted.
fn blocks_of(query: Option<&str>) -> Result<u64, Problem> {
    let parameters = Parameters::read(query, &["blocks"])?;
    let blocks = parameters.number("blocks")?.unwrap_or(STRETCHES[0]);
    let greatest = STRETCHES[3];
    if !(1..=greatest).contains(&blocks) {
        let text = shown(parameters.text("blocks").unwrap_or_default());
        let detail = format!("`blocks` is {text}, and may be 1 to {greatest}.");
        return Err(Problem::new(Kind::BadParameter, detail)
            .with("parameter", "blocks")
            .with("limit", greatest));
    }
    Ok(blocks)
}

impl Chart {
    /// Of points whose x is a height: a picture, a sentence with least, greatest and last, and a table.
    fn of_heights(
        id: &'static str,
        title: &'static str,
        value_name: &'static str,
        plot: Plot,
        shell: &Shell,
    ) -> Self {
        let t = &shell.t.charts;
        let values = plot.points.iter().map(|point| point.1);
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let what = match plot.points.last() {
            Some((_, last)) => super::strings::fill(
                t.what,
                &[&draw::label(least), &draw::label(most), &draw::label(*last)],
            ),
            None => t.too_few.to_owned(),
        };
        let rows = plot
            .points
            .iter()
            .map(|(height, value)| vec![short::number(*height as u64), draw::label(*value)]);
        Self {
            id,
            title,
            what,
            legend: None,
            columns: vec![t.height, value_name],
            rows: rows.collect(),
            svg: match plot.points.is_empty() {
                true => String::new(),
                false => draw::draw(&plot),
            },
        }
    }

    /// With a word about the second colour.
    fn with_legend(self, legend: String) -> Self {
        Self {
            legend: Some(legend),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_blocks_may_be_asked_for() {
        assert_eq!(blocks_of(None).ok(), Some(100));
        assert_eq!(blocks_of(Some("blocks=7")).ok(), Some(7));
        for wrong in [
            "blocks=0",
            "blocks=100001",
            "blocks=x",
            "blocks=99999999999999999999",
            "other=1",
        ] {
            assert!(blocks_of(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
