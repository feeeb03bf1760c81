//! `bcoin contract verify`: a contract's code held against an artifact and its source, which the node then keeps.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::abi::{kept, nothing_there};
use super::recompile::{NotCompiled, recompile};
use super::sending::names_of;
use crate::cli::client::{NodeClient, NodeOptions};
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, good, printable, strong};
use crate::cli::wallet::folder::{FolderOptions, shown, whose};
use crate::contract::Artifact;
use crate::limits::HTTP_SOURCE_BYTES;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Three things are held against each other, each by whoever can: the source against the artifact by
the compiler, if it is installed here (vyper, or solc); the artifact against the code on the chain
by the node; and where a transaction created the contract, the artifact's creation code against its
input. What was not checked is said. The node keeps source and ABI, so that `call`, `send` and
`events` need no --abi any more; for nodes off loopback that takes the node's token.

Examples:
  bcoin contract verify $BOND bond.json --source bond.vy
  bcoin contract verify $TOKEN Token.json --source Token.sol --compiler ./solc-0.8.30
  bcoin contract verify $BOND bond.json --source bond.vy --dry-run"
)]
pub struct VerifyArgs {
    /// The contract's address, or its name in the wallet
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// The contract as its compiler left it
    #[arg(value_name = "ARTIFACT", value_hint = ValueHint::FilePath)]
    pub artifact: PathBuf,
    /// The source that the artifact was compiled from
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub source: PathBuf,
    /// The compiler to use [default: vyper or solc in PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    pub compiler: Option<PathBuf>,
    /// Fail where the source cannot be compiled again here
    #[arg(long)]
    pub must_compile: bool,
    /// Check, and hand nothing to the node
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub node: NodeOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

pub async fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let source = source(args)?;
    let names = names_of(&args.folder)?;
    let contract = whose(&args.contract, &names)?;
    let node = NodeClient::open(&args.node).await?;
    let (there, _) = kept(&node, contract).await?;
    if there.code_size == 0 {
        return Err(nothing_there(&node, contract));
    }
    let compiled = recompile(&artifact, &args.source, args.compiler.as_deref())?;
    let (said, compiled_words) = match &compiled {
        Ok(compiled) => (Some(compiled.words()), compiled.words()),
        Err(NotCompiled(why)) if args.must_compile => {
            return Err(Failure::failed(format!(
                "the source was not compiled again: {why}"
            )));
        }
        Err(NotCompiled(why)) => (None, format!("not compiled again: {why}")),
    };
    let answer = match args.dry_run {
        true => {
            let code = there.code.parse::<alloy_primitives::Bytes>();
            let code = code.map_err(|_| Failure::failed("the node's code is not hexadecimal"))?;
            let matching = crate::contract::matching::matches(&code, &artifact, None);
            let matching = matching.map_err(|mismatch| {
                Failure::failed(format!("{contract} is another contract: {mismatch}"))
            })?;
            json!({"checked": matching.words(), "not_checked": "nothing was handed to the node"})
        }
        false => handed_in(args, &node, contract, &artifact, &source, said.as_deref()).await?,
    };
    if args.node.json {
        let answer = json!({
            "contract": contract.to_string(),
            "compiled_again": said,
            "not_compiled": compiled.as_ref().err().map(|NotCompiled(why)| why),
            "kept": !args.dry_run,
            "node": answer,
        });
        return terminal::print(&format!("{answer}\n"));
    }
    let member = |name: &str| {
        let text = answer.get(name).and_then(Value::as_str);
        printable(text.unwrap_or("-")).into_owned()
    };
    let by = match args.dry_run {
        true => "here".to_owned(),
        false => format!("by {}", node.address()),
    };
    terminal::print(&format!(
        "{}\n  Source     {compiled_words} (here)\n  Code       {} ({by})\n  Not so     {}\n",
        strong(&shown(contract, &names)),
        member("checked"),
        member("not_checked"),
    ))?;
    if !args.dry_run {
        terminal::note(&good(
            "The node keeps the source: `--abi` is not needed for it any more.",
        ));
    }
    Ok(())
}

fn source(args: &VerifyArgs) -> Result<String, Failure> {
    let path = &args.source;
    let failed = |error: std::io::Error| Failure::file("read", path, &error);
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > HTTP_SOURCE_BYTES as u64 {
        return Err(Failure::failed(format!(
            "{} has {length} bytes, a node takes {HTTP_SOURCE_BYTES} with the artifact",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(failed)
}

async fn handed_in(
    args: &VerifyArgs,
    node: &NodeClient,
    contract: alloy_primitives::Address,
    artifact: &Artifact,
    source: &str,
    said: Option<&str>,
) -> Result<Value, Failure> {
    let file = args
        .source
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let immutables: Vec<Value> = artifact
        .immutables
        .iter()
        .map(|(start, length)| json!({"start": start, "length": length}))
        .collect();
    let body = json!({
        "file": file,
        "source": source,
        "said": said,
        "artifact": {
            "name": artifact.name,
            "language": artifact.language,
            "compiler": artifact.compiler,
            "settings": artifact.settings,
            "source_sha256": artifact.source_sha256.map(hex::encode),
            "abi": artifact.abi,
            "bytecode": artifact.bytecode,
            "deployed_bytecode": artifact.deployed_bytecode,
            "immutableReferences": {"all": immutables},
            "storage_layout": artifact.storage_layout,
        },
    });
    let path = format!("/v1/contracts/{contract}/source");
    let answer = node
        .post(&path, Some(body.to_string().into_bytes()))
        .await?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::failed(format!("{} sent no JSON: {error}", node.address())))
}
