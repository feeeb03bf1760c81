//! `bcoin genesis new`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::Address;
use clap::{Args, ValueHint};
use serde_json::json;
use tempfile::NamedTempFile;

use super::super::exit::Failure;
use super::super::export::make_readable;
use super::super::terminal;
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::built_in::contracts;
use crate::protocol::coin::genesis::Genesis;
use crate::protocol::coin::parameters::{FirstAccount, Parameters, Spec};
use crate::protocol::coin::target::{Bits, Target};
use crate::wallet::address;

/// Gas that one core executes in a second at the worst: arithmetic on large numbers and new accounts, with the state tree after them. Ordinary transfers are many times faster.
pub(super) const GAS_A_SECOND: u64 = 10_000_000;
/// Bytes of a block that one core decodes, checks and stores in a second, and a slow line carries.
const BYTES_A_SECOND: u64 = 1 << 20;
/// Proofs that one core tries in a second where the processor has no instructions for it.
const HASHES_A_SECOND: u64 = 2_000_000;
/// The most that any network gets by default, as `main` has.
const MOST_GAS: u64 = 30_000_000;
const MOST_BYTES: u64 = 1 << 20;
/// As on `dev`: two hashes.
const NO_WORK: Bits = Bits(0x207f_ffff);

#[derive(Debug, Args)]
pub struct NewArgs {
    /// What the network is called: a-z, 0-9 and -, the first a letter
    #[arg(long)]
    pub name: String,
    /// Time wished between blocks, such as 10s, 2m or 600
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = spacing)]
    pub spacing: u32,
    /// How late or early blocks come until the difficulty has halved or doubled; 0: it never changes [default: 12 spacings, at least 10m]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub half_life: Option<u32>,
    /// Coins that block 1 creates
    #[arg(long, value_name = "COINS", default_value = "50")]
    pub subsidy: Amount,
    /// Blocks after which a block creates half as much
    #[arg(long, value_name = "BLOCKS", default_value_t = 210_000)]
    pub halving: u64,
    /// An account that has coins from the start; may be given again
    #[arg(long = "account", value_name = "ADDRESS=COINS", value_parser = account)]
    pub accounts: Vec<(Address, Amount)>,
    /// The file to write (- writes standard output) [default: NAME.json]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
    /// Print what was made as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &NewArgs) -> Result<(), Failure> {
    if matches!(args.name.as_str(), "classic" | "main" | "dev") {
        return Err(Failure::usage(format!(
            "{} is the name of a network that this program knows, which every `--network` and folder would confuse with this one",
            args.name
        ))
        .hint("Give it a name of its own, such as class-7b."));
    }
    let parameters = parameters(args)?;
    let text = parameters.to_genesis_file();
    let path = match &args.file {
        Some(path) if path.as_os_str() == "-" => return terminal::print(&text),
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.json", args.name)),
    };
    write(&path, &text, args.force)?;
    let genesis = Genesis::of(parameters);
    let (name, chain_id) = (&genesis.parameters.name, genesis.parameters.chain_id);
    if args.json {
        let made = json!({
            "file": path,
            "name": name,
            "chain_id": chain_id,
            "parameter_hash": genesis.parameters.hash(),
            "genesis_hash": genesis.hash().to_string(),
        });
        return terminal::print(&format!("{made}\n"));
    }
    let file = path.display();
    terminal::print(&format!(
        "{file}: network {name}, chain id {chain_id}, genesis {}\n",
        genesis.hash()
    ))?;
    terminal::note(&format!(
        "`bcoin genesis check {file}` says what its numbers mean. Give every node this same file."
    ));
    Ok(())
}

/// What the arguments ask for; the rest follows from the spacing.
fn parameters(args: &NewArgs) -> Result<Parameters, Failure> {
    let spacing = args.spacing;
    let half_life = args
        .half_life
        .unwrap_or_else(|| spacing.saturating_mul(12).max(600));
    let tenth = |a_second: u64| a_second * u64::from(spacing) / 10;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = now.ok().and_then(|now| u32::try_from(now.as_secs()).ok());
    let subsidy = u128::try_from(args.subsidy.units()).map_err(|_| {
        Failure::usage(format!("a subsidy of {} coins is too much", args.subsidy)).hint(
            "All coins that there will ever be are less than 2^127 units, that is 10^20 coins.",
        )
    })?;
    let parameters = Parameters {
        name: args.name.clone(),
        chain_id: random_chain_id()?,
        time: time.ok_or_else(|| {
            Failure::failed("the clock of this machine stands before 1970 or after 2106")
        })?,
        spacing,
        half_life,
        easiest_bits: match half_life {
            0 => NO_WORK,
            _ => bits_of_work(tenth(HASHES_A_SECOND)),
        },
        ahead: match half_life {
            0 => 0,
            // Never 0, which would mean no limit.
            half_life => (half_life / 16).max(1),
        },
        subsidy,
        halving: args.halving,
        gas_limit: tenth(GAS_A_SECOND).min(MOST_GAS),
        byte_limit: tenth(BYTES_A_SECOND).min(MOST_BYTES),
        base_fee: 1,
        reorg_depth: (7 * 86_400_u32).div_ceil(spacing.max(1)).max(1_000),
        specs: vec![(0, Spec::Osaka)],
        accounts: accounts(&args.accounts)?,
    };
    parameters
        .check()
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(parameters)
}

/// The usual contracts and those with coins, addresses ascending.
fn accounts(rich: &[(Address, Amount)]) -> Result<Vec<FirstAccount>, Failure> {
    let mut accounts = contracts();
    for (address, coins) in rich {
        let balance = u128::try_from(coins.units()).unwrap_or(u128::MAX);
        if accounts.iter().any(|known| known.address == *address) {
            return Err(Failure::usage(format!("{address} is named twice"))
                .hint("Give each account once; the CREATE2 factory and Multicall3 are there already, without coins."));
        }
        accounts.push(FirstAccount {
            address: *address,
            balance,
            code: Default::default(),
        });
    }
    accounts.sort_by_key(|account| account.address);
    Ok(accounts)
}

/// From 10^6 on, where no public network is, up to what 32-bit programs read.
fn random_chain_id() -> Result<u64, Failure> {
    const LEAST: u64 = 1_000_000;
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("there is no randomness here: {error}")))?;
    // 2^64 numbers into 2^31 leave none noticeably likelier.
    Ok(LEAST + u64::from_le_bytes(bytes) % ((1 << 31) - LEAST))
}

/// The target that takes so many hashes, in compact form.
fn bits_of_work(hashes: u64) -> Bits {
    let most = alloy_primitives::U256::MAX;
    let target = most / alloy_primitives::U256::from(hashes.max(2));
    Target::new(target).unwrap_or(Target::HARDEST).bits()
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    let mut file = NamedTempFile::new_in(folder)
        .map_err(|error| Failure::file("write into", folder, &error))?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    make_readable(file.as_file()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let kept = match force {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    kept.map(drop).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already", path.display()))
                .hint("`--force` writes over it. A network whose genesis file is lost cannot be joined any more.")
        }
        _ => failed(error.error),
    })
}

/// A time between blocks, which a network has from a second to a day.
fn spacing(text: &str) -> Result<u32, String> {
    match seconds(text)? {
        seconds @ 1..=86_400 => Ok(seconds),
        seconds => Err(format!(
            "{seconds} s between blocks; it must be from 1 s to 86400 s (1d)"
        )),
    }
}

/// A time such as `10s`, `2m`, `3h`, `1d` or `600`, in seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no time such as 10s, 2m, 3h, 1d or 600");
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().last()),
        None => (text, None),
    };
    let factor = match unit {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => 1,
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // What is left to go wrong is the size.
    let number: Option<u32> = number.parse().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| format!("{text} is more than {} seconds", u32::MAX))
}

fn account(text: &str) -> Result<(Address, Amount), String> {
    let (address, coins) = text
        .split_once('=')
        .ok_or("an account with coins is ADDRESS=COINS, such as 0x7099…79C8=12.5")?;
    let written = address::parse(address).map_err(|error| error.to_string())?;
    let coins: Amount = coins.parse().map_err(|error| format!("{error}"))?;
    if coins.is_zero() {
        return Err(format!("{address} would have no coins: leave it out"));
    }
    Ok((written.address, coins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, expected) in [
            ("0", Some(0)),
            ("600", Some(600)),
            ("10s", Some(10)),
            ("2m", Some(120)),
            ("3h", Some(10_800)),
            ("1d", Some(86_400)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("+1s", None),
            ("1.5h", None),
            ("10 s", None),
            ("5w", None),
            ("49711d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_time_that_is_too_long_says_so_and_a_spacing_its_bounds() {
        for text in ["99999999999999", "4294967296s", "49711d"] {
            let error = seconds(text).unwrap_err();
            assert!(error.contains("is more than 4294967295 seconds"), "{error}");
        }
        assert_eq!(spacing("1d"), Ok(86_400));
        for text in ["0", "0d", "86401s", "2d"] {
            let error = spacing(text).unwrap_err();
            assert!(error.contains("from 1 s to 86400 s"), "{error}");
        }
    }

    #[test]
    fn chain_ids_differ_and_stay_in_their_range() {
        let ids: Vec<u64> = (0..64).map(|_| random_chain_id().unwrap()).collect();
        assert!(ids.iter().all(|id| (1_000_000..1 << 31).contains(id)));
        let mut distinct = ids.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() > 60, "{ids:?}");
    }

    #[test]
    fn a_wished_work_becomes_a_target_that_takes_about_as_much() {
        for hashes in [2_u64, 1_000, 200_000, 2_000_000, 12_000_000_000] {
            let bits = bits_of_work(hashes);
            assert!(bits.is_canonical());
            let work: u64 = bits.target().unwrap().work().0.try_into().unwrap();
            assert!(
                work.abs_diff(hashes) <= 1 + hashes / 1_000,
                "{hashes}: {work}"
            );
        }
    }
}
