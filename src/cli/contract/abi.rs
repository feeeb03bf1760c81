//! Where a contract's ABI comes from: a file, or the source that the node keeps.

use std::path::PathBuf;

use alloy_json_abi::JsonAbi;
use alloy_primitives::Address;
use clap::{Args, ValueHint};
use serde::Deserialize;

use crate::cli::client::NodeClient;
use crate::cli::exit::Failure;
use crate::cli::terminal::printable;
use crate::contract::Artifact;

#[derive(Debug, Clone, Args)]
pub struct AbiOptions {
    /// A file with the contract's ABI, alone or in an artifact [default: the source that the node keeps]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub abi: Option<PathBuf>,
}

/// `GET /v1/contracts/{address}`.
#[derive(Debug, Clone, Deserialize)]
pub struct Kept {
    pub code: String,
    pub code_size: u64,
    pub code_hash: Option<String>,
    pub created: Option<Created>,
    pub source: Option<KeptSource>,
    pub block: u64,
}

/// The transaction that created a contract.
#[derive(Debug, Clone, Deserialize)]
pub struct Created {
    pub transaction: String,
    pub block: u64,
    pub by: String,
}

/// What somebody handed in for a contract, and what the node found out about it.
#[derive(Debug, Clone, Deserialize)]
pub struct KeptSource {
    pub name: String,
    pub language: Option<String>,
    pub compiler: Option<String>,
    pub file: String,
    pub text: String,
    pub abi: serde_json::Value,
    pub storage_layout: Option<serde_json::Value>,
    /// In the node's words.
    pub checked: String,
    pub not_checked: String,
    /// In the words of whoever handed it in.
    pub said: Option<String>,
}

/// What the node says of an address, as it came too.
pub async fn kept(
    node: &NodeClient,
    address: Address,
) -> Result<(Kept, serde_json::Value), Failure> {
    let answer = node.get(&format!("/v1/contracts/{address}")).await?;
    let failed = |error: serde_json::Error| {
        let said = printable(&error.to_string()).into_owned();
        Failure::failed(format!(
            "{} describes the contract otherwise than this program reads it: {said}",
            node.address()
        ))
    };
    let json: serde_json::Value = serde_json::from_slice(&answer.body).map_err(failed)?;
    let kept = Kept::deserialize(&json).map_err(failed)?;
    Ok((kept, json))
}

impl Kept {
    /// The ABI that was handed in, if any.
    pub fn abi(&self) -> Result<Option<JsonAbi>, Failure> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let abi = serde_json::from_value(source.abi.clone());
        abi.map(Some)
            .map_err(|error| Failure::failed(format!("the ABI that the node keeps: {error}")))
    }
}

impl AbiOptions {
    /// The ABI of the file, if one is named.
    pub fn of_file(&self) -> Result<Option<JsonAbi>, Failure> {
        match &self.abi {
            Some(path) => Ok(Some(Artifact::read(path)?.abi)),
            None => Ok(None),
        }
    }

    /// The ABI of the file, else the one that the node keeps.
    pub async fn find(&self, node: &NodeClient, contract: Address) -> Result<JsonAbi, Failure> {
        if let Some(abi) = self.of_file()? {
            return Ok(abi);
        }
        let (kept, _) = kept(node, contract).await?;
        if kept.code_size == 0 {
            return Err(nothing_there(node, contract));
        }
        kept.abi()?.ok_or_else(|| {
            Failure::usage(format!(
                "{} keeps no source of {contract}, so its functions are not known",
                node.address()
            ))
            .hint("`--abi FILE` gives the contract's ABI or artifact; `bcoin contract verify` has the node keep it.")
        })
    }
}

/// The address is no contract's.
pub fn nothing_there(node: &NodeClient, address: Address) -> Failure {
    Failure::failed(format!(
        "no contract is at {address} on the chain of {}",
        node.address()
    ))
    .hint("Its creation may still wait for a block, or be on another network.")
}
