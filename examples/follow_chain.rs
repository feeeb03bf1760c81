//! Follows a running node: prints blocks, switches to longer chains, transactions and peers as they come.
//!
//! `cargo run --release --example follow_chain -- [http://127.0.0.1:1001]`
//!
//! Reads `/v1/events`, a stream of server-sent events. When the node goes away it tries again, and says which event it saw
//! last, so that it misses none; where the node cannot say what was missed (it was started anew), it reads the tip instead.
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, Response};
use serde_json::Value;

/// The node sends a comment every ten seconds, so a stream that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Far more than an event has; whatever sends more is no node.
const LONGEST_LINE: usize = 1024 * 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let node = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:1001".to_owned());
    let node = node.trim_end_matches('/');
    let client = Client::builder().no_proxy().read_timeout(SILENCE).build()?;
    let mut last_id = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let mut request = client.get(format!("{node}/v1/events"));
        if let Some(id) = &last_id {
            request = request.header("Last-Event-ID", id);
        }
        match request.send().await.and_then(Response::error_for_status) {
            Ok(stream) => {
                if last_id.is_none() {
                    print_tip(&client, node).await;
                }
                pause = FIRST_PAUSE;
                let ended = follow(stream, &client, node, &mut last_id).await;
                println!(
                    "the stream ended: {}",
                    ended.map_or_else(
                        |error| error.to_string(),
                        |()| "the node closed it".to_owned()
                    )
                );
            }
            Err(error) => println!("{node} does not answer: {error}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Prints events until the stream ends, and notes the id of each.
async fn follow(
    stream: Response,
    client: &Client,
    node: &str,
    last_id: &mut Option<String>,
) -> anyhow::Result<()> {
    let mut pieces = stream.bytes_stream();
    let mut line = Vec::new();
    let mut event = Event::default();
    while let Some(piece) = pieces.next().await {
        for byte in piece? {
            if byte != b'\n' {
                anyhow::ensure!(line.len() < LONGEST_LINE, "a line has no end");
                line.push(byte);
                continue;
            }
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches('\r')
                .to_owned();
            line.clear();
            if !text.is_empty() {
                event.take(&text);
                continue;
            }
            // An empty line ends an event.
            let Event { id, name, data } = std::mem::take(&mut event);
            if id.is_some() {
                *last_id = id;
            }
            if name == "reset" {
                println!("events were missed; the node goes on from here:");
                print_tip(client, node).await;
            } else if !data.is_empty() {
                println!("{}", describe(&name, &data));
            }
        }
    }
    Ok(())
}

/// What the lines since the last empty one said.
#[derive(Default)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

impl Event {
    fn take(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            // Comments begin with a colon; other fields are not for us.
            _ => {}
        }
    }
}

fn describe(name: &str, data: &str) -> String {
    // A transaction may hold what serde_json does not read, but its text can be shown all the same.
    let Ok(value) = serde_json::from_str::<Value>(data) else {
        return format!("{name:<12} {data}");
    };
    match name {
        "block" => format!(
            "block        {}, hash {}; transactions in it: {}",
            value["height"], value["hash"], value["transactions"]
        ),
        "reorg" => format!(
            "reorg        the tip is block {} now, hash {}; behind block {} {} gave way to {}; transactions that wait again: {}",
            value["height"],
            value["hash"],
            value["fork"],
            value["displaced"],
            value["connected"],
            value["returned"]
        ),
        "transaction" => format!(
            "transaction  {} to {}: {}",
            value["sender"], value["receiver"], value["amount"]
        ),
        "peer" => format!("peer         {}", value["address"]),
        _ => format!("{name:<12} {data}"),
    }
}

async fn print_tip(client: &Client, node: &str) {
    let answer = client
        .get(format!("{node}/v1/node"))
        .timeout(SILENCE)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer.json::<Value>().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => println!(
            "{node} is at block {}, hash {}; {} transactions wait",
            answer["tip"]["height"], answer["tip"]["hash"], answer["waiting"]
        ),
        Err(error) => println!("{node} did not say where it is: {error}"),
    }
}
