//! The chapter on a classic node.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::super::super::App;
use super::super::super::openapi;
use super::super::super::serve::ConnectionFacts;
use super::super::shell::Shell;
use super::super::visit::Visit;
use super::console::{self, Described, described};
use super::{Lesson, SECTION, Stand, answer_step, index, position};

/// `/try`.
pub(in super::super) async fn chapter(
    State(app): State<Arc<App>>,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, SECTION);
    let lesson = lesson(&app, &shell, facts);
    shell.answer(Ok(index(&shell, lesson)))
}

/// `/try/{step}`.
pub(in super::super) async fn step(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, SECTION);
    let lesson = lesson(&app, &shell, facts);
    match position(&lesson, &id) {
        Ok(at) => answer_step(&shell, lesson, at, None),
        Err(problem) => shell.problem(problem),
    }
}

/// `/console`.
pub(in super::super) async fn console(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    facts: Option<Extension<ConnectionFacts>>,
    visit: Visit,
) -> Response {
    static CALLS: OnceLock<Vec<Described>> = OnceLock::new();
    let calls = CALLS.get_or_init(|| described(&serde_json::json!(openapi::document())));
    let shell = app.shell(visit, SECTION);
    let facts = facts.map(|Extension(facts)| facts);
    console::page(&shell, calls, query.as_deref(), facts)
}

fn lesson(app: &App, shell: &Shell, facts: Option<Extension<ConnectionFacts>>) -> Lesson {
    let tip = app.node.tip();
    let stand = Stand {
        blocks: tip.link.height.0,
        hash: tip.link.hash.to_string(),
        waiting: tip.waiting,
    };
    let facts = facts.map(|Extension(facts)| facts);
    let is_auto = app.face.network.is_some();
    Lesson::new(shell, is_auto, &app.node.peers(), stand, facts)
}
