//! What makes a network: the parameters to which its genesis block commits. `docs/coin-format.md`, section 1.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Encodable, Header as ListHeader};
use thiserror::Error;

use super::subsidy::issued;
use super::target::{Bits, Target};

/// The EVM's rules from some height on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spec {
    Osaka,
}

impl Spec {
    pub const ALL: [Self; 1] = [Self::Osaka];

    pub fn name(self) -> &'static str {
        match self {
            Self::Osaka => "osaka",
        }
    }
}

/// An account that is there from the genesis block on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAccount {
    pub address: Address,
    /// In units.
    pub balance: u128,
    pub code: Bytes,
}

/// The parameters of a network. Read them from a genesis file, or take [`Parameters::main`] or [`Parameters::dev`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    pub name: String,
    pub chain_id: u64,
    /// Of the genesis block, seconds since 1970.
    pub time: u32,
    /// Seconds wished between blocks.
    pub spacing: u32,
    /// Of the difficulty, in seconds; 0: the target never changes.
    pub half_life: u32,
    pub easiest_bits: Bits,
    /// Seconds that a block's time may run ahead of the clock; 0: no limit.
    pub ahead: u32,
    /// Units that block 1 creates.
    pub subsidy: u128,
    /// Blocks between halvings.
    pub halving: u64,
    pub gas_limit: u64,
    /// Of an encoded block.
    pub byte_limit: u64,
    /// Units a gas.
    pub base_fee: u64,
    /// Blocks that a node gives up without asking its operator.
    pub reorg_depth: u32,
    /// By the first height; heights ascending, the first 0.
    pub specs: Vec<(u64, Spec)>,
    /// Addresses ascending.
    pub accounts: Vec<FirstAccount>,
}

/// Units in a coin.
pub const COIN: u128 = 1_000_000_000_000_000_000;

/// Which parameter cannot be, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadParameter {
    #[error("name {name:?} is not 1 to 32 characters of a-z, 0-9 and -, the first a letter")]
    Name { name: String },
    #[error("{parameter} is {found}, it must be from {least} to {most}")]
    Range {
        parameter: &'static str,
        found: u128,
        least: u128,
        most: u128,
    },
    #[error("easiest_bits {0} is not the compact form of a target")]
    EasiestBits(Bits),
    #[error("specs must begin at height 0")]
    NoSpecAtZero,
    #[error("specs: height {height} does not follow {previous}")]
    SpecOrder { previous: u64, height: u64 },
    #[error("accounts: {address} does not follow {previous} in ascending order")]
    AccountOrder { previous: Address, address: Address },
    #[error("accounts: {0} has neither balance nor code")]
    EmptyAccount(Address),
    #[error(
        "the first accounts and all subsidies together come to {0} units, which is not below 2^127"
    )]
    TooMuchMoney(U256),
}

impl Parameters {
    /// Of the canonical form.
    const FORMAT: u64 = 1;

    /// Checks every rule of section 1.
    ///
    /// # Errors
    /// The first [`BadParameter`], in the order of the canonical form.
    pub fn check(&self) -> Result<(), BadParameter> {
        let first = self.name.bytes().next();
        let name_holds = self.name.len() <= 32
            && first.is_some_and(|first| first.is_ascii_lowercase())
            && self
                .name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !name_holds {
            return Err(BadParameter::Name {
                name: self.name.clone(),
            });
        }
        let ranges: [(&'static str, u128, u128, u128); 9] = [
            ("chain_id", self.chain_id.into(), 1, (1 << 63) - 1),
            ("spacing", self.spacing.into(), 1, 86_400),
            ("half_life", self.half_life.into(), 0, (1 << 31) - 1),
            ("ahead", self.ahead.into(), 0, (1 << 31) - 1),
            ("halving", self.halving.into(), 1, (1 << 63) - 1),
            ("gas_limit", self.gas_limit.into(), 21_000, 1 << 40),
            ("byte_limit", self.byte_limit.into(), 1_024, 1 << 26),
            ("base_fee", self.base_fee.into(), 0, (1 << 63) - 1),
            ("reorg_depth", self.reorg_depth.into(), 1, (1 << 31) - 1),
        ];
        for (parameter, found, least, most) in ranges {
            if !(least..=most).contains(&found) {
                return Err(BadParameter::Range {
                    parameter,
                    found,
                    least,
                    most,
                });
            }
        }
        if !self.easiest_bits.is_canonical() {
            return Err(BadParameter::EasiestBits(self.easiest_bits));
        }
        if self.specs.first().is_none_or(|(height, _)| *height != 0) {
            return Err(BadParameter::NoSpecAtZero);
        }
        for ((previous, _), (height, _)) in self.specs.iter().zip(self.specs.iter().skip(1)) {
            if height <= previous {
                return Err(BadParameter::SpecOrder {
                    previous: *previous,
                    height: *height,
                });
            }
        }
        self.check_accounts()
    }

    fn check_accounts(&self) -> Result<(), BadParameter> {
        for (previous, account) in self.accounts.iter().zip(self.accounts.iter().skip(1)) {
            if account.address <= previous.address {
                return Err(BadParameter::AccountOrder {
                    previous: previous.address,
                    address: account.address,
                });
            }
        }
        let empty = |account: &&FirstAccount| account.balance == 0 && account.code.is_empty();
        if let Some(account) = self.accounts.iter().find(empty) {
            return Err(BadParameter::EmptyAccount(account.address));
        }
        // No sum of balances, and so no fee that somebody could pay, gets beyond 128 bits.
        let all = self.first_balances().saturating_add(issued(self, u64::MAX));
        if all.bit_len() > 127 {
            return Err(BadParameter::TooMuchMoney(all));
        }
        Ok(())
    }

    /// The RLP list to which the genesis block commits.
    pub fn canonical(&self) -> Vec<u8> {
        let mut items = Vec::new();
        Self::FORMAT.encode(&mut items);
        self.name.as_str().encode(&mut items);
        self.chain_id.encode(&mut items);
        self.time.encode(&mut items);
        self.spacing.encode(&mut items);
        self.half_life.encode(&mut items);
        self.easiest_bits.0.encode(&mut items);
        self.ahead.encode(&mut items);
        self.subsidy.encode(&mut items);
        self.halving.encode(&mut items);
        self.gas_limit.encode(&mut items);
        self.byte_limit.encode(&mut items);
        self.base_fee.encode(&mut items);
        self.reorg_depth.encode(&mut items);
        let mut specs = Vec::new();
        for (height, spec) in &self.specs {
            let mut pair = Vec::new();
            height.encode(&mut pair);
            spec.name().encode(&mut pair);
            append_list(&mut specs, &pair);
        }
        append_list(&mut items, &specs);
        let mut accounts = Vec::new();
        for account in &self.accounts {
            let mut three = Vec::new();
            account.address.encode(&mut three);
            account.balance.encode(&mut three);
            account.code.encode(&mut three);
            append_list(&mut accounts, &three);
        }
        append_list(&mut items, &accounts);
        let mut list = Vec::new();
        append_list(&mut list, &items);
        list
    }

    /// Keccak-256 of the canonical form; the genesis block's extra data.
    pub fn hash(&self) -> B256 {
        keccak256(self.canonical())
    }

    /// The easiest target.
    pub fn easiest(&self) -> Target {
        self.easiest_bits
            .target()
            .expect("parameters are used once they are checked")
    }

    /// The EVM's rules for block `number`.
    pub fn spec_at(&self, number: u64) -> Spec {
        let begun = self
            .specs
            .iter()
            .rev()
            .find(|(height, _)| *height <= number);
        begun.map_or(Spec::Osaka, |(_, spec)| *spec)
    }

    /// All that the first accounts hold, in units.
    pub fn first_balances(&self) -> U256 {
        let balances = self.accounts.iter().map(|account| account.balance);
        balances.fold(U256::ZERO, |sum, balance| {
            sum.saturating_add(U256::from(balance))
        })
    }
}

/// Appends an RLP list with this payload.
pub(super) fn append_list(out: &mut Vec<u8>, payload: &[u8]) {
    let header = ListHeader {
        list: true,
        payload_length: payload.len(),
    };
    header.encode(out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_networks_hold_and_differ() {
        let (main, dev) = (Parameters::main(), Parameters::dev());
        assert_eq!((main.check(), dev.check()), (Ok(()), Ok(())));
        assert_ne!(main.hash(), dev.hash());
        assert_eq!(main.first_balances(), U256::ZERO);
    }

    /// Each change of one number is another network.
    #[test]
    fn every_parameter_is_committed_to() {
        let dev = Parameters::dev();
        let changes: [fn(&mut Parameters); 15] = [
            |p| p.name.push('x'),
            |p| p.chain_id += 1,
            |p| p.time += 1,
            |p| p.spacing += 1,
            |p| p.half_life += 1,
            |p| p.easiest_bits.0 -= 1,
            |p| p.ahead += 1,
            |p| p.subsidy -= 1,
            |p| p.halving += 1,
            |p| p.gas_limit += 1,
            |p| p.byte_limit += 1,
            |p| p.base_fee += 1,
            |p| p.reorg_depth += 1,
            |p| p.specs.push((9, Spec::Osaka)),
            |p| p.accounts[0].balance += 1,
        ];
        let mut hashes = vec![dev.hash()];
        for change in changes {
            let mut changed = dev.clone();
            change(&mut changed);
            assert_eq!(changed.check(), Ok(()));
            hashes.push(changed.hash());
        }
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 16);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let broken = |change: fn(&mut Parameters)| {
            let mut parameters = Parameters::dev();
            change(&mut parameters);
            parameters.check().expect_err("broken").to_string()
        };
        for (change, error) in [
            (
                (|p| p.name = "9".into()) as fn(&mut Parameters),
                "name \"9\" is not 1 to 32 characters of a-z, 0-9 and -, the first a letter",
            ),
            (
                |p| p.chain_id = 0,
                "chain_id is 0, it must be from 1 to 9223372036854775807",
            ),
            (
                |p| p.easiest_bits = Bits(0x2000_7fff),
                "easiest_bits 0x20007fff is not the compact form of a target",
            ),
            (|p| p.specs.clear(), "specs must begin at height 0"),
            (
                |p| p.specs.push((0, Spec::Osaka)),
                "specs: height 0 does not follow 0",
            ),
            (
                |p| {
                    p.accounts[0].balance = 0;
                    p.accounts[0].code = Bytes::new();
                },
                "has neither balance nor code",
            ),
            (|p| p.accounts.swap(0, 1), "in ascending order"),
            (
                |p| p.accounts[0].balance = u128::MAX,
                "which is not below 2^127",
            ),
        ] {
            let found = broken(change);
            assert!(found.ends_with(error), "{found}");
        }
    }
}
