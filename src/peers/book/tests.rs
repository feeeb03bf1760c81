//! Properties of the whole book, whatever is done to it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::limits::{
    BOOK_ADDRESSES, BOOK_BUCKET, BOOK_CONTESTS, BOOK_FILE_BYTES, BOOK_SOURCE_BUCKETS,
};

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn at(running_ms: u64) -> Moment {
    Moment {
        running_ms,
        unix: 1_700_000_000 + running_ms / 1000,
    }
}

/// A public address for every number up to 2^22, mostly in groups of their own.
pub(super) fn public(number: u32) -> PeerAddress {
    let [_, c, b, a] = number.to_be_bytes();
    PeerAddress::http([20 + c % 64, a, b, 1].into(), 1001)
}

fn book() -> Book {
    Book::new([7; 32], Reach::Public)
}

/// A book whose tried table has every one of these that found a place there.
pub(super) fn with_tried(numbers: std::ops::Range<u32>) -> Book {
    let mut book = book();
    for number in numbers {
        book.learn(public(number), Source::Itself, at(0));
        book.attempted(&public(number), at(0));
        book.succeeded(&public(number), at(0));
        book.ended(&public(number), End::Ours, at(0));
    }
    book
}

fn in_table(book: &Book, table: Table) -> Vec<PeerAddress> {
    book.iter()
        .filter(|(_, known)| known.table() == table)
        .map(|(address, _)| address.clone())
        .collect()
}

/// Anything that can happen to a book.
#[derive(Clone, Debug)]
enum Event {
    Learn(u32, Teller),
    Attempted(u32),
    Succeeded(u32),
    Failed(u32, Fault),
    Ended(u32, End),
    LeaveAlone(u32, u64),
    Forget(u32),
    Anchors(Vec<u32>),
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum Teller {
    Peer(u32),
    Itself,
    Network,
    Settings,
    Operator,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Few numbers, so that events meet.
    let who = 0..400_u32;
    let teller = prop_oneof![
        4 => (0..5_u32).prop_map(Teller::Peer),
        2 => Just(Teller::Itself),
        1 => Just(Teller::Network),
        1 => Just(Teller::Settings),
        1 => Just(Teller::Operator),
    ];
    let fault = prop_oneof![Just(Fault::Theirs), Just(Fault::PerhapsOurs)];
    let end = prop_oneof![Just(End::Theirs), Just(End::Ours), Just(End::Lagged)];
    let event = prop_oneof![
        8 => (who.clone(), teller).prop_map(|(who, teller)| Event::Learn(who, teller)),
        2 => who.clone().prop_map(Event::Attempted),
        6 => who.clone().prop_map(Event::Succeeded),
        6 => (who.clone(), fault).prop_map(|(who, fault)| Event::Failed(who, fault)),
        2 => (who.clone(), end).prop_map(|(who, end)| Event::Ended(who, end)),
        1 => (who.clone(), 0..200_000_u64).prop_map(|(who, span)| Event::LeaveAlone(who, span)),
        1 => who.clone().prop_map(Event::Forget),
        1 => prop::collection::vec(who, 0..8).prop_map(Event::Anchors),
        1 => (0..DAY_MS).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 0..600)
}

fn apply(book: &mut Book, event: Event, now: &mut u64) {
    let moment = at(*now);
    match event {
        Event::Learn(who, teller) => {
            let source = match teller {
                Teller::Peer(from) => Source::Peer([50, from as u8, 1, 1].into()),
                Teller::Itself => Source::Itself,
                Teller::Network => Source::Network,
                Teller::Settings => Source::Settings,
                Teller::Operator => Source::Operator,
            };
            book.learn(public(who), source, moment);
        }
        Event::Attempted(who) => book.attempted(&public(who), moment),
        Event::Succeeded(who) => book.succeeded(&public(who), moment),
        Event::Failed(who, fault) => book.failed(&public(who), fault, moment),
        Event::Ended(who, end) => book.ended(&public(who), end, moment),
        Event::LeaveAlone(who, span) => {
            book.leave_alone(&public(who), moment.unix + span, moment);
        }
        Event::Forget(who) => book.forget(&public(who)),
        Event::Anchors(who) => book.set_anchors(who.into_iter().map(public)),
        Event::Pass(span) => *now += span,
    }
}

/// Whatever is in the book stands in exactly one place, and that is its own.
fn is_whole(book: &Book) {
    let standing = |slots: &Slots| slots.buckets().map(BTreeMap::len).sum::<usize>();
    for (table, slots) in [(Table::New, &book.new), (Table::Tried, &book.tried)] {
        let members = in_table(book, table);
        assert_eq!(standing(slots), members.len(), "{table:?}");
        for member in members {
            let slot = match table {
                Table::Tried => book.secret.tried_slot(&member),
                _ => {
                    let source = book.known[&member].source.group(&member);
                    book.secret.new_slot(&source, &member)
                }
            };
            assert_eq!(slots.at(slot), Some(&member), "{table:?}");
        }
    }
    assert_eq!(
        in_table(book, Table::Operator),
        book.operators().cloned().collect::<Vec<_>>()
    );
    assert!(book.operators.len() <= BOOK_OPERATORS);
    assert!(book.len() <= BOOK_ADDRESSES);
    assert!(book.left_alone.len() <= BOOK_LEFT_ALONE);
    assert!(book.contests.len() <= BOOK_CONTESTS);
    assert!(book.anchors.len() <= BOOK_ANCHORS);
    for anchor in &book.anchors {
        assert!(book.known.contains_key(anchor), "{anchor} is an anchor");
    }
    for Contest {
        newcomer, holder, ..
    } in &book.contests
    {
        assert_eq!(book.known[newcomer].table, Table::New, "{newcomer} waits");
        assert_eq!(book.known[holder].table, Table::Tried, "{holder} holds");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_the_book_is_whole_keeps_the_operators_and_survives_its_text(events in events()) {
        let (mut book, mut now) = (book(), 0);
        let mut operators = BTreeSet::new();
        for event in events {
            match &event {
                Event::Learn(who, Teller::Settings | Teller::Operator) => {
                    operators.insert(public(*who));
                }
                Event::Forget(who) => {
                    operators.remove(&public(*who));
                }
                _ => {}
            }
            apply(&mut book, event, &mut now);
            prop_assert_eq!(&book.operators, &operators, "nothing displaces the operator's");
        }
        is_whole(&book);

        let text = book.encode();
        let again = Book::decode(&text, Reach::Public, at(now)).expect("its own text");
        is_whole(&again);
        // The settings' come anew, and those left alone until before now are forgotten.
        let kept = |book: &Book| -> Vec<_> {
            book.iter()
                .filter(|(_, known)| known.source != Source::Settings)
                .map(|(address, known)| (address.clone(), Known { pause: Default::default(), ..known.clone() }))
                .collect()
        };
        prop_assert_eq!(kept(&again), kept(&book));
        prop_assert_eq!(again.encode(), Book::decode(&again.encode(), Reach::Public, at(now)).expect("again").encode());
        for (address, until) in again.left_alone() {
            prop_assert_eq!(book.left_alone.get(address), Some(&until));
        }
    }
}

#[test]
fn no_flood_makes_the_book_larger_than_its_limits() {
    let mut book = book();
    for number in 0..30_000 {
        let from = [60 + (number % 100) as u8, (number % 251) as u8, 1, 1];
        book.learn(public(number), Source::Peer(from.into()), at(0));
        if number % 3 == 0 {
            book.succeeded(&public(number), at(0));
        }
        if number % 50 == 0 {
            book.learn(public(number), Source::Operator, at(0));
        }
        if number % 10 == 0 {
            book.leave_alone(&public(number + 1), u64::MAX, at(0));
        }
    }
    is_whole(&book);
    assert_eq!(book.operators.len(), BOOK_OPERATORS);
    assert_eq!(book.left_alone.len(), BOOK_LEFT_ALONE);
    assert!(book.len() > BOOK_ADDRESSES * 8 / 10, "{}", book.len());
    let text = book.encode();
    assert!(text.len() < BOOK_FILE_BYTES, "{} bytes", text.len());
    assert_eq!(
        Book::decode(&text, Reach::Public, at(0))
            .expect("its text")
            .encode(),
        text
    );
}

#[test]
fn what_one_source_tells_fills_an_eleventh_of_the_new_and_none_of_the_tried() {
    let mut book = with_tried(0..300);
    let tried = in_table(&book, Table::Tried);
    let new = in_table(&book, Table::New).len();
    for number in 1_000..60_000 {
        book.learn(
            public(number),
            Source::Peer([60, 1, 1, 1].into()),
            at(number.into()),
        );
    }
    is_whole(&book);
    assert_eq!(in_table(&book, Table::Tried), tried);
    let told = in_table(&book, Table::New).len() - new;
    assert!(told <= BOOK_SOURCE_BUCKETS * BOOK_BUCKET, "{told}");
    assert!(told > 100, "{told}");
}

/// Even one that answers at every address of its group displaces nobody who lives.
#[test]
fn a_group_that_answers_everywhere_fills_a_sixteenth_of_the_tried_and_displaces_nobody_alive() {
    let mut book = with_tried(0..600);
    let tried = in_table(&book, Table::Tried);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for number in 0..5_000_u32 {
        let now = at(u64::from(number) * 30_000);
        let [.., c, d] = number.to_be_bytes();
        let hostile = PeerAddress::http([150, 150, c, d].into(), 1001);
        book.learn(hostile.clone(), Source::Peer([150, 150, 1, 1].into()), now);
        book.succeeded(&hostile, now);
        // The feeler finds that whoever holds a contested place still answers.
        if let Some(picked) = book.pick(Want::New, now, &mut rng, |_, _| false) {
            book.attempted(&picked, now);
            book.succeeded(&picked, now);
            book.ended(&picked, End::Ours, now);
        }
    }
    is_whole(&book);
    let after = in_table(&book, Table::Tried);
    assert!(tried.iter().all(|address| after.contains(address)));
    let group = Group::V4([150, 150]);
    let hostile = after.iter().filter(|a| Group::of(a) == group).count();
    assert!(
        (1..=crate::limits::BOOK_GROUP_BUCKETS * BOOK_BUCKET).contains(&hostile),
        "{hostile}"
    );
}

/// Two addresses that share a place among the tried.
fn rivals(book: &Book) -> (PeerAddress, PeerAddress) {
    let mut seen: Vec<(buckets::Slot, PeerAddress)> = Vec::new();
    for address in (0..).map(public) {
        let slot = book.secret.tried_slot(&address);
        if let Some((_, other)) = seen.iter().find(|(taken, _)| *taken == slot) {
            return (other.clone(), address);
        }
        seen.push((slot, address));
    }
    panic!("there are more addresses than places");
}

#[test]
fn a_tried_address_goes_only_once_a_feeler_found_it_dead() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for alive in [true, false] {
        let mut book = book();
        let (holder, newcomer) = rivals(&book);
        for address in [&holder, &newcomer] {
            book.learn(address.clone(), Source::Itself, at(0));
        }
        book.succeeded(&holder, at(0));
        book.succeeded(&newcomer, at(0));
        assert_eq!(
            book.contests,
            [],
            "who was there just now need not be tested"
        );

        let later = at(DAY_MS);
        book.succeeded(&newcomer, later);
        assert_eq!(book.get(&holder).map(Known::table), Some(Table::Tried));
        let picked = book.pick(Want::New, later, &mut rng, |_, _| false);
        assert_eq!(
            picked.as_ref(),
            Some(&holder),
            "the feeler goes there first"
        );
        book.attempted(&holder, later);
        match alive {
            true => book.succeeded(&holder, later),
            false => book.failed(&holder, Fault::Theirs, later),
        }
        is_whole(&book);
        let (kept, other) = match alive {
            true => (&holder, &newcomer),
            false => (&newcomer, &holder),
        };
        assert_eq!(book.get(kept).map(Known::table), Some(Table::Tried));
        assert_ne!(book.get(other).map(Known::table), Some(Table::Tried));
        assert_eq!(book.contests, []);
    }
}

#[test]
fn a_failure_that_may_be_our_own_gives_nobody_up() {
    let mut book = with_tried(0..1);
    book.learn(public(9), Source::Itself, at(0));
    for call in 0..100 {
        let now = at(call * 30_000);
        for number in [0, 9] {
            assert!(book.is_due(&public(number), now), "call {call} of {number}");
            book.attempted(&public(number), now);
            book.failed(&public(number), Fault::PerhapsOurs, now);
            assert_eq!(book.get(&public(number)).map(Known::failures), Some(0));
        }
    }
}
