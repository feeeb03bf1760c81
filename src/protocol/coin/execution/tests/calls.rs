//! Calls that nobody signed.

use alloy_primitives::{Address, Bytes, U256, hex};

use super::super::call::{Call, Calls, End, run_if_brief};
use super::super::code::KnownCode;
use super::world::{World, address};

fn contract(code: &[u8]) -> (Address, u128, Bytes) {
    (Address::repeat_byte(0xc0), 0, Bytes::copy_from_slice(code))
}

fn call(input: Bytes) -> Call {
    Call {
        from: address(0),
        to: Some(Address::repeat_byte(0xc0)),
        gas_limit: 50_000_000,
        input,
        ..Call::default()
    }
}

#[test]
fn a_brief_call_ends_as_a_long_one() {
    let world = World::new([contract(&hex!("4360005260206000f3"))]);
    let environment = world.environment(address(1));
    let call = call(Bytes::new());
    let mut calls = Calls::new(&world.parameters, &world.state, &environment);
    let long = calls.run(&call).expect("it runs");
    assert_eq!(
        long.end,
        End::Returned(U256::from(1).to_be_bytes_vec().into())
    );
    let known = KnownCode::default();
    for _ in 0..2 {
        let brief = run_if_brief(&world.parameters, &world.state, &environment, &call, &known);
        assert_eq!(brief.expect("it runs"), Some(long.clone()));
    }
}
