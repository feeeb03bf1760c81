//! The view without a terminal of its own: one snapshot as text, or snapshots as lines of JSON.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use terminal_size::{Width, terminal_size_of};
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use super::super::exit::{Ending, Failure};
use super::super::terminal;
use super::answers::{Chain, Report};
use super::ask::Asker;
use super::follow::follow;
use super::model::{Model, Node, State, Update};
use super::panes::{Pane, headline, of_node};
use super::rows::per_minute;
use super::text::table;
use super::tree::Place;
use super::watch::{peers_of, report};

/// Updates of event streams on their way between two lines; a full channel has the streams wait.
const UPDATES: usize = 256;

/// Asks every node once, and the peers of an only one if they are wanted.
async fn round(model: &mut Model, http: &reqwest::Client, peers: bool) {
    let asked = model.nodes.iter().enumerate().map(|(node, row)| {
        let asker = Asker::new(http.clone(), row.base.clone());
        let before = row.report.as_deref();
        async move { (node, report(&asker, before).await) }
    });
    for (node, answer) in join_all(asked).await {
        let update = match answer {
            Ok(report) => Update::Answered {
                node,
                report: Box::new(report),
            },
            Err(trouble) => Update::Failed {
                node,
                why: trouble.to_string(),
            },
        };
        model.take(update, Instant::now());
    }
    let first = model.nodes.first();
    let known = first.and_then(|node| Some((node, node.report.as_ref()?)));
    let Some((node, only)) = known.filter(|_| peers) else {
        return;
    };
    let peers = peers_of(&node.base, &only.known);
    let unknown = peers
        .into_iter()
        .filter(|url| !model.nodes.iter().any(|node| node.base == *url));
    let asked = unknown.map(|base| {
        let asker = Asker::new(http.clone(), base);
        async move { (report(&asker, None).await, asker) }
    });
    for (answer, asker) in join_all(asked).await {
        if let Ok(report) = answer {
            let found = Update::Found {
                base: asker.base.clone(),
                address: asker.address(),
                report: Box::new(report),
            };
            model.take(found, Instant::now());
        }
    }
}

/// One snapshot, as text for people or as one line of JSON.
pub async fn once(
    mut model: Model,
    http: &reqwest::Client,
    peers: bool,
    as_json: bool,
) -> Result<(), Failure> {
    round(&mut model, http, peers).await;
    if as_json {
        terminal::print(&format!("{}\n", as_value(&model)))?;
    } else {
        let columns = terminal_size_of(std::io::stdout())
            .map_or(usize::MAX, |(Width(columns), _)| columns.into());
        terminal::print(&as_text(&model, columns))?;
    }
    somebody_answers(&model)
}

/// A line of JSON an interval, `count` of them or without end.
pub async fn lines(
    mut model: Model,
    http: &reqwest::Client,
    peers: bool,
    every: Duration,
    count: Option<u64>,
) -> Result<(), Failure> {
    let (sender, mut updates) = mpsc::channel(UPDATES);
    let mut followed = 0;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ever = Err(());
    let mut printed = 0;
    while count.is_none_or(|count| printed < count) {
        ticks.tick().await;
        round(&mut model, http, peers).await;
        for (node, row) in model.nodes.iter().enumerate().skip(followed) {
            let asker = Asker::new(http.clone(), row.base.clone());
            // Whoever is told here asks at intervals anyway.
            tokio::spawn(follow(asker, node, Arc::new(Notify::new()), sender.clone()));
        }
        followed = model.nodes.len();
        // As many as were on their way at most: more may come while these are taken.
        for _ in 0..UPDATES {
            let Ok(update) = updates.try_recv() else {
                break;
            };
            model.take(update, Instant::now());
        }
        terminal::print(&format!("{}\n", as_value(&model)))?;
        // Each is told once.
        model.events.clear();
        printed += 1;
        if somebody_answers(&model).is_ok() {
            ever = Ok(());
        }
    }
    ever.or_else(|()| somebody_answers(&model))
}

fn somebody_answers(model: &Model) -> Result<(), Failure> {
    if model.up().next().is_some() {
        return Ok(());
    }
    let named = model.nodes.iter().map(|node| match &node.state {
        State::Down { why, .. } => format!("{}: {why}", node.address),
        _ => node.address.clone(),
    });
    let named: Vec<String> = named.collect();
    let failure = Failure::new(
        Ending::Unreachable,
        format!("no node answers ({})", named.join("; ")),
    );
    Err(failure.hint("`bcoin up` starts a network of three nodes here, `bcoin node` a single one."))
}

/// The chains of the nodes that answer.
fn chains(model: &Model) -> BTreeSet<&Chain> {
    model.up().map(|(_, report)| &report.chain).collect()
}

/// The snapshot as text: the table, then of each network the tree, and of its best node the last blocks and what waits.
fn as_text(model: &Model, columns: usize) -> String {
    let (names, rows) = table(model, Instant::now(), columns);
    let mut out = format!("{}\n\n{}\n", headline(model, None), unmarked(&names));
    for (row, _) in rows {
        out.push_str(&format!("{}\n", unmarked(&row)));
    }
    for (node, report) in model.up() {
        if report.not_ready.is_some() || !report.missing.is_empty() {
            out.push_str(&format!("{}: {}\n", node.address, of_node(node)));
        }
    }
    for chain in chains(model) {
        let best = model.reports_of(chain).first().map(|best| best.id.clone());
        let node = model
            .up()
            .find(|(_, report)| Some(&report.id) == best.as_ref());
        let node = node.map(|(node, _)| node);
        for pane in [Pane::Tree, Pane::Blocks, Pane::Waiting] {
            out.push_str(&format!("\n{}\n", pane.title(model, node)));
            for line in pane.lines(model, node) {
                out.push_str(&format!("  {}\n", line.text.trim_end()));
            }
        }
    }
    out
}

/// A line of the table without the place for a mark.
fn unmarked(line: &str) -> &str {
    line.strip_prefix("  ").unwrap_or(line)
}

/// The snapshot as JSON.
fn as_value(model: &Model) -> Value {
    let nodes: Vec<Value> = model
        .nodes
        .iter()
        .map(|node| node_value(model, node))
        .collect();
    let networks: Vec<Value> = chains(model)
        .into_iter()
        .map(|chain| network_value(model, chain))
        .collect();
    let events: Vec<Value> = model
        .events
        .iter()
        .map(|one| {
            let node = model.nodes.get(one.node).map(|node| node.address.as_str());
            json!({"at": one.at, "node": node, "kind": one.kind, "words": one.words})
        })
        .collect();
    json!({
        "time": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "nodes": nodes,
        "networks": networks,
        "events": events,
    })
}

fn node_value(model: &Model, node: &Node) -> Value {
    let why = match &node.state {
        State::Down { why, .. } => Some(why),
        _ => None,
    };
    let mut value = json!({
        "node": node.address,
        "named": node.named,
        "up": node.state == State::Up,
        "error": why,
    });
    let (Some(report), Some(members)) = (&node.report, value.as_object_mut()) else {
        return value;
    };
    let lag = model.lag(node, &model.tree_of(&report.chain));
    let place = lag.map(|lag| match lag.place {
        Place::On => "on_best",
        Place::Beside(_) => "beside",
        Place::Unknown => "unknown",
    });
    if let Value::Object(more) = report_value(report) {
        members.extend(more);
    }
    members.insert("lag".to_owned(), json!(lag.map(|lag| lag.behind)));
    members.insert("place".to_owned(), json!(place));
    value
}

fn report_value(report: &Report) -> Value {
    let syncs: Vec<Value> = report
        .syncs
        .iter()
        .map(|(at, to)| json!({"at": at, "to": to}))
        .collect();
    let blocks: Vec<Value> = report
        .blocks
        .iter()
        .map(|block| {
            json!({"height": block.height, "hash": block.hash, "time": block.time, "transactions": block.transactions})
        })
        .collect();
    let waiting: Vec<Value> = report
        .pool
        .iter()
        .map(|one| json!({"sender": one.from, "receiver": one.to, "amount": one.amount, "note": one.more}))
        .collect();
    json!({
        "id": report.id,
        "version": report.version,
        "network": report.chain.network,
        "protocol": report.chain.protocol,
        "genesis_hash": report.chain.genesis,
        "miner": report.miner,
        "height": report.height,
        "tip": report.tip,
        "weight": report.weight,
        "uptime_seconds": report.uptime_seconds,
        "waiting": report.waiting,
        "peers": report.peers,
        "peers_connected": report.connected,
        "blocks_per_minute": per_minute(&report.blocks),
        "difficulty": report.difficulty,
        "hash_rate": report.hash_rate,
        "sync": report.sync,
        "syncs": syncs,
        "ready": report.not_ready.is_none(),
        "not_ready": report.not_ready,
        "missing": report.missing,
        "blocks": blocks,
        "waiting_transactions": waiting,
    })
}

fn network_value(model: &Model, chain: &Chain) -> Value {
    let best = model
        .reports_of(chain)
        .first()
        .map(|best| json!({"height": best.height, "hash": best.tip}));
    let drawn = model.tree_of(chain).lines(model.standing(chain));
    let tree: Vec<Value> = drawn
        .into_iter()
        .filter_map(|line| {
            let block = line.block?;
            Some(json!({
                "height": block.height,
                "hash": block.hash,
                "parent": block.parent,
                "transactions": block.transactions,
                "on_best": line.on_best,
                "standing": line.standing,
            }))
        })
        .collect();
    json!({
        "network": chain.network,
        "protocol": chain.protocol,
        "genesis_hash": chain.genesis,
        "best": best,
        "tree": tree,
    })
}
