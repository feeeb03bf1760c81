use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, U256, keccak256};

use super::*;
use crate::contract::reading::{ValueError, no_names};
use crate::contract::rpc::Log;
use crate::contract::told::told;

fn abi() -> JsonAbi {
    JsonAbi::parse([
        "constructor(uint256 supply, string name)",
        "function transfer(address to, uint256 amount) returns (bool)",
        "function mint(address to)",
        "function mint(address to, uint256 amount)",
        "function mint(address to, bytes32 code)",
        "function state() view returns (uint8 stage, address[] owners)",
        "event Transfer(address indexed from, address indexed to, uint256 amount)",
        "event Named(string indexed name, bytes32 indexed id, string text)",
    ])
    .unwrap()
}

fn some(texts: &[&str]) -> Vec<Argument> {
    texts.iter().map(|text| Argument::from(*text)).collect()
}

#[test]
fn a_function_is_found_by_name_signature_or_number_of_arguments() {
    let abi = abi();
    let found = |wanted: &str, count| function(&abi, wanted, count).map(Function::signature);
    assert_eq!(found("transfer", 2).unwrap(), "transfer(address,uint256)");
    assert_eq!(found("mint", 1).unwrap(), "mint(address)");
    assert_eq!(
        found("mint( address, bytes32 )", 2).unwrap(),
        "mint(address,bytes32)"
    );
    let texts = [
        (
            found("mint", 2),
            "mint is the name of several functions: mint(address), mint(address,uint256), mint(address,bytes32)",
        ),
        (
            found("trasnfer", 2),
            "the contract has no function trasnfer; it has transfer",
        ),
        (
            found("zzzzzzzz", 2),
            "the contract has no function zzzzzzzz; it has mint, state, transfer",
        ),
        (
            found("mint(uint8)", 1),
            "the contract has no function mint(uint8); it has mint(address), mint(address,uint256), mint(address,bytes32)",
        ),
        (
            found("transfer", 1),
            "transfer(to: address, amount: uint256) -> bool takes 2 arguments, 1 are given",
        ),
    ];
    for (found, text) in texts {
        assert_eq!(found.unwrap_err().to_string(), text);
    }
}

#[test]
fn a_call_is_encoded_as_the_abi_says() {
    let abi = abi();
    let transfer = function(&abi, "transfer", 2).unwrap();
    let to = Address::repeat_byte(0x11);
    let input = encoded_call(transfer, crate::args![to, "1.5coin"], &no_names).unwrap();
    let wanted = format!(
        "a9059cbb{:0>64}{:064x}",
        hex::encode(to),
        1_500_000_000_000_000_000_u64
    );
    assert_eq!(hex::encode(&input), wanted);
    assert_eq!(
        decoded_input(transfer, &input).unwrap().text("to").unwrap(),
        to.to_string()
    );
    let wrong = encoded_call(transfer, &some(&[&to.to_string(), "lots"]), &no_names).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "argument 2 (amount: uint256) of transfer: \"lots\" is no number; an example is 1000, or 1.5coin"
    );
    let InterfaceError::Argument {
        place: 2, wrong, ..
    } = wrong
    else {
        panic!("{wrong}")
    };
    assert_eq!(
        wrong.why,
        ValueError::NotANumber {
            found: "lots".into()
        }
    );
}

#[test]
fn a_constructors_arguments_are_encoded_or_counted() {
    let encoded = encoded_constructor(&abi(), crate::args![7_u64, "x"], &no_names).unwrap();
    assert_eq!(encoded.len(), 4 * 32);
    let missing = encoded_constructor(&abi(), &[], &no_names).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the constructor (supply: uint256, name: string) takes 2 arguments, 0 are given"
    );
    assert!(
        encoded_constructor(&JsonAbi::new(), &[], &no_names)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn answers_come_with_their_names() {
    let abi = abi();
    let state = function(&abi, "state", 0).unwrap();
    let owner = Address::repeat_byte(1);
    let values = [
        DynSolValue::Uint(U256::from(2), 8),
        DynSolValue::Array(vec![owner.into()]),
    ];
    let answer = state.abi_encode_output(&values).unwrap();
    let values = decoded_answer(state, &answer).unwrap();
    assert_eq!(values.uint("stage"), Ok(U256::from(2)));
    assert_eq!(values.to_string(), format!("stage=2, owners=[\"{owner}\"]"));
    assert!(matches!(
        values.uint(1),
        Err(InterfaceError::OtherType { .. })
    ));
    assert!(matches!(
        values.uint("x"),
        Err(InterfaceError::NoValue { .. })
    ));
    let empty = decoded_answer(state, &[]).unwrap_err().to_string();
    assert!(empty.contains("is there a contract"), "{empty}");
    assert_eq!(
        described(state),
        "state() -> (stage: uint8, owners: address[]) view"
    );
}

#[test]
fn logs_become_events() {
    let abi = abi();
    let (from, to) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let log = |topics: Vec<B256>, data: Vec<u8>| Log {
        address: Address::ZERO,
        topics,
        data: data.into(),
        block_number: Some(1),
        block_hash: None,
        transaction_hash: None,
        log_index: None,
    };
    let transfer = event(&abi, "Transfer").unwrap();
    let amount = U256::from(1_500_000_000_000_000_000_u64);
    let topics = vec![transfer.selector(), from.into_word(), to.into_word()];
    let known = told(&abi, log(topics.clone(), amount.to_be_bytes_vec()));
    assert_eq!(
        known.to_string(),
        format!("Transfer(from={from}, to={to}, amount=1500000000000000000 (1.5e18))")
    );
    // A topic too few is another event's.
    let other = told(&abi, log(topics[..2].to_vec(), amount.to_be_bytes_vec()));
    assert!(other.name.is_none() && other.to_string().starts_with("unknown event"));

    let named = event(&abi, "Named").unwrap();
    let topics = vec![named.selector(), keccak256("a"), B256::repeat_byte(3)];
    let text = DynSolValue::Tuple(vec!["words".to_owned().into()]).abi_encode_params();
    let known = told(&abi, log(topics, text));
    let hashes: Vec<bool> = known.values.iter().map(|named| named.is_hash).collect();
    assert_eq!(hashes, [true, false, false]);
    assert!(matches!(
        event(&abi, "transfer"),
        Err(InterfaceError::NoEvent { .. })
    ));
}
