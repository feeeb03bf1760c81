//! Keeping new keys: their names, what is there already, and how it is told.

use clap::Args;
use serde_json::json;

use super::folder::listing;
use crate::cli::exit::Failure;
use crate::cli::terminal::{self, good, lines, table};
use crate::wallet::keys::{self, Key};
use crate::wallet::keystore::Keystore;
use crate::wallet::names::Names;
use crate::wallet::stretching::Cost;
use crate::wallet::words::Seed;

/// The most addresses that one command derives; each key file takes a second.
const MOST: u32 = 1_000;

#[derive(Debug, Clone, Args)]
pub struct NameOptions {
    /// A name for the address; of several the second gets NAME-1 and so on
    #[arg(long, value_name = "NAME", help_heading = "Wallet")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct RangeOptions {
    /// The index of the first address
    #[arg(long, short, value_name = "I", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..1 << 31))]
    pub index: u32,
    /// How many addresses to derive
    #[arg(long, short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    pub count: u32,
}

/// A key to be kept, and what is known of it.
pub struct NewKey {
    pub key: Key,
    pub name: Option<String>,
    /// Where in the words it comes from.
    pub path: Option<String>,
}

impl RangeOptions {
    /// The keys in the range.
    pub fn derive(&self, seed: &Seed, name: Option<&str>) -> Result<Vec<NewKey>, Failure> {
        (self.index..self.index.saturating_add(self.count))
            .map(|index| {
                let key = Key::derive(seed, index)
                    .map_err(|error| Failure::usage(format!("index {index}: {error}")))?;
                let path = Some(keys::path(index));
                let name = name.map(|name| match index == self.index {
                    true => name.to_owned(),
                    false => format!("{name}-{index}"),
                });
                Ok(NewKey { key, name, path })
            })
            .collect()
    }
}

/// Whether a name can be given, to be known before anyone writes down words.
pub fn check_name(name: Option<&str>, names: &Names) -> Result<(), Failure> {
    match name.map(|name| names.is_free(name, None)) {
        Some(Err(error)) => Err(Failure::usage(error.to_string())),
        _ => Ok(()),
    }
}

/// Keeps the keys that are not there yet, and tells all.
pub fn keep(
    keystore: &Keystore,
    mut new: Vec<NewKey>,
    password: &str,
    extra: Option<(&str, &str)>,
    json: bool,
) -> Result<(), Failure> {
    let there = listing(keystore)?.keys;
    if new.len() > 1 {
        new.retain(|new| {
            let address = new.key.address();
            let known = there.iter().any(|key| key.address == address);
            if known {
                terminal::note(&format!("note: a key of {address} is there already"));
            }
            !known
        });
    }
    if new.is_empty() {
        return Err(Failure::failed("every one of these keys is there already"));
    }
    let sign = terminal::waiting(&format!("encrypting {}", keys_count(new.len())));
    let pairs: Vec<(Key, Option<String>)> = new
        .iter()
        .map(|new| (new.key.clone(), new.name.clone()))
        .collect();
    let stored = keystore.store(&pairs, password.as_bytes(), Cost::STANDARD)?;
    sign.finish_and_clear();
    if json {
        let addresses: Vec<_> = new
            .iter()
            .zip(&stored)
            .map(|(new, stored)| {
                json!({"address": stored.address.to_string(), "name": new.name, "path": new.path, "file": stored.path})
            })
            .collect();
        let mut answer = json!({"wallet": keystore.folder(), "addresses": addresses});
        if let (Some((member, text)), Some(members)) = (extra, answer.as_object_mut()) {
            members.insert(member.to_owned(), text.into());
        }
        return terminal::print(&format!("{answer}\n"));
    }
    if let Some((_, text)) = extra {
        terminal::print(&format!("{text}\n"))?;
    }
    let mut table = table(["ADDRESS", "NAME", "PATH"]);
    for (new, stored) in new.iter().zip(&stored) {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        table.add_row([
            stored.address.to_string(),
            or_dash(&new.name),
            or_dash(&new.path),
        ]);
    }
    terminal::print(&lines(&table))?;
    terminal::note(&good(&format!(
        "{} encrypted in {}",
        keys_count(stored.len()),
        keystore.folder().display()
    )));
    Ok(())
}

fn keys_count(number: usize) -> String {
    terminal::count(number as u64, "key")
}
