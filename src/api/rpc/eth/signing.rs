//! What the node signs with keys that it holds: those it was told to unlock, and on the network `dev` the ten that everybody has.

use alloy_consensus::{SignableTransaction, Signed, TxEip1559, TxEip2930, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, eip191_hash_message};
use alloy_rpc_types_eth::{Transaction, TransactionRequest};
use serde::Serialize;

use super::super::Rpc;
use super::super::arguments::Arguments;
use super::super::dev::send_as;
use super::super::error::RpcError;
use super::super::methods::Methods;
use super::super::shape;
use super::calls::{call_of, estimated, placed};
use super::transactions::send;
use crate::protocol::coin::DEV_ACCOUNTS;
use crate::protocol::coin::state::StateView;
use crate::protocol::coin::transaction::GAS_CAP;
use crate::store::coin::store_error;
use crate::wallet::keys::Key;

/// For everybody: addresses are shown to those alone who could use their keys.
pub fn register_open(methods: &mut Methods) {
    let accounts = |rpc: Rpc, caller: super::super::access::Caller, arguments: Arguments| async move {
        arguments.end()?;
        Ok(match caller.right {
            Ok(()) => accounts_in_order(&rpc),
            Err(_) => Vec::<Address>::new(),
        })
    };
    methods.asking_as("eth_accounts", accounts);
    // What browser wallets call it.
    methods.asking_as("eth_requestAccounts", accounts);
}

/// The public test accounts as everybody counts them, then those that were unlocked.
fn accounts_in_order(rpc: &Rpc) -> Vec<Address> {
    let test = DEV_ACCOUNTS
        .into_iter()
        .filter(|one| rpc.keys.key(*one).is_some());
    let others = rpc.keys.addresses();
    test.chain(others.filter(|one| !DEV_ACCOUNTS.contains(one)))
        .collect()
}

/// For those who may change the node.
pub fn register_strict(methods: &mut Methods) {
    methods.asking("eth_sendTransaction", |rpc, mut arguments| {
        let request = arguments.required("transaction").and_then(|request| {
            arguments.end()?;
            Ok(request)
        });
        async move { send_transaction(&rpc, request?).await }
    });
    methods.asking("eth_signTransaction", |rpc, mut arguments| {
        let request = arguments.required("transaction").and_then(|request| {
            arguments.end()?;
            Ok(request)
        });
        async move {
            let request: TransactionRequest = request?;
            let from = sender(&request)?;
            let envelope = signed(&rpc, request, None).await?;
            Ok(SignedAnswer {
                raw: envelope.encoded_2718().into(),
                tx: shape::unmined(envelope, from),
            })
        }
    });
    methods.quick("eth_sign", |rpc, mut arguments| {
        let from: Address = arguments.required("address")?;
        let message: Bytes = arguments.required("message")?;
        arguments.end()?;
        sign(rpc, from, eip191_hash_message(message))
    });
    methods.quick("personal_sign", |rpc, mut arguments| {
        let message: Bytes = arguments.required("message")?;
        let from: Address = arguments.required("address")?;
        let _: Option<String> = arguments.optional("password")?;
        arguments.end()?;
        sign(rpc, from, eip191_hash_message(message))
    });
}

/// A signed transaction, and its bytes.
#[derive(Debug, Clone, Serialize)]
struct SignedAnswer {
    raw: Bytes,
    tx: Transaction,
}

fn sign(rpc: &Rpc, from: Address, hash: B256) -> Result<Bytes, RpcError> {
    let key = rpc.keys.key(from).ok_or_else(|| not_held(from))?;
    Ok(Bytes::from(key.sign(hash).as_bytes().to_vec()))
}

fn not_held(from: Address) -> RpcError {
    RpcError::NotAuthorized(format!(
        "this node does not hold the key of {from}: sign in the wallet that has it and call eth_sendRawTransaction, or start the node with --unlock {from}"
    ))
}

/// Completes, signs and hands in a transaction whose sender's key the node holds.
///
/// # Errors
/// [`RpcError::NotAuthorized`] without the key; what it fails with otherwise.
pub async fn send_transaction(rpc: &Rpc, request: TransactionRequest) -> Result<B256, RpcError> {
    let from = sender(&request)?;
    // Held until the transaction waits, so that the next one gets the next nonce.
    let Some((key, turn)) = rpc.keys.key_in_turn(from).await else {
        let sent = send_as(rpc, from, &request).await?;
        return sent.ok_or_else(|| not_held(from));
    };
    let envelope = signed(rpc, request, Some(key)).await?;
    let hash = send(rpc, envelope.encoded_2718().into()).await;
    drop(turn);
    hash
}

fn sender(request: &TransactionRequest) -> Result<Address, RpcError> {
    let missing =
        || RpcError::parameter("transaction", "it has no `from`, whose key would sign it");
    request.from.ok_or_else(missing)
}

async fn signed(
    rpc: &Rpc,
    request: TransactionRequest,
    key: Option<&Key>,
) -> Result<TxEnvelope, RpcError> {
    let from = sender(&request)?;
    let key = match key.or_else(|| rpc.keys.key(from)) {
        Some(key) => key,
        None => return Err(not_held(from)),
    };
    let complete = completed(rpc, request).await?;
    Ok(complete.signed(|hash| key.sign(hash)))
}

/// A transaction that lacks nothing but its signature.
pub struct Complete {
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
    to: TxKind,
    request: TransactionRequest,
    /// The greatest fee a gas, and what of it is for the miner, unless it is a transaction of the old kind.
    fees: (u128, Option<u128>),
}

/// Fills in what the request leaves out: the next nonce, the gas that it needs, a fee that the next block takes.
///
/// # Errors
/// What the call fails with, where its gas is to be found out.
pub async fn completed(rpc: &Rpc, request: TransactionRequest) -> Result<Complete, RpcError> {
    let rpc = rpc.clone();
    let work = move || complete(&rpc, request);
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| RpcError::Internal("the transaction was not completed".to_owned()))?
}

fn complete(rpc: &Rpc, mut request: TransactionRequest) -> Result<Complete, RpcError> {
    let (node, from) = (rpc.node(), sender(&request)?);
    let parameters = node.parameters();
    // So that the check of fees is that of every call.
    let mut call = call_of(
        &request,
        parameters.chain_id,
        GAS_CAP.min(parameters.gas_limit),
    )?;
    let nonce = match request.nonce {
        Some(nonce) => nonce,
        None => node.read_with_mempool(|snapshot, mempool| {
            let account = snapshot.account(from);
            let account = account.map_err(|error| store_error(&error))?;
            Ok(mempool.next_nonce(from, account.map_or(0, |account| account.nonce)))
        })?,
    };
    let gas_limit = match request.gas {
        Some(gas) => gas,
        None => {
            call.greatest_fee = 0;
            call.priority_fee = None;
            let around = Default::default();
            let pending = alloy_eips::BlockId::pending();
            placed(rpc, pending, Default::default(), &around, |place| {
                estimated(place, call)
            })?
        }
    };
    let base_fee = u128::from(parameters.base_fee);
    let fees = match request.gas_price {
        Some(price) => (price, None),
        None => {
            let priority = match request.max_priority_fee_per_gas {
                Some(priority) => priority,
                None => {
                    let suggested = rpc.app.suggested_fees()?.normal;
                    request
                        .max_fee_per_gas
                        .map_or(suggested, |most| suggested.min(most))
                }
            };
            let most = request.max_fee_per_gas;
            (
                most.unwrap_or(priority.saturating_add(base_fee)),
                Some(priority),
            )
        }
    };
    if fees.1.is_some_and(|priority| priority > fees.0) {
        let why = "maxPriorityFeePerGas is above maxFeePerGas";
        return Err(RpcError::parameter("transaction", why));
    }
    request.nonce = Some(nonce);
    Ok(Complete {
        chain_id: parameters.chain_id,
        nonce,
        gas_limit,
        to: request.to.unwrap_or(TxKind::Create),
        request,
        fees,
    })
}

impl Complete {
    /// With a signature of its hash.
    pub fn signed(self, sign: impl FnOnce(B256) -> Signature) -> TxEnvelope {
        let value = self.request.value.unwrap_or(U256::ZERO);
        let input = self.request.input.into_input().unwrap_or_default();
        let (chain_id, nonce, gas_limit, to) = (self.chain_id, self.nonce, self.gas_limit, self.to);
        match (self.fees, self.request.access_list) {
            ((greatest, Some(priority)), list) => with_signature(
                TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: greatest,
                    max_priority_fee_per_gas: priority,
                    to,
                    value,
                    access_list: list.unwrap_or_default(),
                    input,
                },
                sign,
            ),
            ((gas_price, None), Some(access_list)) => with_signature(
                TxEip2930 {
                    chain_id,
                    nonce,
                    gas_price,
                    gas_limit,
                    to,
                    value,
                    access_list,
                    input,
                },
                sign,
            ),
            ((gas_price, None), None) => with_signature(
                TxLegacy {
                    chain_id: Some(chain_id),
                    nonce,
                    gas_price,
                    gas_limit,
                    to,
                    value,
                    input,
                },
                sign,
            ),
        }
    }
}

fn with_signature<T>(transaction: T, sign: impl FnOnce(B256) -> Signature) -> TxEnvelope
where
    T: SignableTransaction<Signature>,
    TxEnvelope: From<Signed<T>>,
{
    let signature = sign(transaction.signature_hash());
    transaction.into_signed(signature).into()
}
