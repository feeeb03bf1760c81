//! `bcoin peers`: which nodes the asked node knows, and how they are.

use clap::{Args, Subcommand};

mod list;

use super::client::{Answer, NodeClient, NodeOptions};
use super::exit::Failure;
use super::terminal::{self, good};

#[derive(Debug, Args)]
pub struct PeersArgs {
    #[command(subcommand)]
    pub command: PeersCommand,
}

#[derive(Debug, Subcommand)]
pub enum PeersCommand {
    /// List the nodes that the node knows, with tip, lag, score, traffic and last error where it follows them by itself
    #[command(after_help = "Example:
  bcoin peers list --node http://127.0.0.1:1002
  bcoin peers list --json | jq .peers")]
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
            let json = json_of(&node, &answer)?;
            list_in(&node, &json, "peers")?;
            terminal::print(&list::written(&json))
        }
        PeersCommand::Add(add) => {
            let node = NodeClient::open(&add.node).await?;
            let body = serde_json::json!({ "nodes": add.addresses }).to_string();
            let answer = node.post("/connect_node", Some(body.into_bytes())).await?;
            if add.node.json {
                return answer.print();
            }
            let json = json_of(&node, &answer)?;
            let known = list_in(&node, &json, "total_nodes")?;
            let known = known.iter().filter_map(serde_json::Value::as_str);
            terminal::print(&format!(
                "{}\n{}",
                good(
                    "The node knows these addresses from now on; `bcoin peers list` shows what came of them."
                ),
                list::by_hand(known)
            ))
        }
    }
}

fn json_of(node: &NodeClient, answer: &Answer) -> Result<serde_json::Value, Failure> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no JSON: {error}", node.address())))
}

/// The list under `member`.
fn list_in<'a>(
    node: &NodeClient,
    json: &'a serde_json::Value,
    member: &str,
) -> Result<&'a Vec<serde_json::Value>, Failure> {
    json.get(member)
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| Failure::failed(format!("{} sent no member {member:?}", node.address())))
}
