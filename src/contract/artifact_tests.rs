use serde_json::json;

use super::*;

const ABI: &str = r#"[{"type":"function","name":"count","inputs":[],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"}]"#;

fn abi() -> Value {
    serde_json::from_str(ABI).unwrap()
}

fn read(json: Value) -> Result<Artifact, ArtifactError> {
    Artifact::parse(&json.to_string(), None)
}

/// What every form has to give.
fn is_counter(artifact: &Artifact, deployed: bool) {
    assert!(artifact.abi.function("count").is_some());
    let code = Bytes::from_static(&[0x60, 0x01]);
    assert_eq!(artifact.creation_code(), Ok(&code));
    let runtime = deployed.then_some(Bytes::from_static(&[0x60, 0x02]));
    assert_eq!(artifact.deployed_bytecode, runtime);
}

#[test]
fn every_compilers_form_is_read() {
    let ours = read(json!({"name": "Counter", "language": "Vyper", "compiler": "vyper 0.4.3", "settings": {"optimize": "gas"},
        "source_sha256": "ab".repeat(32), "abi": abi(), "bytecode": "0x6001", "deployed_bytecode": "0x6002"}))
    .unwrap();
    is_counter(&ours, true);
    assert_eq!(ours.name, "Counter");
    assert_eq!(ours.language.as_deref(), Some("Vyper"));
    assert_eq!(ours.source_sha256, Some(B256::repeat_byte(0xab)));

    let foundry = read(json!({"abi": abi(), "bytecode": {"object": "0x6001", "linkReferences": {}},
        "deployedBytecode": {"object": "0x6002", "immutableReferences": {"5": [{"length": 32, "start": 1}]}},
        "rawMetadata": r#"{"compiler":{"version":"0.8.30+commit.73712a01"},"language":"Solidity","settings":{"evmVersion":"prague"}}"#}))
    .unwrap();
    is_counter(&foundry, true);
    assert_eq!(
        foundry.compiler.as_deref(),
        Some("solc 0.8.30+commit.73712a01")
    );
    assert_eq!(foundry.immutables, [(1, 32)]);
    assert_eq!(foundry.settings, Some(json!({"evmVersion": "prague"})));

    let hardhat = read(json!({"_format": "hh-sol-artifact-1", "contractName": "Counter", "sourceName": "a.sol", "abi": abi(),
        "bytecode": "0x6001", "deployedBytecode": "0x6002", "linkReferences": {}, "deployedLinkReferences": {}}))
    .unwrap();
    is_counter(&hardhat, true);
    assert_eq!(hardhat.name, "Counter");

    let interface = json!({"abi": abi(), "evm": {"bytecode": {"object": ""}, "deployedBytecode": {"object": ""}}});
    let contract = json!({"abi": abi(), "evm": {"bytecode": {"object": "6001"}, "deployedBytecode": {"object": "6002",
        "immutableReferences": {}}}, "storageLayout": {"storage": []}});
    let standard =
        json!({"contracts": {"a.sol": {"Counter": contract, "Known": interface}}, "sources": {}});
    is_counter(&read(standard).unwrap(), true);

    let combined = json!({"contracts": {"a.sol:Counter": {"abi": ABI, "bin": "6001", "bin-runtime": "6002"}}, "version": "0.8.30"});
    let combined = read(combined).unwrap();
    is_counter(&combined, true);
    assert_eq!(
        (combined.name.as_str(), combined.compiler.as_deref()),
        ("Counter", Some("0.8.30"))
    );

    let vyper = json!({"contracts/counter.vy": {"abi": abi(), "bytecode": "0x6001", "bytecode_runtime": "0x6002", "layout": {}}, "version": "0.4.3"});
    let vyper = read(vyper).unwrap();
    is_counter(&vyper, true);
    assert_eq!(vyper.name, "counter");

    let bare = Artifact::parse(ABI, None).unwrap();
    assert!(bare.abi.function("count").is_some());
    assert!(matches!(
        bare.creation_code(),
        Err(ArtifactError::NoBytecode { .. })
    ));
}

#[test]
fn one_of_several_is_chosen_by_its_name() {
    let contract = |code: &str| json!({"abi": abi(), "evm": {"bytecode": {"object": code}}});
    let output =
        json!({"contracts": {"a.sol": {"One": contract("6001"), "Two": contract("6003")}}})
            .to_string();
    let names = vec!["One".to_owned(), "Two".to_owned()];
    let several = ArtifactError::Several {
        names: names.clone(),
    };
    assert_eq!(Artifact::parse(&output, None), Err(several));
    is_counter(&Artifact::parse(&output, Some("One")).unwrap(), false);
    let wanted = "Three".to_owned();
    let unknown = ArtifactError::Unknown { wanted, names };
    assert_eq!(Artifact::parse(&output, Some("Three")), Err(unknown));
}

#[test]
fn a_file_names_what_it_does_not_say_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Wallet.json");
    std::fs::write(&path, json!({"abi": abi(), "bytecode": "6001"}).to_string()).unwrap();
    assert_eq!(Artifact::read(&path).unwrap().name, "Wallet");
    let output = json!({"contracts": {"a.sol": {"One": {"abi": abi()}}}});
    std::fs::write(&path, output.to_string()).unwrap();
    let chosen = format!("{}:One", path.display());
    assert_eq!(Artifact::read(chosen).unwrap().name, "One");
    let missing = Artifact::read(folder.path().join("none.json")).unwrap_err();
    assert!(missing.to_string().contains("none.json"), "{missing}");
}

#[test]
fn what_is_no_artifact_is_refused_by_name() {
    let with = |code: &str| read(json!({"abi": abi(), "bytecode": code})).unwrap_err();
    assert!(matches!(
        Artifact::parse("{", None),
        Err(ArtifactError::NotJson(_))
    ));
    assert_eq!(read(json!({})), Err(ArtifactError::NoAbi));
    assert_eq!(
        read(json!({"name": "x", "bytecode": "0x"})),
        Err(ArtifactError::NoAbi)
    );
    assert!(matches!(
        read(json!({"abi": [{"type": "x"}]})),
        Err(ArtifactError::Abi(_))
    ));
    assert!(matches!(with("0x6"), ArtifactError::NotHex { .. }));
    let library = "8c3f5b1c5bd4a3e9c3f1b2a4d5e6f70819".to_owned();
    let unlinked = ArtifactError::Unlinked {
        member: "bytecode",
        library: library.clone(),
    };
    assert_eq!(with(&format!("6001__${library}$__6002")), unlinked);
    let hash = read(json!({"abi": abi(), "source_sha256": "abc"}));
    assert_eq!(hash, Err(ArtifactError::SourceHash));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in r#"[\[\]{}",:a-z0-9_$ ]{0,80}|.*"#) {
        let _ = Artifact::parse(&text, Some("x"));
        let _ = read(json!({"abi": [], "bytecode": text}));
    }
}

#[test]
fn a_type_of_endless_dimensions_is_refused() {
    let abi = |dimensions: usize| {
        let ty = format!("uint256{}", "[]".repeat(dimensions));
        let function = serde_json::json!([{"type": "function", "name": "f", "stateMutability": "view", "inputs": [], "outputs": [{"name": "", "type": ty}]}]);
        abi_of(&function)
    };
    assert!(abi(3).is_ok());
    let refused = abi(50_000).expect_err("too many");
    assert!(refused.to_string().contains("dimensions"), "{refused}");
}
