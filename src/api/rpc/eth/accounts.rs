//! What an account has: balance, nonce, code, storage, and the proof of it.

use alloy_consensus::constants::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::at::{at, state_at};
use super::super::error::RpcError;
use super::super::methods::Methods;
use crate::limits::PROOF_SLOTS;
use crate::protocol::coin::state::{Account, RootedState, StateView, account_proof, storage_proof};
use crate::store::coin::store_error;

pub fn register(methods: &mut Methods) {
    methods.quick("eth_getBalance", balance);
    methods.quick("eth_getTransactionCount", transaction_count);
    methods.quick("eth_getCode", code);
    methods.quick("eth_getStorageAt", storage_at);
    methods.reading("eth_getProof", proof);
}

fn account(rpc: &Rpc, arguments: &mut Arguments) -> Result<Option<Account>, RpcError> {
    let address: Address = arguments.required("address")?;
    let block = block(arguments)?;
    let chain = rpc.chain()?;
    state_at(rpc.node(), &chain, block, rpc.depths(), |state| {
        Ok(state.account(address)?)
    })
}

/// The block that a call is about: the latest, if it names none.
pub fn block(arguments: &mut Arguments) -> Result<BlockId, RpcError> {
    Ok(arguments.optional("block")?.unwrap_or_default())
}

fn balance(rpc: &Rpc, mut arguments: Arguments) -> Result<U256, RpcError> {
    let account = account(rpc, &mut arguments)?;
    arguments.end()?;
    Ok(account.map_or(U256::ZERO, |account| account.balance))
}

fn transaction_count(rpc: &Rpc, mut arguments: Arguments) -> Result<U64, RpcError> {
    let address: Address = arguments.required("address")?;
    let block = block(&mut arguments)?;
    arguments.end()?;
    let nonce = |state: &dyn StateView| -> Result<u64, RpcError> {
        Ok(state.account(address)?.map_or(0, |account| account.nonce))
    };
    if block == BlockId::pending() {
        let next = rpc.node().read_with_mempool(|snapshot, mempool| {
            let account = snapshot.account(address);
            let account = account.map_err(|error| store_error(&error))?;
            Ok(mempool.next_nonce(address, account.map_or(0, |account| account.nonce)))
        })?;
        return Ok(U64::from(next));
    }
    let chain = rpc.chain()?;
    let found = state_at(rpc.node(), &chain, block, rpc.depths(), nonce)?;
    Ok(U64::from(found))
}

fn code(rpc: &Rpc, mut arguments: Arguments) -> Result<Bytes, RpcError> {
    let address: Address = arguments.required("address")?;
    let block = block(&mut arguments)?;
    arguments.end()?;
    let chain = rpc.chain()?;
    state_at(
        rpc.node(),
        &chain,
        block,
        rpc.depths(),
        |state| match state.account(address)? {
            Some(account) if account.code_hash != KECCAK_EMPTY => {
                Ok(state.code(account.code_hash)?)
            }
            _ => Ok(Bytes::new()),
        },
    )
}

fn storage_at(rpc: &Rpc, mut arguments: Arguments) -> Result<B256, RpcError> {
    let address: Address = arguments.required("address")?;
    let slot: JsonStorageKey = arguments.required("slot")?;
    let block = block(&mut arguments)?;
    arguments.end()?;
    let chain = rpc.chain()?;
    state_at(rpc.node(), &chain, block, rpc.depths(), |state| {
        let value = state.slot(address, number(&slot))?;
        Ok(B256::from(value))
    })
}

fn number(slot: &JsonStorageKey) -> U256 {
    U256::from_be_bytes(slot.as_b256().0)
}

fn proof(rpc: &Rpc, mut arguments: Arguments) -> Result<EIP1186AccountProofResponse, RpcError> {
    let address: Address = arguments.required("address")?;
    let slots: Vec<JsonStorageKey> = arguments.required("slots")?;
    let block = block(&mut arguments)?;
    arguments.end()?;
    if slots.len() > PROOF_SLOTS {
        let why = format!(
            "{} slots, and {PROOF_SLOTS} are the most in one call",
            slots.len()
        );
        return Err(RpcError::parameter("slots", why));
    }
    let chain = rpc.chain()?;
    at(rpc.node(), &chain, block, rpc.depths(), |at| {
        // By its root, so that what is proved and what is said are the same.
        let state = RootedState::new(at.state, at.root, at.environment.number);
        let account = state.account(address)?;
        let storage_root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let mut storage = Vec::with_capacity(slots.len());
        for slot in slots {
            let place = number(&slot);
            storage.push(EIP1186StorageProof {
                key: slot,
                value: state.slot(address, place)?,
                proof: storage_proof(at.state, address, storage_root, place)?,
            });
        }
        Ok(EIP1186AccountProofResponse {
            address,
            balance: account.map_or(U256::ZERO, |account| account.balance),
            code_hash: account.map_or(KECCAK_EMPTY, |account| account.code_hash),
            nonce: account.map_or(0, |account| account.nonce),
            storage_hash: storage_root,
            account_proof: account_proof(at.state, at.root, address)?,
            storage_proof: storage,
        })
    })
}
