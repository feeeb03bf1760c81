//! Transfers: shown, signed here, handed to a node.

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{U256, keccak256};
use serde_json::{Value, json};

use super::super::{stderr, stdout};
use super::{FIRST, SECOND, Wallet, json_of, ledger};

fn raw_of(posted: &Value) -> TxEnvelope {
    let digits = posted["raw"].as_str().expect("raw is text");
    let bytes = hex::decode(digits.strip_prefix("0x").expect("raw begins with 0x"))
        .expect("raw is hexadecimal");
    TxEnvelope::decode_2718_exact(&bytes).expect("raw is a transaction")
}

#[test]
fn a_transfer_is_shown_signed_and_handed_over() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let sent = wallet
        .send(&ledger, &["--to", "friend", "--amount", "1.5", "--yes"])
        .success();
    let posted = ledger.posted();
    let [(path, body)] = posted.as_slice() else {
        panic!("{posted:?}")
    };
    assert_eq!(path, "/add_transaction");
    let transaction = raw_of(body);
    assert_eq!(
        transaction
            .recover_signer()
            .expect("it is signed")
            .to_string(),
        FIRST
    );
    assert_eq!(
        transaction.to().expect("it has a receiver").to_string(),
        SECOND
    );
    assert_eq!(
        transaction.value(),
        U256::from(1_500_000_000_000_000_000_u64)
    );
    assert_eq!(
        (
            transaction.chain_id(),
            transaction.nonce(),
            transaction.gas_limit()
        ),
        (Some(31_337), 7, 21_000)
    );
    assert_eq!(transaction.max_fee_per_gas(), 1_500_000_001);
    assert_eq!(transaction.max_priority_fee_per_gas(), Some(1_500_000_000));
    assert_eq!(stdout(&sent), format!("{}\n", transaction.tx_hash()));
    let shown = stderr(&sent);
    for part in [
        "dev, chain id 31337",
        &format!("{FIRST} (mine)"),
        &format!("{SECOND} (friend)"),
        "1.5 coins",
        // 21,000 times 1,500,000,001 units.
        "0.000031500000021 coins",
        "1.500031500000021 coins of 2",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn coins_that_waiting_transactions_may_take_are_pointed_out() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let sending = ["--to", SECOND, "--amount", "0.5", "--yes"];
    let sent = wallet.send(&ledger, &sending).success();
    let said = stderr(&sent);
    // It sent 3, and the next is the eighth.
    assert!(
        said.contains("of 2, less what 4 waiting transactions of this account may take\n"),
        "{said}"
    );
}

#[test]
fn fees_nonces_and_gas_are_chosen_or_given() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    for (fee, greatest, priority) in [
        ("low", 1_000_000_001, 1_000_000_000),
        ("high", 3_000_000_001, 3_000_000_000),
        ("5000000000", 5_000_000_000, 5_000_000_000),
    ] {
        let arguments = [
            "--to",
            SECOND,
            "--amount",
            "0",
            "--yes",
            "--fee",
            fee,
            "--nonce",
            "5",
            "--gas",
            "30000",
            "--chain-id",
            "31337",
        ];
        wallet.send(&ledger, &arguments).success();
        let transaction = raw_of(&ledger.posted().pop().expect("something was posted").1);
        assert_eq!(transaction.max_fee_per_gas(), greatest);
        assert_eq!(transaction.max_priority_fee_per_gas(), Some(priority));
        assert_eq!((transaction.nonce(), transaction.gas_limit()), (5, 30_000));
        assert!(transaction.value().is_zero());
    }
}

#[test]
fn nothing_is_sent_unasked() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    for input in ["", "y\n", "yes\n"] {
        let common = [
            "send",
            "--password-file",
            "password",
            "--node",
            &ledger.url,
            "--to",
            "friend",
            "--amount",
            "1",
        ];
        let refused = wallet.run_with(input, &common).code(2);
        assert!(stderr(&refused).contains("--yes"), "{}", stderr(&refused));
        assert!(
            stderr(&refused).contains("at most 1.000031500000021"),
            "{}",
            stderr(&refused)
        );
    }
    assert!(ledger.posted().is_empty());
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is_signed() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let contract = "0xcA11bde05977b3631167028862bE2a173976CA11";
    ledger.answers(
        &format!("/v1/accounts/{contract}"),
        json!({"address": contract, "balance": "0", "balance_units": "0", "nonce": 1, "next_nonce": 1, "code_hash": "0x12"}),
    );
    let wrong_capital = SECOND.replacen('C', "c", 1);
    for (arguments, code, sentence) in [
        (
            ["--to", SECOND, "--amount", "2"].as_slice(),
            1,
            "holds 2 coins; 2 and a fee of at most 0.000031500000021 are 2.000031500000021",
        ),
        (
            &["--to", SECOND, "--amount", "1", "--chain-id", "1"],
            1,
            "chain id is 31337, not 1",
        ),
        (
            &["--to", SECOND, "--amount", "1", "--gas", "20999"],
            2,
            "a transfer uses 21000 gas",
        ),
        (&["--to", contract, "--amount", "1"], 2, "is a contract"),
        (
            &["--to", &wrong_capital, "--amount", "1"],
            2,
            "are not its checksum",
        ),
        (
            &["--to", "nobody", "--amount", "1"],
            2,
            "nobody is no name in this wallet",
        ),
        (&["--to", SECOND, "--amount", "-1"], 2, "not negative"),
        (
            &["--to", SECOND, "--amount", "1e3"],
            2,
            "this one holds 'e'",
        ),
        (
            &["--to", SECOND, "--amount", "0.0000000000000000001"],
            2,
            "at most 18 places",
        ),
        (
            &["--to", SECOND, "--amount", "1", "--from", SECOND],
            1,
            "no key of 0x7099",
        ),
        (
            &["--to", SECOND, "--amount", "1", "--fee", "fast"],
            2,
            "low, normal, high",
        ),
    ] {
        let refused = wallet
            .send(&ledger, &[arguments, &["--yes"]].concat())
            .code(code);
        assert!(
            stderr(&refused).contains(sentence),
            "{sentence}: {}",
            stderr(&refused)
        );
    }
    wallet.write("password", "Password\n");
    let wrong = wallet
        .send(&ledger, &["--to", SECOND, "--amount", "1", "--yes"])
        .code(1);
    assert!(
        stderr(&wrong).contains("the password is wrong"),
        "{}",
        stderr(&wrong)
    );
    assert!(ledger.posted().is_empty());
}

#[test]
fn an_address_without_a_checksum_is_taken_with_a_remark() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let sent = wallet
        .send(
            &ledger,
            &["--to", &SECOND.to_lowercase(), "--amount", "1", "--yes"],
        )
        .success();
    assert!(
        stderr(&sent).contains("carries no checksum"),
        "{}",
        stderr(&sent)
    );
    assert_eq!(ledger.posted().len(), 1);
}

#[test]
fn a_contract_can_be_paid_with_more_gas() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let code = json!({"address": SECOND, "balance": "0", "balance_units": "0", "nonce": 1, "next_nonce": 1, "code_hash": "0x12"});
    ledger.answers(&format!("/v1/accounts/{SECOND}"), code);
    let sent = wallet
        .send(
            &ledger,
            &["--to", SECOND, "--amount", "1", "--gas", "100000", "--yes"],
        )
        .success();
    assert!(
        stderr(&sent).contains("a contract: its code runs"),
        "{}",
        stderr(&sent)
    );
}

#[test]
fn waiting_ends_when_a_block_holds_it() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let arguments = ["--to", SECOND, "--amount", "1", "--yes", "--wait"];
    // The hash is known only once it was sent.
    let hash = stdout(
        &wallet
            .send(&ledger, &["--to", SECOND, "--amount", "1", "--yes"])
            .success(),
    );
    let path = format!("/v1/transactions/{}", hash.trim());
    let mined = |status: &str| json!({"hash": hash.trim(), "state": "mined", "confirmations": 1, "block": 9, "status": status});
    let waits = json!({"hash": hash.trim(), "state": "waiting", "waits_for": "a block"});
    let missing = (
        404,
        json!({"title": "Not found", "detail": "no such transaction"}),
    );
    ledger.in_turn(
        &path,
        vec![missing.clone(), (200, waits.clone()), (200, mined("ok"))],
    );
    let sent = wallet.send(&ledger, &arguments).success();
    assert_eq!(stdout(&sent), hash);
    assert!(
        stderr(&sent).contains("It is in block 9."),
        "{}",
        stderr(&sent)
    );
    ledger.in_turn(&path, vec![(200, waits.clone()), (200, mined("ok"))]);
    let told = json_of(
        &wallet
            .send(&ledger, &[arguments.as_slice(), &["--json"]].concat())
            .success(),
    );
    assert_eq!(
        (&told["state"], &told["transaction"]["block"]),
        (&json!("mined"), &json!(9))
    );
    assert_eq!(
        (&told["from"], &told["amount"], &told["total"]),
        (&json!(FIRST), &json!("1"), &json!("1.000031500000021"))
    );
    ledger.in_turn(&path, vec![(200, waits), (200, mined("failed"))]);
    let failed = wallet.send(&ledger, &arguments).code(1);
    assert!(
        stderr(&failed).contains("the amount did not move"),
        "{}",
        stderr(&failed)
    );
}

#[test]
fn what_the_node_refuses_it_says() {
    let (wallet, ledger) = (Wallet::new(), ledger());
    let refusal =
        json!({"title": "Refused", "status": 400, "detail": "the nonce is 7, the account's is 8"});
    ledger.in_turn("/add_transaction", vec![(400, refusal)]);
    let refused = wallet
        .send(&ledger, &["--to", SECOND, "--amount", "1", "--yes"])
        .code(1);
    assert!(
        stderr(&refused).contains("the nonce is 7, the account's is 8"),
        "{}",
        stderr(&refused)
    );
    // A network without signatures.
    ledger.answers(
        "/v1/node",
        json!({"network": "classic", "protocol": "classic"}),
    );
    let classic = wallet
        .send(&ledger, &["--to", SECOND, "--amount", "1", "--yes"])
        .code(1);
    assert!(
        stderr(&classic).contains("where nobody signs"),
        "{}",
        stderr(&classic)
    );
}

#[test]
fn a_nonce_that_was_taken_meanwhile_is_followed_by_the_next() {
    let taken = |rule: &str| {
        let detail = "another transaction with nonce 7 waits already; offer 10% more";
        let problem = json!({"title": "Refused", "status": 409, "detail": detail, "rule": rule});
        vec![(409, problem), (201, json!({"message": "It waits."}))]
    };
    let seen = |nonce: u64| json!({"address": FIRST, "balance": "2", "nonce": 3, "next_nonce": nonce, "code_hash": null});
    let path = format!("/v1/accounts/{FIRST}");
    let sending = ["--to", SECOND, "--amount", "0.5", "--yes"];
    for rule in ["mempool_replacement_pays_too_little", "mempool_nonce_used"] {
        let (wallet, ledger) = (Wallet::new(), ledger());
        ledger.in_turn("/add_transaction", taken(rule));
        ledger.in_turn(&path, vec![(200, seen(7)), (200, seen(9))]);
        let sent = wallet.send(&ledger, &sending).success();
        assert!(stderr(&sent).contains("took nonce 7"), "{}", stderr(&sent));
        let posted = ledger.posted();
        let nonces: Vec<u64> = posted
            .iter()
            .map(|(_, body)| raw_of(body).nonce())
            .collect();
        assert_eq!(nonces, [7, 9], "{rule}");
        let hash = raw_of(&posted[1].1).tx_hash().to_string();
        assert_eq!(stdout(&sent).trim(), hash);
    }
    // A nonce that was asked for stays, and what the fee is too low for is not sent twice.
    for (more, rule) in [
        (&["--nonce", "7"][..], "mempool_nonce_used"),
        (&[], "mempool_full"),
    ] {
        let (wallet, ledger) = (Wallet::new(), ledger());
        ledger.in_turn("/add_transaction", taken(rule));
        ledger.in_turn(&path, vec![(200, seen(7)), (200, seen(9))]);
        let refused = wallet.send(&ledger, &[&sending, more].concat()).code(1);
        assert!(
            stderr(&refused).contains("nonce 7 waits"),
            "{}",
            stderr(&refused)
        );
        assert_eq!(ledger.posted().len(), 1);
    }
}

#[test]
fn offline_the_signed_transaction_comes_out() {
    let wallet = Wallet::new();
    let common = [
        "send",
        "--offline",
        "--password-file",
        "password",
        "--to",
        "friend",
        "--amount",
        "1.5",
        "--yes",
    ];
    let full = ["--nonce", "0", "--chain-id", "31337", "--fee", "1000000001"];
    let signed = wallet.run(&[common.as_slice(), &full].concat()).success();
    let transaction = raw_of(&json!({"raw": stdout(&signed).trim()}));
    assert_eq!(
        transaction
            .recover_signer()
            .expect("it is signed")
            .to_string(),
        FIRST
    );
    let told = json_of(
        &wallet
            .run(&[common.as_slice(), &full, &["--json"]].concat())
            .success(),
    );
    assert_eq!(told["hash"], json!(transaction.tx_hash()));
    assert_eq!(
        keccak256(hex::decode(&told["raw"].as_str().expect("text")[2..]).expect("hex")),
        *transaction.tx_hash()
    );
    for left_out in 0..3 {
        let mut arguments = full.to_vec();
        arguments.drain(2 * left_out..2 * left_out + 2);
        wallet
            .run(&[common.as_slice(), &arguments].concat())
            .code(2);
    }
    let level = ["--nonce", "0", "--chain-id", "31337", "--fee", "low"];
    let refused = wallet.run(&[common.as_slice(), &level].concat()).code(2);
    assert!(
        stderr(&refused).contains("offline no node says"),
        "{}",
        stderr(&refused)
    );
}
