//! Proof search on a thread of its own. A client of the node, which mines with proofs that are known and asks for others.

pub mod coin;
pub mod on_demand;
pub mod search;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::node::{NodeError, NodeHandle};
use crate::protocol::classic::block::Block;
use crate::protocol::classic::proof::{self, Proof};

/// Mines one block. Answers once it is durable. Whoever stops waiting stops the search.
pub async fn mine(node: &NodeHandle) -> Result<Block, NodeError> {
    loop {
        match node.mine_if_searched().await? {
            Ok(block) => return Ok(block),
            Err(after) => node.remember_proof(after, search(after)).await?,
        }
    }
}

/// The smallest proof that follows `previous`. Dropping the future stops the search.
pub async fn search(previous: Proof) -> Option<Proof> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let _guard = StopOnDrop(Arc::clone(&stop));
    let search = tokio::task::spawn_blocking(move || {
        proof::search(previous, || !stop.load(Ordering::Relaxed))
    });
    search.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_finds_the_books_second_proof() {
        assert_eq!(search(Proof::FIRST).await, Proof::new(533));
    }
}
