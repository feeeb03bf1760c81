//! Transactions in the name of accounts whose keys nobody has: coin-format.md, section 10.

use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, address};
use bcoin::mempool::Refused;
use bcoin::miner::on_demand::NOBODY;
use bcoin::node::coin::{CoinError, Connected, stored_block};
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::block::{commitment, header_is_valid, transactions_root};
use bcoin::protocol::coin::parameters::{COIN, Parameters, Spec};
use bcoin::protocol::coin::transaction::{Transaction, impersonation};
use bcoin::store::coin::Ledger;

use super::{balance, dev, is_sound, on_demand, tip};
use crate::coin_world::TestNode;

/// A coin's transfer in the name of `sender`.
fn in_the_name_of(sender: Address, nonce: u64, chain_id: u64) -> Bytes {
    let transfer = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 2,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(0x77)),
        value: U256::from(COIN),
        ..TxEip1559::default()
    };
    let envelope = TxEnvelope::from(transfer.into_signed(impersonation(sender)));
    envelope.encoded_2718().into()
}

const MULTICALL3: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");

#[tokio::test]
async fn transactions_are_sent_in_the_name_of_accounts_and_of_contracts() {
    let TestNode { node, .. } = &dev();
    let mining = on_demand(node, true);
    // The fees of two blocks and their subsidies make it rich.
    mining.pay(MULTICALL3);
    mining.mine_many(2, None).await.expect("mined");
    for (sender, nonce) in [(DEV_ACCOUNTS[5], 0), (MULTICALL3, 1), (MULTICALL3, 2)] {
        let read = node.read_transaction(in_the_name_of(sender, nonce, 31_337));
        let read = Arc::new(read.expect("it holds"));
        assert_eq!((read.sender(), read.is_impersonated()), (sender, true));
        let refused = CoinError::from(Refused::Impersonated { sender });
        let open = node.add_transaction(Arc::clone(&read)).await;
        assert_eq!(open, Err(refused), "nobody signed it");
        node.add_even_impersonated(read).await.expect("it waits");
    }
    mining.mine_what_waits().await.expect("mined");
    assert_eq!((tip(node).0, node.tip().waiting), (3, 0));
    let received = balance(node, Address::repeat_byte(0x77));
    assert_eq!(received, U256::from(3 * COIN));
    is_sound(node);

    // Another node that gets the blocks comes to the same.
    let TestNode { node: other, .. } = &dev();
    let snapshot = node.snapshot().expect("a snapshot");
    for number in 1..=3 {
        let hash = snapshot.entry_at(number).expect("it is there").hash();
        let block = stored_block(&snapshot, hash, node.parameters()).expect("it reads");
        let (_, connected) = other
            .submit_block(block.encode().into())
            .await
            .expect("it holds");
        assert_eq!(connected, Connected::Extended);
    }
    assert_eq!(other.tip().record_hash, node.tip().record_hash);
    is_sound(other);
}

#[tokio::test]
async fn a_mark_is_held_to_every_other_rule() {
    let TestNode { node, .. } = &dev();
    let poor = Address::repeat_byte(0x99);
    let read = node
        .read_transaction(in_the_name_of(poor, 0, 31_337))
        .expect("it holds");
    let refused = node.add_even_impersonated(Arc::new(read)).await;
    assert!(matches!(
        refused,
        Err(CoinError::Refused(Refused::Unaffordable { .. }))
    ));
    let late = in_the_name_of(DEV_ACCOUNTS[0], 5, 31_337);
    let read = Arc::new(node.read_transaction(late).expect("it holds"));
    node.add_even_impersonated(read).await.expect("it waits");
    assert!(node.mempool().best().next().is_none(), "nonce 0 is missing");
    // A block that takes it before its turn breaks the rule of nonces.
    let spec = Spec::Osaka;
    let template = node.template(NOBODY, Bytes::new()).expect("a template");
    let mut block = template.sealed(0);
    block.envelopes = vec![in_the_name_of(DEV_ACCOUNTS[0], 5, 31_337)];
    block.record.transactions_root = transactions_root(&block.envelopes);
    block.header.commitment = commitment(&block.record);
    while header_is_valid(&block.header, node.parameters()).is_err() {
        block.header.nonce += 1;
    }
    assert!(Transaction::decode(block.envelopes[0].clone(), node.parameters(), spec).is_ok());
    let refused = node
        .submit_block(block.encode().into())
        .await
        .expect_err("its nonce");
    assert!(refused.to_string().contains("its nonce is 5"), "{refused}");
}

#[test]
fn other_networks_know_no_mark() {
    let decode = |chain_id: u64, envelope| {
        let parameters = Parameters {
            chain_id,
            ..Parameters::dev()
        };
        Transaction::decode(envelope, &parameters, Spec::Osaka)
    };
    let main = Parameters::main().chain_id;
    let foreign = decode(main, in_the_name_of(DEV_ACCOUNTS[0], 0, 31_337));
    let rule = foreign.expect_err("for another chain");
    assert_eq!(rule.name(), "tx_chain_id");
    let (mut strangers, mut nobodies) = (0, 0);
    for sender in DEV_ACCOUNTS {
        match decode(main, in_the_name_of(sender, 0, main)) {
            Ok(read) => {
                assert_ne!(read.sender(), sender);
                assert!(!read.is_impersonated());
                strangers += 1;
            }
            Err(rule) => {
                assert_eq!(rule.name(), "tx_signature");
                nobodies += 1;
            }
        }
    }
    assert!(strangers > 0 && nobodies > 0, "{strangers} and {nobodies}");
}

/// Beside the mark, every signature is one.
#[test]
fn only_the_exact_mark_counts() {
    let read = |signature: Signature| {
        let transfer = TxEip1559 {
            chain_id: 31_337,
            gas_limit: 21_000,
            to: TxKind::Call(NOBODY),
            ..TxEip1559::default()
        };
        let envelope = TxEnvelope::from(transfer.into_signed(signature)).encoded_2718();
        Transaction::decode(envelope.into(), &Parameters::dev(), Spec::Osaka)
    };
    let others: [fn(Signature) -> Signature; 3] = [
        |mark| Signature::new(mark.r(), U256::from(2), false),
        |mark| Signature::new(mark.r(), U256::from(1), true),
        |mark| Signature::new(mark.r() + (U256::from(1) << 160), U256::from(1), false),
    ];
    for other in others {
        let marks = DEV_ACCOUNTS.map(impersonation);
        let signed: Vec<_> = marks
            .into_iter()
            .flat_map(|mark| read(other(mark)))
            .collect();
        assert!(!signed.is_empty(), "some of them give a key");
        for transaction in signed {
            assert!(!transaction.is_impersonated());
            assert!(!DEV_ACCOUNTS.contains(&transaction.sender()));
        }
    }
}
