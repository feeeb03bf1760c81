//! Ethereum's transaction tests: envelopes alone, each with what the forks say of it.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, Result};
use bcoin::protocol::coin::broken::Broken;
use bcoin::protocol::coin::execution::intrinsic_gas;
use bcoin::protocol::coin::parameters::{Parameters, Spec};
use bcoin::protocol::coin::transaction::Transaction;
use serde::Deserialize;

use crate::left_out::{Reason, Verdict};

#[derive(Deserialize)]
struct Test {
    txbytes: Bytes,
    result: BTreeMap<String, Said>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    #[serde(rename_all = "camelCase")]
    Valid {
        hash: B256,
        sender: Address,
        intrinsic_gas: U256,
    },
    Invalid {
        exception: String,
    },
}

/// The forks whose word is taken, the latest first. What Osaka and Prague made of transactions since is told by the reasons.
const FORKS: [&str; 8] = [
    "Osaka", "Prague", "Cancun", "Shanghai", "Paris", "London", "Berlin", "Istanbul",
];

/// Verdicts on the tests of one file.
///
/// # Errors
/// When the file cannot be read, or is not of the form.
pub fn verdicts(file: &Path) -> Result<Vec<Verdict>> {
    let context = || format!("{}", file.display());
    let tests: BTreeMap<String, Test> =
        serde_json::from_slice(&std::fs::read(file)?).with_context(context)?;
    let verdicts = tests.values().map(|test| {
        let said = FORKS.iter().find_map(|fork| test.result.get(*fork));
        Ok(verdict(&test.txbytes, said.with_context(context)?))
    });
    verdicts.collect()
}

fn verdict(bytes: &Bytes, said: &Said) -> Verdict {
    let parameters = Parameters {
        chain_id: 1,
        ..Parameters::dev()
    };
    let read = Transaction::decode(bytes.clone(), &parameters, Spec::Osaka);
    match (said, read) {
        // Whatever else is wrong with it has not been looked at.
        (_, Err(Broken::TransactionUnprotected)) => Verdict::LeftOut(Reason::Unprotected),
        (Said::Invalid { .. }, Err(_)) => Verdict::Passed,
        (Said::Invalid { exception }, Ok(_)) => {
            Verdict::Failed(format!("taken in spite of {exception}"))
        }
        (
            Said::Valid {
                hash,
                sender,
                intrinsic_gas: least,
            },
            Ok(read),
        ) => {
            let gas = U256::from(intrinsic_gas(read.envelope(), Spec::Osaka));
            if (read.hash(), read.sender()) == (*hash, *sender) && gas >= *least {
                Verdict::Passed
            } else {
                Verdict::Failed(format!(
                    "hash {}, sender {}, gas {gas}",
                    read.hash(),
                    read.sender()
                ))
            }
        }
        (Said::Valid { .. }, Err(broken)) => match broken {
            Broken::TransactionGasCap { .. } => Verdict::LeftOut(Reason::GasCap),
            Broken::TransactionIntrinsicGas { .. } => Verdict::LeftOut(Reason::Floor),
            Broken::TransactionEncoding(_) => Verdict::LeftOut(Reason::GreatFee),
            Broken::TransactionType { found: 3 } => Verdict::LeftOut(Reason::Blobs),
            Broken::TransactionType { found: 4 } => Verdict::LeftOut(Reason::SetCode),
            other => Verdict::Failed(other.to_string()),
        },
    }
}
