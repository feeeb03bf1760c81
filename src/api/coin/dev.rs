//! What a node of the network `dev` has for tests of contracts, beside what every coin node has.

use std::sync::Arc;

use crate::miner::on_demand::OnDemand;
use crate::node::coin::CoinError;

/// What tests change, in memory alone. Every node has one; on other networks nothing reaches it.
pub struct Dev {
    pub mining: Arc<OnDemand>,
    /// Whether the node was started to mine by itself, so that calls do not decide how.
    pub mines_by_schedule: bool,
}

impl Dev {
    /// Mines what waits before whoever handed it in is answered, where no other way of mining is set. Elsewhere this does nothing.
    ///
    /// # Errors
    /// The node's; what waits goes on waiting.
    pub async fn mine_what_waits(&self) -> Result<(), CoinError> {
        self.mining.mine_what_waits().await
    }
}
