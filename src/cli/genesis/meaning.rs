//! What a network's parameters come to.

use alloy_primitives::U256;
use serde_json::{Value, json};

use super::new::GAS_A_SECOND;
use super::words::{span, threes};
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::parameters::{FirstAccount, Parameters};
use crate::protocol::coin::subsidy::{issued, next_halving, subsidy};

/// Gas of a transfer of coins.
pub(super) const TRANSFER_GAS: u64 = 21_000;

/// A network whose parameters hold, and what follows from them.
pub struct Meaning {
    pub(super) genesis: Genesis,
}

/// A block with a smaller subsidy than the one before.
pub(super) struct Halving {
    pub block: u64,
    pub subsidy: Amount,
}

impl Meaning {
    /// Of parameters that hold.
    pub fn of(parameters: Parameters) -> Self {
        Self {
            genesis: Genesis::of(parameters),
        }
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.genesis.parameters
    }

    /// When a block comes if all come as wished.
    pub(super) fn about(&self, block: u64) -> Option<u64> {
        let parameters = self.parameters();
        let after = block.checked_mul(parameters.spacing.into())?;
        after.checked_add(parameters.time.into())
    }

    pub(super) fn halvings(&self) -> Vec<Halving> {
        let parameters = self.parameters();
        let blocks = std::iter::successors(next_halving(parameters, 1), |block| {
            next_halving(parameters, *block)
        });
        blocks
            .map(|block| Halving {
                block,
                subsidy: Amount::from_units(subsidy(parameters, block)),
            })
            .collect()
    }

    pub(super) fn coins_ever(&self) -> Amount {
        let parameters = self.parameters();
        Amount::from_units(parameters.first_balances() + issued(parameters, u64::MAX))
    }

    /// Seconds until blocks come within twice the spacing again, on average, when only one of `before` equal miners goes on; none if they never do.
    pub(super) fn mends_after(&self, before: u32) -> Option<u64> {
        let parameters = self.parameters();
        let (spacing, half_life) = (
            f64::from(parameters.spacing),
            f64::from(parameters.half_life),
        );
        let longest_counted = 2.0 * half_life;
        let (mut gap, mut passed) = (spacing * f64::from(before), 0.0);
        // While gaps are longer than what counts of them, each brings the target forward by the same.
        while gap > longest_counted.max(2.0 * spacing) {
            if longest_counted <= spacing {
                return None;
            }
            passed += gap;
            gap *= ((spacing - longest_counted) / half_life).exp2();
        }
        // From there on the target doubles with each half-life that the chain falls behind, which it does by 1 - spacing / gap a second.
        let times = gap / spacing;
        if times > 2.0 {
            passed += half_life * (times - 1.0).log2();
        }
        Some(passed.round() as u64)
    }

    /// What somebody who chose these numbers may not have meant.
    pub(super) fn warnings(&self, now: u64) -> Vec<String> {
        let parameters = self.parameters();
        let (spacing, half_life) = (parameters.spacing, parameters.half_life);
        let mut warnings = Vec::new();
        let mut warn = |holds: bool, text: String| {
            if holds {
                warnings.push(text);
            }
        };
        let early = u64::from(parameters.time).saturating_sub(now);
        warn(
            early > 0,
            format!(
                "time is {} ahead of this machine's clock: {}",
                span(early),
                match parameters.ahead {
                    0 => "every block will bear times from the future",
                    _ => "until then no node takes a block",
                }
            ),
        );
        warn(
            half_life != 0 && half_life <= spacing / 2,
            "half_life is at most half the spacing, and one gap counts at most two half-lives: the difficulty can rise and never falls".into(),
        );
        warn(
            half_life > spacing / 2 && half_life < spacing.saturating_mul(4),
            "half_life is less than four times the spacing: luck alone makes the difficulty swing"
                .into(),
        );
        warn(
            half_life != 0 && (parameters.ahead == 0 || parameters.ahead > half_life / 4),
            "ahead is more than a quarter of half_life, or without limit: miners can make their own work easier by dates from the future".into(),
        );
        let tenth = u64::from(spacing) * GAS_A_SECOND / 10;
        warn(
            half_life != 0 && parameters.gas_limit > tenth.max(TRANSFER_GAS),
            format!(
                "gas_limit is more than one core executes in a tenth of the spacing at the worst ({} gas): slow nodes may fall behind",
                threes(tenth)
            ),
        );
        let depth = u64::from(parameters.reorg_depth) * u64::from(spacing);
        warn(
            half_life != 0 && depth < 86_400,
            format!(
                "reorg_depth is {}: a network that is cut in two for longer does not grow together by itself",
                span(depth)
            ),
        );
        warn(
            parameters.base_fee == 0,
            "base_fee is 0: some wallets fall back to legacy transactions".into(),
        );
        warnings
    }

    pub fn json(&self, now: u64) -> Value {
        let parameters = self.parameters();
        let easiest = parameters.easiest();
        let halvings: Vec<Value> = self
            .halvings()
            .iter()
            .map(|halving| json!({"block": halving.block, "subsidy": halving.subsidy, "about": self.about(halving.block)}))
            .collect();
        let accounts = parameters.accounts.iter().map(|account| {
            json!({"address": account.address.to_checksum(None), "balance": coins(account), "has_code": !account.code.is_empty()})
        });
        let mends = |before| match parameters.half_life {
            0 => Value::Null,
            _ => self.mends_after(before).into(),
        };
        json!({
            "valid": true,
            "name": parameters.name,
            "chain_id": parameters.chain_id,
            "time": parameters.time,
            "spacing": parameters.spacing,
            "half_life": parameters.half_life,
            "easiest_bits": parameters.easiest_bits.to_string(),
            "easiest_hashes": easiest.work().to_string(),
            "mends_after": {"half_leaves": mends(2), "nine_of_ten_leave": mends(10), "twenty_nine_of_thirty_leave": mends(30)},
            "ahead": parameters.ahead,
            "subsidy": Amount::from_units(U256::from(parameters.subsidy)),
            "halving": parameters.halving,
            "halvings": halvings,
            "first_coins": Amount::from_units(parameters.first_balances()),
            "coins_ever": self.coins_ever(),
            "gas_limit": parameters.gas_limit,
            "byte_limit": parameters.byte_limit,
            "base_fee": parameters.base_fee.to_string(),
            "reorg_depth": parameters.reorg_depth,
            "reorg_seconds": u64::from(parameters.reorg_depth) * u64::from(parameters.spacing),
            "specs": parameters.specs.iter().map(|(height, spec)| json!([height, spec.name()])).collect::<Vec<_>>(),
            "accounts": accounts.collect::<Vec<_>>(),
            "parameter_hash": parameters.hash(),
            "genesis_hash": self.genesis.hash().to_string(),
            "genesis_record_hash": self.genesis.record_hash,
            "state_root": self.genesis.block.record.state_root,
            "warnings": self.warnings(now),
        })
    }
}

pub(super) fn coins(account: &FirstAccount) -> Amount {
    Amount::from_units(U256::from(account.balance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_begins_in_the_future_is_pointed_out() {
        let meaning = Meaning::of(Parameters::main());
        let time = u64::from(meaning.parameters().time);
        assert!(meaning.warnings(time).is_empty());
        let warnings = meaning.warnings(time - 7_200);
        assert_eq!(
            warnings,
            ["time is 2 h ahead of this machine's clock: until then no node takes a block"]
        );
    }

    fn mends(spacing: u32, half_life: u32, before: u32) -> Option<u64> {
        let parameters = Parameters {
            spacing,
            half_life,
            ..Parameters::main()
        };
        Meaning::of(parameters).mends_after(before)
    }

    /// Block by block: the gap that the present difficulty makes, until it is short enough.
    fn walked(spacing: f64, half_life: f64, before: f64) -> f64 {
        let (mut behind, mut passed) = (0.0_f64, 0.0);
        loop {
            let gap = spacing * before / (behind / half_life).exp2();
            if gap <= 2.0 * spacing {
                return passed;
            }
            passed += gap;
            behind += gap.min(2.0 * half_life) - spacing;
        }
    }

    #[test]
    fn the_time_until_the_difficulty_mends_is_that_of_a_walk_through_the_blocks() {
        for (spacing, half_life, before) in [
            (10, 600, 30),
            (600, 7_200, 10),
            (600, 7_200, 100),
            (10, 60, 1_000),
            (600, 600, 10),
        ] {
            let told = mends(spacing, half_life, before).unwrap() as f64;
            let walked = walked(spacing.into(), half_life.into(), before.into());
            assert!(
                (told - walked).abs() < 0.25 * walked,
                "{spacing} {half_life} {before}: {told}, walked {walked}"
            );
        }
        // From 30 machines to 1 with ten seconds and a half-life of ten minutes: within an hour.
        assert_eq!(mends(10, 600, 30), Some(2_915));
        assert_eq!(mends(600, 300, 10), None);
        assert_eq!(mends(10, 600, 2), Some(0));
    }
}
