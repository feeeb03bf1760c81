//! What each block creates: the schedule that makes coins scarce.

use alloy_primitives::U256;

use super::parameters::Parameters;

/// The subsidy of block `number`, in units; none for the genesis block.
pub fn subsidy(parameters: &Parameters, number: u64) -> U256 {
    match number.checked_sub(1) {
        None => U256::ZERO,
        Some(paid) => U256::from(after(parameters.subsidy, paid / parameters.halving)),
    }
}

/// All subsidies of blocks 1 to `number`.
pub fn issued(parameters: &Parameters, number: u64) -> U256 {
    let mut sum = U256::ZERO;
    let mut left = number;
    for halvings in 0.. {
        let each = after(parameters.subsidy, halvings);
        if left == 0 || each == 0 {
            break;
        }
        let blocks = left.min(parameters.halving);
        // Below 2^128 times 2^64.
        sum = sum.saturating_add(U256::from(each) * U256::from(blocks));
        left -= blocks;
    }
    sum
}

/// The number of the first block with a smaller subsidy than block `number`, if the subsidy still shrinks.
pub fn next_halving(parameters: &Parameters, number: u64) -> Option<u64> {
    let halvings = number.saturating_sub(1) / parameters.halving;
    if after(parameters.subsidy, halvings) == 0 {
        return None;
    }
    (halvings + 1)
        .checked_mul(parameters.halving)?
        .checked_add(1)
}

fn after(subsidy: u128, halvings: u64) -> u128 {
    u32::try_from(halvings)
        .ok()
        .and_then(|halvings| subsidy.checked_shr(halvings))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(subsidy: u128, halving: u64) -> Parameters {
        Parameters {
            subsidy,
            halving,
            ..Parameters::dev()
        }
    }

    #[test]
    fn the_main_schedule_stays_below_21_million_coins() {
        let main = Parameters::main();
        let coin = U256::from(10).pow(U256::from(18));
        assert_eq!(subsidy(&main, 0), U256::ZERO);
        assert_eq!(subsidy(&main, 1), coin * U256::from(50));
        assert_eq!(subsidy(&main, 210_000), coin * U256::from(50));
        assert_eq!(subsidy(&main, 210_001), coin * U256::from(25));
        assert_eq!(subsidy(&main, u64::MAX), U256::ZERO);
        let all = issued(&main, u64::MAX);
        assert!(all < coin * U256::from(21_000_000) && all > coin * U256::from(20_999_999));
        assert_eq!(next_halving(&main, 1), Some(210_001));
        assert_eq!(next_halving(&main, 210_001), Some(420_001));
        assert_eq!(next_halving(&main, u64::MAX), None);
    }

    proptest! {
        #[test]
        fn issued_is_the_sum_of_subsidies(first in 0_u128..1000, halving in 1_u64..9, number in 0_u64..100) {
            let parameters = schedule(first, halving);
            let sum = (0..=number).fold(U256::ZERO, |sum, number| sum + subsidy(&parameters, number));
            prop_assert_eq!(issued(&parameters, number), sum);
        }

        #[test]
        fn a_halving_is_where_the_subsidy_changes(first in 1_u128..u128::MAX, halving in 1_u64..1000, number in 1_u64..20_000) {
            let parameters = schedule(first, halving);
            if let Some(next) = next_halving(&parameters, number) {
                prop_assert!(next > number);
                prop_assert_eq!(subsidy(&parameters, next - 1), subsidy(&parameters, number));
                prop_assert!(subsidy(&parameters, next) < subsidy(&parameters, number));
            } else {
                prop_assert_eq!(subsidy(&parameters, number), U256::ZERO);
            }
        }
    }
}
