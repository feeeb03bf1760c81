//! What other development nodes write into their state past any block, and this one refuses: whoever executed its chain would come to another state.

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::error::RpcError;
use super::super::methods::Methods;

type Answer = Result<(), RpcError>;

pub fn register(methods: &mut Methods) {
    for name in [
        "anvil_setBalance",
        "hardhat_setBalance",
        "anvil_addBalance",
        "evm_setAccountBalance",
    ] {
        methods.quick(name, balance);
    }
    for name in ["anvil_setCode", "hardhat_setCode", "evm_setAccountCode"] {
        methods.quick(name, code);
    }
    for name in [
        "anvil_setStorageAt",
        "hardhat_setStorageAt",
        "evm_setAccountStorageAt",
    ] {
        methods.quick(name, storage);
    }
    for name in ["anvil_setNonce", "hardhat_setNonce", "evm_setAccountNonce"] {
        methods.quick(name, nonce);
    }
    for name in [
        "anvil_setNextBlockBaseFeePerGas",
        "hardhat_setNextBlockBaseFeePerGas",
        "anvil_setBlockGasLimit",
        "evm_setBlockGasLimit",
        "anvil_setMinGasPrice",
        "hardhat_setMinGasPrice",
        "anvil_setChainId",
        "hardhat_setPrevRandao",
        "anvil_setPrevRandao",
    ] {
        methods.quick(name, constant);
    }
}

fn refused(what: &str, instead: &str) -> Answer {
    Err(RpcError::Unsupported(format!(
        "{what} would change in no block, so that no other node could verify this one's chain, nor it itself; {instead}"
    )))
}

fn balance(_: &Rpc, _: Arguments) -> Answer {
    refused(
        "a balance",
        "send coins from a test account (eth_accounts), or in the name of whoever has them (anvil_impersonateAccount), or begin with balances in a genesis file (bcoin genesis new)",
    )
}

fn code(_: &Rpc, _: Arguments) -> Answer {
    refused(
        "code",
        "deploy it by a transaction, or begin with it in a genesis file (bcoin genesis new); eth_call takes code in its state overrides",
    )
}

fn storage(_: &Rpc, _: Arguments) -> Answer {
    refused(
        "a word of storage",
        "call the contract in the name of whoever may write it (anvil_impersonateAccount); eth_call takes storage in its state overrides",
    )
}

fn nonce(_: &Rpc, _: Arguments) -> Answer {
    refused(
        "a nonce",
        "send as many transactions in the account's name (anvil_impersonateAccount)",
    )
}

fn constant(_: &Rpc, _: Arguments) -> Answer {
    Err(RpcError::Unsupported(
        "base fee, gas limit and chain id are constants of the network, to which its first block commits, and PREVRANDAO follows from the parent: for others make a network with bcoin genesis new; eth_call takes them in its block overrides".to_owned(),
    ))
}
