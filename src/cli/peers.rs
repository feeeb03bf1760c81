//! `bcoin peers`: which nodes the asked node knows.

use clap::{Args, Subcommand};

use super::client::{Answer, NodeClient, NodeOptions};
use super::exit::Failure;
use super::terminal::{self, good, lines, printable, table};

#[derive(Debug, Args)]
pub struct PeersArgs {
    #[command(subcommand)]
    pub command: PeersCommand,
}

#[derive(Debug, Subcommand)]
pub enum PeersCommand {
    /// List the nodes that the node knows
    #[command(after_help = "Example:
  bcoin peers list --node http://127.0.0.1:1002")]
    List(ListArgs),
    /// Make nodes known to the node, which keeps them
    #[command(after_help = "Examples:
  bcoin peers add http://127.0.0.1:1002 http://127.0.0.1:1003
  bcoin peers add 192.168.1.20:1001 --node 192.168.1.10:1001 --token-file token")]
    Add(AddArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub node: NodeOptions,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Addresses of nodes, as host:port or http://host:port
    #[arg(required = true, value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    #[command(flatten)]
    pub node: NodeOptions,
}

pub async fn run(args: &PeersArgs) -> Result<(), Failure> {
    match &args.command {
        PeersCommand::List(list) => {
            let node = NodeClient::open(&list.node).await?;
            let answer = node.get("/v1/peers").await?;
            if list.node.json {
                return answer.print();
            }
            let known = addresses(&node, &answer, "peers", |peer| {
                peer.get("address")?.as_str()
            })?;
            terminal::print(&known_nodes(&known))
        }
        PeersCommand::Add(add) => {
            let node = NodeClient::open(&add.node).await?;
            let body = serde_json::json!({ "nodes": add.addresses }).to_string();
            let answer = node.post("/connect_node", Some(body.into_bytes())).await?;
            if add.node.json {
                return answer.print();
            }
            let known = addresses(&node, &answer, "total_nodes", serde_json::Value::as_str)?;
            terminal::print(&format!(
                "{}\n{}",
                good("The nodes are linked."),
                known_nodes(&known)
            ))
        }
    }
}

/// The list under `member`, each address taken out of its item.
fn addresses(
    node: &NodeClient,
    answer: &Answer,
    member: &str,
    address: fn(&serde_json::Value) -> Option<&str>,
) -> Result<Vec<String>, Failure> {
    let json: serde_json::Value = serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no JSON: {error}", node.address())))?;
    let list = json
        .get(member)
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| Failure::failed(format!("{} sent no member {member:?}", node.address())))?;
    Ok(list
        .iter()
        .filter_map(address)
        .map(|address| printable(address).into_owned())
        .collect())
}

fn known_nodes(known: &[String]) -> String {
    if known.is_empty() {
        return "The node knows no other node. `bcoin peers add ADDRESS` makes one known.\n"
            .to_owned();
    }
    let mut table = table(["KNOWN NODE"]);
    for address in known {
        table.add_row([address]);
    }
    lines(&table)
}
