//! Mining on coin: a template, a proof for it, and the block. A client of the node.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use tokio_util::sync::CancellationToken;

use super::search::{Job, Path, search_with_threads};
use crate::node::coin::{CoinError, CoinHandle, CoinTip, Connected, Template};
use crate::protocol::coin::block::CheckedBlock;

/// How a node mines by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Always.
    Always,
    /// A block every so often, whatever waits.
    Every(Duration),
    /// As soon as a transaction waits that a block can take.
    OnTransactions,
}

/// A template is made anew after this time even if nothing has come: its time is to be about right.
const TEMPLATE_AGE: Duration = Duration::from_secs(10);
/// New transactions make a new template at most this often, so that a search is not always at its beginning.
const TEMPLATE_PAUSE: Duration = Duration::from_secs(1);

/// Mines one block that pays `miner`, on `threads` threads. Answers once it is durable. A new tip has it begin again; whoever stops waiting stops the search.
///
/// # Errors
/// The node's.
pub async fn mine(
    node: &CoinHandle,
    miner: Address,
    threads: usize,
) -> Result<Arc<CheckedBlock>, CoinError> {
    let mut tip = node.watch_tip();
    loop {
        let seen = *tip.borrow_and_update();
        let template = template(node, miner).await?;
        // Blocks come faster than the seconds that their times count: the clock catches up.
        let early = seconds_early(node, &template);
        if early > 0 {
            tokio::time::sleep(Duration::from_secs(early)).await;
            continue;
        }
        let stop = StopOnDrop::default();
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        let search = search(template, threads, Arc::clone(&stop.0));
        tokio::pin!(search);
        let found = tokio::select! {
            found = &mut search => found?,
            () = outdated(&mut tip, seen) => {
                stop.stop();
                search.await?
            }
        };
        let Some((template, nonce)) = found else {
            continue;
        };
        let (block, connected) = node.connect_template(template, nonce).await?;
        match connected {
            Connected::Extended | Connected::Reorged { .. } => return Ok(block),
            // Another block was faster.
            Connected::SideChain | Connected::AlreadyKnown => {}
        }
    }
}

/// Mines by a schedule until the shutdown. What fails is logged and tried again a little later.
pub async fn keep_mining(
    node: CoinHandle,
    miner: Address,
    threads: usize,
    schedule: Schedule,
    shutdown: CancellationToken,
) {
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
    let mut tip = node.watch_tip();
    let work = async {
        loop {
            match schedule {
                Schedule::Always => {}
                Schedule::Every(interval) => tokio::time::sleep(interval).await,
                Schedule::OnTransactions => {
                    while node.mempool().best().next().is_none() {
                        if tip.changed().await.is_err() {
                            return;
                        }
                    }
                }
            }
            if let Err(error) = mine(&node, miner, threads).await {
                if matches!(error, CoinError::ShuttingDown) {
                    return;
                }
                tracing::error!(%error, "mining failed");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl StopOnDrop {
    fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns when a template on `seen` is not what should be mined any more.
async fn outdated(tip: &mut tokio::sync::watch::Receiver<CoinTip>, seen: CoinTip) {
    let begun = tokio::time::Instant::now();
    loop {
        let changed = tokio::time::timeout_at(begun + TEMPLATE_AGE, tip.changed()).await;
        match changed {
            // Too old, or the node ends.
            Err(_) | Ok(Err(_)) => return,
            Ok(Ok(())) => {
                let now = *tip.borrow_and_update();
                if now.place.hash != seen.place.hash {
                    return;
                }
                if now.waiting != seen.waiting {
                    tokio::time::sleep_until(begun + TEMPLATE_PAUSE).await;
                    return;
                }
            }
        }
    }
}

/// For how many seconds the network would not take a block of this template yet.
fn seconds_early(node: &CoinHandle, template: &Template) -> u64 {
    let ahead = node.parameters().ahead;
    if ahead == 0 {
        return 0;
    }
    let latest = node.now().saturating_add(ahead.into());
    u64::from(template.header.time).saturating_sub(latest)
}

async fn template(node: &CoinHandle, miner: Address) -> Result<Template, CoinError> {
    let node = node.clone();
    let made = tokio::task::spawn_blocking(move || node.template(miner, Bytes::new()));
    made.await.map_err(|_| CoinError::SearchStopped)?
}

/// The template whose proof was found, perhaps with another extra nonce, and the proof; none when it was stopped.
async fn search(
    template: Template,
    threads: NonZeroUsize,
    stop: Arc<AtomicBool>,
) -> Result<Option<(Template, u32)>, CoinError> {
    let searched = tokio::task::spawn_blocking(move || {
        let mut extra_nonces = 0_u64..;
        let next_job = || {
            let extra_nonce = extra_nonces.next()?;
            let other = with_extra_nonce(&template, extra_nonce);
            Some((job(&other), extra_nonce))
        };
        let keep_going = || !stop.load(Ordering::Relaxed);
        let search = search_with_threads(Path::best(), threads, next_job, keep_going);
        let found = search.found?;
        Some((with_extra_nonce(&template, found.template), found.nonce))
    });
    searched.await.map_err(|_| CoinError::SearchStopped)
}

/// The template with this extra nonce; it was made with none, as 0.
fn with_extra_nonce(template: &Template, extra_nonce: u64) -> Template {
    if extra_nonce == 0 {
        return template.clone();
    }
    template.with_extra_data(Bytes::copy_from_slice(&extra_nonce.to_be_bytes()))
}

fn job(template: &Template) -> Job {
    let header = template.header.encode();
    let (head, _) = header
        .split_first_chunk::<76>()
        .expect("a header has 80 bytes");
    // A template has the bits that its place demands, which stand for a target.
    let target = template.header.bits.target();
    Job {
        header: *head,
        target: target.map_or([0; 32], |target| target.value().to_be_bytes()),
    }
}
