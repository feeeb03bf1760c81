//! Coins on one network for coins on another, without trust: Alice gives 5 on network 1, Bob 3 on network 2.
//!
//! `cargo run --example swap -- [URL1 URL2] [--journal FILE] [--refund]`, with two nodes running that do not know each other:
//! `bcoin node --network dev` and `bcoin node --network dev --port 1002`.
//!
//! It may be stopped at any moment and started again, and so may either node: what to do next follows from what both chains say and
//! from the journal, in which everything stands before it is sent. A lock has one id, which follows from its terms; so nothing is
//! ever locked twice. With `--refund` Alice falls silent once both have locked, and both get their coins back when the time is over.

#[path = "contracts/absence.rs"]
mod absence;
#[path = "contracts/journal.rs"]
mod journal;
#[path = "contracts/procedure.rs"]
mod procedure;
#[path = "contracts/stage.rs"]
mod stage;

use std::path::PathBuf;

use absence::{is_absence, patiently};
use alloy_primitives::{Address, B256};
use anyhow::{Context, bail, ensure};
use bcoin::args;
use bcoin::contract::{Argument, Contract, ContractError, Done};
use bcoin::protocol::coin::amount::Amount;
use journal::Journal;
use procedure::{Act, Lock, next};
use sha2::{Digest, Sha256};
use stage::{HOUR, Person, Stage, artifact, coins};

/// How long each lock lasts. Bob's ends first, by so much that he can always claim after Alice has.
const LASTS: [u64; 2] = [4 * HOUR, 2 * HOUR];
/// Nobody claims with less time left than this: a claim that comes too late shows the secret for nothing.
const LEAST: u64 = HOUR / 2;

struct Play {
    stages: [Stage; 2],
    journal: Journal,
    path: PathBuf,
    /// Who gives on each network; the other one receives.
    people: [Person; 2],
    amounts: [Amount; 2],
    silent: bool,
    steps: u32,
    /// How often in a row a contract has refused; a few times a crash explains that.
    refusals: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (urls, path, silent) = arguments()?;
    println!("A swap: Alice gives 5 coins on network 1 for 3 of Bob's on network 2.\n");
    let mut play = Play {
        journal: Journal::open(&path)?,
        stages: [reached(1, &urls[0]).await?, reached(2, &urls[1]).await?],
        path,
        people: [Person::new("Alice", 1), Person::new("Bob", 2)],
        amounts: [coins("5"), coins("3")],
        silent,
        steps: 0,
        refusals: 0,
    };
    let everybody = [&play.people[0], &play.people[1]];
    for stage in &play.stages {
        patiently(async || stage.introduce(&everybody).await).await?;
    }
    loop {
        match play.go_on().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if is_absence(&error) => {
                println!(
                    "     A node does not answer. What it has acknowledged it keeps; waiting for it."
                );
                for stage in &play.stages {
                    patiently(async || Ok(stage.node.rpc().block_number().await?)).await?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    let everybody = [&play.people[0], &play.people[1]];
    for (at, stage) in play.stages.iter().enumerate() {
        let contract = play.journal.sides[at]
            .contract
            .context("both contracts are there at the end")?;
        patiently(async || stage.close(&everybody, &[("Swap", contract)]).await).await?;
    }
    println!(
        "\nThe journal {} has served; for another swap, remove it.",
        play.path.display()
    );
    Ok(())
}

fn arguments() -> anyhow::Result<([String; 2], PathBuf, bool)> {
    let (mut urls, mut journal, mut silent) = (Vec::new(), PathBuf::from("swap.journal"), false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--refund" => silent = true,
            "--journal" => journal = words.next().context("--journal names a file")?.into(),
            _ if word.starts_with("--") => {
                bail!("usage: swap [URL1 URL2] [--journal FILE] [--refund]")
            }
            _ => urls.push(word),
        }
    }
    if urls.is_empty() {
        urls = ["http://127.0.0.1:1001", "http://127.0.0.1:1002"]
            .map(str::to_owned)
            .into();
    }
    let urls: [String; 2] = urls
        .try_into()
        .ok()
        .context("a swap needs the URLs of two nodes")?;
    ensure!(
        urls[0] != urls[1],
        "a swap needs two networks, and both URLs name one node"
    );
    Ok((urls, journal, silent))
}

async fn reached(number: usize, url: &str) -> anyhow::Result<Stage> {
    patiently(async || Stage::at(&format!("Network {number}"), url).await).await
}

impl Play {
    /// Takes the next step, if there is one.
    async fn go_on(&mut self) -> anyhow::Result<bool> {
        for at in 0..2 {
            if self.journal.sides[at].contract.is_none() {
                self.deploy(at).await?;
                return Ok(true);
            }
        }
        let (first, second) = (self.lock(0).await?, self.lock(1).await?);
        let act = next(first, second, self.silent);
        match act {
            Act::Lock(at) => self.make_lock(at).await?,
            Act::Claim(at) => self.claim(at).await?,
            Act::Refund(at) => {
                let name = self.people[at].name;
                self.step(format_args!(
                    "The time on network {} is over. {name} takes the coins back.",
                    at + 1
                ));
                self.send(at, at, "refund", args![self.id(at).await?])
                    .await?;
            }
            Act::Wait(at) => {
                let left = self.left(at).await?;
                self.step(format_args!(
                    "Nobody claims. The lock on network {} ends in {left} s.",
                    at + 1
                ));
                self.stages[at].pass(left).await?;
            }
            Act::End => self.tell(format_args!(
                "Lock 1 is {first:?}, lock 2 is {second:?}: the swap has ended."
            )),
        }
        Ok(act != Act::End)
    }

    fn step(&mut self, text: impl std::fmt::Display) {
        self.steps += 1;
        println!("{}. {text}", self.steps);
    }

    fn tell(&self, text: impl std::fmt::Display) {
        println!("     {text}");
    }

    fn hash(&self) -> B256 {
        B256::from_slice(&Sha256::digest(self.journal.secret))
    }

    fn contract(&self, at: usize) -> anyhow::Result<Contract> {
        let address = self.journal.sides[at]
            .contract
            .context("the contract is there")?;
        Ok(self.stages[at]
            .node
            .contract(address, &artifact("swap")?.abi))
    }

    /// Each deploys the contract on the network where they give.
    async fn deploy(&mut self, at: usize) -> anyhow::Result<()> {
        let stage = &self.stages[at];
        let deployer = self.people[at].clone();
        let rpc = stage.node.rpc();
        if let Some(nonce) = self.journal.sides[at].creation {
            let address = deployer.address().create(nonce);
            let code = rpc.code(address).await?;
            if !code.is_empty() {
                // The other one did not see the deployment, and sends coins there: so it is the code that counts.
                let same = artifact("swap")?.deployed_bytecode == Some(code);
                ensure!(
                    same,
                    "the contract at {address} on network {} is another one",
                    at + 1
                );
                self.tell(format_args!(
                    "The contract on network {} is at {address}, with the code of the artifact.",
                    at + 1
                ));
                return self.note(at, |side| side.contract = Some(address));
            }
        }
        let nonce = rpc.next_nonce(deployer.address()).await?;
        self.note(at, |side| side.creation = Some(nonce))?;
        self.step(format_args!(
            "{} deploys the contract on network {}.",
            deployer.name,
            at + 1
        ));
        let done = self.stages[at]
            .node
            .deploy(&deployer.account, &artifact("swap")?, args![])
            .await;
        self.look_again(done.map(|_| ()))
    }

    /// Writes something down, before anything is built on it.
    fn note(&mut self, at: usize, change: impl FnOnce(&mut journal::Side)) -> anyhow::Result<()> {
        change(&mut self.journal.sides[at]);
        self.journal.save(&self.path)
    }

    async fn id(&self, at: usize) -> anyhow::Result<B256> {
        let deadline = self.journal.sides[at].deadline.unwrap_or_default();
        let (sender, receiver) = (self.people[at].address(), self.people[1 - at].address());
        let terms = args![
            sender,
            receiver,
            Address::ZERO,
            self.amounts[at],
            self.hash(),
            deadline
        ];
        let id = self.contract(at)?.call("id_of", terms).await?.bytes(0)?;
        Ok(B256::from_slice(&id))
    }

    async fn lock(&self, at: usize) -> anyhow::Result<Lock> {
        let state = self
            .contract(at)?
            .call("state", args![self.id(at).await?])
            .await?
            .text(0)?;
        Ok(match state.trim_matches('"') {
            "unknown" => Lock::Unknown,
            "locked" => Lock::Locked,
            "late" => Lock::Late,
            "claimed" => Lock::Claimed,
            "refunded" => Lock::Refunded,
            other => bail!("the contract on network {} says {other}", at + 1),
        })
    }

    /// Seconds until a lock ends, by its own network's clock.
    async fn left(&self, at: usize) -> anyhow::Result<u64> {
        let deadline = self.journal.sides[at]
            .deadline
            .context("a lock has a deadline")?;
        Ok(deadline.saturating_sub(self.stages[at].now().await?))
    }

    async fn make_lock(&mut self, at: usize) -> anyhow::Result<()> {
        let now = self.stages[at].now().await?;
        if at == 1 && !self.first_lock_is_good().await? {
            self.step("Bob finds that too little time is left, and locks nothing.");
            let left = self.left(0).await?;
            return self.stages[0].pass(left).await;
        }
        // Terms that nobody has locked under, and whose time is over, are replaced.
        let deadline = match self.journal.sides[at].deadline {
            Some(deadline) if deadline > now + LASTS[at] / 2 => deadline,
            _ => now + LASTS[at],
        };
        self.note(at, |side| side.deadline = Some(deadline))?;
        let (name, other) = (self.people[at].name, self.people[1 - at].address());
        let amount = self.amounts[at];
        let hash = self.hash();
        match at {
            0 => self.step(format_args!("{name} locks {amount} coins for Bob on network 1, under the hash {hash}.")),
            _ => self.step(format_args!("{name} locks {amount} coins for Alice on network 2, under the same hash, for half the time.")),
        }
        let terms = args![other, hash, deadline];
        let done = self
            .contract(at)?
            .pay(&self.people[at].account, "lock", terms, amount)
            .await;
        self.shown(at, done)
    }

    /// What Bob checks before he locks. Amount, receiver and hash need no look: the contract's code, which he has compared, makes the
    /// id from the terms that he asked about, and says that there is a lock of this id.
    async fn first_lock_is_good(&self) -> anyhow::Result<bool> {
        Ok(self.left(0).await? >= LASTS[1] + LEAST)
    }

    async fn claim(&mut self, at: usize) -> anyhow::Result<()> {
        let left = self.left(at).await?;
        let secret = match at {
            // Alice claims on network 2, with the secret that she alone knows.
            1 if left < LEAST => {
                self.step(format_args!(
                    "Only {left} s are left on network 2: Alice does not show her secret any more."
                ));
                return self.stages[1].pass(left).await;
            }
            1 => {
                self.step(
                    "Alice claims Bob's coins on network 2. That shows her secret to everybody.",
                );
                self.journal.secret
            }
            // Bob claims on network 1, with the secret that network 2 knows since Alice has claimed.
            _ => {
                let claimed = self.contract(1)?.events("Claimed", 0).await?;
                let id = self.id(1).await?;
                let ours = claimed
                    .iter()
                    .find(|told| told.values.bytes("id").is_ok_and(|found| **found == *id));
                let secret = ours
                    .context("network 2 tells of Alice's claim")?
                    .values
                    .bytes("secret")?;
                self.step(format_args!("Bob reads the secret {secret} on network 2, and claims Alice's coins on network 1."));
                B256::from_slice(&secret)
            }
        };
        self.send(at, 1 - at, "claim", args![self.id(at).await?, secret])
            .await
    }

    async fn send(
        &mut self,
        at: usize,
        who: usize,
        function: &str,
        arguments: &[Argument],
    ) -> anyhow::Result<()> {
        let done = self
            .contract(at)?
            .send(&self.people[who].account, function, arguments)
            .await;
        self.shown(at, done)
    }

    fn shown(&mut self, at: usize, done: Result<Done, ContractError>) -> anyhow::Result<()> {
        if let Ok(done) = &done {
            self.stages[at].done(done);
        }
        self.look_again(done.map(|_| ()))
    }

    /// A refusal may mean that the step is done already, by a transaction whose answer a crash has swallowed: the chain knows.
    fn look_again(&mut self, done: Result<(), ContractError>) -> anyhow::Result<()> {
        match done {
            Err(error @ (ContractError::WouldRevert { .. } | ContractError::Reverted { .. })) => {
                self.refusals += 1;
                ensure!(self.refusals < 5, error);
                self.tell(format_args!(
                    "Not done: {error}. Looking again what the chain says."
                ));
                Ok(())
            }
            other => {
                self.refusals = 0;
                Ok(other?)
            }
        }
    }
}
