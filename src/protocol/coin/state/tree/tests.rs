//! Tests of the tree: Ethereum's vectors, roots built from nothing by `alloy_trie`, proofs, what an update reads and makes, and what a broken tree gives.

use std::cell::Cell;
use std::collections::BTreeMap;

use alloy_primitives::{Address, U256, hex};
use alloy_trie::HashBuilder;
use alloy_trie::proof::verify_proof;
use proptest::prelude::*;
use serde_json::Value;

use super::super::view::Account;
use super::*;

/// Keeps nodes, and counts how often they are read.
#[derive(Default)]
struct Kept {
    nodes: BTreeMap<(Tree, B256), Bytes>,
    read: Cell<usize>,
}

impl StateView for Kept {
    fn account(&self, _: Address) -> Result<Option<Account>, ViewError> {
        Ok(None)
    }
    fn slot(&self, _: Address, _: U256) -> Result<U256, ViewError> {
        Ok(U256::ZERO)
    }
    fn code(&self, _: B256) -> Result<Bytes, ViewError> {
        Ok(Bytes::new())
    }
    fn record_hash(&self, _: u64) -> Result<Option<B256>, ViewError> {
        Ok(None)
    }
    fn node(&self, tree: Tree, hash: B256) -> Result<Option<Bytes>, ViewError> {
        self.read.set(self.read.get() + 1);
        Ok(self.nodes.get(&(tree, hash)).cloned())
    }
    fn state_root(&self) -> Result<B256, ViewError> {
        Ok(EMPTY_ROOT_HASH)
    }
}

const TREE: Tree = Tree::Accounts;

/// A key's hash, and what it becomes.
type Pair = (B256, Option<Vec<u8>>);

impl Kept {
    fn update(&mut self, root: B256, pairs: Vec<Pair>) -> B256 {
        let read = self.read.get();
        let entries = pairs.into_iter().map(|(key, value)| {
            let stood = super::value(self, TREE, root, key).expect("a whole tree");
            Entry {
                key,
                stood: stood.is_some(),
                value,
            }
        });
        let entries = entries.collect();
        self.read.set(read);
        let mut made = Nodes::new();
        let root = update(self, TREE, root, entries, &mut made).expect("a whole tree");
        for ((tree, hash), node) in &made {
            assert_eq!((*tree, *hash), (TREE, keccak256(node)));
        }
        self.nodes.extend(made);
        root
    }
}

/// The root over all this, from nothing.
fn root_of(all: &BTreeMap<B256, Vec<u8>>) -> B256 {
    let mut tree = HashBuilder::default();
    for (key, value) in all {
        tree.add_leaf(Nibbles::unpack(key), value);
    }
    tree.root()
}

fn bytes_of(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).expect("hexadecimal"),
        None => text.as_bytes().to_vec(),
    }
}

fn entry(key: &str, value: &Value) -> Pair {
    (keccak256(bytes_of(key)), value.as_str().map(bytes_of))
}

/// Those of Ethereum's vectors whose keys are hashed, as ours are: an entry at a time in the order given and in reverse, and all at once.
#[test]
fn ethereums_vectors() {
    let mut seen = 0;
    for file in [
        include_str!("../../../../../tests/vectors/trie/hex_encoded_securetrie_test.json"),
        include_str!("../../../../../tests/vectors/trie/trieanyorder_secureTrie.json"),
        include_str!("../../../../../tests/vectors/trie/trietest_secureTrie.json"),
    ] {
        let file: BTreeMap<String, Value> = serde_json::from_str(file).expect("JSON");
        for (name, vector) in file {
            let (entries, any_order): (Vec<Pair>, bool) = match &vector["in"] {
                Value::Object(map) => (map.iter().map(|(k, v)| entry(k, v)).collect(), true),
                list => {
                    let pairs = list.as_array().expect("pairs").iter();
                    let pairs = pairs.map(|pair| entry(pair[0].as_str().expect("text"), &pair[1]));
                    (pairs.collect(), false)
                }
            };
            let expected: B256 = vector["root"].as_str().expect("text").parse().expect("hex");
            let one_by_one = |entries: &mut dyn Iterator<Item = &Pair>| {
                let mut kept = Kept::default();
                entries.fold(EMPTY_ROOT_HASH, |root, one| {
                    kept.update(root, vec![one.clone()])
                })
            };
            assert_eq!(one_by_one(&mut entries.iter()), expected, "{name}");
            if any_order {
                assert_eq!(one_by_one(&mut entries.iter().rev()), expected, "{name}");
            }
            let last: BTreeMap<B256, Option<Vec<u8>>> = entries.into_iter().collect();
            let at_once = Kept::default().update(EMPTY_ROOT_HASH, last.into_iter().collect());
            assert_eq!(at_once, expected, "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 13);
}

/// Keys that part ways early, late or in the last nibble; at the same depths as others, with values so short that nodes stand in their parents.
fn key() -> impl Strategy<Value = B256> {
    let nibble = 0_u8..3;
    (0_usize..64, nibble.clone(), nibble).prop_map(|(at, first, second)| {
        let mut nibbles = [0_u8; 64];
        nibbles[at] = first;
        nibbles[(at + 1) % 64] = second;
        let packed = Nibbles::from_nibbles(nibbles).pack();
        B256::from_slice(&packed)
    })
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        2 => Just(None),
        3 => proptest::collection::vec(any::<u8>(), 1..4).prop_map(Some),
        2 => proptest::collection::vec(any::<u8>(), 30..80).prop_map(Some),
    ]
}

proptest! {
    /// After each batch the root is the one from nothing, and every former root still proves all that stood there and what did not.
    #[test]
    fn updates_and_proofs_are_those_of_trees_from_nothing(
        batches in proptest::collection::vec(proptest::collection::btree_map(key(), value(), 1..12), 1..8),
        strangers in proptest::collection::vec(key(), 8),
    ) {
        let mut kept = Kept::default();
        let mut all = BTreeMap::new();
        let mut former = Vec::new();
        let mut root = EMPTY_ROOT_HASH;
        for batch in batches {
            for (key, value) in &batch {
                match value {
                    Some(value) => all.insert(*key, value.clone()),
                    None => all.remove(key),
                };
            }
            root = kept.update(root, batch.into_iter().collect());
            prop_assert_eq!(root, root_of(&all));
            former.push((root, all.clone()));
        }
        for (root, all) in former {
            for key in all.keys().chain(&strangers) {
                let proof = proof(&kept, TREE, root, *key).expect("a whole tree");
                let stands = all.get(key).cloned();
                prop_assert!(verify_proof(root, Nibbles::unpack(key), stands.clone(), &proof).is_ok());
                let other = Some(b"something else".to_vec());
                prop_assert!(verify_proof(root, Nibbles::unpack(key), other, &proof).is_err());
            }
        }
    }
}

fn many(number: u64) -> Vec<Pair> {
    let entry = |n: u64| (keccak256(n.to_be_bytes()), Some(n.to_be_bytes().repeat(9)));
    (0..number).map(entry).collect()
}

/// However great the tree, an update reads and makes what is on the paths.
#[test]
fn an_update_stays_on_the_paths() {
    let mut kept = Kept::default();
    let root = kept.update(EMPTY_ROOT_HASH, many(20_000));
    assert_eq!(kept.read.take(), 0);
    let (whole, key) = (kept.nodes.len(), keccak256(77_u64.to_be_bytes()));
    let changed = kept.update(root, vec![(key, Some(b"changed".to_vec()))]);
    let (read, made) = (kept.read.take(), kept.nodes.len() - whole);
    assert!((2..9).contains(&read), "{read} read");
    assert_eq!(made, read);
    // One that goes may fold its branch into the only other child, which has to be read.
    let without = kept.update(changed, vec![(key, None)]);
    assert!(kept.read.take() <= read + 1);
    // What is as it was makes no other root.
    assert_eq!(kept.update(without, vec![(key, None)]), without);
    assert_eq!(kept.update(without, many(78).split_off(77)), root);
}

fn stood(key: B256, value: Option<Vec<u8>>) -> Entry {
    Entry {
        key,
        stood: true,
        value,
    }
}

#[test]
fn a_change_that_was_made_on_something_else_is_an_error() {
    let mut kept = Kept::default();
    let root = kept.update(EMPTY_ROOT_HASH, many(2_000));
    for (number, stands) in [(5_u64, true), (2_005, false)] {
        let key = keccak256(number.to_be_bytes());
        for value in [None, Some(b"x".to_vec())] {
            let mut entries = vec![stood(key, value)];
            entries[0].stood = !stands;
            let update = update(&kept, TREE, root, entries, &mut Nodes::new());
            let error = update.err().map(|error| error.cause().cloned());
            let differs = BrokenTree::Differs {
                tree: TREE,
                key,
                stands,
            };
            assert_eq!(error.flatten(), Some(differs));
        }
    }
}

#[test]
fn a_broken_tree_is_an_error_and_no_panic() {
    let mut kept = Kept::default();
    let root = kept.update(EMPTY_ROOT_HASH, many(2_000));
    let key = keccak256(5_u64.to_be_bytes());
    let attempts = |kept: &Kept| {
        let update = update(kept, TREE, root, vec![stood(key, None)], &mut Nodes::new()).err();
        let proof = proof(kept, TREE, root, key).err();
        [update, proof].map(|error| error.expect("an error").cause::<BrokenTree>().cloned())
    };
    let path = proof(&kept, TREE, root, key).expect("a whole tree");
    for node in &path {
        let (tree, hash) = (TREE, keccak256(node));
        let missing = Some(BrokenTree::Missing { tree, hash });
        kept.nodes.remove(&(tree, hash));
        assert_eq!(attempts(&kept), [missing.clone(), missing]);
        kept.nodes
            .insert((tree, hash), Bytes::from_static(b"\xc3abc"));
        assert!(matches!(
            attempts(&kept),
            [
                Some(BrokenTree::Unreadable { .. }),
                Some(BrokenTree::Unreadable { .. })
            ]
        ));
        kept.nodes.insert((tree, hash), node.clone());
    }
    // A leaf whose path is too short, and an extension whose path is too long.
    let last = keccak256(&path[path.len() - 1]);
    let short = Nibbles::from_nibbles([1, 2, 3]);
    let child = RlpNode::word_rlp(&last);
    for (node, broken) in [
        (alloy_rlp::encode(LeafNodeRef::new(&short, b"x")), true),
        (
            alloy_rlp::encode(ExtensionNodeRef::new(&Nibbles::unpack(key), &child)),
            false,
        ),
    ] {
        kept.nodes.insert((TREE, last), node.into());
        let value = Some(b"x".to_vec());
        let mut entries = vec![stood(key, value)];
        entries[0].stood = broken;
        let update = update(&kept, TREE, root, entries, &mut Nodes::new());
        let path_error = Some(BrokenTree::Path { tree: TREE });
        let error = update.err().map(|error| error.cause().cloned());
        assert_eq!(error.flatten(), path_error.filter(|_| broken));
    }
}
