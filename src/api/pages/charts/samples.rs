//! Which blocks a chart looks at, and what it makes of them: a few hundred, however long the stretch is.

use std::ops::RangeInclusive;

/// Blocks that are read, and points that are drawn of them.
const SAMPLES: u64 = 300;
const POINTS: usize = 100;

/// A block, as far as charts look at it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub height: u64,
    /// Seconds since 1970, if its time is one.
    pub time: Option<f64>,
    pub transactions: Option<usize>,
}

/// The heights to read of a stretch, evenly spread, both ends among them.
pub(super) fn heights(stretch: &RangeInclusive<u64>) -> Vec<u64> {
    let (first, last) = (*stretch.start(), *stretch.end());
    let steps = last.saturating_sub(first).min(SAMPLES - 1);
    if steps == 0 {
        return vec![last];
    }
    let length = u128::from(last - first);
    (0..=steps)
        .map(|step| first + (length * u128::from(step) / u128::from(steps)) as u64)
        .collect()
}

/// Neighbours that make one point.
fn groups<T>(samples: &[T]) -> impl Iterator<Item = &[T]> {
    samples.chunks(samples.len().div_ceil(POINTS).max(1))
}

/// Seconds from block to block, on average between two points: at the height where each ends.
pub(super) fn intervals(samples: &[Sample]) -> Vec<(f64, f64)> {
    let ends: Vec<(u64, f64)> = groups(samples)
        .filter_map(<[Sample]>::last)
        .filter_map(|sample| Some((sample.height, sample.time?)))
        .collect();
    // The first block of all may stand alone at the beginning of the stretch.
    let first = samples
        .first()
        .and_then(|sample| Some((sample.height, sample.time?)));
    let ends: Vec<(u64, f64)> = first.into_iter().chain(ends).collect();
    let pairs = ends.iter().zip(ends.iter().skip(1));
    pairs
        .filter(|(from, to)| to.0 > from.0)
        .map(|(from, to)| (to.0 as f64, (to.1 - from.1) / (to.0 - from.0) as f64))
        .collect()
}

/// Transactions a block, on average over the blocks read of each point.
pub(super) fn transactions(samples: &[Sample]) -> Vec<(f64, f64)> {
    groups(samples)
        .filter_map(|group| {
            let counted: Vec<usize> = group
                .iter()
                .filter_map(|sample| sample.transactions)
                .collect();
            let sum: usize = counted.iter().sum();
            let mean = sum as f64 / counted.len() as f64;
            Some((group.last()?.height as f64, mean)).filter(|_| !counted.is_empty())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_blocks_are_read_of_any_stretch_and_both_ends_are_among_them() {
        assert_eq!(heights(&(5..=5)), [5]);
        assert_eq!(heights(&(0..=3)), [0, 1, 2, 3]);
        for stretch in [1..=SAMPLES, 7..=1_000_000, 0..=u64::MAX] {
            let heights = heights(&stretch);
            assert_eq!(heights.len() as u64, SAMPLES);
            assert_eq!(
                (heights[0], heights[SAMPLES as usize - 1]),
                (*stretch.start(), *stretch.end())
            );
            assert!(heights.is_sorted_by(|one, next| one < next));
        }
    }

    fn samples(stretch: RangeInclusive<u64>) -> Vec<Sample> {
        let heights = heights(&stretch);
        let samples = heights.into_iter().map(|height| Sample {
            height,
            time: Some(10.0 * height as f64),
            transactions: Some(height as usize % 2),
        });
        samples.collect()
    }

    #[test]
    fn a_steady_chain_is_a_level_line_however_it_is_sampled() {
        for stretch in [1..=2, 1..=100, 1..=101, 3..=100_000] {
            let samples = samples(stretch.clone());
            let found = intervals(&samples);
            assert!(
                !found.is_empty() && found.len() <= POINTS + 1,
                "{stretch:?}"
            );
            assert!(
                found
                    .iter()
                    .all(|(_, seconds)| (seconds - 10.0).abs() < 1e-9)
            );
            assert_eq!(
                found.last().map(|point| point.0),
                Some(*stretch.end() as f64)
            );
            assert!(transactions(&samples).len() <= POINTS);
        }
        assert_eq!(transactions(&samples(1..=2)), [(1.0, 1.0), (2.0, 0.0)]);
    }

    #[test]
    fn blocks_without_a_time_or_a_count_are_left_out() {
        let mut all = samples(1..=4);
        all[1].time = None;
        all[2].transactions = None;
        assert_eq!(intervals(&all), [(3.0, 10.0), (4.0, 10.0)]);
        assert_eq!(transactions(&all).len(), 3);
        assert!(intervals(&all[..1]).is_empty() && intervals(&[]).is_empty());
    }
}
