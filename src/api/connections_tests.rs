use super::*;
use crate::api::connection::Timeout;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Waker};

fn limits() -> HttpLimits {
    HttpLimits {
        connections: 6,
        connections_of_public: 2,
        connections_of_private: 4,
        ..HttpLimits::default()
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A public address of its own.
fn public(last: u8) -> IpAddr {
    IpAddr::from([203, 0, 113, last])
}

/// Moves the connection's clock on, as its task's next turn would.
fn at(slot: &Slot, time: u64) {
    slot.connection().now.store(time, Ordering::Relaxed);
}

fn ended(slot: &Slot) -> bool {
    slot.connection().phase() == Phase::Ended
}

fn complete_a_request(slot: &Slot, time: u64) {
    at(slot, time);
    slot.connection().bytes_came();
    assert!(slot.connection().request_begins());
    slot.connection().request_ends();
}

#[test]
fn of_one_address_n_may_be_without_a_request_and_one_more_ends_the_oldest() {
    for (from, limit) in [("203.0.113.1", 2), ("127.0.0.1", 4), ("::ffff:10.0.0.7", 4)] {
        let connections = Connections::new(limits());
        let slots: Vec<_> = (0..limit)
            .filter_map(|_| connections.admit(address(from)))
            .collect();
        assert_eq!(slots.len(), limit);
        assert!(!slots.iter().any(ended), "{from}: {limit} fit");
        for (time, slot) in slots.iter().enumerate() {
            slot.connection()
                .last_request
                .store(time as u64, Ordering::Relaxed);
        }
        let _newcomer = connections
            .admit(address(from))
            .expect("takes the place of the oldest");
        assert_eq!(slots.iter().map(ended).filter(|ended| *ended).count(), 1);
        assert!(ended(&slots[0]), "{from}");
        let _other = connections
            .admit(public(99))
            .expect("another address is not concerned");
        assert_eq!(connections.len(), limit + 1);
    }
}

#[test]
fn who_completed_a_request_no_longer_counts_for_its_address() {
    let connections = Connections::new(limits());
    let mut kept = Vec::new();
    for time in 0..5 {
        let slot = connections.admit(public(1)).expect("room");
        complete_a_request(&slot, time);
        kept.push(slot);
    }
    let _sixth = connections.admit(public(1)).expect("room");
    assert!(!kept.iter().any(ended));
    assert_eq!(connections.0.open().unproven.get(&public(1)), Some(&1));
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_the_same_address() {
    let connections = Connections::new(limits());
    let first = connections.admit(address("203.0.113.1")).expect("room");
    let _second = connections
        .admit(address("::ffff:203.0.113.1"))
        .expect("room");
    let _third = connections.admit(address("203.0.113.1")).expect("room");
    assert!(ended(&first) || connections.len() == 2);
    assert_eq!(connections.len(), 2);
}

#[test]
fn when_full_the_silent_go_first_then_the_longest_idle_and_never_who_is_served() {
    let connections = Connections::new(limits());
    let slots: Vec<_> = (0..6)
        .filter_map(|n| connections.admit(public(n)))
        .collect();
    complete_a_request(&slots[0], 30);
    complete_a_request(&slots[1], 10);
    complete_a_request(&slots[2], 20);
    slots[3].connection().bytes_came();
    assert!(slots[4].connection().request_begins());

    let mut newcomers = Vec::new();
    for (n, goes) in [(10, 5), (11, 3), (12, 1), (13, 2), (14, 0)] {
        let slot = connections.admit(public(n)).expect("somebody goes");
        assert!(ended(&slots[goes]), "{goes} goes");
        assert!(slot.connection().request_begins());
        newcomers.push(slot);
        assert_eq!(connections.len(), 6);
    }
    assert!(
        connections.admit(public(15)).is_none(),
        "all six are served"
    );
    assert!(!ended(&slots[4]));
    assert!(!newcomers.iter().any(ended));

    newcomers[0].connection().request_ends();
    let _last = connections.admit(public(15)).expect("one is idle now");
    assert!(ended(&newcomers[0]));
}

#[test]
fn who_was_given_up_does_not_begin_a_request_and_is_woken() {
    struct Wakes(AtomicBool);
    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Wakes(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let connections = Connections::new(limits());
    let slot = connections.admit(public(1)).expect("room");
    slot.connection().turn(Context::from_waker(&waker).waker());
    assert!(connections.make_room());
    assert!(woken.0.load(Ordering::Relaxed));
    assert!(!slot.connection().request_begins());
    assert_eq!(connections.len(), 0);
    drop(slot);
    assert!(connections.is_empty() && !connections.make_room());
    assert!(connections.0.open().unproven.is_empty());
}

#[test]
fn each_phase_has_its_time_limit() {
    let connections = Connections::new(limits());
    let slot = connections.admit(public(1)).expect("room");
    let connection = slot.connection();
    let start = connection.now();
    assert_eq!(
        connection.deadline(),
        Some((start + 5_000, Timeout::FirstByte))
    );
    at(&slot, 1_000);
    connection.bytes_came();
    at(&slot, 2_000);
    connection.bytes_came();
    assert_eq!(
        connection.deadline(),
        Some((6_000, Timeout::Headers)),
        "from the first byte"
    );
    connection.request_begins();
    assert_eq!(connection.deadline(), None);
    at(&slot, 3_000);
    connection.bytes_wait();
    at(&slot, 4_000);
    connection.bytes_wait();
    assert_eq!(
        connection.deadline(),
        Some((13_000, Timeout::StalledReader)),
        "from the first refusal"
    );
    assert!(!connection.reader_seems_stalled());
    connection.bytes_went();
    assert_eq!(connection.deadline(), None);
    connection.request_ends();
    at(&slot, 5_000);
    connection.bytes_went();
    assert_eq!(
        connection.deadline(),
        Some((20_000, Timeout::Idle)),
        "from the last byte that went"
    );
    connection.closing();
    assert_eq!(connection.deadline(), Some((6_000, Timeout::Closing)));
    connection.upgraded();
    assert_eq!(connection.deadline(), None);
}

#[test]
fn private_addresses_are_told_from_public_ones() {
    for private in [
        "127.0.0.1",
        "10.1.2.3",
        "172.18.0.1",
        "192.168.1.9",
        "100.64.0.1",
        "169.254.1.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
    ] {
        assert!(is_private(address(private)), "{private}");
    }
    for public in [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "2001:db8::1",
        "::ffff:8.8.8.8",
    ] {
        assert!(!is_private(address(public)), "{public}");
    }
}
