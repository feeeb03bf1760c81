//! Proofs of what stands in the state, and of what stands in a block.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::encode_fixed_size;
use alloy_trie::proof::ProofRetainer;
use alloy_trie::root::adjust_index_for_rlp;
use alloy_trie::{HashBuilder, Nibbles};

use super::tree;
use super::view::{StateView, Tree, ViewError};

/// The nodes from the state root `root` to the account, or to where it would be: `accountProof` of `eth_getProof`. Empty where the state is.
///
/// # Errors
/// [`ViewError`] when the keeper fails, or does not know this root.
pub fn account_proof(
    view: &dyn StateView,
    root: B256,
    address: Address,
) -> Result<Vec<Bytes>, ViewError> {
    tree::proof(view, Tree::Accounts, root, keccak256(address))
}

/// The nodes from an account's storage root to a word, or to where it would be: `proof` of `eth_getProof`. Empty where the storage is.
///
/// # Errors
/// [`ViewError`] when the keeper fails, or does not know this root.
pub fn storage_proof(
    view: &dyn StateView,
    address: Address,
    storage_root: B256,
    slot: U256,
) -> Result<Vec<Bytes>, ViewError> {
    let key = keccak256(slot.to_be_bytes::<32>());
    tree::proof(view, Tree::Storage(address), storage_root, key)
}

/// The nodes from a block's transactions root to envelope `index`, whose key is the index in RLP; none if there is no such envelope.
pub fn transaction_proof(envelopes: &[Bytes], index: usize) -> Vec<Bytes> {
    ordered_proof(envelopes, index)
}

/// The nodes from a block's receipts root to encoded receipt `index`, whose key is the index in RLP; none if there is no such receipt.
pub fn receipt_proof(receipts: &[Bytes], index: usize) -> Vec<Bytes> {
    ordered_proof(receipts, index)
}

fn ordered_proof(items: &[Bytes], index: usize) -> Vec<Bytes> {
    if index >= items.len() {
        return Vec::new();
    }
    let path = |index: usize| Nibbles::unpack(encode_fixed_size(&index));
    let mut tree =
        HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![path(index)]));
    for place in 0..items.len() {
        // The order of the keys.
        let place = adjust_index_for_rlp(place, items.len());
        if let Some(item) = items.get(place) {
            tree.add_leaf(path(place), item);
        }
    }
    tree.root();
    let nodes = tree.take_proof_nodes().into_nodes_sorted();
    nodes.into_iter().map(|(_, node)| node).collect()
}
