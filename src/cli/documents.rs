//! Documents that the program prints about itself: settings, shell completions, manual pages, its calls.

use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};
use clap_complete::Shell;

use super::exit::Failure;
use super::settings::NetworkArgs;
use super::terminal;
use crate::config::Layers;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bash:  bcoin completions bash > ~/.local/share/bash-completion/completions/bcoin
  zsh:   bcoin completions zsh > \"${fpath[1]}/_bcoin\"
  fish:  bcoin completions fish > ~/.config/fish/completions/bcoin.fish")]
pub struct CompletionsArgs {
    /// The shell to complete in
    pub shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  bcoin man ~/.local/share/man/man1 && man bcoin-up")]
pub struct ManArgs {
    /// The folder to write the pages into; made if it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A running node shows the same at /openapi.json, and as a page at /docs.

Examples:
  bcoin openapi > openapi.json
  bcoin openapi --network dev > openapi.json"
)]
pub struct OpenapiArgs {
    #[command(flatten)]
    pub network: NetworkArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The collection makes the book's calls in order against three nodes, as `bcoin up` starts them, and
tests what they answer. The environment says where they are. Import both into Postman, or run them
with newman.

Examples:
  bcoin postman > b-coin.postman_collection.json
  bcoin postman --network dev > b-coin-dev.postman_collection.json
  bcoin postman --environment > b-coin.postman_environment.json
  newman run b-coin.postman_collection.json -e b-coin.postman_environment.json"
)]
pub struct PostmanArgs {
    /// Print the environment in place of the collection
    #[arg(long)]
    pub environment: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// Prints the OpenAPI document.
pub fn openapi(args: &OpenapiArgs) -> Result<(), Failure> {
    terminal::print(&match args.network.is_classic() {
        true => crate::api::openapi::openapi_json(),
        false => crate::api::openapi::coin::openapi_json(),
    })
}

/// Prints the Postman collection or its environment.
pub fn postman(args: &PostmanArgs) -> Result<(), Failure> {
    terminal::print(&match (args.environment, args.network.is_classic()) {
        (true, _) => crate::api::postman::postman_environment(),
        (false, true) => crate::api::postman::postman_collection(),
        (false, false) => crate::api::postman::postman_dev_collection(),
    })
}

/// Prints the completions of `command` for a shell.
pub fn completions(args: &CompletionsArgs, mut command: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "bcoin", &mut text);
    terminal::print_bytes(&text)
}

/// Writes a manual page for `command` and one for each command below it.
pub fn man(args: &ManArgs, command: Command) -> Result<(), Failure> {
    let folder: &Path = &args.folder;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::file("make the folder", folder, &error))?;
    clap_mangen::generate_to(command, folder)
        .map_err(|error| Failure::file("write the pages into", folder, &error))?;
    terminal::note(&format!(
        "the manual pages are in {}; `man {}` shows the first",
        folder.display(),
        folder.join("bcoin.1").display()
    ));
    Ok(())
}

/// Prints the settings that hold.
pub fn config(layers: &Layers) -> Result<(), Failure> {
    terminal::print(&layers.to_toml())
}
