//! Proofs of what blocks left in the state, and of what stands in a block, held against `alloy_trie`.

use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_trie::proof::verify_proof;
use alloy_trie::{Nibbles, TrieAccount};

use super::super::super::block::transactions_root;
use super::super::super::state::{
    Account, StateView, account_proof, receipt_proof, storage_proof, transaction_proof,
};
use super::world::{MINER, NOBODY, World, address, code};

const CONTRACT: Address = Address::repeat_byte(0xc0);

fn stored(account: &Account) -> Vec<u8> {
    alloy_rlp::encode(TrieAccount {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: account.storage_root,
        code_hash: account.code_hash,
    })
}

/// At the tip and at every block before it: accounts there and not there, words written and not written.
#[test]
fn proofs_of_accounts_and_words_hold_at_every_block() {
    // SSTORE(NUMBER, what was sent)
    let mut world = World::new([(CONTRACT, 0, code("5f 35 43 55 00"))]);
    let mut former = Vec::new();
    for number in 0..40_u64 {
        let words = U256::from(number).to_be_bytes::<32>();
        let transaction = world.dynamic(0, |of| {
            (of.to, of.gas_limit) = (TxKind::Call(CONTRACT), 100_000);
            of.input = words.into();
        });
        world.mine(&[transaction], MINER);
        former.push((
            world.state.state_root().expect("memory"),
            world.state.clone(),
        ));
    }
    for (root, then) in former {
        for who in [CONTRACT, MINER, NOBODY, address(0), address(1)] {
            let account = then.account(who).expect("memory");
            let proof = account_proof(&world.state, root, who).expect("memory");
            let path = Nibbles::unpack(keccak256(who));
            let told = account.as_ref().map(stored);
            assert_eq!(verify_proof(root, path, told, &proof), Ok(()));
        }
        let contract = then
            .account(CONTRACT)
            .expect("memory")
            .expect("it is there");
        for slot in (0..44).map(U256::from) {
            let proof = storage_proof(&world.state, CONTRACT, contract.storage_root, slot);
            let value = then.slot(CONTRACT, slot).expect("memory");
            let told = (!value.is_zero()).then(|| alloy_rlp::encode(value));
            let path = Nibbles::unpack(keccak256(slot.to_be_bytes::<32>()));
            let proof = proof.expect("memory");
            assert_eq!(
                verify_proof(contract.storage_root, path, told, &proof),
                Ok(())
            );
        }
    }
    let nothing = storage_proof(&world.state, MINER, EMPTY_ROOT_HASH, U256::ONE);
    assert_eq!(nothing.expect("memory"), Vec::<Bytes>::new());
    let unknown = account_proof(&world.state, B256::repeat_byte(1), MINER);
    assert!(unknown.is_err());
}

#[test]
fn proofs_of_transactions_and_receipts_hold_in_blocks_of_any_length() {
    let world = World::new([]);
    for length in [1, 2, 127, 128, 129, 300] {
        let transactions: Vec<_> = (0..length)
            .map(|nonce| world.dynamic(0, |of| of.nonce = nonce))
            .collect();
        let executed = world.executed(&transactions, MINER);
        let envelopes: Vec<Bytes> = transactions.iter().map(|of| of.bytes().clone()).collect();
        let receipts = executed.receipts.iter();
        let receipts: Vec<Bytes> = receipts
            .map(|receipt| receipt.envelope.encoded_2718().into())
            .collect();
        let root = transactions_root(&envelopes);
        for index in 0..transactions.len() {
            let path = || Nibbles::unpack(alloy_rlp::encode(index));
            let proof = transaction_proof(&envelopes, index);
            let told = Some(envelopes[index].to_vec());
            assert_eq!(verify_proof(root, path(), told, &proof), Ok(()));
            let proof = receipt_proof(&receipts, index);
            let told = Some(receipts[index].to_vec());
            assert_eq!(
                verify_proof(executed.receipts_root, path(), told, &proof),
                Ok(())
            );
            let other = Some(b"another".to_vec());
            assert!(verify_proof(executed.receipts_root, path(), other, &proof).is_err());
        }
        assert!(transaction_proof(&envelopes, transactions.len()).is_empty());
    }
}
