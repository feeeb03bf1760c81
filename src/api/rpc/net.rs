//! `net_`, `web3_` and what else a client asks of the node itself.

use alloy_primitives::{Address, B256, Bytes, U64, keccak256};
use serde_json::json;

use super::methods::Methods;

pub fn register(methods: &mut Methods) {
    methods.quick("web3_clientVersion", |_, arguments| {
        arguments.end()?;
        Ok(client_version())
    });
    methods.quick("web3_sha3", |_, mut arguments| {
        let bytes: Bytes = arguments.required("data")?;
        arguments.end()?;
        Ok::<B256, _>(keccak256(bytes))
    });
    methods.quick("net_version", |rpc, arguments| {
        arguments.end()?;
        Ok(rpc.node().parameters().chain_id.to_string())
    });
    methods.quick("net_listening", |_, arguments| {
        arguments.end()?;
        Ok(true)
    });
    methods.quick("net_peerCount", |rpc, arguments| {
        arguments.end()?;
        Ok(U64::from(rpc.node().tip().peers))
    });
    methods.quick("eth_chainId", |rpc, arguments| {
        arguments.end()?;
        Ok(U64::from(rpc.node().parameters().chain_id))
    });
    methods.quick("eth_protocolVersion", |_, arguments| {
        arguments.end()?;
        Ok("0x41")
    });
    // What a node has, it has checked; it is never between states as nodes of Ethereum are while they load one.
    methods.quick("eth_syncing", |_, arguments| {
        arguments.end()?;
        Ok(false)
    });
    methods.quick("eth_mining", |rpc, arguments| {
        arguments.end()?;
        Ok(rpc.app.mines_by_itself())
    });
    methods.quick("eth_hashrate", |_, arguments| {
        arguments.end()?;
        Ok(U64::ZERO)
    });
    methods.quick("eth_coinbase", |rpc, arguments| {
        arguments.end()?;
        Ok::<Option<Address>, _>(rpc.app.paid())
    });
    methods.quick("rpc_modules", |_, arguments| {
        arguments.end()?;
        Ok(json!({"debug": "1.0", "eth": "1.0", "net": "1.0", "rpc": "1.0", "txpool": "1.0", "web3": "1.0"}))
    });
}

/// The name and version by which clients know the program.
pub fn client_version() -> String {
    format!(
        "bcoin/v{}/{}-{}/rust",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
