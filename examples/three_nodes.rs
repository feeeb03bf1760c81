//! Three nodes in one process: the chapter's network without leaving Rust.
//!
//! Each node keeps its chain in a folder of its own, listens on a free port of this machine, and is called over HTTP as any
//! client would. The folders are gone at the end.
//!
//! `cargo run --release --example three_nodes`
use bcoin::daemon::{Daemon, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut nodes = Vec::new();
    for (name, miner) in [
        ("first", "Bharathi"),
        ("second", "Meghna"),
        ("third", "Meghna"),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        nodes.push(Daemon::start(Settings::new(folder.path().join(name), miner), listener).await?);
    }
    let urls: Vec<String> = nodes
        .iter()
        .map(|node| format!("http://{}", node.address))
        .collect();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let get = async |url: String| -> anyhow::Result<Value> {
        Ok(client.get(url).send().await?.json().await?)
    };
    let post = async |url: String, body: Value| -> anyhow::Result<Value> {
        Ok(client.post(url).json(&body).send().await?.json().await?)
    };

    println!("three nodes listen on {}", urls.join(", "));
    for url in &urls {
        let answer = post(format!("{url}/connect_node"), json!({ "nodes": urls })).await?;
        println!("{url} knows {}", answer["total_nodes"]);
    }

    let answer = post(
        format!("{}/add_transaction", urls[0]),
        json!({ "sender": "alice", "receiver": "bob", "amount": 5 }),
    )
    .await?;
    println!("first node: {}", answer["message"]);
    let block = get(format!("{}/mine_block", urls[0])).await?;
    println!(
        "first node: {} It holds {}",
        block["message"], block["transactions"]
    );

    for url in &urls[1..] {
        println!(
            "{url} has {} block before it asks its peers",
            get(format!("{url}/get_chain")).await?["length"]
        );
        let answer = get(format!("{url}/replace_chain")).await?;
        println!("{url}: {}", answer["message"]);
        for peer in answer["peers"].as_array().into_iter().flatten() {
            println!("  {} said: {}", peer["address"], peer["detail"]);
        }
    }
    for url in &urls {
        println!(
            "{url} has {} blocks; {}",
            get(format!("{url}/get_chain")).await?["length"],
            get(format!("{url}/is_valid")).await?["message"]
        );
    }
    for node in nodes {
        node.shut_down().await;
    }
    Ok(())
}
