//! Blocks when a test wants them: now, as transactions come, every so often, or not at all.

use std::time::Duration;

use alloy_primitives::Address;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::of_parameter;
use super::whole::Whole;
use crate::limits::RPC_MINED;

type Answer<T> = Result<T, RpcError>;

pub fn register(methods: &mut Methods) {
    methods.asking("anvil_mine", mine);
    methods.asking("hardhat_mine", |rpc, arguments| async move {
        mine(rpc, arguments).await?;
        Ok(true)
    });
    methods.asking("evm_mine", mine_at);
    for name in ["evm_setAutomine", "anvil_setAutomine"] {
        methods.quick(name, set_automine);
    }
    for name in ["anvil_getAutomine", "hardhat_getAutomine"] {
        methods.quick(name, |rpc, arguments| {
            arguments.end()?;
            Ok(rpc.app.dev.mining.automines())
        });
    }
    for name in ["evm_setIntervalMining", "anvil_setIntervalMining"] {
        methods.quick(name, set_interval);
    }
    for name in ["anvil_setCoinbase", "hardhat_setCoinbase"] {
        methods.quick(name, |rpc, mut arguments| {
            let address: Address = arguments.required("address")?;
            arguments.end()?;
            rpc.app.dev.mining.pay(address);
            Ok(())
        });
    }
}

/// So many blocks, so many seconds apart.
async fn mine(rpc: Rpc, mut arguments: Arguments) -> Answer<()> {
    let blocks = arguments.optional("blocks")?.unwrap_or(Whole(1));
    let apart: Option<Whole> = arguments.optional("interval")?;
    arguments.end()?;
    let blocks = bounded(blocks)?;
    // viem's way to say none.
    let apart = apart.filter(|Whole(apart)| *apart > 0);
    let apart = apart.map(|apart| seconds_apart(&rpc, blocks, apart));
    let mining = &rpc.app.dev.mining;
    Ok(mining.mine_many(blocks, apart.transpose()?).await?)
}

fn bounded(Whole(blocks): Whole) -> Answer<u64> {
    if blocks <= RPC_MINED as u64 {
        return Ok(blocks);
    }
    let why = format!("{blocks} blocks, and {RPC_MINED} are the most in one call");
    Err(RpcError::parameter("blocks", why))
}

/// That the last of the blocks has a time that a block can have.
fn seconds_apart(rpc: &Rpc, blocks: u64, Whole(apart): Whole) -> Answer<u32> {
    let begin = rpc.node().now().max(rpc.node().tip().place.time.into());
    let last = apart
        .checked_mul(blocks)
        .and_then(|all| all.checked_add(begin));
    let fits = last.is_some_and(|last| last < u32::MAX.into());
    let apart = u32::try_from(apart).ok().filter(|_| fits);
    apart.ok_or_else(|| {
        let why = "the last block's time has more than 32 bits";
        RpcError::parameter("interval", why)
    })
}

/// What `evm_mine` is asked for: a time alone, or both as members.
#[derive(Default)]
struct Wanted {
    time: Option<Whole>,
    blocks: Option<Whole>,
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            timestamp: Option<Whole>,
            blocks: Option<Whole>,
        }
        let value = Value::deserialize(from)?;
        if value.is_object() {
            let read = Members::deserialize(value).map_err(D::Error::custom)?;
            return Ok(Self {
                time: read.timestamp,
                blocks: read.blocks,
            });
        }
        let time = Whole::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self {
            time: Some(time),
            blocks: None,
        })
    }
}

/// One block, with the time that is given.
async fn mine_at(rpc: Rpc, mut arguments: Arguments) -> Answer<&'static str> {
    let wanted: Wanted = arguments.optional("timestamp")?.unwrap_or_default();
    arguments.end()?;
    let blocks = bounded(wanted.blocks.unwrap_or(Whole(1)))?;
    if let Some(Whole(time)) = wanted.time {
        let set = rpc.node().set_next_time(time);
        set.map_err(of_parameter("timestamp"))?;
    }
    rpc.app.dev.mining.mine_many(blocks, None).await?;
    Ok("0x0")
}

/// That calls decide how blocks are mined.
fn calls_decide(rpc: &Rpc) -> Answer<()> {
    if rpc.app.dev.mines_by_schedule {
        let why = "this node was started to mine by itself, so no call decides how: start it without --mine, --interval and --automine";
        return Err(RpcError::Failed(why.to_owned()));
    }
    Ok(())
}

fn set_automine(rpc: &Rpc, mut arguments: Arguments) -> Answer<()> {
    let automine: bool = arguments.required("enabled")?;
    arguments.end()?;
    calls_decide(rpc)?;
    let mining = &rpc.app.dev.mining;
    if automine {
        mining.set_interval(None);
    }
    mining.set_automine(automine);
    Ok(())
}

/// A block every so many seconds, and not as transactions come; with 0 only when a call says so.
fn set_interval(rpc: &Rpc, mut arguments: Arguments) -> Answer<()> {
    let Whole(seconds) = arguments.required("seconds")?;
    arguments.end()?;
    let fits = u32::try_from(seconds);
    let seconds = fits.map_err(|_| {
        let why = format!("{seconds}, and {} are the most", u32::MAX);
        RpcError::parameter("seconds", why)
    })?;
    calls_decide(rpc)?;
    let mining = &rpc.app.dev.mining;
    mining.set_automine(false);
    let interval = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    mining.set_interval(interval);
    Ok(())
}
