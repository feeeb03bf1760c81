use std::time::Duration;

use super::super::answers::TreeBlock;
use super::*;

fn url(port: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()
}

fn report(id: &str, height: u64, tip: &str, weight: &str) -> Box<Report> {
    Box::new(Report {
        id: id.to_owned(),
        height,
        tip: tip.to_owned(),
        weight: weight.to_owned(),
        ..Report::default()
    })
}

fn model(nodes: u16) -> Model {
    let mut model = Model::default();
    for port in 1..=nodes {
        model.add(url(port), format!("127.0.0.1:{port}"), true);
    }
    model
}

fn answered(model: &mut Model, node: usize, report: Box<Report>) {
    model.take(Update::Answered { node, report }, Instant::now());
}

#[test]
fn the_best_has_the_most_weight_however_many_digits_that_has() {
    let mut model = model(3);
    answered(
        &mut model,
        0,
        report("a", 9, "x", "99999999999999999999999999999999999999999"),
    );
    answered(
        &mut model,
        1,
        report("b", 7, "y", "100000000000000000000000000000000000000000"),
    );
    answered(
        &mut model,
        2,
        report(
            "c",
            9,
            "z",
            "000000000000000000000000000000000000000000000100",
        ),
    );
    let reports = model.reports_of(&Chain::default());
    let ids: Vec<&str> = reports.iter().map(|report| &*report.id).collect();
    assert_eq!(ids, ["b", "a", "c"]);
}

#[test]
fn lag_is_told_against_the_best_of_the_same_network_only() {
    let mut model = model(3);
    let mut best = report("a", 4, "d", "4");
    best.tree = [(4, "d", "c"), (3, "c", "b"), (2, "b", "a"), (1, "a", "0")]
        .map(|(height, hash, parent)| TreeBlock {
            height,
            hash: hash.to_owned(),
            parent: Some(parent.to_owned()),
            transactions: None,
        })
        .to_vec();
    answered(&mut model, 0, best);
    answered(&mut model, 1, report("b", 2, "b", "2"));
    let mut other = report("c", 9_000, "q", "9000");
    other.chain.network = "dev".to_owned();
    answered(&mut model, 2, other);
    let lag = |model: &Model, node: usize| {
        let node = &model.nodes[node];
        let chain = &node.report.as_ref().unwrap().chain;
        model.lag(node, &model.tree_of(chain))
    };
    assert_eq!(
        lag(&model, 0),
        Some(Lag {
            behind: 0,
            place: Place::On
        })
    );
    assert_eq!(
        lag(&model, 1),
        Some(Lag {
            behind: 2,
            place: Place::On
        })
    );
    assert_eq!(
        lag(&model, 2),
        Some(Lag {
            behind: 0,
            place: Place::On
        })
    );
    answered(&mut model, 1, report("b", 2, "beside", "2"));
    assert_eq!(
        lag(&model, 1),
        Some(Lag {
            behind: 2,
            place: Place::Beside(None)
        })
    );
}

#[test]
fn a_node_that_goes_down_keeps_what_it_said_and_comes_back() {
    let mut model = model(1);
    let began = Instant::now();
    answered(&mut model, 0, report("a", 4, "d", "4"));
    for seconds in 1..=3 {
        let why = format!("reason {seconds}");
        model.take(
            Update::Failed { node: 0, why },
            began + Duration::from_secs(seconds),
        );
    }
    let State::Down { why, since } = &model.nodes[0].state else {
        panic!("it is down");
    };
    assert_eq!(
        (&**why, *since),
        ("reason 3", began + Duration::from_secs(1))
    );
    assert!(model.up().next().is_none() && model.reports_of(&Chain::default()).is_empty());
    assert_eq!(
        model.nodes[0].report.as_ref().map(|report| report.height),
        Some(4)
    );
    answered(&mut model, 0, report("a", 5, "e", "5"));
    assert_eq!(model.up().count(), 1);
}

#[test]
fn a_found_node_gets_one_row_whatever_it_is_called() {
    let mut model = model(1);
    answered(&mut model, 0, report("a", 4, "d", "4"));
    let found = |port: u16, id: &str| Update::Found {
        base: url(port),
        address: format!("127.0.0.1:{port}"),
        report: report(id, 4, "d", "4"),
    };
    assert_eq!(model.take(found(2, "b"), Instant::now()), Some(1));
    assert_eq!(model.take(found(3, "b"), Instant::now()), None);
    assert_eq!(model.take(found(4, "a"), Instant::now()), None);
    for port in 10..200 {
        model.take(found(port, &format!("id {port}")), Instant::now());
    }
    assert_eq!(model.nodes.len(), MOST_NODES);
}

#[test]
fn only_the_last_events_are_kept() {
    let mut model = model(1);
    for number in 0..1_000 {
        let happening = Happening {
            at: String::new(),
            node: 0,
            kind: "block".to_owned(),
            words: number.to_string(),
        };
        model.take(Update::Happened(happening), Instant::now());
    }
    assert_eq!(model.events.len(), MOST_EVENTS);
    assert_eq!(model.events.back().map(|event| &*event.words), Some("999"));
}

#[test]
fn peers_that_have_no_row_stand_in_the_tree_too() {
    let mut model = model(2);
    let mut first = report("a", 4, "d", "4");
    first.standing = [
        ("this node", "d"),
        ("127.0.0.1:2", "d"),
        ("10.0.0.9:1001", "c"),
    ]
    .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
    .to_vec();
    answered(&mut model, 0, first.clone());
    first.id = "b".to_owned();
    answered(&mut model, 1, first);
    let standing = model.standing(&Chain::default());
    assert_eq!(standing["d"], [":1", ":2"]);
    assert_eq!(standing["c"], ["10.0.0.9:1001"]);
    model.add(
        Url::parse("http://node3:1001/").unwrap(),
        "node3:1001".to_owned(),
        true,
    );
    assert_eq!(
        model.standing(&Chain::default())["d"],
        ["127.0.0.1:1", "127.0.0.1:2"]
    );
}
