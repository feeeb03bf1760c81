//! `bcoin valid`, `bcoin audit` and `bcoin healthcheck`: questions with yes or no, answered by the exit code, too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::client::{Answer, BOOK_PORT, NodeClient, NodeOptions};
use super::exit::Failure;
use super::folders;
use super::launch::of_file;
use super::terminal::{self, bad, good, lines, printable, table};
use crate::config::Network;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::parameters::Parameters;
use crate::store::OpenError;

/// The book's sentence for a chain that holds.
const VALID: &str = "Everything is fine. The Blockchain is correct.";

/// A health check that takes longer tells that the node is not well.
const HEALTH_TIME: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 0 if the chain is valid and 1 if it is not.

Example:
  bcoin valid && echo sound"
)]
pub struct ValidArgs {
    #[command(flatten)]
    pub node: NodeOptions,
}

#[derive(Debug, Args)]
#[command(after_help = "The exit code is 0 if all is sound and 1 if it is not.

Examples:
  bcoin audit
  bcoin audit --json | jq .fault
  bcoin audit --data-dir data/1001
  bcoin audit --data-dir data/class-7b/1001 --network class-7b.json")]
pub struct AuditArgs {
    #[command(flatten)]
    pub node: NodeOptions,
    /// Read this folder, of a node that is not running
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    /// The folder's network: classic, main, dev, or a genesis file [default: classic, main or dev, as the folder says]
    #[arg(long, value_name = "NETWORK", requires = "data_dir")]
    pub network: Option<Network>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 0 if the node is ready and 1 if it is not or does not answer.

Example, in a compose file:
  healthcheck: { test: [\"CMD\", \"bcoin\", \"healthcheck\"] }"
)]
pub struct HealthcheckArgs {
    /// The port of the node on this machine
    #[arg(long, short, value_name = "PORT", env = "BCOIN_PORT", default_value_t = BOOK_PORT)]
    pub port: u16,
}

pub async fn valid(args: &ValidArgs) -> Result<(), Failure> {
    let node = NodeClient::open(&args.node).await?;
    let answer = node.get("/is_valid").await?;
    let json = read(&node, &answer)?;
    let message = text(&json, "message").unwrap_or_else(|| "the node sent no message".to_owned());
    if args.node.json {
        answer.print()?;
    }
    if message != VALID {
        // A coin node says which block breaks which rule.
        let hint = match (json.get("rule"), text(&json, "detail")) {
            (Some(_), Some(detail)) => detail,
            _ => "`bcoin audit` names the first bad block, member and file.".to_owned(),
        };
        return Err(Failure::failed(message).hint(hint));
    }
    if args.node.json {
        return Ok(());
    }
    terminal::print(&format!("{}\n", good(&message)))
}

pub async fn audit(args: &AuditArgs) -> Result<(), Failure> {
    let (json, answer) = match &args.data_dir {
        Some(folder) => {
            let json = audit_folder(folder, args.network.as_ref())?;
            let text = json.to_string();
            (json, Answer { body: text.into() })
        }
        None => {
            let node = NodeClient::open(&args.node).await?;
            let answer = node.get("/v1/audit").await?;
            (read(&node, &answer)?, answer)
        }
    };
    let sound = json.get("sound").and_then(Value::as_bool) == Some(true);
    if args.node.json {
        answer.print()?;
    } else {
        terminal::print(&audit_report(&json, sound))?;
    }
    if sound {
        return Ok(());
    }
    let fault = json.get("fault");
    let of_fault = |member: &str| fault.and_then(|fault| text(fault, member));
    let height = fault
        .and_then(|fault| fault.get("height"))
        .map(|height| format!("block {height}"));
    let place: Vec<String> = [height, of_fault("member"), of_fault("file")]
        .into_iter()
        .flatten()
        .collect();
    Err(Failure::failed(format!(
        "{}: {}",
        if place.is_empty() {
            "the store is not sound".to_owned()
        } else {
            place.join(", ")
        },
        of_fault("detail").unwrap_or_else(|| "the node says no more".to_owned())
    )))
}

/// Audits the folder of a node that is not running, of either protocol.
fn audit_folder(folder: &Path, network: Option<&Network>) -> Result<Value, Failure> {
    let parameters = match network {
        Some(Network::Main) => Parameters::main(),
        Some(Network::Dev) => Parameters::dev(),
        Some(Network::File(path)) => of_file(path)?,
        Some(Network::Classic) | None => match (folders::open_existing(folder), network) {
            (Ok(store), _) => return audited(&store.snapshot()?.audit()?),
            (Err(OpenError::OtherNetwork { found, .. }), None) => match found.as_str() {
                "main" => Parameters::main(),
                "dev" => Parameters::dev(),
                _ => {
                    return Err(Failure::usage(format!(
                        "{} belongs to the coin network {}, whose genesis file this needs",
                        folder.display(),
                        printable(&found)
                    ))
                    .hint("`--network FILE` names the genesis file."));
                }
            },
            (Err(error), _) => return Err(error.into()),
        },
    };
    let genesis = Genesis::of(parameters);
    let store = folders::open_existing_coin(folder, &genesis)?;
    let snapshot = store.snapshot()?;
    audited(&snapshot.audit(&genesis.parameters, || true)?)
}

fn audited(audit: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(audit).map_err(|error| Failure::failed(error.to_string()))
}

fn audit_report(json: &Value, sound: bool) -> String {
    // A coin node has accounts, and keeps side chains among its blocks.
    let (title, member) = match json.get("accounts") {
        Some(_) => ("ACCOUNTS", "accounts"),
        None => ("DISPLACED", "displaced"),
    };
    let mut counts = table(["BLOCKS", "WAITING", "PEERS", title, "BYTES READ"]);
    counts.add_row(
        ["blocks", "transactions", "peers", member, "bytes"].map(|member| {
            json.get(member).map_or_else(
                || "-".to_owned(),
                |count| printable(&count.to_string()).into_owned(),
            )
        }),
    );
    let verdict = if sound {
        good("Every stored byte is sound.")
    } else {
        bad("The store is not sound.")
    };
    format!("{}{verdict}\n", lines(&counts))
}

pub async fn healthcheck(args: &HealthcheckArgs) -> Result<(), Failure> {
    let url = Url::parse(&format!("http://127.0.0.1:{}/", args.port))
        .map_err(|error| Failure::usage(format!("port {}: {error}", args.port)))?;
    let node = NodeClient::new(url, None)?;
    // Who runs health checks knows two outcomes only, so that silence is a plain failure here.
    match tokio::time::timeout(HEALTH_TIME, node.get("/readyz")).await {
        Ok(Ok(_)) => terminal::print("ready\n"),
        Ok(Err(failure)) => Err(Failure::failed(failure.to_string())),
        Err(_) => Err(Failure::failed(format!(
            "no answer from {} within {HEALTH_TIME:?}",
            node.address()
        ))),
    }
}

fn read(node: &NodeClient, answer: &Answer) -> Result<Value, Failure> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no JSON: {error}", node.address())))
}

/// A member's text, ready for a terminal.
fn text(json: &Value, member: &str) -> Option<String> {
    json.get(member)?
        .as_str()
        .map(|text| printable(text).into_owned())
}
