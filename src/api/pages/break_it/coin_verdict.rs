//! What was found wrong with a coin block, in the words of the page.

use super::super::short;
use super::super::strings::{BreakIt, fill};
use super::coin_copy::Unreadable;
use super::verdict::{BlockVerdict, Fault};
use crate::protocol::coin::broken::{self, Broken};
use crate::protocol::coin::judge::Judged;

impl BlockVerdict {
    /// Of a coin block at `number`, made from the one with the hash `was`.
    pub(super) fn coin(
        judged: Result<Judged, Unreadable>,
        was: &str,
        number: u64,
        t: &BreakIt,
    ) -> Self {
        let (hash, broken, is_linked) = match judged {
            Ok(judged) => {
                let faults = judged.faults.iter().map(|fault| found(fault, number, t));
                (
                    Some(judged.hash.to_string()),
                    faults.collect(),
                    judged.own.is_some(),
                )
            }
            Err(Unreadable(member)) => {
                let fault = Fault {
                    why: fill(t.why_member, &[&member]),
                    rule: format!("block {number} has a field that cannot be read: {member}"),
                    member,
                };
                (None, vec![fault], true)
            }
        };
        Self {
            height: number,
            changed: hash.as_deref() != Some(was),
            hash,
            broken,
            note: (!is_linked).then_some(t.before_unreadable),
            point: None,
        }
    }
}

fn found(fault: &broken::Fault, number: u64, t: &BreakIt) -> Fault {
    let before = short::number(number.saturating_sub(1));
    if let Some(index) = fault.transaction {
        let place = index + 1;
        return Fault {
            member: format!("transactions.{index}"),
            why: match fault.rule {
                Broken::TransactionSignature | Broken::TransactionHighS => {
                    fill(t.why_signature, &[&place])
                }
                _ => fill(t.why_transaction, &[&place]),
            },
            rule: format!("block {number}: {fault}"),
        };
    }
    let (member, why) = match &fault.rule {
        Broken::ParentUnknown { .. } => ("header.previous", fill(t.why_coin_previous, &[&before])),
        Broken::HeaderVersion { .. } => ("header.version", t.why_version.to_owned()),
        Broken::BitsInvalid { .. } | Broken::BitsTooEasy { .. } | Broken::BitsWrong { .. } => {
            ("header.bits", t.why_bits.to_owned())
        }
        Broken::ProofOfWork { .. } => ("header.nonce", t.why_work.to_owned()),
        Broken::Commitment { .. } => ("header.commitment", t.why_commitment.to_owned()),
        Broken::TimeMismatch { .. } => ("record.timestamp", t.why_time_mismatch.to_owned()),
        Broken::TimeNotAboveParent { .. } | Broken::TimeTooFarAhead { .. } => {
            ("header.time", fill(t.why_time, &[&before]))
        }
        Broken::RecordParent { .. } => {
            ("record.parent_hash", fill(t.why_record_parent, &[&before]))
        }
        Broken::Number { .. } => (
            "record.number",
            fill(t.why_number, &[&short::number(number)]),
        ),
        Broken::TransactionsRoot { .. } => (
            "record.transactions_root",
            t.why_transactions_root.to_owned(),
        ),
        rule => {
            let member = record_member(rule);
            (member, fill(t.why_record, &[&member]))
        }
    };
    Fault {
        member: member.to_owned(),
        why,
        rule: format!("block {number}: {fault}"),
    }
}

/// The field of the record that a rule of the record alone is about.
fn record_member(rule: &Broken) -> &'static str {
    match rule {
        Broken::OmmersHash { .. } => "record.ommers_hash",
        Broken::RecordNonce => "record.nonce",
        Broken::GasLimit { .. } => "record.gas_limit",
        Broken::BaseFee { .. } => "record.base_fee",
        Broken::DifficultyField { .. } => "record.difficulty",
        Broken::ExtraDataLength { .. } => "record.extra_data",
        Broken::GasUsedOverLimit { .. } => "record.gas_used",
        Broken::MixHash { .. } => "record.mix_hash",
        _ => "record",
    }
}
