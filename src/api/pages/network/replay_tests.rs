//! Whether each transaction has one fate, and each block one place.

use super::*;

fn hash(name: &str) -> String {
    name.repeat(64 / name.len())
}

fn block(height: u64, name: &str, parent: &str, payments: &[&str]) -> Replayed {
    let payment = |id: &&str| Payment {
        id: (*id).to_owned(),
        sender: "a".to_owned(),
        receiver: "b".to_owned(),
        amount: "1".to_owned(),
        link: None,
    };
    Replayed {
        height,
        hash: hash(name),
        parent: Some(hash(parent)),
        payments: payments.iter().map(payment).collect(),
        bytes: 1,
    }
}

fn reorg(number: u64, returned: usize, named: &[&str]) -> Reorg {
    Reorg {
        number,
        fork: Some(1),
        was: hash("b"),
        hash: hash("d"),
        displaced: 1,
        connected: 2,
        returned,
        named: named.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn read(reorgs: &[Reorg], chosen: Option<u64>) -> Replay {
    let all = [
        block(2, "b", "a", &["x", "y", "y", "z"]),
        block(3, "d", "c", &["y"]),
        block(2, "c", "a", &[]),
    ];
    let find = |hash: &str| Ok(all.iter().find(|block| block.hash == hash).cloned());
    Replay::read(reorgs, chosen, find)
        .expect("it reads")
        .expect("there is one")
}

#[test]
fn each_transaction_of_a_displaced_block_has_one_fate() {
    let replay = read(&[reorg(9, 2, &["x", "y"])], None);
    let fates: Vec<(&str, &Fate)> = replay
        .step
        .moves
        .iter()
        .map(|fell| (fell.payment.id.as_str(), &fell.fate))
        .collect();
    let new = Fate::InNewChain(3, hash("d"));
    assert_eq!(
        fates,
        [
            ("x", &Fate::Waits),
            ("y", &Fate::Waits),
            ("y", &new),
            ("z", &Fate::Gone)
        ]
    );
    assert_eq!(replay.step.counts(), (2, 1));
    // Where the event named fewer than there were, nobody says that one is gone.
    let cut = read(&[reorg(9, 7, &["x"])], None);
    assert_eq!(
        cut.step.moves.last().map(|fell| &fell.fate),
        Some(&Fate::Unknown)
    );
}

#[test]
fn the_chosen_one_is_shown_and_else_the_last() {
    let reorgs = [reorg(4, 0, &[]), reorg(9, 0, &[]), reorg(11, 0, &[])];
    let replay = read(&reorgs, Some(9));
    assert_eq!(
        (replay.at, replay.older(), replay.newer()),
        (2, Some(4), Some(11))
    );
    assert_eq!(replay.steps(), "4 9 11");
    for unknown in [None, Some(7), Some(u64::MAX)] {
        let last = read(&reorgs, unknown);
        assert_eq!((last.at, last.older(), last.newer()), (3, Some(9), None));
    }
    assert!(Replay::choose(&[], Some(4)).is_none());
}

#[test]
fn blocks_stay_where_they_are_from_before_to_after() {
    let replay = read(&[reorg(9, 0, &[])], None);
    let places = |picture: &Picture| -> BTreeMap<String, (usize, usize)> {
        picture
            .boxes
            .iter()
            .map(|drawn| (drawn.key.clone(), (drawn.x, drawn.y)))
            .collect()
    };
    let (before, after) = (&replay.step.before, &replay.step.after);
    assert_eq!(places(before), places(after));
    assert_eq!(
        places(before).len(),
        4,
        "both sides and the last block that they share"
    );
    let class = |picture: &Picture, name: &str| {
        let found = picture.boxes.iter().find(|drawn| drawn.key == hash(name));
        found.map(|drawn| (drawn.class, drawn.badges.len()))
    };
    assert_eq!(class(before, "b"), Some(("chain", 1)));
    assert_eq!(class(after, "b"), Some(("beside", 0)));
    assert_eq!(class(after, "d"), Some(("chain", 1)));
}
