//! Transactions a second from submission to a durable block, beside Anvil: the same client, the same presigned transfers, turn by turn.
//!
//! ```sh
//! npm install --prefix target/node-tools @foundry-rs/anvil
//! cargo build --release && cargo bench --bench anvil [-- TURNS]
//! ```
//!
//! A turn hands 5,000 transfers of 200 accounts to a fresh node over so many connections, has one block mined, and ends when every one of them is in it. Anvil runs with
//! `--no-mining` and keeps everything in memory; B-Coin runs as it always does, each acknowledgement and each block on the disk. What counts is the ratio.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use anyhow::{Context, ensure};
use bcoin::protocol::coin::parameters::{COIN, FirstAccount, Parameters};
use bcoin::wallet::keys::Key;
use reqwest::Client;
use serde_json::{Value, json};

const ACCOUNTS: usize = 200;
const TRANSFERS: usize = 5_000;

struct Server {
    process: Child,
    url: String,
    _home: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // npm's anvil is a script that starts the program: all of the group go.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.process.wait();
    }
}

fn keys() -> Vec<Key> {
    let keys = (1..=ACCOUNTS as u64).map(|number| {
        let mut bytes = [9; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        Key::from_bytes(&bytes).expect("a key")
    });
    keys.collect()
}

/// Transfers in the order in which they are sent: each account's nonces ascend.
fn transfers(keys: &[Key]) -> Vec<String> {
    let transfers = (0..TRANSFERS).map(|number| {
        let key = &keys[number % ACCOUNTS];
        let transaction = TxEip1559 {
            chain_id: 31_337,
            nonce: (number / ACCOUNTS) as u64,
            gas_limit: 21_000,
            max_fee_per_gas: 5_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(Address::repeat_byte(number as u8)),
            value: U256::from(1 + number),
            ..TxEip1559::default()
        };
        let signature = key.sign(transaction.signature_hash());
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        hex::encode_prefixed(envelope.encoded_2718())
    });
    transfers.collect()
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn answers(client: &Client, url: &str) -> anyhow::Result<()> {
    for _ in 0..200 {
        if client.get(url).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{url} does not answer")
}

fn home() -> anyhow::Result<tempfile::TempDir> {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/target");
    Ok(tempfile::Builder::new()
        .prefix("anvil")
        .tempdir_in(target)?)
}

async fn bcoin(client: &Client, keys: &[Key]) -> anyhow::Result<Server> {
    let mut parameters = Parameters::dev();
    parameters.name = "bench".to_owned();
    parameters
        .accounts
        .extend(keys.iter().map(|key| FirstAccount {
            address: key.address(),
            balance: 1_000 * COIN,
            code: Bytes::new(),
        }));
    parameters.accounts.sort_by_key(|account| account.address);
    let home = home()?;
    let genesis = home.path().join("genesis.json");
    fs::write(&genesis, parameters.to_genesis_file())?;
    let port = free_port()?;
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/release/bcoin");
    let process = Command::new(program)
        .args(["node", "--port", &port.to_string(), "--miner"])
        .arg(Address::repeat_byte(0xee).to_string())
        .arg("--network")
        .arg(&genesis)
        .arg("--data-dir")
        .arg(home.path().join("node"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("target/release/bcoin: build it first")?;
    let url = format!("http://127.0.0.1:{port}");
    answers(client, &format!("{url}/v1/node")).await?;
    Ok(Server {
        process,
        url,
        _home: home,
    })
}

fn anvil_program() -> PathBuf {
    let default = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/node-tools/node_modules/.bin/anvil"
    );
    env::var_os("ANVIL").map_or_else(|| Path::new(default).to_owned(), PathBuf::from)
}

async fn anvil(client: &Client, keys: &[Key]) -> anyhow::Result<Server> {
    let port = free_port()?;
    let process = Command::new(anvil_program())
        .args(["--port", &port.to_string(), "--no-mining", "--silent"])
        .args(["--gas-limit", "300000000"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("anvil: npm install --prefix target/node-tools @foundry-rs/anvil")?;
    let server = Server {
        process,
        url: format!("http://127.0.0.1:{port}"),
        _home: home()?,
    };
    answers(client, &server.url).await?;
    for key in keys {
        let balance = format!("{:#x}", 1_000 * COIN);
        rpc(
            client,
            &server.url,
            "anvil_setBalance",
            json!([key.address(), balance]),
        )
        .await?;
    }
    Ok(server)
}

async fn rpc(client: &Client, url: &str, method: &str, params: Value) -> anyhow::Result<Value> {
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer: Value = client.post(url).json(&call).send().await?.json().await?;
    ensure!(answer.get("error").is_none(), "{method}: {answer}");
    Ok(answer["result"].clone())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bcoin,
    Anvil,
}

/// Hands all in over so many connections, each of which takes every so-manieth, and has them mined; the whole time.
async fn turn(
    kind: Kind,
    server: &Server,
    raw: &Arc<Vec<String>>,
    connections: usize,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let clients = (0..connections).map(|first| {
        let (raw, url) = (Arc::clone(raw), server.url.clone());
        tokio::spawn(async move {
            // An account's transfers all go over one connection, in order.
            let client = Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(1)
                .build()?;
            for (place, raw) in raw.iter().enumerate() {
                if place % ACCOUNTS % connections != first {
                    continue;
                }
                match kind {
                    Kind::Bcoin => {
                        let body = json!({ "raw": raw });
                        let answer = client
                            .post(format!("{url}/add_transaction"))
                            .json(&body)
                            .send()
                            .await?;
                        ensure!(answer.status() == 201, "{}", answer.text().await?);
                        answer.bytes().await?;
                    }
                    Kind::Anvil => {
                        rpc(&client, &url, "eth_sendRawTransaction", json!([raw])).await?;
                    }
                }
            }
            Ok::<_, anyhow::Error>(())
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    let client = Client::builder().no_proxy().build()?;
    let mined = match kind {
        Kind::Bcoin => {
            let block: Value = client
                .post(format!("{}/mine_block", server.url))
                .send()
                .await?
                .json()
                .await?;
            block["transactions"].as_array().map_or(0, Vec::len)
        }
        Kind::Anvil => {
            rpc(&client, &server.url, "evm_mine", json!([])).await?;
            let count = rpc(
                &client,
                &server.url,
                "eth_getBlockTransactionCountByNumber",
                json!(["latest"]),
            )
            .await?;
            let digits = count.as_str().unwrap_or("0x0").trim_start_matches("0x");
            usize::from_str_radix(digits, 16)?
        }
    };
    let took = begun.elapsed();
    ensure!(
        mined == TRANSFERS,
        "{mined} of {TRANSFERS} are in the block"
    );
    Ok(took)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let turns = env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(5);
    let keys = keys();
    let raw = Arc::new(transfers(&keys));
    let client = Client::builder().no_proxy().build()?;
    for (connections, wanted) in [(10, 1.0), (64, 1.3)] {
        let mut ratios = Vec::new();
        for number in 0..turns {
            let ours = bcoin(&client, &keys).await?;
            let bcoin = turn(Kind::Bcoin, &ours, &raw, connections).await?;
            drop(ours);
            let theirs = anvil(&client, &keys).await?;
            let anvil = turn(Kind::Anvil, &theirs, &raw, connections).await?;
            drop(theirs);
            let rate = |took: Duration| TRANSFERS as f64 / took.as_secs_f64();
            ratios.push(rate(bcoin) / rate(anvil));
            println!(
                "{connections} connections, turn {number}: B-Coin {:.0}/s, Anvil {:.0}/s",
                rate(bcoin),
                rate(anvil)
            );
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{connections} connections: {:.2} times Anvil ({:.2} to {:.2}; wanted: {wanted})",
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1]
        );
    }
    Ok(())
}
