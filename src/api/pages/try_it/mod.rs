//! Try it: the book's chapter as forms, step by step, and a console for every call.
//!
//! The pages only show what to send: `assets/try.js` and `assets/console.js` send it, from the visitor's browser to this node alone,
//! under the rules of every other client. Which steps are done is the browser's to remember, in a cookie that nodes on one
//! host share, since cookies know no ports.

mod answers;
mod chapter;
pub(in crate::api) mod classic;
pub(in crate::api) mod coin;
mod console;
mod curl;
mod form;
mod nodes;
mod signing;

use askama::Template;
use axum::response::Response;

use super::super::problem::{Kind, Problem};
use super::super::serve::ConnectionFacts;
use super::shell::{Section, Shell};
use super::strings::StepWords;
use answers::{Meaning, meanings};
use chapter::{Chapter, Filled, Step};
use form::Form;
use nodes::{Place, places};
use signing::Signing;

/// Where this node's chain stands, for both protocols in one measure.
struct Stand {
    /// In the chain, the first one included.
    blocks: u64,
    hash: String,
    waiting: u64,
}

impl Stand {
    /// Enough of the hash to tell it from others.
    fn short(&self) -> String {
        format!("{}…", self.hash.get(..8).unwrap_or(&self.hash))
    }
}

/// What all pages of the chapter know.
struct Lesson {
    chapter: Chapter,
    steps: Vec<Step>,
    places: Vec<Place>,
    here: Place,
    stand: Stand,
    /// Whether changes need a token: the visitor came over the network.
    asks_for_token: bool,
}

impl Lesson {
    fn new(
        shell: &Shell,
        is_auto: bool,
        peers: &[String],
        stand: Stand,
        facts: Option<ConnectionFacts>,
    ) -> Self {
        let chapter = Chapter {
            is_coin: shell.is_coin(),
            is_auto,
        };
        let places = places(&shell.visit.host, peers);
        let here = places.iter().find(|place| place.is_here).cloned();
        Self {
            chapter,
            steps: chapter.steps(),
            // This node is always among them.
            here: here.unwrap_or_else(|| Place::alone(&shell.visit.host)),
            places,
            stand,
            asks_for_token: asks_for_token(facts),
        }
    }

    fn place(&self, number: usize) -> &Place {
        let found = self.places.iter().find(|place| place.number == number);
        found.unwrap_or(&self.here)
    }

    /// The steps as a list; `current` is the one that is shown.
    fn listed(&self, shell: &Shell, current: &str) -> Vec<Listed> {
        self.steps
            .iter()
            .map(|step| {
                let is_here = step.nodes.contains(&self.here.number);
                let on = match is_here {
                    true => &self.here,
                    false => self.place(step.nodes.first().copied().unwrap_or(1)),
                };
                Listed {
                    title: step.words(shell.t).title,
                    nodes: on_nodes(shell, step.nodes),
                    keys: step.keys(),
                    href: step_url(on, step.id),
                    is_current: step.id == current,
                }
            })
            .collect()
    }

    /// Where it goes on behind a step on this node: at the next node of the step, or at the next step.
    fn onwards(&self, shell: &Shell, at: usize) -> Option<Onwards> {
        let step = self.steps.get(at)?;
        let further = step.nodes.iter().find(|node| **node > self.here.number);
        let is_partner = step.nodes.contains(&self.here.number);
        let (next, node) = match further.filter(|_| is_partner) {
            Some(node) => (step, *node),
            None => {
                let next = self.steps.get(at + 1)?;
                (next, next.nodes.first().copied().unwrap_or(1))
            }
        };
        let place = self.place(node);
        Some(Onwards {
            href: step_url(place, next.id),
            title: next.words(shell.t).title,
            node: on_nodes(shell, &[node]),
            address: place.address.clone(),
            is_here: place.is_here,
        })
    }
}

impl Step {
    /// What the browser remembers it by, on each of its nodes.
    fn keys(&self) -> String {
        let keys: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("{}-{node}", self.id))
            .collect();
        keys.join(" ")
    }
}

/// Changes are free on loopback alone, and so decides the address that was asked.
fn asks_for_token(facts: Option<ConnectionFacts>) -> bool {
    !facts.is_some_and(|facts| facts.local.ip().to_canonical().is_loopback())
}

fn on_nodes(shell: &Shell, nodes: &[usize]) -> String {
    let t = &shell.t.try_it;
    let numbers: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let text = if nodes.len() == 1 {
        t.on_node
    } else {
        t.on_nodes
    };
    shell.with(text, numbers.join(", "))
}

/// A link to a step: on this node a path.
fn step_url(place: &Place, id: &str) -> String {
    match place.is_here {
        true => format!("/try/{id}"),
        false => format!("{}/try/{id}", place.origin),
    }
}

/// A step in the list.
struct Listed {
    title: &'static str,
    nodes: String,
    keys: String,
    href: String,
    is_current: bool,
}

/// A link to what comes next.
struct Onwards {
    href: String,
    title: &'static str,
    node: String,
    address: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "try_it/index.html")]
struct IndexPage<'s> {
    shell: &'s Shell,
    lesson: Lesson,
    listed: Vec<Listed>,
    /// On the node of the first step.
    begin: String,
}

#[derive(Template)]
#[template(path = "try_it/step.html")]
struct StepPage<'s> {
    shell: &'s Shell,
    lesson: Lesson,
    listed: Vec<Listed>,
    step: Step,
    number: usize,
    words: &'static StepWords,
    /// Whether it is done here; otherwise on this node.
    acts: bool,
    on: Place,
    forms: Vec<Form>,
    signing: Option<Signing>,
    previous: Option<Onwards>,
    next: Option<Onwards>,
    meanings: Vec<Meaning>,
}

fn index(shell: &Shell, lesson: Lesson) -> IndexPage<'_> {
    let begin = lesson
        .steps
        .first()
        .map(|step| step_url(lesson.place(1), step.id));
    IndexPage {
        shell,
        listed: lesson.listed(shell, ""),
        begin: begin.unwrap_or_default(),
        lesson,
    }
}

/// Where a step stands in its chapter, or what to say of one that is none.
fn position(lesson: &Lesson, id: &str) -> Result<usize, Problem> {
    let at = lesson.steps.iter().position(|step| step.id == id);
    at.ok_or_else(|| {
        let id: String = id.chars().take(100).collect();
        let names: Vec<&str> = lesson.steps.iter().map(|step| step.id).collect();
        let detail = format!(
            "`{id}` is no step of this chapter; there are: {}.",
            names.join(", ")
        );
        Problem::new(Kind::NotFound, detail)
    })
}

fn step_page(
    shell: &Shell,
    lesson: Lesson,
    at: usize,
    signing: Option<Signing>,
) -> Option<StepPage<'_>> {
    let step = *lesson.steps.get(at)?;
    let acts = step.nodes.contains(&lesson.here.number);
    let on = match acts {
        true => &lesson.here,
        false => lesson.place(step.nodes.first().copied().unwrap_or(1)),
    };
    let filled = Filled {
        places: &lesson.places,
        node: on.number,
        raw: signing.as_ref().and_then(|signing| signing.raw.clone()),
    };
    let previous = at
        .checked_sub(1)
        .and_then(|before| lesson.steps.get(before));
    let previous = previous.map(|step| {
        let on = match step.nodes.contains(&lesson.here.number) {
            true => &lesson.here,
            false => lesson.place(step.nodes.last().copied().unwrap_or(1)),
        };
        Onwards {
            href: step_url(on, step.id),
            title: step.words(shell.t).title,
            node: on_nodes(shell, &[on.number]),
            address: on.address.clone(),
            is_here: on.is_here,
        }
    });
    Some(StepPage {
        shell,
        listed: lesson.listed(shell, step.id),
        step,
        number: at + 1,
        words: step.words(shell.t),
        acts,
        forms: step
            .forms(shell.t, &filled)
            .into_iter()
            .map(|form| form.sent_to(&on.origin, lesson.asks_for_token))
            .collect(),
        on: on.clone(),
        signing,
        previous,
        next: lesson.onwards(shell, at),
        meanings: meanings(&shell.t.calls),
        lesson,
    })
}

/// The page of a step.
fn answer_step(shell: &Shell, lesson: Lesson, at: usize, signing: Option<Signing>) -> Response {
    let absent = || Problem::new(Kind::NotFound, "There is no such step.");
    shell.answer(step_page(shell, lesson, at, signing).ok_or_else(absent))
}

const SECTION: Section = Section::TryIt;
