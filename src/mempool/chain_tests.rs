//! What blocks, time, restarts and failed commits do to the pool.

use std::time::Duration;

use super::tests::*;
use super::*;

#[test]
fn included_and_overtaken_ones_leave_and_displaced_ones_stand_in_front() {
    let mut pool = pool();
    let mut state = rich();
    for one in [
        draft(2, 0, 5),
        draft(2, 1, 5),
        draft(3, 0, 5),
        draft(4, 0, 5),
    ] {
        add(&mut pool, one);
    }
    state.set(sender(2), 1, PLENTY);
    state.set(sender(3), 1, PLENTY);
    // 3 has had another one mined that this node never saw.
    let connected = [draft(2, 0, 5).sign(), draft(3, 0, 77).sign()];
    let changes = pool
        .chain_changed(&connected, &[], [], NOW, &state)
        .unwrap();
    let why: Vec<(B256, Why)> = changes
        .left
        .iter()
        .map(|left| (left.entry.hash(), left.why.clone()))
        .collect();
    assert_eq!(
        why,
        [
            (draft(2, 0, 5).sign().hash(), Why::Included),
            (draft(3, 0, 5).sign().hash(), Why::NonceUsed { next: 1 })
        ]
    );
    assert_eq!(pool.len(), 2);
    // The block goes, and with it another of 4, while the new branch has what 3 sent.
    let now = rich();
    let mut now = now;
    now.set(sender(3), 1, PLENTY);
    let changes = pool
        .chain_changed(&connected[1..], &connected, [], NOW + 5, &now)
        .unwrap();
    assert!(changes.left.is_empty(), "{changes:?}");
    assert_eq!(hashes(&changes.returned), [draft(2, 0, 5).sign().hash()]);
    assert_eq!(
        hashes(pool.iter()),
        [
            draft(2, 0, 5).sign().hash(),
            draft(2, 1, 5).sign().hash(),
            draft(4, 0, 5).sign().hash()
        ]
    );
    assert_eq!(pool.best().count(), 3);
}

#[test]
fn what_comes_back_keeps_its_order_and_is_not_asked_how_many_it_is() {
    let mut pool = pool_with(PoolLimits {
        per_account: 2,
        ..PoolLimits::default()
    });
    let mut state = rich();
    state.set(sender(2), 4, PLENTY);
    for nonce in 4..6 {
        let added = pool.add(draft(2, nonce, 5).sign(), NOW, &state).unwrap();
        assert!(added.is_ok());
    }
    let displaced: Vec<_> = (0..4).map(|nonce| draft(2, nonce, 3).sign()).collect();
    let changes = pool
        .chain_changed(&[], &displaced, [], NOW, &rich())
        .unwrap();
    assert_eq!(changes.returned.len(), 4);
    let nonces: Vec<u64> = pool.iter().map(Entry::nonce).collect();
    assert_eq!(nonces, [0, 1, 2, 3, 4, 5]);
    // New ones stand behind, whatever came back.
    assert!(add(&mut pool, draft(3, 0, 5)).order > changes.returned[0].order);
}

#[test]
fn what_the_coins_do_not_suffice_for_waits_until_they_do() {
    let mut pool = pool();
    let valued = |nonce, value| Draft {
        value,
        ..draft(2, nonce, 1)
    };
    for one in [valued(0, 100), valued(1, 1_000_000), valued(2, 100)] {
        add(&mut pool, one);
    }
    let mut poorer = rich();
    poorer.set(sender(2), 0, 500_000);
    // Nobody said that 2 was touched: nothing is looked at.
    let changes = pool.chain_changed(&[], &[], [], NOW, &poorer).unwrap();
    assert_eq!(changes, Changes::default());
    let changes = pool
        .chain_changed(&[], &[], [sender(2), sender(9)], NOW, &poorer)
        .unwrap();
    assert_eq!(changes, Changes::default());
    let offered = |pool: &Mempool| pool.best().map(Entry::nonce).collect::<Vec<_>>();
    assert_eq!(offered(&pool), [0]);
    for waiting in [valued(1, 1_000_000), valued(2, 100)] {
        let waits = pool.waits_for(&waiting.sign().hash()).unwrap();
        assert_eq!(
            waits.to_string(),
            format!(
                "waits for coins: {} has 0.0000000000005, and what it has waiting may cost 0.0000000000010421",
                sender(2)
            )
        );
    }
    // A newcomer must be affordable beside them.
    let refused = pool.add(valued(3, 1).sign(), NOW, &poorer).unwrap();
    assert!(matches!(refused, Err(Refused::Unaffordable { .. })));
    pool.chain_changed(&[], &[], [sender(2)], NOW, &rich())
        .unwrap();
    assert_eq!(offered(&pool), [0, 1, 2]);
    let mut contract = poorer.clone();
    contract.0.get_mut(&sender(2)).unwrap().code_hash = B256::repeat_byte(1);
    let changes = pool
        .chain_changed(&[], &[], [sender(2)], NOW, &contract)
        .unwrap();
    assert_eq!(changes.left.len(), 3);
    assert!(pool.is_empty());
}

#[test]
fn what_waits_too_long_expires_by_itself() {
    let mut pool = pool_with(PoolLimits {
        expiry: Duration::from_secs(100),
        ..PoolLimits::default()
    });
    add(&mut pool, draft(2, 0, 5));
    let later = pool.add(draft(2, 1, 5).sign(), NOW + 60, &rich()).unwrap();
    assert!(later.is_ok());
    assert_eq!(pool.expire(NOW + 99), []);
    // A clock that was set back expires nothing.
    assert_eq!(pool.expire(0), []);
    let expired = pool.expire(NOW + 100);
    assert_eq!(hashes(&expired), [draft(2, 0, 5).sign().hash()]);
    assert_eq!(pool.best().count(), 0);
    assert_eq!(pool.expire(NOW + 160).len(), 1);
    assert!(pool.is_empty());
}

#[test]
fn a_restart_brings_back_the_same_pool() {
    let mut pool = pool();
    for one in [
        draft(2, 0, 5),
        draft(3, 0, 9),
        draft(2, 1, 5),
        draft(4, 3, 5),
    ] {
        add(&mut pool, one);
    }
    let displaced = [draft(5, 0, 1).sign(), draft(6, 0, 1).sign()];
    pool.chain_changed(&[], &displaced, [], NOW, &rich())
        .unwrap();
    let mut kept: Vec<Entry> = pool.iter().cloned().collect();
    kept.reverse();
    let mut again = self::pool();
    assert_eq!(again.restore(kept.clone(), NOW, &rich()).unwrap(), []);
    assert_eq!(again, pool);

    // Two days later 2 has sent another one, and 3 has no coins for what it has waiting.
    let mut state = rich();
    state.set(sender(2), 1, PLENTY);
    state.set(sender(3), 0, 0);
    kept.push(Entry {
        order: 7,
        ..kept[0].clone()
    });
    let left = again.restore(kept, NOW, &state).unwrap();
    let mut why: Vec<String> = left.iter().map(|left| left.why.to_string()).collect();
    why.sort();
    assert_eq!(why.len(), 2);
    assert!(why[0].starts_with("0x") && why[0].ends_with("stands in its place already"));
    assert!(why[1].starts_with("a block has another"), "{why:?}");
    let kept: Vec<Entry> = again.iter().cloned().collect();
    let left = again.restore(kept, NOW + 72 * 3_600, &state).unwrap();
    assert!(left.iter().all(|left| left.why == Why::Expired) && left.len() == 5);
}

#[test]
fn a_group_that_fails_is_taken_back_whole() {
    let mut pool = small();
    add(&mut pool, draft(2, 0, 5));
    add(&mut pool, draft(3, 0, 6));
    let before = pool.clone();
    pool.begin();
    add(&mut pool, draft(4, 0, 5));
    pool.begin();
    add(&mut pool, draft(5, 0, 50));
    add(&mut pool, draft(3, 0, 60));
    let mut state = rich();
    state.set(sender(2), 1, PLENTY);
    pool.chain_changed(
        &[draft(2, 0, 5).sign()],
        &[draft(6, 0, 2).sign()],
        [],
        NOW,
        &state,
    )
    .unwrap();
    pool.expire(u64::MAX);
    assert!(pool.is_empty());
    pool.roll_back();
    assert_eq!(pool, before);
    pool.roll_back();
    assert_eq!(pool, before);
    pool.begin();
    let added = add(&mut pool, draft(4, 0, 5));
    pool.keep();
    pool.roll_back();
    assert_eq!(
        pool.get(&draft(4, 0, 5).sign().hash()).unwrap().order,
        added.order
    );
}
