//! Fuzz targets: what no input may do, held on random inputs and on those of `tests/corpus`.
//!
//! As a test each target takes its corpus and a few hundred random inputs; `tests/fuzz.sh --minutes 10` goes on for longer.
//! An input is a list of decisions ([`choices`]): taken as it stands, turned into something near to JSON, or into a change
//! of something in the corpus. The oracles are plain functions, so that a failing input can become a test of its own.

mod chain; // get_chain bodies: the reader, the rules, and a naive second opinion
mod choices; // a fuzzer's bytes as decisions
mod coin_requests; // what a coin node is handed: transactions and blocks, through the whole router
mod coin_wire; // answers of coin nodes: frames, headers, and a naive second opinion
mod json; // the scanner, both writers, and serde_json
mod requests; // bodies of add_transaction and connect_node, through the whole router
mod writing; // decisions to texts: JSON of any spelling, edits, corpus

use choices::Choices;

/// Inputs of a target in one run of the tests; `BOLERO_RANDOM_ITERATIONS` overrules it.
const ITERATIONS: usize = 600;

macro_rules! corpus {
    ($folder:literal: $($name:literal)*) => {
        &[$(include_bytes!(concat!("../corpus/", $folder, "/", $name)).as_slice()),*]
    };
}

const JSON: &[&[u8]] =
    corpus!("json": "awkward.json" "deep.json" "numbers.json" "names.json" "broken.txt");
const CHAINS: &[&[u8]] =
    corpus!("chain": "python.json" "repeated_name.json" "odd_spelling.json" "not_a_chain.html");
const TRANSACTIONS: &[&[u8]] =
    corpus!("transaction": "book.json" "utf16.bin" "form.txt" "recipient.json" "huge_integer.json");
const NODES: &[&[u8]] = corpus!("nodes": "book.json" "odd_hosts.json" "bad.json" "not_a_list.json");

#[test]
fn json_readers_agree() {
    for text in JSON.iter().chain(CHAINS).chain(TRANSACTIONS) {
        json::readers_agree(text);
    }
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            json::readers_agree(&writing::json_or_near(&mut choices, JSON));
        });
}

#[test]
fn a_chain_is_read_alike_in_any_pieces_and_judged_as_a_naive_reader_does() {
    for body in CHAINS {
        for step in [1, 2, 7, 4_096] {
            chain::reader_and_rules_agree_with_a_naive_one(body, &mut || step);
        }
    }
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            let body = chain::body(&mut choices, CHAINS);
            chain::reader_and_rules_agree_with_a_naive_one(&body, &mut || 1 + choices.below(40));
        });
}

#[test]
fn no_body_of_a_transaction_is_too_much_for_a_node() {
    for body in TRANSACTIONS.iter().chain(JSON) {
        requests::add_transaction(body);
    }
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            requests::add_transaction(&requests::transaction_body(&mut choices, TRANSACTIONS));
        });
}

#[test]
fn no_body_of_addresses_is_too_much_for_a_node() {
    for body in NODES.iter().chain(JSON) {
        requests::connect_node(body);
    }
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            requests::connect_node(&requests::nodes_body(&mut choices, NODES));
        });
}

#[test]
fn answers_of_coin_nodes_are_read_alike_in_any_pieces_and_judged_as_a_naive_reader_does() {
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            let (items, answer) = coin_wire::answer(&mut choices);
            coin_wire::readers_and_check_agree_with_naive_ones(items, &answer, &mut || {
                1 + choices.below(100)
            });
        });
}

#[test]
fn nothing_that_is_handed_to_a_coin_node_is_too_much_for_it() {
    for body in TRANSACTIONS.iter().chain(JSON) {
        coin_requests::add_transaction(body);
        coin_requests::block(body);
    }
    bolero::check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let mut choices = Choices::new(bytes);
            if choices.one_in(2) {
                coin_requests::add_transaction(&coin_requests::transaction_body(&mut choices));
            } else {
                coin_requests::block(&coin_requests::block_body(&mut choices));
            }
        });
}
