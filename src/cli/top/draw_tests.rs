use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use url::Url;

use super::super::answers::{Block, Chain, Report, TreeBlock, Waiting};
use super::super::model::Update;
use super::super::said::Happening;
use super::*;

fn tree(blocks: &[(u64, &str, &str)]) -> Vec<TreeBlock> {
    let block = |(height, hash, parent): &(u64, &str, &str)| TreeBlock {
        height: *height,
        hash: (*hash).to_owned(),
        parent: Some((*parent).to_owned()),
        transactions: Some(1),
    };
    blocks.iter().map(block).collect()
}

/// Two nodes on two branches, one that is behind, one that is down, one of another network.
fn model(now: Instant) -> Model {
    let mut model = Model::default();
    for port in 1001..=1005 {
        let address = format!("127.0.0.1:{port}");
        let base = Url::parse(&format!("http://{address}/")).unwrap();
        model.add(base, address, true);
    }
    let report = |id: &str, network: &str, height: u64, tip: &str| Report {
        id: id.to_owned(),
        height,
        tip: tip.to_owned(),
        weight: height.to_string(),
        sync: "auto".to_owned(),
        chain: Chain {
            network: network.to_owned(),
            ..Chain::default()
        },
        waiting: 1,
        pool: vec![Waiting {
            from: "漢字".to_owned(),
            to: "Bob\\u{1b}[2J".to_owned(),
            amount: "5".to_owned(),
            more: String::new(),
        }],
        blocks: vec![Block {
            height,
            hash: tip.to_owned(),
            time: "2026-11-21 10:18:36".to_owned(),
            seconds: Some(1.0),
            transactions: 1,
            by: "proof 45293".to_owned(),
        }],
        ..Report::default()
    };
    let shared = [(2, "bbbbbbbb22", "aaaaaaaa11"), (1, "aaaaaaaa11", "0")];
    let mut one = report("a", "classic", 3, "cccccccc33");
    one.tree = tree(&[(3, "cccccccc33", "bbbbbbbb22"), shared[0], shared[1]]);
    let mut two = report("b", "classic", 2, "dddddddd44");
    two.tree = tree(&[(2, "dddddddd44", "aaaaaaaa11"), shared[1]]);
    let mut three = report("c", "classic", 2, "bbbbbbbb22");
    three.not_ready = Some("The disk takes no writes.".to_owned());
    let other = report("d", "dev", 9, "eeeeeeee55");
    for (node, report) in [one, two, three, other].into_iter().enumerate() {
        let report = Box::new(report);
        model.take(Update::Answered { node, report }, now);
    }
    let why = "no answer: connection refused".to_owned();
    model.take(Update::Failed { node: 4, why }, now);
    model.take(
        Update::Happened(Happening {
            at: "10:18:36".to_owned(),
            node: 0,
            kind: "block".to_owned(),
            words: "3 cccccccc33 with 1 transaction".to_owned(),
        }),
        now,
    );
    model
}

fn drawn(columns: u16, lines: u16, view: &mut View, theme: Theme) -> (String, Vec<Style>) {
    let now = Instant::now();
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    let model = model(now);
    terminal
        .draw(|frame| {
            draw(
                frame,
                &model,
                view,
                now + Duration::from_secs(12),
                "10:18:40",
                theme,
            )
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(columns.into());
    let text: Vec<String> = rows
        .map(|row| {
            let row: String = row.iter().map(|cell| cell.symbol()).collect();
            row.trim_end().to_owned()
        })
        .collect();
    (
        text.join("\n"),
        buffer.content.iter().map(|cell| cell.style()).collect(),
    )
}

const PLAIN: Theme = Theme { colours: false };

#[test]
fn a_large_terminal_shows_everything_at_once() {
    let (text, _) = drawn(110, 30, &mut View::default(), PLAIN);
    for part in [
        "bcoin top · classic · 4 of 5 nodes up · best 3 cccccccc",
        "10:18:40",
        "> 127.0.0.1:1001",
        "1 fork",
        "not ready",
        "127.0.0.1:1005  down 12s: no answer: connection refused",
        "Tree of classic",
        "●   3 cccccccc  1 tx  ← :1001",
        "│ ○ 2 dddddddd  1 tx  ← :1002",
        "├─╯",
        "Blocks of :1001",
        "proof 45293",
        "10:18:36 :1001 block: 3 cccccccc33",
        "Waiting of :1001",
        "q quit",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    // A terminal shows one wide character in two cells, the second of which is blank here.
    assert!(text.contains("漢 字  → Bob\\u{1b}[2J: 5"), "{text}");
}

#[test]
fn a_narrow_and_short_terminal_shows_the_nodes_and_one_pane() {
    let mut view = View {
        node: 4,
        ..View::default()
    };
    let (text, _) = drawn(40, 10, &mut view, PLAIN);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10, "{text}");
    assert!(
        lines[1].contains("NODE") && lines[1].contains("HEIGHT") && lines[1].contains("LAG"),
        "{text}"
    );
    assert!(
        lines[4].starts_with("> …0.0.1:1005  down 12s"),
        "the chosen node is in sight:\n{text}"
    );
    assert!(lines[5].starts_with("> Tree"), "{text}");
    view.node = 0;
    view.pane = Pane::Events;
    let (text, _) = drawn(40, 10, &mut view, PLAIN);
    assert!(
        text.contains("> …0.0.1:1001") && text.contains("10:18:36 :1001 block"),
        "{text}"
    );
}

#[test]
fn any_size_is_drawn_with_and_without_help() {
    for columns in (1..60).chain([89, 90, 120, 300]) {
        for lines in (1..24).chain([60]) {
            for help in [false, true] {
                let mut view = View {
                    node: 7,
                    scrolled: 1_000,
                    help,
                    ..View::default()
                };
                drawn(columns, lines, &mut view, PLAIN);
                let drawn = lines >= 12;
                assert!(
                    view.node < 5 && (view.scrolled < 20 || !drawn),
                    "{columns}x{lines}"
                );
            }
        }
    }
}

#[test]
fn without_colours_there_are_none_and_the_words_say_the_same() {
    let coloured = |theme| {
        let (text, styles) = drawn(110, 30, &mut View::default(), theme);
        let none = [None, Some(Color::Reset)];
        (
            text,
            styles
                .iter()
                .any(|style| !none.contains(&style.fg) || !none.contains(&style.bg)),
        )
    };
    let (with, there_are) = coloured(Theme { colours: true });
    let (without, still_are) = coloured(PLAIN);
    assert!(there_are && !still_are);
    assert_eq!(with, without);
}

#[test]
fn pause_and_help_say_so() {
    let mut view = View {
        paused: true,
        help: true,
        ..View::default()
    };
    let (text, _) = drawn(80, 24, &mut view, PLAIN);
    assert!(text.starts_with("PAUSED bcoin top"), "{text}");
    for (keys, does) in KEYS {
        assert!(
            text.contains(keys) && text.contains(does),
            "{keys}:\n{text}"
        );
    }
}
