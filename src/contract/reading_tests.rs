use alloy_primitives::{Sign, U256};
use proptest::prelude::*;
use proptest::strategy::Union;

use super::*;
use crate::contract::showing;

fn read(text: &str, ty: &str) -> Result<DynSolValue, Wrong> {
    let names: NamesOf<'_> = &|name| (name == "alice").then(|| Address::repeat_byte(0xaa));
    value(text, &ty.parse().unwrap(), &[], names)
}

#[test]
fn arguments_read_as_their_types_say() {
    let uint = |number: u64, bits| DynSolValue::Uint(U256::from(number), bits);
    let alice = DynSolValue::Address(Address::repeat_byte(0xaa));
    for (text, ty, wanted) in [
        ("1.5coin", "uint256", uint(1_500_000_000_000_000_000, 256)),
        ("255", "uint8", uint(255, 8)),
        (
            "-128",
            "int8",
            DynSolValue::Int(I256::try_from(-128).unwrap(), 8),
        ),
        (
            "127",
            "int8",
            DynSolValue::Int(I256::try_from(127).unwrap(), 8),
        ),
        ("true", "bool", DynSolValue::Bool(true)),
        ("alice", "address", alice.clone()),
        (
            "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "address",
            alice.clone(),
        ),
        ("0x", "bytes", DynSolValue::Bytes(Vec::new())),
        ("text:hi", "bytes", DynSolValue::Bytes(b"hi".to_vec())),
        (
            "0xabcd",
            "bytes2",
            DynSolValue::FixedBytes(right(&[0xab, 0xcd]), 2),
        ),
        (
            "abcd",
            "bytes2",
            DynSolValue::FixedBytes(right(&[0xab, 0xcd]), 2),
        ),
        (
            "text:hi",
            "bytes4",
            DynSolValue::FixedBytes(right(b"hi"), 4),
        ),
        (
            " [ 1 ] ",
            "string",
            DynSolValue::String(" [ 1 ] ".to_owned()),
        ),
        ("[]", "uint256[]", DynSolValue::Array(Vec::new())),
        (
            r#"[1, "2gwei", 340282366920938463463374607431768211456]"#,
            "uint256[3]",
            DynSolValue::FixedArray(vec![
                uint(1, 256),
                uint(2_000_000_000, 256),
                DynSolValue::Uint(U256::from(1) << 128, 256),
            ]),
        ),
        (
            r#"["alice", [true]]"#,
            "(address,bool[])",
            DynSolValue::Tuple(vec![
                alice,
                DynSolValue::Array(vec![DynSolValue::Bool(true)]),
            ]),
        ),
    ] {
        assert_eq!(read(text, ty).unwrap(), wanted, "{text}: {ty}");
    }
}

fn right(bytes: &[u8]) -> B256 {
    B256::right_padding_from(bytes)
}

#[test]
fn a_refusal_says_where_and_why() {
    use ValueError::*;
    let text = || "text".to_owned();
    for (written, ty, inside, why) in [
        ("text", "uint256", "", NotANumber { found: text() }),
        (
            "256",
            "uint8",
            "",
            BeyondBits {
                found: "256".into(),
                bits: 8,
            },
        ),
        (
            "128",
            "int8",
            "",
            BeyondBits {
                found: "128".into(),
                bits: 8,
            },
        ),
        (
            "-129",
            "int8",
            "",
            BeyondBits {
                found: "-129".into(),
                bits: 8,
            },
        ),
        ("1", "bool", "", NotABool { found: "1".into() }),
        ("text", "address", "", UnknownName { found: text() }),
        (
            "0x12",
            "address",
            "",
            Address(AddressError::Length { found: 2 }),
        ),
        ("text", "bytes", "", NotHex { found: text() }),
        (
            "0x1",
            "bytes",
            "",
            NotHex {
                found: "0x1".into(),
            },
        ),
        (
            "0x12",
            "bytes4",
            "",
            Length {
                wanted: 4,
                found: 1,
            },
        ),
        (
            "text:hello",
            "bytes4",
            "",
            Length {
                wanted: 4,
                found: 5,
            },
        ),
        ("5", "uint8[]", "", NotAnArray { found: "a number" }),
        (
            "[1, [2]]",
            "uint8[]",
            "[1]",
            NotASingleValue { found: "an array" },
        ),
        (
            "[1.5]",
            "uint8[]",
            "[0]",
            Inexact {
                found: "1.5".into(),
            },
        ),
        (
            "[1]",
            "uint8[2]",
            "",
            Items {
                wanted: 2,
                found: 1,
            },
        ),
        (
            "[[1, 300]]",
            "uint8[][]",
            "[0][1]",
            BeyondBits {
                found: "300".into(),
                bits: 8,
            },
        ),
        (
            "[1]",
            "(uint8,bool)",
            "",
            Items {
                wanted: 2,
                found: 1,
            },
        ),
    ] {
        let wrong = read(written, ty).unwrap_err();
        assert_eq!(
            (wrong.inside.as_str(), &wrong.why),
            (inside, &why),
            "{written}: {ty}"
        );
    }
    let why = read("[1", "uint8[]").unwrap_err().why;
    assert!(matches!(why, NotJson { .. }), "{why}");
}

#[test]
fn members_of_a_tuple_go_by_their_names() {
    let param: Param = serde_json::from_str(
        r#"{"name": "order", "type": "tuple[]", "components": [
            {"name": "who", "type": "address"}, {"name": "parts", "type": "tuple", "components": [{"name": "n", "type": "uint8"}]}]}"#,
    )
    .unwrap();
    let ty = alloy_dyn_abi::Specifier::resolve(&param).unwrap();
    let read = |text: &str| value(text, &ty, &param.components, &no_names);
    let who = Address::repeat_byte(1);
    let by_name = read(&format!(r#"[{{"parts": {{"n": 3}}, "who": "{who}"}}]"#)).unwrap();
    assert_eq!(by_name, read(&format!(r#"[["{who}", [3]]]"#)).unwrap());
    assert_eq!(
        showing::json(&by_name, &param.components),
        serde_json::json!([{"who": who.to_string(), "parts": {"n": "3"}}])
    );
    let wrong = read(&format!(r#"[{{"parts": {{"n": 300}}, "who": "{who}"}}]"#)).unwrap_err();
    assert_eq!(wrong.inside, "[0].parts.n");
    let wrong = read(&format!(r#"[{{"parts": {{}}, "who": "{who}"}}]"#)).unwrap_err();
    assert_eq!(wrong.why, ValueError::MissingMember { name: "n".into() });
    let wrong = read(r#"[{"x": 1}]"#).unwrap_err();
    assert_eq!(wrong.why, ValueError::UnknownMember { name: "x".into() });
    // The example that an error gives does itself.
    assert!(read(&wrong.example).is_ok(), "{}", wrong.example);
}

/// Any type, and a value of it.
fn typed() -> impl Strategy<Value = (DynSolType, DynSolValue)> {
    let bits = || (1usize..=32).prop_map(|bytes| 8 * bytes);
    let word = || prop::array::uniform32(any::<u8>()).prop_map(B256::from);
    let leaf = Union::new([
        any::<bool>()
            .prop_map(|b| (DynSolType::Bool, DynSolValue::Bool(b)))
            .boxed(),
        (bits(), word())
            .prop_map(|(bits, word)| {
                let number = U256::from_be_bytes(word.0) >> (256 - bits);
                (DynSolType::Uint(bits), DynSolValue::Uint(number, bits))
            })
            .boxed(),
        (bits(), word())
            .prop_map(|(bits, word)| {
                let number = I256::from_be_bytes(word.0).asr(256 - bits);
                (DynSolType::Int(bits), DynSolValue::Int(number, bits))
            })
            .boxed(),
        (1usize..=32, word())
            .prop_map(|(size, word)| {
                let word = right(&word[..size]);
                (
                    DynSolType::FixedBytes(size),
                    DynSolValue::FixedBytes(word, size),
                )
            })
            .boxed(),
        word()
            .prop_map(|word| {
                (
                    DynSolType::Address,
                    DynSolValue::Address(Address::from_word(word)),
                )
            })
            .boxed(),
        word()
            .prop_map(|word| {
                let function = Function::from_slice(&word[..24]);
                (DynSolType::Function, DynSolValue::Function(function))
            })
            .boxed(),
        prop::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| (DynSolType::Bytes, DynSolValue::Bytes(bytes)))
            .boxed(),
        ".*".prop_map(|text| (DynSolType::String, DynSolValue::String(text)))
            .boxed(),
    ]);
    leaf.prop_recursive(3, 24, 4, |inner| {
        Union::new([
            (inner.clone(), 0usize..4)
                .prop_map(|((ty, value), n)| {
                    (
                        DynSolType::Array(ty.into()),
                        DynSolValue::Array(vec![value; n]),
                    )
                })
                .boxed(),
            (inner.clone(), 1usize..4)
                .prop_map(|((ty, value), n)| {
                    (
                        DynSolType::FixedArray(ty.into(), n),
                        DynSolValue::FixedArray(vec![value; n]),
                    )
                })
                .boxed(),
            prop::collection::vec(inner, 1..4)
                .prop_map(|members| {
                    let (types, values) = members.into_iter().unzip();
                    (DynSolType::Tuple(types), DynSolValue::Tuple(values))
                })
                .boxed(),
        ])
    })
}

proptest! {
    #[test]
    fn every_value_returns_from_its_text((ty, wanted) in typed()) {
        let text = showing::text(&wanted);
        let again = value(&text, &ty, &[], &no_names).unwrap();
        prop_assert_eq!(&again, &wanted);
        prop_assert_eq!(showing::text(&again), text);
    }

    #[test]
    fn every_example_is_taken((ty, _) in typed()) {
        let example = example(&ty, &[]);
        for example in example.split(", or ") {
            prop_assert!(value(example, &ty, &[], &no_names).is_ok(), "{example}");
        }
    }

    #[test]
    fn no_text_panics(text in r#"[\[\]{}",:0-9a-fx. -]{0,60}|.*"#, (ty, _) in typed()) {
        let _ = value(&text, &ty, &[], &no_names);
    }

    #[test]
    fn a_number_fits_its_bits_or_is_refused(limbs: [u64; 4], bytes in 1usize..=32) {
        let bits = 8 * bytes;
        let number = I256::from_raw(U256::from_limbs(limbs));
        let most = U256::MAX >> (256 - bits + 1);
        let most = I256::checked_from_sign_and_abs(Sign::Positive, most).unwrap();
        let within = number <= most && number >= -most - I256::ONE;
        let read = value(&number.to_string(), &DynSolType::Int(bits), &[], &no_names);
        prop_assert_eq!(read.is_ok(), within);
    }
}
