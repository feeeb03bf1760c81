//! The files that ethereum's state tests come in, read as far as they are needed here. Their form is told in the documentation of the execution specs, "State Test Fixtures".

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One file: tests by name.
type File = BTreeMap<String, Test>;

#[derive(Deserialize)]
struct Test {
    env: Env,
    pre: BTreeMap<Address, Before>,
    transaction: TransactionTemplate,
    /// By the name of the fork; one for each transaction.
    post: BTreeMap<String, Vec<Post>>,
}

/// The block that the transaction is in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Env {
    pub current_coinbase: Address,
    pub current_gas_limit: U256,
    pub current_number: U256,
    pub current_timestamp: U256,
    /// Since London.
    pub current_base_fee: Option<U256>,
    /// Since Paris.
    pub current_random: Option<B256>,
}

/// An account before the transaction.
#[derive(Debug, Clone, Deserialize)]
pub struct Before {
    pub nonce: U256,
    pub balance: U256,
    pub code: Bytes,
    pub storage: BTreeMap<U256, U256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransactionTemplate {
    secret_key: Option<B256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    hash: B256,
    logs: B256,
    txbytes: Bytes,
    expect_exception: Option<String>,
}

/// One transaction on one state, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file within its suite, the test within the file, and the transaction's place if the test has many.
    pub name: String,
    pub env: Env,
    pub pre: BTreeMap<Address, Before>,
    /// The transaction's envelope as ethereum's tests have it.
    pub envelope: Bytes,
    /// The sender's.
    pub secret_key: Option<B256>,
    /// The state root afterwards.
    pub root: B256,
    /// Keccak-256 of the RLP of all logs.
    pub logs: B256,
    /// Names of rules, any of which the transaction breaks; none if it is valid.
    pub exceptions: Vec<String>,
}

/// The cases of one file that name the fork.
///
/// # Errors
/// When the file cannot be read, or is not of the form.
pub fn cases_of(root: &Path, file: &Path, fork: &str) -> Result<Vec<Case>> {
    let text = std::fs::read(file)?;
    let tests: File =
        serde_json::from_slice(&text).with_context(|| format!("{}", file.display()))?;
    let file = file.strip_prefix(root)?.display().to_string();
    let mut cases = Vec::new();
    for (name, mut test) in tests {
        let posts = test.post.remove(fork).unwrap_or_default();
        let many = posts.len() > 1;
        for (place, post) in posts.into_iter().enumerate() {
            ensure!(
                !post.txbytes.is_empty(),
                "{file}: {name} has no bytes of its transaction"
            );
            let place = if many {
                format!(" #{place}")
            } else {
                String::new()
            };
            cases.push(Case {
                name: format!("{file} {}{place}", short(&name)),
                env: test.env.clone(),
                pre: test.pre.clone(),
                envelope: post.txbytes,
                secret_key: test.transaction.secret_key,
                root: post.hash,
                logs: post.logs,
                exceptions: post
                    .expect_exception
                    .map(|all| all.split('|').map(str::to_owned).collect())
                    .unwrap_or_default(),
            });
        }
    }
    Ok(cases)
}

/// A test's name without the path of its source, which says what the file's own does.
fn short(name: &str) -> &str {
    name.rsplit_once("::").map_or(name, |(_, name)| name)
}
