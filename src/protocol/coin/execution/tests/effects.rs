//! What blocks leave behind, and what they do not.

use alloy_primitives::{Address, TxKind, U256, keccak256};

use super::super::super::parameters::{COIN, Parameters, Spec};
use super::super::super::state::StateView;
use super::world::{FEE, MINER, NOBODY, World, address, code, deploying};

const CONTRACT: Address = Address::repeat_byte(0xc0);

/// EIP-161 and the end of the subsidy: no account for nothing.
#[test]
fn nothing_touches_no_account() {
    let mut world = World::of(Parameters {
        subsidy: 1,
        halving: 1,
        base_fee: 0,
        ..World::new([]).parameters
    });
    let paid = world.mine(&[], MINER);
    assert_eq!(paid.change.accounts.len(), 1);
    assert_eq!(world.state.supply(), U256::from(6_000 * COIN + 1));
    // Half a unit is none.
    let nothing = world.mine(&[], NOBODY);
    assert_eq!(nothing.change, Default::default());
    assert_eq!(nothing.state_root, paid.state_root);
    // A free transfer of nothing leaves the nonce of its sender, and neither receiver nor miner.
    let free = world.dynamic(0, |of| {
        (of.max_fee_per_gas, of.max_priority_fee_per_gas) = (0, 0);
    });
    let executed = world.mine(&[free], Address::repeat_byte(0x77));
    assert_eq!(executed.change.accounts.len(), 1);
    assert_eq!(world.nonce(0), 1);
}

/// EIP-6780: what is made and ends in one transaction leaves neither code nor storage, and can be made again.
#[test]
fn what_ends_in_its_own_transaction_leaves_nothing_but_what_it_destroyed() {
    // Its code adds 1 to slot 0, keeps the sum in slot 1 if called with data, and ends in its own favour otherwise.
    let child = deploying(&code(
        "5f 54 60 01 01 80 5f 55 36 60 0f 57 50 30 ff 5b 60 01 55 00",
    ));
    // Makes the child by CREATE2 with all that it was sent, and calls it with as many bytes as it was sent itself.
    let length = u8::try_from(child.len()).expect("short");
    let factory = [
        // CODECOPY(0, behind this, length), CREATE2(all, 0, length, 0)
        &[
            0x60, length, 0x60, 0x1c, 0x5f, 0x39, 0x5f, 0x60, length, 0x5f, 0x34, 0xf5,
        ][..],
        // CALL(GAS, child, 0, 0, CALLDATASIZE, 0, 0)
        &[0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x85, 0x5a, 0xf1, 0x50],
        // The child's address to slot 0.
        &[0x5f, 0x55, 0x00, 0x5b, 0x5b, 0x5b, 0x5b],
        &child,
    ]
    .concat();
    let mut world = World::new([(CONTRACT, 0, factory.into())]);
    let call = |world: &World, nonce: u64, value: u64, bytes: usize| {
        world.call(
            0,
            nonce,
            TxKind::Call(CONTRACT),
            U256::from(value),
            vec![1; bytes].into(),
        )
    };
    // Twice made and ended in one block, with 5 and 6 units; then made to stay, with 7.
    let calls = [
        call(&world, 0, 5, 0),
        call(&world, 1, 6, 0),
        call(&world, 2, 7, 1),
    ];
    let executed = world.mine(&calls, MINER);
    assert!(executed.receipts.iter().all(|receipt| receipt.succeeded()));
    assert_eq!(executed.destroyed, U256::from(11));
    let child = world.state.slot(CONTRACT, U256::ZERO).expect("memory");
    let child = Address::from_word(child.into());
    let slot = |slot: u64| world.state.slot(child, U256::from(slot)).expect("memory");
    // The third began with no storage.
    assert_eq!((slot(0), slot(1)), (U256::ONE, U256::ONE));
    let account = world
        .state
        .account(child)
        .expect("memory")
        .expect("it stays");
    assert_eq!(account.balance, U256::from(7));
    assert!(world.state.code(account.code_hash).is_ok());
    // It is there, so that it cannot be made again; the factory calls nobody, and burns nothing.
    let again = call(&world, 3, 0, 0);
    let executed = world.mine(&[again], MINER);
    assert_eq!(executed.destroyed, U256::ZERO);
}

/// The three types of transaction pay by the same rule, and receipts say what was paid.
#[test]
fn receipts_tell_price_gas_and_contract() {
    let mut world = World::new([]);
    let init = deploying(&code("00"));
    let made = |n, nonce| world.call(n, nonce, TxKind::Create, U256::ZERO, init.clone());
    let failing = world.call(0, 3, TxKind::Create, U256::ZERO, code("fe"));
    let transactions = [made(0, 0), made(0, 1), made(0, 2), failing];
    let executed = world.mine(&transactions, MINER);
    let mut so_far = 0;
    for (nonce, receipt) in (0_u64..).zip(&executed.receipts) {
        so_far += receipt.gas_used;
        let succeeded = nonce < 3;
        assert_eq!(receipt.envelope.cumulative_gas_used(), so_far);
        assert_eq!(receipt.succeeded(), succeeded);
        let price = if nonce == 2 { FEE - 1 } else { FEE };
        assert_eq!(receipt.price, price);
        let created = address(0).create(nonce);
        assert_eq!(receipt.created, succeeded.then_some(created));
        assert_eq!(receipt.envelope.tx_type() as u64, nonce % 3);
    }
    assert_eq!(executed.receipts[3].gas_used, 1_000_000);
    assert_eq!(so_far, executed.gas_used);
    assert_eq!(world.parameters.spec_at(1), Spec::Osaka);
    let code_hash = keccak256([0]);
    assert_eq!(
        executed.change.codes.keys().collect::<Vec<_>>(),
        [&code_hash]
    );
}
