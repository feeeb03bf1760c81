//! A coin block: its header, the record that the header commits to, and the hash held against the target.

use std::sync::Arc;

use alloy_primitives::U256;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::super::super::coin::CoinApp;
use super::super::super::coin::v1::blocks::{Found, Name, absent, look};
use super::super::super::coin::v1::history::HistoryStatus;
use super::super::super::coin::v1::reading;
use super::super::super::coin::view::{BlockAnswer, TransactionEntry};
use super::super::super::problem::Problem;
use super::super::shell::{Section, Shell};
use super::super::short;
use super::super::visit::Visit;
use super::Stretch;
use super::target::Line;
use crate::protocol::coin::block::CheckedBlock;
use crate::protocol::coin::header::sha256d;
use crate::protocol::coin::parameters::Parameters;
use crate::store::StoreError;
use crate::store::coin::{Ledger, Snapshot};

#[derive(Template)]
#[template(path = "block_coin.html")]
struct Page<'s> {
    shell: &'s Shell,
    tip: u64,
    on_chain: bool,
    confirmations: u64,
    /// Of the encoded block.
    bytes: usize,
    block: BlockAnswer,
    header: [Field; 6],
    record: Vec<Item>,
    /// Of the record's RLP.
    record_bytes: usize,
    /// SHA-256d of that.
    commitment: String,
    /// The header's SHA-256d, as hashed.
    hashed: String,
    target: String,
    line: Line,
    stretch: Stretch,
    next: Option<Next>,
}

/// A field of the header.
struct Field {
    name: &'static str,
    /// Where it begins among the 80 bytes.
    offset: usize,
    /// As they stand there.
    bytes: String,
    value: String,
}

/// An item of the record.
struct Item {
    number: usize,
    /// As the Ethereum community names it.
    name: &'static str,
    value: String,
}

/// What the next block says of this one.
struct Next {
    previous: String,
    parent: String,
}

impl Page<'_> {
    fn is_tip(&self) -> bool {
        self.on_chain && self.block.number == self.tip
    }

    fn lines(&self) -> &[TransactionEntry] {
        let lines = self.block.transactions.get(self.stretch.shown.clone());
        lines.unwrap_or_default()
    }

    fn header_command(&self) -> String {
        let (host, hash) = (&self.shell.visit.host, &self.block.hash);
        format!(
            "curl -s http://{host}/v1/blocks/{hash}/raw | tail -c +2 | head -c 80 | sha256sum | cut -c 1-64 | xxd -r -p | sha256sum"
        )
    }

    fn is_failed(&self, status: &Option<HistoryStatus>) -> bool {
        matches!(status, Some(HistoryStatus::Failed))
    }
}

pub(in super::super) async fn page(
    State(app): State<Arc<CoinApp>>,
    visit: Visit,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let shell = app.shell(visit, Section::Elsewhere);
    shell.answer(read(&app, &shell, path, query.as_deref()).await)
}

async fn read<'s>(
    app: &Arc<CoinApp>,
    shell: &'s Shell,
    path: Result<Path<String>, PathRejection>,
    query: Option<&str>,
) -> Result<Page<'s>, Problem> {
    let name = Name::read(path)?;
    let from = Stretch::read(query)?;
    let found = reading(app, move |app, snapshot| {
        let network = app.node.parameters();
        let (tip, found) = look(snapshot, name, network)?;
        let Some(found) = found else {
            return Ok(Err(absent(name, tip)));
        };
        let next = next(snapshot, &found, network)?;
        Ok(Ok((tip, found, next)))
    });
    let (tip, found, next) = found.await??;
    let (block, answer) = (found.block, found.answer);
    let record = alloy_rlp::encode(block.record());
    // Checked before it was kept.
    let target = block.header().bits.target();
    let target = target.map_or(U256::ZERO, |target| target.value());
    Ok(Page {
        shell,
        tip,
        on_chain: answer.on_chain,
        confirmations: answer.confirmations,
        bytes: answer.bytes,
        header: header(&block),
        record: items(&block),
        record_bytes: record.len(),
        commitment: hex::encode(sha256d(&record)),
        hashed: hex::encode(block.hash().0),
        target: format!("{target:064x}"),
        line: Line::of(U256::from_le_bytes(block.hash().0.0), target),
        stretch: Stretch::of(from, answer.block.transactions.len()),
        block: answer.block,
        next,
    })
}

fn next(
    snapshot: &Snapshot,
    found: &Found,
    network: &Parameters,
) -> Result<Option<Next>, StoreError> {
    if !found.answer.on_chain {
        return Ok(None);
    }
    let Some(entry) = snapshot.chain_entry(found.block.number().saturating_add(1))? else {
        return Ok(None);
    };
    let next = crate::node::coin::stored_block(snapshot, entry.hash(), network)?;
    Ok(Some(Next {
        previous: next.header().previous.to_string(),
        parent: next.record().parent_hash.to_string(),
    }))
}

/// The 80 bytes, taken apart.
fn header(block: &CheckedBlock) -> [Field; 6] {
    let header = block.header();
    let field = |name, offset, bytes: &[u8], value: String| Field {
        name,
        offset,
        bytes: hex::encode(bytes),
        value,
    };
    [
        field(
            "version",
            0,
            &header.version.to_le_bytes(),
            header.version.to_string(),
        ),
        field(
            "previous",
            4,
            header.previous.0.as_slice(),
            header.previous.to_string(),
        ),
        field(
            "commitment",
            36,
            header.commitment.as_slice(),
            hex::encode(header.commitment),
        ),
        field(
            "time",
            68,
            &header.time.to_le_bytes(),
            header.time.to_string(),
        ),
        field(
            "bits",
            72,
            &header.bits.0.to_le_bytes(),
            header.bits.to_string(),
        ),
        field(
            "nonce",
            76,
            &header.nonce.to_le_bytes(),
            header.nonce.to_string(),
        ),
    ]
}

/// The record's sixteen items.
fn items(block: &CheckedBlock) -> Vec<Item> {
    let record = block.record();
    let bloom = record.logs_bloom;
    let bloom = match bloom.is_zero() {
        true => "0x00…00".to_owned(),
        false => bloom.to_string(),
    };
    let values = [
        ("parentHash", record.parent_hash.to_string()),
        ("sha3Uncles", record.ommers_hash.to_string()),
        ("miner", record.beneficiary.to_string()),
        ("stateRoot", record.state_root.to_string()),
        ("transactionsRoot", record.transactions_root.to_string()),
        ("receiptsRoot", record.receipts_root.to_string()),
        ("logsBloom", bloom),
        ("difficulty", record.difficulty.to_string()),
        ("number", record.number.to_string()),
        ("gasLimit", record.gas_limit.to_string()),
        ("gasUsed", record.gas_used.to_string()),
        ("timestamp", record.timestamp.to_string()),
        ("extraData", record.extra_data.to_string()),
        ("mixHash", record.mix_hash.to_string()),
        ("nonce", record.nonce.to_string()),
        (
            "baseFeePerGas",
            record.base_fee_per_gas.unwrap_or_default().to_string(),
        ),
    ];
    let numbered = values.into_iter().zip(1..);
    numbered
        .map(|((name, value), number)| Item {
            number,
            name,
            value,
        })
        .collect()
}
