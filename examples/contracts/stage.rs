//! What the example programs share: people with accounts, a chain whose clock can be moved on, and words for what happens.
//!
//! Each program belongs to a fresh network `dev`: it uses the public test accounts, whose coins everybody can spend, and moves the
//! clock, which no other network allows.
#![allow(dead_code, reason = "each program uses a part of this")]

use std::fmt::Display;

use alloy_primitives::{Address, U64, U256};
use anyhow::{Context, bail, ensure};
use bcoin::contract::rpc::Receipt;
use bcoin::contract::{Account, Artifact, Contract, ContractError, Done, Node};
use bcoin::protocol::coin::amount::Amount;
use serde_json::json;

pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// Where `bcoin node` answers if it is not told otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:1001";

/// A node, and how far the story has come.
pub struct Stage {
    pub node: Node,
    steps: u32,
}

/// Somebody with a name and an account.
#[derive(Clone)]
pub struct Person {
    pub name: &'static str,
    pub account: Account,
}

impl Person {
    /// One of the public test accounts. The first is left out, since a node of `dev` mines for it.
    pub fn new(name: &'static str, index: u32) -> Self {
        let account = Account::test(index);
        Self { name, account }
    }

    pub fn address(&self) -> Address {
        self.account.address()
    }
}

/// An artifact of `examples/contracts`.
pub fn artifact(name: &str) -> anyhow::Result<Artifact> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/contracts");
    let artifact = Artifact::read(format!("{folder}/{name}/{name}.json"));
    artifact.with_context(|| format!("the artifact of {name}"))
}

/// An amount of coins, or of tokens with as many places.
pub fn coins(text: &str) -> Amount {
    text.parse().expect("the programs write amounts that read")
}

/// A number of units as coins.
pub fn as_coins(units: U256) -> Amount {
    Amount::from_units(units)
}

impl Stage {
    /// Opens the play at the node that the command line names.
    pub async fn open(title: &str) -> anyhow::Result<Self> {
        let url = std::env::args().nth(1);
        Self::at(title, url.as_deref().unwrap_or(DEFAULT_URL)).await
    }

    pub async fn at(title: &str, url: &str) -> anyhow::Result<Self> {
        let node = Node::connect(url).await;
        let node = node.context("no node answers: start one with `bcoin node --network dev`")?;
        println!(
            "{title}\nOn the network with chain id {}, by {url}.\n",
            node.chain_id()
        );
        Ok(Self { node, steps: 0 })
    }

    /// Tells who takes part.
    pub async fn introduce(&self, people: &[&Person]) -> anyhow::Result<()> {
        for person in people {
            let has = self.node.balance(person.address()).await?;
            println!("  {:<9} {}  {has} coins", person.name, person.address());
        }
        println!();
        Ok(())
    }

    /// Tells what somebody does next.
    pub fn step(&mut self, text: impl Display) {
        self.steps += 1;
        println!("{}. {text}", self.steps);
    }

    /// Tells what came of it.
    pub fn tell(&self, text: impl Display) {
        println!("     {text}");
    }

    /// Tells in which block something was done, and for which fee.
    pub fn done(&self, done: &Done) {
        self.receipt(&done.receipt);
        for told in done.events.iter().filter(|told| told.name.is_some()) {
            self.tell(format_args!("The contract tells: {told}"));
        }
    }

    fn receipt(&self, receipt: &Receipt) {
        let fee = as_coins(receipt.fee());
        self.tell(format_args!(
            "Done in block {}, for a fee of {fee} coins.",
            receipt.block_number
        ));
    }

    /// Deploys a contract and tells where it is.
    pub async fn deploy(
        &self,
        from: &Person,
        artifact: &Artifact,
        arguments: &[bcoin::contract::Argument],
        amount: Amount,
    ) -> anyhow::Result<Contract> {
        let contract = self
            .node
            .deploy_paying(&from.account, artifact, arguments, amount)
            .await?;
        self.tell(format_args!(
            "The contract {} is at {}.",
            artifact.name,
            contract.address()
        ));
        Ok(contract)
    }

    /// Holds that an attempt was refused for this reason, and tells it.
    pub fn refused<T>(
        &self,
        attempt: Result<T, ContractError>,
        reason: &str,
    ) -> anyhow::Result<()> {
        match attempt {
            Ok(_) => bail!("the contract should have refused this: {reason}"),
            Err(error) => {
                let found = error.revert().map(ToString::to_string);
                let found = found.with_context(|| format!("this is no refusal: {error}"))?;
                ensure!(
                    found.contains(reason),
                    "refused because of {found:?}, not of {reason:?}"
                );
                self.tell(format_args!("Refused, as it should be: {found}."));
                Ok(())
            }
        }
    }

    /// The time that the next block would have, in seconds since 1970. The tip's own may be hours old where nothing happens.
    pub async fn now(&self) -> anyhow::Result<u64> {
        let pending = self
            .node
            .rpc()
            .request("eth_getBlockByNumber", json!(["pending", false]));
        let pending: serde_json::Value = pending.await?;
        let time = pending
            .get("timestamp")
            .and_then(|time| time.as_str()?.parse::<U64>().ok());
        Ok(time.context("the next block has a time")?.to())
    }

    /// Lets the chain's clock go on by so many seconds, and a block take note of it.
    pub async fn pass(&self, seconds: u64) -> anyhow::Result<()> {
        let (rpc, until) = (self.node.rpc(), self.now().await? + seconds);
        let moved = rpc.request::<serde_json::Value>("evm_setNextBlockTimestamp", json!([until]));
        moved
            .await
            .context("this needs a network `dev`, whose clock can be moved")?;
        let _: serde_json::Value = rpc.request("evm_mine", json!([])).await?;
        Ok(())
    }

    /// What a contract says of itself.
    pub async fn state(&self, contract: &Contract) -> anyhow::Result<String> {
        Ok(contract.call("state", &[]).await?.text(0)?)
    }

    /// Ends the play with what everybody has.
    pub async fn close(
        &self,
        people: &[&Person],
        contracts: &[(&str, Address)],
    ) -> anyhow::Result<()> {
        println!("\nAt the end");
        self.introduce(people).await?;
        for (name, address) in contracts {
            let has = self.node.balance(*address).await?;
            println!("  {name:<9} {address}  {has} coins");
        }
        Ok(())
    }
}
