//! Which seeds are tried, and how a failed one is tried again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

/// Runs a trial for each seed: `few` of them, or as many as BCOIN_SEEDS says, or BCOIN_SEED alone.
pub fn try_each<T>(test: &str, few: u64, trial: impl Fn(u64) -> T) -> Vec<T> {
    let one = number("BCOIN_SEED");
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..number("BCOIN_SEEDS").unwrap_or(few),
    };
    let mut results = Vec::new();
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| trial(seed))) {
            Ok(result) => results.push(result),
            Err(panic) => {
                println!(
                    "seed {seed} fails; again:\n  BCOIN_SEED={seed} cargo test --test it {test} -- --nocapture"
                );
                resume_unwind(panic);
            }
        }
    }
    results
}

/// The value that all but a hundredth stay at or below, and the largest.
pub fn p99_and_most(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * 99).div_ceil(100).saturating_sub(1);
    (values[at], values[values.len() - 1])
}
