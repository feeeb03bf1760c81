use std::time::Duration;

use url::Url;

use super::super::model::Update;
use super::*;

fn block(height: u64, seconds: Option<f64>) -> Block {
    Block {
        height,
        hash: String::new(),
        time: String::new(),
        seconds,
        transactions: 0,
        by: String::new(),
    }
}

fn model(addresses: &[&str]) -> Model {
    let mut model = Model::default();
    for address in addresses {
        let base = Url::parse(&format!("http://{address}/")).unwrap();
        model.add(base, (*address).to_owned(), true);
    }
    model
}

#[test]
fn the_rate_goes_over_the_last_blocks_and_leaves_the_first_out() {
    let blocks = [
        block(4, Some(90.0)),
        block(3, Some(70.0)),
        block(2, Some(60.0)),
        block(1, Some(0.0)),
    ];
    assert_eq!(per_minute(&blocks), Some(4.0));
    assert_eq!(
        per_minute(&blocks[2..]),
        None,
        "two blocks, and one is the first"
    );
    assert_eq!(per_minute(&[]), None);
    assert_eq!(
        per_minute(&[block(4, Some(5.0)), block(3, Some(5.0))]),
        None,
        "no time passed"
    );
    assert_eq!(
        per_minute(&[block(4, Some(5.0)), block(3, Some(9.0))]),
        None,
        "time went back"
    );
    assert_eq!(per_minute(&[block(4, Some(5.0)), block(3, None)]), None);
    assert_eq!(
        per_minute(&[block(3, Some(5.0)), block(u64::MAX, Some(1.0))]),
        None
    );
}

#[test]
fn numbers_and_spans_read_as_people_say_them() {
    for (number, said) in [
        ("0", "0"),
        ("999", "999"),
        ("1000", "1.0k"),
        ("99949", "99.9k"),
        ("123456", "123k"),
        ("999500", "1.0M"),
        ("1200000", "1.2M"),
        ("not a number", "-"),
        (
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            "1e53Y",
        ),
    ] {
        assert_eq!(human(number), said, "{number}");
    }
    for (seconds, said) in [
        (59, "59s"),
        (60, "1m"),
        (3_599, "59m"),
        (86_399, "23h"),
        (u64::MAX, "213503982334601d"),
    ] {
        assert_eq!(span(seconds), said);
    }
}

#[test]
fn a_row_says_what_is_wrong() {
    let mut model = model(&["127.0.0.1:1001", "127.0.0.1:1002", "127.0.0.1:1003"]);
    let now = Instant::now();
    let report = Report {
        height: 7,
        tip: "0123456789abcdef".to_owned(),
        weight: "7".to_owned(),
        sync: "auto".to_owned(),
        uptime_seconds: 61,
        ..Report::default()
    };
    let answered = |node, report| Update::Answered {
        node,
        report: Box::new(report),
    };
    model.take(answered(0, report.clone()), now);
    let behind = Report {
        height: 5,
        weight: "5".to_owned(),
        syncs: vec![(5, 7)],
        not_ready: Some("The disk takes no writes.".to_owned()),
        ..report
    };
    model.take(answered(1, behind), now);
    model.take(
        Update::Failed {
            node: 1,
            why: "no answer: refused".to_owned(),
        },
        now,
    );
    let rows_down = rows(&model, now + Duration::from_secs(75));
    assert_eq!(
        rows_down[1].down.as_deref(),
        Some("down 1m: no answer: refused; last at 5 01234567")
    );
    assert_eq!(
        (rows_down[1].mood, rows_down[0].mood),
        (Mood::Bad, Mood::Good)
    );
    assert_eq!(rows_down[2].down.as_deref(), Some("asking"));
    assert_eq!(rows_down[0].cells[2..7], ["7", "01234567", "0", "0", "0"]);

    let report = model.nodes[1].report.clone().unwrap();
    model.take(Update::Answered { node: 1, report }, now);
    let row = &rows(&model, now)[1];
    assert_eq!(
        (&*row.cells[4], &*row.cells[11], &*row.cells[12]),
        ("2", "5/7", "not ready")
    );
    assert_eq!(row.mood, Mood::Watch);
}

#[test]
fn columns_go_by_rank_and_the_name_gives_way_last() {
    let mut model = model(&["127.0.0.1:1001"]);
    let report = Report {
        height: 123_456,
        tip: "0123456789abcdef".to_owned(),
        sync: "auto".to_owned(),
        chain: super::super::answers::Chain {
            network: "classic".to_owned(),
            ..Default::default()
        },
        ..Report::default()
    };
    model.take(
        Update::Answered {
            node: 0,
            report: Box::new(report),
        },
        Instant::now(),
    );
    let rows = rows(&model, Instant::now());
    let shown = |width: usize| -> Vec<&str> {
        let columns = fit(&rows, width, str::len);
        let total: usize = columns.iter().map(|(_, width)| width + GAP).sum();
        assert!(total <= width + GAP || width < 27, "{width}: {columns:?}");
        columns.iter().map(|(at, _)| COLUMNS[*at].0).collect()
    };
    let wide = shown(200);
    assert!(
        wide.contains(&"NETWORK") && !wide.contains(&"HASHES/S"),
        "no node has one: {wide:?}"
    );
    assert_eq!(shown(40), ["NODE", "HEIGHT", "LAG", "HEALTH"]);
    assert_eq!(shown(30), ["NODE", "HEIGHT", "LAG", "HEALTH"]);
    for width in 0..200 {
        shown(width);
    }
}
