//! The chapter on a coin node.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::openapi;
use super::super::super::serve::ConnectionFacts;
use super::super::shell::Shell;
use super::super::visit::Visit;
use super::console::{self, Described, described};
use super::signing::{self, Wish};
use super::{Lesson, SECTION, Stand, answer_step, index, position};

/// `/try`.
pub(in super::super) async fn chapter(
    State(app): State<Arc<CoinApp>>,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, SECTION);
    let lesson = lesson(&app, &shell, facts);
    shell.answer(Ok(index(&shell, lesson)))
}

/// `/try/{step}`; where a transaction is signed, `?receiver=` and `?amount=` say which.
pub(in super::super) async fn step(
    State(app): State<Arc<CoinApp>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, SECTION);
    let lesson = lesson(&app, &shell, facts);
    let at = match position(&lesson, &id) {
        Ok(at) => at,
        Err(problem) => return shell.problem(problem),
    };
    let signer = lesson.steps.get(at).and_then(|step| step.signer());
    let signed = match signer.filter(|_| app.node.parameters().is_dev()) {
        None => None,
        Some(account) => {
            let wish = Wish::read(account, query.as_deref().unwrap_or(""));
            match signing::signed(&app, wish).await {
                Ok(signed) => Some(signed),
                Err(problem) => return shell.problem(problem),
            }
        }
    };
    answer_step(&shell, lesson, at, signed)
}

/// `/console`.
pub(in super::super) async fn console(
    State(app): State<Arc<CoinApp>>,
    RawQuery(query): RawQuery,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    static CALLS: OnceLock<Vec<Described>> = OnceLock::new();
    let calls = CALLS.get_or_init(|| described(&serde_json::json!(openapi::coin::document())));
    let shell = app.shell(visit, SECTION);
    let facts = facts.map(|Extension(facts)| facts);
    console::page(&shell, calls, query.as_deref(), facts)
}

fn lesson(app: &CoinApp, shell: &Shell, facts: Option<Extension<ConnectionFacts>>) -> Lesson {
    let tip = app.node.tip();
    let stand = Stand {
        blocks: tip.place.number.saturating_add(1),
        hash: tip.place.hash.to_string(),
        waiting: tip.waiting,
    };
    let facts = facts.map(|Extension(facts)| facts);
    let is_auto = app.face.network.is_some();
    Lesson::new(shell, is_auto, &app.node.peers(), stand, facts)
}
