//! What a coin node answers, as problems: each names the rule that did not hold.

use axum::http::header;

use super::super::problem::{Kind, Problem};
use crate::mempool::Refused;
use crate::node::coin::CoinError;
use crate::protocol::coin::broken::Broken;
use crate::protocol::coin::header::PowHash;

/// The problem of an envelope that no block may hold.
pub fn transaction_invalid(rule: &Broken) -> Problem {
    let kind = match rule {
        // The bytes themselves are at fault.
        Broken::TransactionEncoding(_) => Kind::BadMember,
        _ => Kind::TransactionInvalid,
    };
    Problem::new(kind, format!("The transaction cannot be taken: {rule}."))
        .with("rule", rule.name())
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let kind = match &refused {
            Refused::Bytes { .. }
            | Refused::GasLimit { .. }
            | Refused::FeeBelowBase { .. }
            | Refused::Impersonated { .. }
            | Refused::SenderHasCode { .. } => Kind::TransactionInvalid,
            Refused::NonceUsed { .. }
            | Refused::TooManyInARow { .. }
            | Refused::ReplacementPaysTooLittle { .. }
            | Refused::Unaffordable { .. } => Kind::TransactionRefused,
            Refused::Full { .. }
            | Refused::FullBehindCheaper { .. }
            | Refused::FullBehindGap { .. } => Kind::MempoolFull,
        };
        let problem = Self::new(
            kind,
            format!("The transaction may not wait here: {refused}."),
        )
        .with("rule", rule_of(&refused));
        match refused {
            Refused::NonceUsed { next, .. } | Refused::TooManyInARow { next, .. } => {
                problem.with("next_nonce", next)
            }
            Refused::FullBehindGap { missing, .. } => problem.with("next_nonce", missing),
            // Fees go beyond what a JSON number says exactly.
            Refused::ReplacementPaysTooLittle {
                needed_greatest,
                needed_priority,
                ..
            } => problem
                .with("needed_fee", needed_greatest.to_string())
                .with("needed_priority_fee", needed_priority.to_string()),
            Refused::Full { needed, .. } | Refused::FullBehindCheaper { needed, .. } => {
                problem.with("needed_fee", needed.to_string())
            }
            _ => problem,
        }
    }
}

/// The name of a rule of policy, beside those of [`Broken::NAMES`].
fn rule_of(refused: &Refused) -> &'static str {
    match refused {
        Refused::Bytes { .. } => "mempool_bytes",
        Refused::GasLimit { .. } => "mempool_gas_limit",
        Refused::FeeBelowBase { .. } => "mempool_fee_below_base",
        Refused::Impersonated { .. } => "mempool_impersonated",
        Refused::SenderHasCode { .. } => "mempool_sender_has_code",
        Refused::NonceUsed { .. } => "mempool_nonce_used",
        Refused::TooManyInARow { .. } => "mempool_too_many_in_a_row",
        Refused::ReplacementPaysTooLittle { .. } => "mempool_replacement_pays_too_little",
        Refused::Unaffordable { .. } => "mempool_unaffordable",
        Refused::Full { .. } => "mempool_full",
        Refused::FullBehindCheaper { .. } => "mempool_full_behind_cheaper",
        Refused::FullBehindGap { .. } => "mempool_full_behind_gap",
    }
}

impl From<CoinError> for Problem {
    fn from(error: CoinError) -> Self {
        let detail = sentence(&error);
        match error {
            CoinError::Store(error) => error.into(),
            CoinError::Refused(refused) => refused.into(),
            CoinError::Invalid { hash, fault } => {
                // A block that was not read whole has no hash yet.
                let detail = match hash == PowHash::ZERO {
                    true => format!("The block is invalid: {fault}."),
                    false => detail,
                };
                let problem = match &fault.rule {
                    Broken::ParentUnknown { .. } | Broken::TimeTooFarAhead { .. } => {
                        Self::new(Kind::BlockRefused, detail)
                    }
                    Broken::Encoding(_) => Self::new(Kind::BadMember, detail),
                    _ => Self::new(Kind::BlockInvalid, detail),
                };
                let problem = problem.with("rule", fault.rule.name());
                match fault.transaction {
                    Some(index) => problem.with("transaction", index),
                    None => problem,
                }
            }
            CoinError::KnownInvalid { .. } => {
                Self::new(Kind::BlockInvalid, detail).with("rule", "known_invalid")
            }
            CoinError::LowWork { .. } => {
                Self::new(Kind::BlockRefused, detail).with("rule", "low_work")
            }
            CoinError::TooDeep { .. } => {
                Self::new(Kind::BlockRefused, detail).with("rule", "too_deep")
            }
            CoinError::Dev(_) => Self::new(Kind::BlockRefused, detail).with("rule", "dev"),
            CoinError::TooManyPeers { max, .. } => {
                Self::new(Kind::TooManyPeers, detail).with("limit", max)
            }
            CoinError::TooManySources { most } => {
                Self::new(Kind::TooManySources, detail).with("limit", most)
            }
            CoinError::ShuttingDown | CoinError::SearchStopped => {
                Self::new(Kind::Stopping, detail).header(header::RETRY_AFTER, "1")
            }
            CoinError::Unsound(error) => {
                tracing::error!(%error, "the execution came to something that cannot be");
                Self::new(Kind::Internal, detail)
            }
        }
    }
}

/// An error's text as a sentence.
pub fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", characters.as_str())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    #[test]
    fn a_refusal_names_its_rule_and_the_way_out() {
        let refused = Refused::NonceUsed {
            sender: Address::ZERO,
            found: 1,
            next: 3,
        };
        let problem = Problem::from(refused).to_json();
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["rule"], "mempool_nonce_used");
        assert_eq!(problem["next_nonce"], 3);
        let full = Refused::Full {
            found: 1,
            least: u128::MAX - 1,
            needed: u128::MAX,
            base_fee: 1,
        };
        let problem = Problem::from(full).to_json();
        assert_eq!(problem["status"], 507);
        assert_eq!(problem["needed_fee"], u128::MAX.to_string());
    }

    #[test]
    fn no_name_of_policy_is_one_of_consensus() {
        let refused = Refused::SenderHasCode {
            sender: Address::ZERO,
        };
        assert!(!Broken::NAMES.contains(&rule_of(&refused)));
        let problem = transaction_invalid(&Broken::TransactionHighS).to_json();
        assert_eq!(
            (&problem["status"], &problem["rule"]),
            (&422.into(), &"tx_high_s".into())
        );
    }
}
