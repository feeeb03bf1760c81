//! The steps of the chapter, in order: on which node each is done, what it says, and its calls.

use super::super::strings::{StepWords, Strings};
use super::form::{Field, Form, Goes, Kind};
use super::nodes::Place;

/// A step.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Its address: `/try/{id}`.
    pub id: &'static str,
    /// On which nodes it is done, counted from 1.
    pub nodes: &'static [usize],
    words: fn(&'static Strings) -> &'static StepWords,
    call: Call,
}

/// What a step sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Chain,
    /// The book's three members.
    Add(&'static str, &'static str, &'static str),
    /// What a test account signed, by its number.
    AddSigned(usize),
    Mine,
    Text,
    Tip,
    Connect,
    Replace,
    Waiting,
    Mempool,
    Valid,
    Wrong,
    WrongCoin,
}

const fn step(
    id: &'static str,
    nodes: &'static [usize],
    call: Call,
    words: fn(&'static Strings) -> &'static StepWords,
) -> Step {
    Step {
        id,
        nodes,
        words,
        call,
    }
}

/// Which chapter it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chapter {
    pub is_coin: bool,
    /// Whether the nodes follow each other by themselves.
    pub is_auto: bool,
}

/// Steps that need nodes which ask only when they are told to.
const BY_HAND: [&str; 6] = [
    "rival",
    "rival_mine",
    "give_way",
    "returned",
    "mine_returned",
    "agree",
];

const CLASSIC: [Step; 17] = [
    step("chain", &[1], Call::Chain, |t| &t.steps.chain),
    step("transaction", &[1], Call::Add("alice", "bob", "5"), |t| {
        &t.steps.transaction
    }),
    step("mine", &[1], Call::Mine, |t| &t.steps.mine),
    step("hash", &[1], Call::Text, |t| &t.steps.hash),
    step("mine_again", &[1], Call::Mine, |t| &t.steps.mine_again),
    step("connect", &[1, 2, 3], Call::Connect, |t| &t.steps.connect),
    step("other", &[2], Call::Chain, |t| &t.steps.other),
    step("replace", &[2], Call::Replace, |t| &t.steps.replace),
    step("keep", &[1], Call::Replace, |t| &t.steps.keep),
    step("rival", &[3], Call::Add("carol", "dave", "7"), |t| {
        &t.steps.rival
    }),
    step("rival_mine", &[3], Call::Mine, |t| &t.steps.rival_mine),
    step("give_way", &[3], Call::Replace, |t| &t.steps.give_way),
    step("returned", &[3], Call::Waiting, |t| &t.steps.returned),
    step("mine_returned", &[3], Call::Mine, |t| {
        &t.steps.mine_returned
    }),
    step("agree", &[1, 2], Call::Replace, |t| &t.steps.agree),
    step("valid", &[1], Call::Valid, |t| &t.steps.valid),
    step("errors", &[1], Call::Wrong, |t| &t.steps.errors),
];

/// Where coin says or sends something else.
const COIN: [Step; 14] = [
    step("chain", &[1], Call::Chain, |t| &t.coin_steps.coin_chain),
    step("transaction", &[1], Call::AddSigned(1), |t| {
        &t.coin_steps.coin_transaction
    }),
    step("mine", &[1], Call::Mine, |t| &t.coin_steps.coin_mine),
    step("hash", &[1], Call::Tip, |t| &t.coin_steps.coin_hash),
    step("other", &[2], Call::Chain, |t| &t.coin_steps.coin_other),
    step("replace", &[2], Call::Replace, |t| {
        &t.coin_steps.coin_replace
    }),
    step("keep", &[1], Call::Replace, |t| &t.coin_steps.coin_keep),
    // The first account's next number is another on node 1's chain.
    step("rival", &[3], Call::AddSigned(2), |t| {
        &t.coin_steps.coin_rival
    }),
    step("rival_mine", &[3], Call::Mine, |t| {
        &t.coin_steps.coin_rival_mine
    }),
    step("give_way", &[3], Call::Replace, |t| {
        &t.coin_steps.coin_give_way
    }),
    step("returned", &[3], Call::Mempool, |t| {
        &t.coin_steps.coin_returned
    }),
    step("valid", &[1], Call::Valid, |t| &t.coin_steps.coin_valid),
    step("errors", &[1], Call::WrongCoin, |t| &t.steps.errors),
    step("agree", &[1, 2], Call::Replace, |t| &t.steps.agree),
];

/// Where nodes that follow each other have more to say.
const AUTO: [Step; 3] = [
    step("connect", &[1, 2, 3], Call::Connect, |t| {
        &t.auto_steps.auto_connect
    }),
    step("other", &[2], Call::Chain, |t| &t.auto_steps.auto_other),
    step("replace", &[2], Call::Replace, |t| {
        &t.auto_steps.auto_replace
    }),
];

impl Chapter {
    /// Its steps in order.
    pub fn steps(self) -> Vec<Step> {
        let named = |steps: &[Step], id| steps.iter().find(|step| step.id == id).copied();
        CLASSIC
            .into_iter()
            .filter(|step| !self.is_auto || !BY_HAND.contains(&step.id))
            .map(|step| {
                let auto = named(&AUTO, step.id).filter(|_| self.is_auto);
                let coin = named(&COIN, step.id).filter(|_| self.is_coin);
                auto.or(coin).unwrap_or(step)
            })
            .collect()
    }
}

/// What the forms of a step are filled with.
pub(super) struct Filled<'a> {
    pub places: &'a [Place],
    /// On which node they would be sent.
    pub node: usize,
    /// A signed transaction, where the network has public keys.
    pub raw: Option<String>,
}

impl Step {
    pub fn words(&self, t: &'static Strings) -> &'static StepWords {
        (self.words)(t)
    }

    /// The account that signs, if one does.
    pub fn signer(&self) -> Option<usize> {
        match self.call {
            Call::AddSigned(account) => Some(account),
            _ => None,
        }
    }

    /// Its calls, the one that the step wants first.
    pub fn forms(&self, t: &'static Strings, with: &Filled<'_>) -> Vec<Form> {
        let say = &t.try_it;
        let member =
            |name, label, value: &str, kind| Field::new(name, label, value, Goes::Member, kind);
        vec![match self.call {
            Call::Chain => Form::get("main", say.do_chain, "/get_chain"),
            Call::Add(sender, receiver, amount) => {
                let mut amount = member("amount", say.amount, amount, Kind::Json);
                amount.hint = Some(say.amount_hint.to_owned());
                let fields = vec![
                    member("sender", say.sender, sender, Kind::Text),
                    member("receiver", say.receiver, receiver, Kind::Text),
                    amount,
                ];
                Form::post("main", say.do_transaction, "/add_transaction", fields).changing()
            }
            Call::AddSigned(_) => {
                let raw = with.raw.as_deref().unwrap_or("");
                let mut raw = member("raw", say.raw, raw, Kind::Long);
                raw.hint = Some(match with.raw.is_some() {
                    true => say.raw_hint.to_owned(),
                    false => say.raw_none.to_owned(),
                });
                // It carries its sender's authority, so no token is asked for.
                Form {
                    changes: true,
                    ..Form::post("main", say.do_transaction, "/add_transaction", vec![raw])
                }
            }
            Call::Mine => Form::get("main", say.do_mine, "/mine_block").changing(),
            Call::Text => Form {
                fields: vec![Field::new("block", say.block, "1", Goes::Path, Kind::Text)],
                piped: "| sha256sum",
                ..Form::get("main", say.do_text, "/v1/blocks/{block}/text")
            },
            Call::Tip => Form {
                fields: vec![Field::new(
                    "block",
                    say.block,
                    "tip",
                    Goes::Path,
                    Kind::Text,
                )],
                ..Form::get("main", say.do_block, "/v1/blocks/{block}")
            },
            Call::Connect => {
                let others = with.places.iter().filter(|place| place.number != with.node);
                let others: Vec<&str> = others.map(|place| place.origin.as_str()).collect();
                let nodes = member("nodes", say.nodes_label, &others.join("\n"), Kind::Lines);
                Form::post("main", say.do_connect, "/connect_node", vec![nodes]).changing()
            }
            Call::Replace => Form::get("main", say.do_replace, "/replace_chain").changing(),
            Call::Waiting => Form::get("main", say.do_waiting, "/v1/transactions/waiting"),
            Call::Mempool => Form::get("main", say.do_waiting, "/v1/mempool"),
            Call::Valid => Form::get("main", say.do_valid, "/is_valid"),
            Call::Wrong => return wrong(t, false),
            Call::WrongCoin => return wrong(t, true),
        }]
    }
}

/// Calls that no node takes.
fn wrong(t: &'static Strings, is_coin: bool) -> Vec<Form> {
    let say = &t.try_it;
    let body = |text: &str| {
        vec![Field::new(
            "body",
            t.calls.body,
            text,
            Goes::Body,
            Kind::Long,
        )]
    };
    let post = |id, button, path, text| Form::post(id, button, path, body(text)).changing();
    let without_receiver = match is_coin {
        false => r#"{"sender": "alice", "amount": 1}"#,
        true => r#"{"sender": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "amount": 1}"#,
    };
    let mut forms = vec![
        post(
            "receiver",
            say.wrong_receiver,
            "/add_transaction",
            without_receiver,
        ),
        post(
            "json",
            say.wrong_json,
            "/add_transaction",
            "sender=alice&receiver=bob&amount=1",
        ),
    ];
    if is_coin {
        let unsigned = r#"{"sender": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "receiver": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "amount": 1}"#;
        forms.push(post(
            "unsigned",
            say.wrong_unsigned,
            "/add_transaction",
            unsigned,
        ));
        let cut = r#"{"raw": "0x02f874827a69"}"#;
        forms.push(post("raw", say.wrong_raw, "/add_transaction", cut));
    }
    forms.extend([
        post("nodes", say.wrong_nodes, "/connect_node", "{}"),
        post(
            "address",
            say.wrong_address,
            "/connect_node",
            r#"{"nodes": ["http://"]}"#,
        ),
        Form::post("method", say.wrong_method, "/get_chain", Vec::new()),
        Form::get("path", say.wrong_path, "/mine_a_block"),
    ]);
    forms
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_chapter_makes_all_six_calls_and_each_step_has_its_own_address() {
        for (is_coin, is_auto, steps) in [
            (false, false, 17),
            (false, true, 11),
            (true, false, 17),
            (true, true, 11),
        ] {
            let chapter = Chapter { is_coin, is_auto };
            let all = chapter.steps();
            assert_eq!(all.len(), steps, "{chapter:?}");
            let ids: HashSet<&str> = all.iter().map(|step| step.id).collect();
            assert_eq!(ids.len(), steps);
            let with = Filled {
                places: &[],
                node: 1,
                raw: None,
            };
            let made: HashSet<String> = all
                .iter()
                .flat_map(|step| step.forms(&Strings::EN, &with))
                .map(|form| form.path)
                .collect();
            for route in super::super::super::super::book::ROUTES {
                assert!(
                    made.contains(route.path.as_ref()),
                    "{chapter:?} {}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn what_coin_and_auto_say_otherwise_stands_in_the_place_of_a_step() {
        for step in COIN.iter().chain(&AUTO) {
            let stands_for = CLASSIC.iter().find(|other| other.id == step.id);
            let stands_for = stands_for.unwrap_or_else(|| panic!("no step {}", step.id));
            assert_eq!(stands_for.nodes, step.nodes, "{}", step.id);
        }
        for id in BY_HAND {
            assert!(CLASSIC.iter().any(|step| step.id == id), "{id}");
        }
    }
}
