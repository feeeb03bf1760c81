//! Letting go of what waits.

use alloy_primitives::{Address, B256};

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;

type Answer<T> = Result<T, RpcError>;

pub fn register(methods: &mut Methods) {
    methods.asking("anvil_dropTransaction", |rpc, arguments| async move {
        let (hash, waited) = drop_one(rpc, arguments).await?;
        Ok(waited.then_some(hash))
    });
    methods.asking("hardhat_dropTransaction", |rpc, arguments| async move {
        Ok(drop_one(rpc, arguments).await?.1)
    });
    methods.asking("anvil_dropAllTransactions", |rpc, arguments| async move {
        arguments.end()?;
        let all = rpc
            .node()
            .mempool()
            .iter()
            .map(|entry| entry.hash())
            .collect();
        drop_these(&rpc, all).await
    });
    methods.asking("anvil_removePoolTransactions", remove_of);
}

async fn drop_one(rpc: Rpc, mut arguments: Arguments) -> Answer<(B256, bool)> {
    let hash: B256 = arguments.required("hash")?;
    arguments.end()?;
    Ok((hash, rpc.node().drop_transaction(hash).await?))
}

async fn remove_of(rpc: Rpc, mut arguments: Arguments) -> Answer<()> {
    let address: Address = arguments.required("address")?;
    arguments.end()?;
    let its = rpc
        .node()
        .mempool()
        .by_sender(address)
        .map(|entry| entry.hash())
        .collect();
    drop_these(&rpc, its).await
}

async fn drop_these(rpc: &Rpc, hashes: Vec<B256>) -> Answer<()> {
    for hash in hashes {
        rpc.node().drop_transaction(hash).await?;
    }
    Ok(())
}
