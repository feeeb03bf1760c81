//! Why a transaction may not wait. Policy: a block that holds it may be valid all the same.

use alloy_primitives::{Address, U256};
use thiserror::Error;

use crate::protocol::coin::amount::Amount;

/// Why a transaction was refused, and the way out.
///
/// Fees are in units a gas.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    #[error(
        "the transaction has {found} bytes, this node takes {most}; send less input, or hand it to a miner"
    )]
    Bytes { found: usize, most: usize },
    #[error("its gas limit is {found}, a block has {most}; ask for no more than that")]
    GasLimit { found: u64, most: u64 },
    #[error(
        "its greatest fee is {found} units a gas, the base fee is {base_fee}; offer at least that"
    )]
    FeeBelowBase { found: u128, base_fee: u64 },
    #[error(
        "it is not signed, but marked as sent by {sender}; only a node that was told to impersonate that account makes such (anvil_impersonateAccount, then eth_sendTransaction)"
    )]
    Impersonated { sender: Address },
    #[error("{sender} is a contract, and contracts cannot send (EIP-3607); use another account")]
    SenderHasCode { sender: Address },
    #[error(
        "nonce {found} of {sender} is used, the next is {next}; sign it again with nonce {next}"
    )]
    NonceUsed {
        sender: Address,
        found: u64,
        next: u64,
    },
    #[error(
        "its nonce is {found}, the next of {sender} is {next} and {most} may wait in a row, up to nonce {last}; wait until blocks have some of those before it"
    )]
    TooManyInARow {
        sender: Address,
        found: u64,
        next: u64,
        most: usize,
        last: u64,
    },
    #[error(
        "another transaction with nonce {nonce} waits already, and this one pays {greatest} units a gas at most and {priority} as priority; to take its place, offer at least {needed_greatest} and {needed_priority}, 10% more"
    )]
    ReplacementPaysTooLittle {
        nonce: u64,
        greatest: u128,
        priority: u128,
        needed_greatest: u128,
        needed_priority: u128,
    },
    #[error(
        "{sender} has {balance} coins, this transaction and the {others} others of its that wait may cost {}; send less, lower the gas limit or the greatest fee, or wait until coins arrive", needed_text(*needed)
    )]
    Unaffordable {
        sender: Address,
        balance: Amount,
        /// None: 2^256 units or more.
        needed: Option<Amount>,
        others: usize,
    },
    #[error(
        "the mempool is full, and what leaves next pays {least} units a gas, this {found}; offer at least {needed} as greatest fee and {} as priority fee, or try again later", needed.saturating_sub((*base_fee).into())
    )]
    Full {
        found: u128,
        least: u128,
        needed: u128,
        base_fee: u64,
    },
    #[error(
        "the mempool is full, and a transaction of {sender} before this one, that of nonce {nonce}, pays {found} units a gas where {needed} are needed; replace that one first, or try again later"
    )]
    FullBehindCheaper {
        sender: Address,
        nonce: u64,
        found: u128,
        needed: u128,
    },
    #[error(
        "the mempool is full, and this transaction would wait for nonce {missing} of {sender}, while all that waits is ready; send nonce {missing} first"
    )]
    FullBehindGap { sender: Address, missing: u64 },
}

fn needed_text(needed: Option<Amount>) -> String {
    match needed {
        Some(needed) => format!("{needed} coins"),
        None => format!("more than {} coins", Amount::from_units(U256::MAX)),
    }
}
