//! Each refusal, at the edge: this is taken, one more is not.

use alloy_primitives::U256;

use super::tests::*;
use super::*;
use crate::protocol::coin::amount::Amount;

#[test]
fn too_long_an_envelope_is_refused() {
    let most = PoolLimits::default().envelope_bytes;
    let large = |input| Draft {
        input,
        gas: 3_000_000,
        ..draft(1, 3, 5)
    };
    let frame = large(most).sign().bytes().len() - most;
    add(&mut pool(), large(most - frame));
    let refused = refuse(&mut pool(), large(most - frame + 1), &rich());
    assert_eq!(
        refused,
        Refused::Bytes {
            found: most + 1,
            most
        }
    );
    // A block has no room for more than its own limit.
    let mut small = Parameters::dev();
    small.byte_limit = 1_252;
    let mut pool = Mempool::new(&small, PoolLimits::default());
    add(&mut pool, draft(1, 3, 5));
    let refused = refuse(
        &mut pool,
        Draft {
            input: 200,
            ..large(0)
        },
        &rich(),
    );
    assert!(
        matches!(refused, Refused::Bytes { most: 224, .. }),
        "{refused}"
    );
}

#[test]
fn more_gas_than_a_block_has_is_refused() {
    let mut small = Parameters::dev();
    small.gas_limit = 50_000;
    let mut pool = Mempool::new(&small, PoolLimits::default());
    let asks = |gas| Draft {
        gas,
        ..draft(1, 3, 5)
    };
    let refused = refuse(&mut pool, asks(50_001), &rich());
    let (found, most) = (50_001, 50_000);
    assert_eq!(refused, Refused::GasLimit { found, most });
    add(&mut pool, asks(50_000));
}

#[test]
fn a_greatest_fee_below_the_base_fee_is_refused() {
    let mut dear = Parameters::dev();
    dear.base_fee = 7;
    let mut pool = Mempool::new(&dear, PoolLimits::default());
    let refused = refuse(&mut pool, draft(1, 3, 6), &rich());
    let (found, base_fee) = (6, 7);
    assert_eq!(refused, Refused::FeeBelowBase { found, base_fee });
    add(&mut pool, draft(1, 3, 7));
}

#[test]
fn contracts_cannot_send() {
    let mut state = rich();
    let account = state.0.get_mut(&sender(1)).unwrap();
    account.code_hash = B256::repeat_byte(1);
    let refused = refuse(&mut pool(), draft(1, 3, 5), &state);
    assert_eq!(refused, Refused::SenderHasCode { sender: sender(1) });
}

#[test]
fn a_used_nonce_is_refused() {
    let refused = refuse(&mut pool(), draft(1, 2, 5), &rich());
    let (sender, found, next) = (sender(1), 2, 3);
    assert_eq!(
        refused,
        Refused::NonceUsed {
            sender,
            found,
            next
        }
    );
}

#[test]
fn so_many_of_one_account_wait_in_a_row_and_no_more() {
    let mut pool = pool();
    for nonce in 3..67 {
        assert!(add(&mut pool, draft(1, nonce, 5)).ready);
    }
    assert_eq!(pool.len(), 64);
    let refused = refuse(&mut pool, draft(1, 67, 5), &rich());
    assert_eq!(
        refused,
        Refused::TooManyInARow {
            sender: sender(1),
            found: 67,
            next: 3,
            most: 64,
            last: 66
        }
    );
    // One of those that wait may still be replaced.
    assert!(add(&mut pool, draft(1, 66, 50)).replaced.is_some());
}

#[test]
fn a_replacement_pays_a_tenth_more_of_both_fees() {
    for (greatest, priority, needed_greatest, needed_priority) in [
        (100, 10, 110, 11),
        (101, 91, 112, 101),
        (2, 1, 3, 2),
        (5, 0, 6, 1),
        (1_000_000_001, 1_000_000_000, 1_100_000_002, 1_100_000_000),
    ] {
        let pays = |greatest, priority| Draft {
            greatest,
            priority,
            ..draft(2, 0, 0)
        };
        let mut pool = pool();
        let first = pays(greatest, priority);
        add(&mut pool, first);
        for (greatest, priority) in [
            (needed_greatest - 1, needed_priority),
            (needed_greatest, needed_priority - 1),
        ] {
            let refused = refuse(&mut pool, pays(greatest, priority), &rich());
            assert_eq!(
                refused,
                Refused::ReplacementPaysTooLittle {
                    nonce: 0,
                    greatest,
                    priority,
                    needed_greatest,
                    needed_priority
                }
            );
        }
        let second = pays(needed_greatest, needed_priority);
        let added = add(&mut pool, second);
        assert_eq!(hashes(&added.replaced), [first.sign().hash()]);
        assert_eq!(hashes(pool.iter()), [second.sign().hash()]);
    }
}

/// A gas price counts as both fees.
#[test]
fn a_legacy_transaction_is_replaced_by_its_gas_price() {
    let mut pool = pool();
    let legacy = Draft {
        legacy: true,
        ..draft(2, 0, 100)
    };
    add(&mut pool, legacy);
    let mut second = draft(2, 0, 200);
    second.priority = 109;
    let refused = refuse(&mut pool, second, &rich());
    assert!(
        matches!(
            refused,
            Refused::ReplacementPaysTooLittle {
                needed_priority: 110,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn the_sender_must_afford_all_of_its_that_waits() {
    let mut state = Accounts::default();
    state.set(sender(1), 0, 2 * 21_000 * 5 + 10);
    let mut pool = pool();
    let take = |pool: &mut Mempool, draft: Draft| pool.add(draft.sign(), NOW, &state).unwrap();
    assert!(take(&mut pool, draft(1, 1, 5)).is_ok());
    let valued = |value| Draft {
        value,
        ..draft(1, 0, 5)
    };
    let refused = refuse(&mut pool, valued(11), &state);
    assert_eq!(
        refused,
        Refused::Unaffordable {
            sender: sender(1),
            balance: Amount::from_units(U256::from(210_010)),
            needed: Some(Amount::from_units(U256::from(210_011))),
            others: 1
        }
    );
    assert!(take(&mut pool, valued(10)).is_ok());
    // A replacement counts in place of what it replaces.
    let refused = refuse(&mut pool, draft(1, 0, 6), &state);
    assert!(
        matches!(refused, Refused::Unaffordable { others: 1, .. }),
        "{refused}"
    );
    // More than there are units at all.
    let boundless = Draft {
        greatest: u128::MAX,
        ..draft(1, 2, 1)
    };
    assert!(boundless.sign().greatest_cost().is_some());
    let refused = refuse(&mut pool, boundless, &state);
    assert!(
        refused.to_string().contains("0.00000000000021001 coins"),
        "{refused}"
    );
}

#[test]
fn when_full_the_lowest_rate_leaves_with_what_depends_on_it() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 10));
    add(&mut pool, draft(3, 0, 4));
    add(&mut pool, draft(3, 1, 40));
    let refused = refuse(&mut pool, draft(4, 0, 4), &rich());
    let (found, least, needed, base_fee) = (4, 4, 5, 1);
    assert_eq!(
        refused,
        Refused::Full {
            found,
            least,
            needed,
            base_fee
        }
    );
    let added = add(&mut pool, draft(4, 0, 5));
    assert_eq!(
        hashes(&added.evicted),
        [draft(3, 1, 40).sign().hash(), draft(3, 0, 4).sign().hash()]
    );
    assert_eq!(pool.len(), 2);
}

#[test]
fn of_equal_rates_the_last_that_came_leaves() {
    let mut pool = small();
    for from in 2..=4 {
        add(&mut pool, draft(from, 0, 4));
    }
    let added = add(&mut pool, draft(5, 0, 5));
    assert_eq!(hashes(&added.evicted), [draft(4, 0, 4).sign().hash()]);
}

#[test]
fn a_newcomer_counts_as_the_cheapest_before_it() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 10));
    add(&mut pool, draft(3, 0, 4));
    add(&mut pool, draft(4, 0, 10));
    let refused = refuse(&mut pool, draft(3, 1, 40), &rich());
    assert_eq!(
        refused,
        Refused::FullBehindCheaper {
            sender: sender(3),
            nonce: 0,
            found: 4,
            needed: 5
        }
    );
    // Behind a better one it may come, and the cheap one leaves.
    let added = add(&mut pool, draft(2, 1, 40));
    assert_eq!(hashes(&added.evicted), [draft(3, 0, 4).sign().hash()]);
}

#[test]
fn what_waits_behind_a_gap_leaves_before_all_that_is_ready() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 4));
    add(&mut pool, draft(3, 0, 4));
    let gapped = draft(4, 1, 1_000);
    assert!(!add(&mut pool, gapped).ready);
    // A dearer one behind a gap takes the place of a cheaper one, but of none that is ready.
    let refused = refuse(&mut pool, draft(5, 1, 1_000), &rich());
    assert!(
        matches!(refused, Refused::Full { needed: 1_001, .. }),
        "{refused}"
    );
    let added = add(&mut pool, draft(5, 0, 2));
    assert_eq!(hashes(&added.evicted), [gapped.sign().hash()]);
    let refused = refuse(&mut pool, draft(6, 2, 1_000), &rich());
    let (sender, missing) = (sender(6), 0);
    assert_eq!(refused, Refused::FullBehindGap { sender, missing });
}

/// Its own follower counts as ready, since it is from now on.
#[test]
fn who_closes_a_gap_in_a_full_pool_keeps_what_waited_behind_it() {
    let mut pool = small();
    add(&mut pool, draft(2, 1, 1_000));
    add(&mut pool, draft(3, 0, 9));
    add(&mut pool, draft(4, 0, 8));
    let added = add(&mut pool, draft(2, 0, 10));
    assert_eq!(hashes(&added.evicted), [draft(4, 0, 8).sign().hash()]);
    assert_eq!(pool.best().count(), 3);
}

#[test]
fn a_replacement_needs_no_room_of_its_own() {
    let mut pool = small();
    for from in 2..=4 {
        add(&mut pool, draft(from, 0, 4 + u128::from(from)));
    }
    let added = add(&mut pool, draft(2, 0, 60));
    assert!(added.evicted.is_empty() && added.replaced.is_some());
}

#[test]
fn bytes_are_bounded_too() {
    let with_input = |from, rate, input| Draft {
        input,
        gas: 100_000,
        ..draft(from, 0, rate)
    };
    let each = with_input(2, 4, 1_000).sign().bytes().len();
    let mut pool = pool_with(PoolLimits {
        bytes: 3 * each,
        ..PoolLimits::default()
    });
    for from in 2..=4 {
        add(&mut pool, with_input(from, u128::from(from), 1_000));
    }
    assert_eq!(pool.bytes(), 3 * each);
    let refused = refuse(&mut pool, with_input(5, 3, 1_900), &rich());
    // The one that pays 2 would make too little room.
    assert!(
        matches!(
            refused,
            Refused::Full {
                least: 3,
                needed: 4,
                ..
            }
        ),
        "{refused}"
    );
    let added = add(&mut pool, with_input(5, 4, 1_900));
    assert_eq!(added.evicted.len(), 2);
    assert!(pool.bytes() <= 3 * each);
}
