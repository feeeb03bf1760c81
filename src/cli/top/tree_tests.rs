use proptest::prelude::*;

use super::*;

fn block(height: u64, hash: &str, parent: &str) -> TreeBlock {
    TreeBlock {
        height,
        hash: hash.to_owned(),
        parent: Some(parent.to_owned()),
        transactions: Some(1),
    }
}

fn report(tip: &str, blocks: &[(u64, &str, &str)]) -> Report {
    Report {
        tip: tip.to_owned(),
        tree: blocks
            .iter()
            .map(|(height, hash, parent)| block(*height, hash, parent))
            .collect(),
        ..Report::default()
    }
}

/// The drawing as text: lanes, then hash and who stands there.
fn drawn(reports: &[&Report], standing: &[(&str, &str)]) -> Vec<String> {
    let mut who: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (hash, name) in standing {
        who.entry((*hash).to_owned())
            .or_default()
            .push((*name).to_owned());
    }
    let text = |line: Line| {
        let hash = line.block.map(|block| block.hash).unwrap_or(line.remark);
        format!("{} {hash} {}", line.art, line.standing.join(","))
            .trim()
            .to_owned()
    };
    Tree::of(reports).lines(who).into_iter().map(text).collect()
}

#[test]
fn a_chain_is_one_lane() {
    let node = report("c", &[(3, "c", "b"), (2, "b", "a"), (1, "a", "0")]);
    assert_eq!(
        drawn(&[&node], &[("c", "x"), ("b", "y")]),
        ["● c x", "● b y", "● a"]
    );
    assert!(Tree::of(&[]).lines(BTreeMap::new()).is_empty());
}

#[test]
fn branches_of_other_nodes_stand_beside_the_best_chain() {
    let one = report(
        "d",
        &[(4, "d", "c"), (3, "c", "b"), (2, "b", "a"), (1, "a", "0")],
    );
    let two = report("z", &[(3, "z", "y"), (2, "y", "a"), (1, "a", "0")]);
    assert_eq!(
        drawn(&[&one, &two], &[("d", "one"), ("z", "two"), ("q", "three")]),
        [
            "● d one",
            "● c",
            "│ ○ z two",
            "● │ b",
            "│ ○ y",
            "├─╯",
            "● a",
            "on q, further back: three",
        ]
    );
    let tree = Tree::of(&[&one, &two]);
    assert_eq!(tree.place(4, "d"), Place::On);
    assert_eq!(tree.place(3, "z"), Place::Beside(Some(1)));
    assert_eq!(tree.place(3, "elsewhere"), Place::Beside(None));
    assert_eq!(tree.place(9, "z"), Place::Unknown);
}

#[test]
fn several_branches_share_lanes_where_there_is_room() {
    let node = report(
        "e",
        &[
            (5, "e", "d"),
            (4, "d", "c"),
            (3, "c", "b"),
            (2, "b", "a"),
            (1, "a", "0"),
            (5, "v", "d"), // in the lane of w, above it
            (3, "w", "b"),
            (3, "x", "b"),
            (2, "y", "a"),
            (9, "z", "nowhere"), // higher than the best, of no known parent
        ],
    );
    assert_eq!(
        drawn(&[&node], &[]),
        [
            "○ z",
            "● e",
            "│ ○ v",
            "├─╯",
            "● d",
            "● c",
            "│ ○ w",
            "│ │ ○ x",
            "├─╯ │",
            "├───╯",
            "● b",
            "│ ○ y",
            "├─╯",
            "● a",
        ]
    );
}

#[test]
fn more_branches_than_lanes_are_counted() {
    let hashes: Vec<String> = (0..9).map(|n| format!("h{n}")).collect();
    let mut blocks = vec![(2, "tip", "a"), (1, "a", "0")];
    blocks.extend(hashes.iter().map(|hash| (2, hash.as_str(), "a")));
    let lines = drawn(&[&report("tip", &blocks)], &[]);
    assert_eq!(
        lines.last().map(String::as_str),
        Some("and 4 more branches")
    );
    assert!(lines.contains(&"│ │ │ │ │ ○ h4".to_owned()), "{lines:#?}");
}

#[test]
fn the_tree_is_drawn_from_the_highest_block_where_the_tip_is_not_in_it() {
    let node = report("newer", &[(2, "b", "a"), (1, "a", "0")]);
    assert_eq!(
        drawn(&[&node], &[("newer", "x")]),
        ["● b", "● a", "on newer, further back: x"]
    );
}

proptest! {
    /// Whatever nodes say of parents and heights, each block is drawn at most once, and nothing runs without end.
    #[test]
    fn any_tree_is_drawn(
        blocks in prop::collection::vec((0_u64..6, 0_u8..12, 0_u8..12), 0..60),
        tip in 0_u8..12,
    ) {
        let blocks: Vec<TreeBlock> = blocks
            .into_iter()
            .map(|(height, hash, parent)| block(height, &format!("h{hash}"), &format!("h{parent}")))
            .collect();
        let distinct: HashSet<&str> = blocks.iter().map(|block| &*block.hash).collect();
        let node = Report { tip: format!("h{tip}"), tree: blocks.clone(), ..Report::default() };
        let tree = Tree::of(&[&node]);
        let lines = tree.lines(BTreeMap::new());
        let shown: Vec<String> = lines.iter().filter_map(|line| Some(line.block.as_ref()?.hash.clone())).collect();
        let once: HashSet<&String> = shown.iter().collect();
        prop_assert_eq!(once.len(), shown.len());
        let left_out = lines.iter().any(|line| line.remark.contains("more branches"));
        prop_assert!(left_out || shown.len() == distinct.len());
        for line in &lines {
            prop_assert!(line.art.chars().count() <= 2 * MOST_LANES);
        }
    }
}
