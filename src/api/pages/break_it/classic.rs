//! Break it on classic.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;

use super::super::super::problem::{Kind, Problem};
use super::super::super::{App, blocking};
use super::super::shell::{Section, Shell};
use super::super::visit::Visit;
use super::asked::Asked;
use super::mining::{Mined, mine};
use super::ring::Ring;
use super::verdict::{BlockVerdict, Verdict};
use super::{BLOCKS, Page, fields, first_of, from_of};
use crate::limits::BREAK_COPY_BYTES;
use crate::protocol::classic::block::{BlockReader, Height};
use crate::protocol::classic::judge::judge;
use crate::store::{Snapshot, StoreError, StoredBlock};

pub(in super::super) async fn page(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Response {
    let shell = app.shell(visit, Section::BreakIt);
    shell.answer(read(&app, &shell, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<App>,
    shell: &'s Shell,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let from = from_of(query)?;
    let node = app.node.clone();
    let stretch = blocking(move || node.read(|snapshot| stretch(&snapshot, from))).await??;
    let Stretch {
        first,
        tip,
        parent,
        blocks,
        too_large,
    } = stretch;
    let mut reader = BlockReader::default();
    let mut marks = Vec::new();
    let mut copied = Vec::new();
    for block in blocks {
        let proof = reader.read(&block.text).ok().map(|view| view.proof);
        marks.push((block.height.0, proof));
        let fields = fields::of_classic(block.height.0, block.hash.to_string(), &block.text);
        copied.push(
            fields.map_err(|_| Problem::new(Kind::Internal, "A stored block cannot be read."))?,
        );
    }
    Ok(Page {
        shell,
        parent: parent.unwrap_or_else(|| "null".to_owned()),
        ring: Some(Ring::of(&marks)),
        older: (first > Height::FIRST.0).then(|| first.saturating_sub(BLOCKS).max(Height::FIRST.0)),
        newer: Some(first + BLOCKS).filter(|next| *next <= tip),
        blocks: copied,
        too_large,
    })
}

/// The blocks of a copy, and what stands before them.
struct Stretch {
    first: u64,
    tip: u64,
    parent: Option<String>,
    blocks: Vec<StoredBlock>,
    too_large: Option<u64>,
}

fn stretch(snapshot: &Snapshot, from: Option<u64>) -> Result<Stretch, StoreError> {
    let tip = snapshot.state()?.tip.height.0;
    let first = first_of(from, Height::FIRST.0, tip);
    let mut blocks = Vec::new();
    let mut too_large = None;
    let mut room = BREAK_COPY_BYTES;
    for height in first..=tip.min(first + BLOCKS - 1) {
        let Some(block) = snapshot.block(Height(height))? else {
            break;
        };
        match room.checked_sub(block.text.len()) {
            Some(left) => room = left,
            None => {
                too_large = Some(height);
                break;
            }
        }
        blocks.push(block);
    }
    let parent = match first.checked_sub(1).filter(|height| *height > 0) {
        Some(height) => snapshot.block(Height(height))?,
        None => None,
    };
    Ok(Stretch {
        first,
        tip,
        parent: parent.map(|block| parent_text(&block)),
        blocks,
        too_large,
    })
}

fn parent_text(block: &StoredBlock) -> String {
    let mut reader = BlockReader::default();
    let proof = reader.read(&block.text).map(|view| view.proof);
    // What is stored was checked.
    let proof = proof.map_or_else(|_| "null".to_owned(), |proof| proof.to_string());
    format!(
        r#"{{"height": {}, "hash": "{}", "proof": {proof}}}"#,
        block.height, block.hash
    )
}

/// Judges a copy.
pub(in super::super) async fn verdict(
    State(app): State<Arc<App>>,
    visit: Visit,
    request: Request,
) -> Result<Json<Verdict>, Problem> {
    let asked = Asked::read(request, &app.face.guard).await?;
    let parent = asked.link()?;
    let t = &visit.language.strings().break_it;
    let verdict = app.face.desk.run(move || {
        let judged = judge(parent, asked.blocks.iter().map(|block| block.text.as_str()));
        let blocks = judged.into_iter().zip(&asked.blocks);
        let blocks = blocks.map(|(judged, block)| BlockVerdict::classic(judged, &block.was, t));
        Ok(Verdict::of(blocks.collect(), t))
    });
    Ok(Json(verdict.await?))
}

/// Mines a copy again.
pub(in super::super) async fn mined(
    State(app): State<Arc<App>>,
    visit: Visit,
    request: Request,
) -> Result<Json<Mined>, Problem> {
    let asked = Asked::read(request, &app.face.guard).await?;
    let parent = asked.link()?;
    let t = &visit.language.strings().break_it;
    let mined = app.face.desk.run(move || Ok(mine(&asked, parent, t)));
    Ok(Json(mined.await?))
}
