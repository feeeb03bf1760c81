//! The clock of blocks, which tests move. It never goes below the last block, and not beyond the last second that a block can have.

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::of_parameter;
use super::whole::Whole;

pub fn register(methods: &mut Methods) {
    for name in ["evm_increaseTime", "anvil_increaseTime"] {
        methods.quick(name, increase);
    }
    for name in ["evm_setTime", "anvil_setTime"] {
        methods.quick(name, set);
    }
    for name in [
        "evm_setNextBlockTimestamp",
        "anvil_setNextBlockTimestamp",
        "hardhat_setNextBlockTimestamp",
    ] {
        methods.quick(name, set_next);
    }
    methods.quick("anvil_setBlockTimestampInterval", |rpc, mut arguments| {
        let Whole(seconds) = arguments.required("seconds")?;
        arguments.end()?;
        let spacing = u32::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let spacing = spacing.ok_or_else(|| {
            let why = format!("blocks are 1 to {} seconds apart, not {seconds}", u32::MAX);
            RpcError::parameter("seconds", why)
        })?;
        Ok(rpc.node().set_spacing(Some(spacing))?)
    });
    methods.quick("anvil_removeBlockTimestampInterval", |rpc, arguments| {
        arguments.end()?;
        let before = rpc.node().moved_clock();
        rpc.node().set_spacing(None)?;
        Ok(before != rpc.node().moved_clock())
    });
}

/// Seconds by which the clock is before the machine's then.
fn increase(rpc: &Rpc, mut arguments: Arguments) -> Result<i64, RpcError> {
    let Whole(seconds) = arguments.required("seconds")?;
    arguments.end()?;
    let moved = rpc.node().increase_time(seconds);
    moved.map_err(of_parameter("seconds"))
}

/// Seconds by which the clock is before the machine's then.
fn set(rpc: &Rpc, mut arguments: Arguments) -> Result<i64, RpcError> {
    let Whole(time) = arguments.required("timestamp")?;
    arguments.end()?;
    let moved = rpc.node().set_time(time);
    moved.map_err(of_parameter("timestamp"))
}

fn set_next(rpc: &Rpc, mut arguments: Arguments) -> Result<(), RpcError> {
    let Whole(time) = arguments.required("timestamp")?;
    arguments.end()?;
    let set = rpc.node().set_next_time(time);
    set.map_err(of_parameter("timestamp"))
}
