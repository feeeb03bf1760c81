//! A network's parameters in plain words.

use std::fmt::Write;

use alloy_primitives::U256;
use chrono::DateTime;

use super::super::terminal::{duration, good, strong};
use super::meaning::{Meaning, TRANSFER_GAS, coins};
use crate::protocol::coin::amount::Amount;

/// How many first accounts are listed; JSON has all.
const SHOWN_ACCOUNTS: usize = 12;

impl Meaning {
    pub fn text(&self, now: u64) -> String {
        let parameters = self.parameters();
        let mut lines = Lines::default();
        lines.add(
            "chain id",
            format!(
                "{}: what is signed for it holds on no other network",
                parameters.chain_id
            ),
        );
        lines.add(
            "begins",
            format!("{}, with block 0", date(parameters.time.into())),
        );
        lines.add(
            "block time",
            format!("{} wished between blocks", span(parameters.spacing.into())),
        );
        self.difficulty(&mut lines);
        lines.add("clock", match parameters.ahead {
            0 => "a block may bear any later time than its parent, however far ahead of the clock".to_owned(),
            ahead => format!("a block may bear a time at most {} ahead of a node's clock", span(ahead.into())),
        });
        self.coins(&mut lines);
        lines.add(
            "a block holds",
            format!(
                "at most {} gas ({}) in {} bytes",
                threes(parameters.gas_limit),
                counted(parameters.gas_limit / TRANSFER_GAS, "plain transfer"),
                threes(parameters.byte_limit),
            ),
        );
        let cheapest =
            Amount::from_units(U256::from(parameters.base_fee) * U256::from(TRANSFER_GAS));
        lines.add(
            "base fee",
            format!(
                "{} a gas, for the miner: a plain transfer costs at least {cheapest} coins",
                counted(parameters.base_fee, "unit")
            ),
        );
        let depth = u64::from(parameters.reorg_depth) * u64::from(parameters.spacing);
        lines.add("reorgs", format!(
            "a node gives up at most its last {} ({}) for a chain with more work; beyond that its operator decides",
            counted(parameters.reorg_depth.into(), "block"),
            span(depth),
        ));
        for (height, spec) in &parameters.specs {
            lines.add(
                "EVM",
                format!("{} from block {}", spec.name(), threes(*height)),
            );
        }
        self.accounts(&mut lines);
        lines.add("parameter hash", parameters.hash().to_string());
        lines.add(
            "genesis hash",
            format!(
                "{} (its record: {})",
                self.genesis.hash(),
                self.genesis.record_hash
            ),
        );
        lines.add(
            "state root",
            self.genesis.block.record.state_root.to_string(),
        );
        for warning in self.warnings(now) {
            lines.add("mind", warning);
        }
        format!(
            "{}\n{}",
            good(&format!("{}: every parameter holds", parameters.name)),
            lines.0
        )
    }

    fn difficulty(&self, lines: &mut Lines) {
        let parameters = self.parameters();
        let hashes = threes(parameters.easiest().work());
        if parameters.half_life == 0 {
            lines.add(
                "difficulty",
                format!("never changes: a block takes {hashes} hashes on average, whoever mines"),
            );
            return;
        }
        let half_life = span(parameters.half_life.into());
        lines.add("difficulty", format!(
            "doubles when blocks come {half_life} early, halves when they come {half_life} late; never less than {hashes} hashes a block"
        ));
        for (who, before) in [
            ("half of all miners leave", 2),
            ("nine of ten leave", 10),
            ("29 of 30 leave", 30),
        ] {
            let until = "come within twice the wished time again";
            lines.add(
                "",
                match self.mends_after(before) {
                    Some(0) => format!("if {who}, blocks still come within twice the wished time"),
                    Some(seconds) => {
                        format!("if {who}, blocks {until} after about {}", span(seconds))
                    }
                    None => format!("if {who}, blocks never {until}"),
                },
            );
        }
    }

    fn coins(&self, lines: &mut Lines) {
        let parameters = self.parameters();
        let first = Amount::from_units(parameters.first_balances());
        let paid = Amount::from_units(U256::from(parameters.subsidy));
        let halvings = self.halvings();
        lines.add(
            "subsidy",
            match halvings.first() {
                None => format!("{paid} coins a block, for as long as blocks can be numbered"),
                Some(_) if paid.is_zero() => "none: a block creates no coins".to_owned(),
                Some(_) => format!(
                    "{paid} coins a block at first, half of it after each {}",
                    counted(parameters.halving, "block")
                ),
            },
        );
        for halving in halvings
            .iter()
            .take(2)
            .filter(|halving| !halving.subsidy.is_zero())
        {
            lines.add(
                "",
                format!(
                    "{} from block {} on, about {}",
                    halving.subsidy,
                    threes(halving.block),
                    self.when(halving.block)
                ),
            );
        }
        if let Some(end) = halvings
            .last()
            .filter(|end| end.subsidy.is_zero() && !paid.is_zero())
        {
            lines.add(
                "",
                format!(
                    "none from block {} on, about {}",
                    threes(end.block),
                    self.when(end.block)
                ),
            );
        }
        lines.add(
            "coins ever",
            format!(
                "{}, of which the first accounts have {first}",
                self.coins_ever()
            ),
        );
    }

    fn accounts(&self, lines: &mut Lines) {
        let accounts = &self.parameters().accounts;
        let rich: Vec<_> = accounts
            .iter()
            .filter(|account| account.balance > 0)
            .collect();
        let code = accounts.len()
            - rich
                .iter()
                .filter(|account| account.code.is_empty())
                .count();
        lines.add(
            "first accounts",
            format!("{} with coins, {code} with code", rich.len()),
        );
        for account in rich.iter().take(SHOWN_ACCOUNTS) {
            lines.add("", format!("{} has {}", account.address, coins(account)));
        }
        if let Some(more) = rich
            .len()
            .checked_sub(SHOWN_ACCOUNTS)
            .filter(|more| *more > 0)
        {
            lines.add("", format!("and {more} more: --json has all"));
        }
    }

    fn when(&self, block: u64) -> String {
        self.about(block)
            .map_or_else(|| "when nobody counts any more".to_owned(), date)
    }
}

/// A name and what there is to say, line by line.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, text: String) {
        let name = strong(&format!("{name:<15}"));
        // A text takes all.
        let _ = writeln!(self.0, "{name} {text}");
    }
}

/// A moment in UTC; a far one as its distance.
fn date(seconds: u64) -> String {
    const LAST: i64 = 253_402_300_799; // of the year 9999
    let moment = i64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= LAST);
    match moment.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
        Some(moment) => moment.format("%Y-%m-%d %H:%M UTC").to_string(),
        None => format!("the year {}", threes(1970 + seconds / 31_556_952)),
    }
}

/// A duration without the zeros at its end.
pub(super) fn span(seconds: u64) -> String {
    let text = duration(seconds);
    let short = [" 0 s", " 0 min", " 0 h"];
    let whole = short.iter().find_map(|zero| text.strip_suffix(zero));
    whole.unwrap_or(&text).to_owned()
}

/// A count with commas and its noun.
fn counted(number: u64, noun: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{} {noun}{many}", threes(number))
}

/// A whole number with commas.
pub(super) fn threes(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_for_people() {
        assert_eq!(
            (counted(1, "block"), counted(1_008, "block")),
            ("1 block".into(), "1,008 blocks".into())
        );
        assert_eq!(
            (span(0), span(600), span(630)),
            ("0 s".into(), "10 min".into(), "10 min 30 s".into())
        );
        assert_eq!((span(7_200), span(604_800)), ("2 h".into(), "7 d".into()));
        assert_eq!(threes(0), "0");
        assert_eq!(threes(999), "999");
        assert_eq!(threes(1_234_567), "1,234,567");
        assert_eq!(date(1_795_219_200), "2026-11-21 00:00 UTC");
        assert_eq!(date(u64::MAX), "the year 584,554,051,223");
    }
}
