//! What a book takes in, whom it leaves alone, and what it tells others.

use std::net::IpAddr;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::tests::{DAY_MS, at, public, with_tried};
use super::*;

fn address(text: &str) -> PeerAddress {
    text.parse().expect(text)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect(text)
}

#[test]
fn gossip_is_of_plain_public_addresses_unless_the_teller_is_near() {
    let learnt =
        |reach, text: &str, source| Book::new([1; 32], reach).learn(address(text), source, at(0));
    let far = Source::Peer(ip("9.9.9.9"));
    let near = Source::Peer(ip("10.0.0.9"));
    let local = Source::Peer(ip("127.0.0.1"));
    let out = Learnt::NotKept(NotKept::OutOfReach);
    let not_plain = Learnt::NotKept(NotKept::NotPlain);
    for (reach, text, source, expected) in [
        (Reach::Public, "1.2.3.4:1001", far, Learnt::New),
        (Reach::Public, "name.example:1001", far, not_plain),
        (Reach::Public, "https://1.2.3.4:1001", far, not_plain),
        (
            Reach::Public,
            "name.example:1001",
            Source::Network,
            not_plain,
        ),
        (
            Reach::Public,
            "name.example:1001",
            Source::Operator,
            Learnt::New,
        ),
        (Reach::Public, "10.0.0.1:1001", near, out),
        (Reach::Private, "10.0.0.1:1001", near, Learnt::New),
        (Reach::Private, "10.0.0.1:1001", far, out),
        (Reach::Loopback, "10.0.0.1:1001", far, out),
        (Reach::Loopback, "127.0.0.1:1001", near, out),
        (Reach::Loopback, "127.0.0.1:1001", local, Learnt::New),
        (
            Reach::Private,
            "10.0.0.1:1001",
            Source::Network,
            Learnt::New,
        ),
        (Reach::Loopback, "169.254.169.254:80", local, out),
    ] {
        assert_eq!(
            learnt(reach, text, source),
            expected,
            "{reach:?} {text} {source:?}"
        );
    }
}

#[test]
fn who_is_left_alone_is_not_called_told_of_or_taken_in_until_the_time_is_over() {
    let mut book = with_tried(0..2);
    book.learn(public(1), Source::Operator, at(0));
    for number in [0, 1] {
        book.set_anchors([public(0), public(1)]);
        book.leave_alone(&public(number), u64::MAX, at(0));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert_eq!(book.get(&public(0)), None);
    assert_eq!(book.anchors(), [public(1)]);
    assert!(
        book.get(&public(1)).is_some(),
        "the operator's keeps its place"
    );
    assert!(!book.is_due(&public(1), at(0)));
    assert_eq!(book.sample(ip("9.9.9.9"), 10, at(0), &mut rng), []);
    let learn = |book: &mut Book, now| book.learn(public(0), Source::Itself, now);
    assert_eq!(learn(&mut book, at(0)), Learnt::NotKept(NotKept::LeftAlone));
    let again = Book::decode(&book.encode(), Reach::Public, at(0)).expect("its text");
    assert!(again.is_left_alone(&public(0), at(DAY_MS - 1000)));
    assert!(
        !book.is_left_alone(&public(0), at(DAY_MS)),
        "a day is the most"
    );
    assert_eq!(learn(&mut book, at(DAY_MS)), Learnt::New);
    book.learn(public(1), Source::Operator, at(0));
    assert!(
        book.is_due(&public(1), at(0)),
        "the operator's word ends it"
    );
}

#[test]
fn a_sample_tells_what_the_asker_may_call_and_what_is_not_stale() {
    let mut book = Book::new([1; 32], Reach::Loopback);
    let now = at(0);
    for text in ["1.2.3.4:1001", "10.0.0.1:1001", "127.0.0.1:1001"] {
        book.learn(address(text), Source::Itself, now);
    }
    for text in ["name.example:1001", "5.5.5.5:1001", "6.6.6.6:1001"] {
        book.learn(address(text), Source::Operator, now);
    }
    for text in ["name.example:1001", "6.6.6.6:1001"] {
        book.succeeded(&address(text), now);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sample = |asker: &str, most, now| {
        let mut told = book.sample(ip(asker), most, now, &mut rng);
        told.sort();
        told.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(sample("9.9.9.9", 9, now), ["1.2.3.4:1001", "6.6.6.6:1001"]);
    assert_eq!(
        sample("10.0.0.9", 9, now),
        ["1.2.3.4:1001", "6.6.6.6:1001", "10.0.0.1:1001"]
    );
    assert_eq!(sample("127.0.0.1", 9, now).len(), 4);
    assert_eq!(sample("127.0.0.1", 2, now).len(), 2);
    // After a day what nobody ever reached is stale.
    assert_eq!(sample("127.0.0.1", 9, at(DAY_MS)), ["6.6.6.6:1001"]);
}

#[test]
fn a_node_that_may_call_less_than_before_drops_what_it_may_not() {
    let mut book = Book::new([1; 32], Reach::Loopback);
    for text in ["1.2.3.4:1001", "10.0.0.1:1001", "127.0.0.1:1001"] {
        book.learn(address(text), Source::Itself, at(0));
        book.succeeded(&address(text), at(0));
    }
    let again = Book::decode(&book.encode(), Reach::Public, at(0)).expect("its text");
    assert_eq!(
        again.iter().map(|(a, _)| a.to_string()).collect::<Vec<_>>(),
        ["1.2.3.4:1001"]
    );
}
