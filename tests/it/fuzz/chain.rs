//! `get_chain` bodies: the reader in any pieces, the rules, and a second opinion that is naive and slow.

use bcoin::protocol::classic::block::{BlockHash, transactions_of};
use bcoin::protocol::classic::chain_reader::{ChainReader, Footer, ReadError, ReadLimits};
use bcoin::protocol::classic::json::{ErrorKind, Grammar, Scanner, Token, Value};
use bcoin::protocol::classic::rules::{BrokenRule, ChainChecker};
use bcoin::protocol::classic::transaction::is_reward;
use num_bigint::BigInt;
use sha2::{Digest, Sha256};

use super::Choices;
use super::writing::{edited, space, string, value};
use crate::chains::proof;

/// A body with blocks that hold, or of which one breaks a rule, or that was edited, or that never was one.
pub fn body(choices: &mut Choices<'_>, corpus: &[&[u8]]) -> Vec<u8> {
    let mut body = match choices.below(8) {
        0 => return choices.rest().to_vec(),
        1 => {
            let body = choices.pick(corpus).to_vec();
            return edited(choices, body);
        }
        _ => written(choices),
    };
    if choices.one_in(4) {
        body = edited(choices, body);
    }
    body
}

fn written(choices: &mut Choices<'_>) -> Vec<u8> {
    let count = choices.below(6);
    let broken_at = choices.one_in(2).then(|| choices.below(count.max(1)));
    let mut texts: Vec<String> = Vec::new();
    for position in 0..count {
        let previous = texts.last().map_or("0".to_owned(), |parent| {
            let parent = Value::parse(parent, Grammar::PYTHON).map(|parent| parent.to_canonical());
            BlockHash::of(&parent.unwrap_or_default()).to_string()
        });
        let text = block(choices, position, &previous, broken_at == Some(position));
        texts.push(text);
    }
    let mut body = choices.pick(&["", "", "\u{feff}", " "]).to_owned();
    body.push('{');
    let length = choices.pick(&[count, count, 0, 9_999]);
    match choices.below(4) {
        0 => body.push_str(&format!("\"length\": {length}, ")),
        1 => body.push_str(r#""other": {"chain": [1]}, "#),
        2 => {
            body.push_str("\"more\": ");
            value(choices, 2, &mut body);
            body.push(',');
        }
        _ => {}
    }
    space(choices, &mut body);
    body.push_str(if choices.one_in(16) {
        "\"ch\\u0061in\""
    } else {
        "\"chain\""
    });
    space(choices, &mut body);
    body.push(':');
    space(choices, &mut body);
    body.push('[');
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        space(choices, &mut body);
        body.push_str(text);
        space(choices, &mut body);
    }
    body.push(']');
    if choices.one_in(6) {
        body.push_str(choices.pick(&["", "]", ",\"chain\":7}", ",\"chain\":[]}", "}}", "}{}"]));
    } else {
        body.push_str(choices.pick(&["}", ",\"length\":3}", "} "]));
    }
    body.into_bytes()
}

/// A block at `position`, counted from 0, in any spelling; a `broken` one most often breaks a rule.
fn block(choices: &mut Choices<'_>, position: usize, previous: &str, broken: bool) -> String {
    let mut members = [
        ("index", (position + 1).to_string()),
        ("previous_hash", format!("\"{previous}\"")),
        ("proof", proof(position).to_string()),
        ("timestamp", "\"2026-11-21 10:18:34\"".to_owned()),
        ("transactions", "[]".to_owned()),
    ];
    if position == 1 && choices.one_in(2) {
        // Any integer that satisfies the rule is a proof.
        members[2].1 = choices.pick(&["-533", "115540", "148715"]).to_owned();
    }
    if choices.one_in(2) {
        members[3].1.clear();
        string(choices, &mut members[3].1);
    }
    if position > 0 {
        let mut transactions = String::from("[");
        for at in 0..choices.below(3) {
            transactions.push_str(if at > 0 { "," } else { "" });
            value(choices, 3, &mut transactions);
        }
        members[4].1 = transactions + "]";
    }
    if broken {
        break_one(choices, &mut members, position);
    }
    let mut more = String::new();
    if choices.one_in(3) {
        string(choices, &mut more);
        more.push(':');
        value(choices, 3, &mut more);
    }
    let turn = choices.below(5);
    members.rotate_left(turn);
    let missing = (broken && choices.one_in(4)).then(|| choices.below(5));
    let mut parts: Vec<String> = members
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != missing)
        .map(|(_, (name, text))| format!("\"{name}\":{text}"))
        .collect();
    if !more.is_empty() {
        parts.insert(choices.below(parts.len() + 1), more);
    }
    format!("{{{}}}", parts.join(choices.pick(&[",", ", ", " ,\n"])))
}

/// Puts something else in the place of one member: often what is nearly right.
fn break_one(
    choices: &mut Choices<'_>,
    members: &mut [(&'static str, String); 5],
    position: usize,
) {
    let (index, next) = (position + 1, position + 2);
    let own = proof(position).get();
    let near = [
        vec![
            position.to_string(),
            next.to_string(),
            format!("-{index}"),
            format!("{index}.0"),
        ],
        vec![
            members[1].1.replace('0', "1"),
            members[1].1.to_uppercase(),
            "0".to_owned(),
        ],
        vec![
            (own + 1).to_string(),
            (-own).to_string(),
            format!("{own}.0"),
            "true".to_owned(),
        ],
        vec!["7".to_owned(), "null".to_owned(), "[]".to_owned()],
        vec!["{}".to_owned(), "\"\"".to_owned(), "[1]".to_owned()],
    ];
    let at = choices.below(5);
    let mut other = String::new();
    match choices.below(4) {
        0 => value(choices, 3, &mut other),
        1 => other.push_str(choices.pick(&[
            "-0",
            "01",
            "533",
            "-533",
            "999999999999999999999999999999",
            "1000000000000000000000000000000",
            "340282366920938463463374607431768211457",
        ])),
        _ => other.clone_from(&near[at][choices.below(near[at].len())]),
    }
    members[at].1 = other;
}

type Read = (Vec<String>, Result<Footer, ReadError>);

fn read(body: &[u8], step: &mut dyn FnMut() -> usize) -> Read {
    let mut reader = ChainReader::new(ReadLimits {
        max_block_bytes: 16 * 1024,
        max_other_bytes: 16 * 1024,
    });
    let mut blocks = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(step().clamp(1, rest.len()));
        rest = later;
        let pushed = reader.push(now);
        blocks.extend(std::iter::from_fn(|| reader.next_block()));
        assert_eq!(reader.blocks(), blocks.len() as u64);
        if let Err(error) = pushed {
            return (blocks, Err(error));
        }
    }
    let footer = reader.finish();
    (blocks, footer)
}

/// The whole judgement on a body.
pub fn reader_and_rules_agree_with_a_naive_one(body: &[u8], step: &mut dyn FnMut() -> usize) {
    let whole = read(body, &mut || usize::MAX);
    assert_eq!(read(body, step), whole, "pieces change what is read");
    assert_eq!(read(body, &mut || 1), whole, "bytes change what is read");
    let (blocks, footer) = whole;
    let checked = check(&blocks);
    let accepted = footer.is_ok() && checked.is_ok();
    let Ok(text) = std::str::from_utf8(body) else {
        assert!(!accepted, "a chain that is no text");
        return;
    };
    let text = text.trim_start_matches('\u{feff}');
    match naive(text) {
        Ok(naive) => {
            let two = footer == Err(ReadError::TwoChains);
            if chain_is_named_plainly(text) && !two && fits(text, &blocks, &footer) {
                assert_eq!(
                    naive, accepted,
                    "naive says {naive}, the reader {footer:?}, the rules {checked:?}"
                );
            }
        }
        // A body stands two levels around its blocks, which may have a thousand themselves.
        Err(ErrorKind::TooDeep { .. }) => {}
        Err(kind) => assert!(!accepted, "a chain that is not JSON: {kind}"),
    }
}

/// Whether no limit of size is what was in the way.
fn fits(text: &str, blocks: &[String], footer: &Result<Footer, ReadError>) -> bool {
    text.len() < 8 * 1024
        || (blocks.iter().all(|block| block.len() < 8 * 1024)
            && !matches!(
                footer,
                Err(ReadError::BlockTooLong { .. } | ReadError::OtherTooLong { .. })
            ))
}

fn check(blocks: &[String]) -> Result<(), Option<BrokenRule>> {
    if blocks.is_empty() {
        return Err(None);
    }
    let (mut arriving, mut stored) = (ChainChecker::new(), ChainChecker::new());
    for text in blocks {
        let block = arriving.check(text).map_err(Some)?;
        // What was taken is canonical, and holds where it is stored.
        assert_eq!(
            stored.check_stored(block.text(), block.hash()),
            Ok(block.link())
        );
        let mut other = block.hash();
        other.0[0] ^= 1;
        assert!(
            ChainChecker::new()
                .check_stored(block.text(), other)
                .is_err()
        );
        let Ok(Value::Array(transactions)) = Value::parse(block.text(), Grammar::PYTHON)
            .map(|block| block.get("transactions").cloned().unwrap_or(Value::Null))
        else {
            panic!("a block without transactions was taken: {text}")
        };
        let texts = transactions_of(block.text()).expect("a checked block has transactions");
        let printed: Vec<String> = transactions.iter().map(Value::to_canonical).collect();
        assert_eq!(texts, printed);
        for text in texts {
            assert!(!is_reward(text) || text.starts_with(r#"{"amount": 1, "#));
        }
    }
    Ok(())
}

/// Whether the body is one whole chain that holds, by the plainest reading of the rules.
fn naive(body: &str) -> Result<bool, ErrorKind> {
    let body = Value::parse(body, Grammar::PYTHON).map_err(|error| error.kind)?;
    let Some(Value::Array(blocks)) = body.get("chain") else {
        return Ok(false);
    };
    let mut parent: Option<&Value> = None;
    for (position, block) in blocks.iter().enumerate() {
        let (Some(Value::Integer(index)), Some(Value::Integer(proof))) =
            (block.get("index"), block.get("proof"))
        else {
            return Ok(false);
        };
        let (
            Some(Value::String(previous)),
            Some(Value::String(_)),
            Some(Value::Array(transactions)),
        ) = (
            block.get("previous_hash"),
            block.get("timestamp"),
            block.get("transactions"),
        )
        else {
            return Ok(false);
        };
        let holds = match parent {
            None => previous.as_str() == Some("0") && **proof == *"1" && transactions.is_empty(),
            Some(parent) => {
                let hash = hex::encode(Sha256::digest(parent.to_canonical()));
                let Some(Value::Integer(before)) = parent.get("proof") else {
                    return Ok(false);
                };
                previous.as_str() == Some(&hash) && follows(proof, before)
            }
        };
        let short = proof.trim_start_matches('-').len() <= 30;
        if **index != *(position + 1).to_string() || !holds || !short {
            return Ok(false);
        }
        parent = Some(block);
    }
    Ok(parent.is_some())
}

fn follows(proof: &str, previous: &str) -> bool {
    let [own, before] = [proof, previous].map(|digits| digits.parse::<BigInt>().expect("digits"));
    let difference = (&own * &own - &before * &before).to_string();
    hex::encode(Sha256::digest(difference)).starts_with("0000")
}

/// Whether no member `chain` is spelled with escapes: no node writes it so, and the reader knows it by its letters.
fn chain_is_named_plainly(body: &str) -> bool {
    let mut scanner = Scanner::new(body, Grammar::PYTHON);
    let mut plain = true;
    while let Ok(Some(token)) = scanner.next_token() {
        if let Token::Name(name) = token
            && scanner.depth() == 1
            && name.to_text().as_str() == Some("chain")
        {
            let spelled = body.get(scanner.token_start()..).unwrap_or_default();
            plain &= spelled.starts_with("\"chain\"");
        }
    }
    plain
}
