//! Suggestions where there is hardly room: what is offered finds some.

use super::tests::*;
use super::*;

const LEAST: u128 = LEAST_SUGGESTION;

fn small(transactions: usize) -> Mempool {
    let limits = PoolLimits {
        transactions,
        ..PoolLimits::default()
    };
    Mempool::new(&Parameters::dev(), limits)
}

/// What a transaction pays a gas that offers this beside the base fee.
fn paying(pool: &Mempool, priority: u128) -> u128 {
    priority + u128::from(pool.network.base_fee)
}

#[test]
fn the_least_suggestion_finds_room_in_a_full_pool_and_a_unit_less_does_not() {
    let mut pool = small(4);
    for (at, rate) in [(2, 5 * LEAST), (3, 7 * LEAST), (4, 3 * LEAST)] {
        add(&mut pool, draft(at, 0, rate));
    }
    assert_eq!(pool.suggest([]).low, LEAST, "one more fits");
    add(&mut pool, draft(5, 0, 9 * LEAST));
    let Suggestion { low, normal, high } = pool.suggest([]);
    assert!(low <= normal && normal <= high);
    let rate = paying(&pool, low);
    let refused = refuse(&mut pool, draft(6, 0, rate - 1), &rich());
    assert_eq!(
        refused,
        Refused::Full {
            found: rate - 1,
            least: rate - 1,
            needed: rate,
            base_fee: pool.network.base_fee,
        }
    );
    assert_eq!(add(&mut pool, draft(6, 0, rate)).evicted.len(), 1);
}

#[test]
fn a_pool_that_is_full_of_bytes_asks_for_more_as_well() {
    let mut pool = small(1_000);
    add(&mut pool, draft(2, 0, 5 * LEAST));
    // A newcomer of about that length fits only in its place.
    pool.limits.bytes = pool.bytes() + 2;
    let rate = paying(&pool, pool.suggest([]).low);
    assert!(matches!(
        refuse(&mut pool, draft(3, 0, rate - 1), &rich()),
        Refused::Full { .. }
    ));
    assert_eq!(add(&mut pool, draft(3, 0, rate)).evicted.len(), 1);
}

#[test]
fn what_is_not_ready_makes_room_and_raises_nothing() {
    let mut pool = small(2);
    add(&mut pool, draft(2, 0, 5 * LEAST));
    add(&mut pool, draft(3, 1, 90 * LEAST));
    let Suggestion { low, .. } = pool.suggest([]);
    assert_eq!(low, LEAST);
    let rate = paying(&pool, low);
    assert_eq!(add(&mut pool, draft(4, 0, rate)).evicted.len(), 1);
}
