//! What it would take to mine coin blocks again: hashes, and how long that is for this machine and for the whole network.

use alloy_primitives::U256;
use serde::Serialize;

use super::super::short;
use super::super::strings::{BreakIt, fill};
use crate::protocol::coin::target::Work;

/// Hashes a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    /// Of this machine, all its cores.
    pub machine: f64,
    /// Of all miners, by the last blocks.
    pub network: Option<U256>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(in super::super) struct Cost {
    pub summary: String,
    pub lines: Vec<String>,
}

impl Cost {
    /// Of so many blocks that stand for so much work.
    pub(super) fn of(blocks: usize, work: Work, rates: &Rates, t: &BreakIt) -> Self {
        if blocks == 0 {
            return Self {
                summary: t.mine_nothing.to_owned(),
                lines: Vec::new(),
            };
        }
        let hashes = to_float(work.0);
        let machine = fill(
            t.cost_machine,
            &[
                &number(rates.machine),
                &time(hashes / rates.machine.max(1.0), t),
            ],
        );
        let rate = rates.network.map(to_float).filter(|rate| *rate > 0.0);
        let network = match rate {
            Some(rate) => fill(t.cost_network, &[&number(rate), &time(hashes / rate, t)]),
            None => t.cost_network_unknown.to_owned(),
        };
        Self {
            summary: fill(
                t.cost,
                &[
                    &blocks,
                    &number(hashes),
                    &time(hashes / rates.machine.max(1.0), t),
                ],
            ),
            lines: vec![
                machine,
                network,
                t.cost_race.to_owned(),
                t.cost_beyond.to_owned(),
            ],
        }
    }
}

fn to_float(value: U256) -> f64 {
    // Good to sixteen digits.
    value.to_string().parse().unwrap_or(f64::MAX)
}

/// A great number in words that are read at a glance.
fn number(value: f64) -> String {
    match value {
        ..1e15 => short::number(value.round()),
        _ => {
            let power = value.log10().floor();
            format!("{:.1} × 10^{power}", value / 10_f64.powf(power))
        }
    }
}

/// A span of time in the unit that fits.
fn time(seconds: f64, t: &BreakIt) -> String {
    const YEAR: f64 = 365.25 * 86_400.0;
    /// Since the universe began: Planck Collaboration, 2018.
    const UNIVERSE: f64 = 13.8e9 * YEAR;
    let (text, unit) = match seconds {
        ..0.1 => return t.time_moment.to_owned(),
        ..120.0 => (t.time_seconds, 1.0),
        ..7_200.0 => (t.time_minutes, 60.0),
        ..172_800.0 => (t.time_hours, 3_600.0),
        _ if seconds < 2.0 * YEAR => (t.time_days, 86_400.0),
        _ if seconds < UNIVERSE => (t.time_years, YEAR),
        _ => (t.time_universe, UNIVERSE),
    };
    let value = seconds / unit;
    let value = if value < 10.0 {
        format!("{value:.1}")
    } else {
        number(value)
    };
    fill(text, &[&value])
}

#[cfg(test)]
mod tests {
    use super::super::super::strings::Language;
    use super::*;

    #[test]
    fn times_come_in_the_unit_that_fits() {
        let t = &Language::English.strings().break_it;
        assert_eq!(time(0.01, t), t.time_moment);
        assert_eq!(time(3.0, t), "3.0 seconds");
        assert_eq!(time(600.0, t), "10 minutes");
        assert_eq!(time(1e9, t), "32 years");
        assert!(time(1e30, t).contains("age of the universe"));
        assert_eq!(number(1.5e20), "1.5 × 10^20");
    }

    #[test]
    fn a_cost_is_hashes_over_rates() {
        let t = &Language::English.strings().break_it;
        let rates = Rates {
            machine: 1e6,
            network: Some(U256::from(1_000_000_000)),
        };
        let cost = Cost::of(2, Work(U256::from(60_000_000_000_u64)), &rates, t);
        assert!(cost.summary.contains("60,000,000,000"), "{}", cost.summary);
        assert!(
            cost.lines[0].contains("17 hours") && cost.lines[1].contains("60.0 seconds")
                || cost.lines[1].contains("60 seconds"),
            "{:?}",
            cost.lines
        );
        assert!(Cost::of(0, Work::default(), &rates, t).lines.is_empty());
        let unknown = Rates {
            network: None,
            ..rates
        };
        let greatest = Cost::of(1, Work(U256::MAX), &unknown, t);
        assert!(greatest.lines[1] == t.cost_network_unknown && greatest.summary.contains("10^77"));
    }
}
