//! `bcoin wallet new`: words that did not exist before, shown once to be written down.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::folder::FolderOptions;
use super::secrets::{PassphraseOptions, PasswordOptions, Secret};
use super::stored::{self, NameOptions, RangeOptions, check_name};
use crate::cli::exit::Failure;
use crate::cli::terminal;
use crate::wallet::words::{self, Words};

/// How many words are asked for as a proof that they were written down, and how often one may be wrong.
const ASKED: usize = 2;
const TRIES: usize = 3;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The words are the wallet: who has them has the coins. They are shown once, on the terminal, and
kept nowhere; what is kept are the encrypted keys of the first addresses. Any wallet that knows
BIP-39 finds the same addresses from the words.

Examples:
  bcoin wallet new
  bcoin wallet new --words 24 --count 3 --name savings
  bcoin wallet new --passphrase"
)]
pub struct NewArgs {
    /// How many words
    #[arg(long, value_name = "N", default_value = "12", value_parser = ["12", "15", "18", "21", "24"])]
    pub words: String,
    /// The language of the words
    #[arg(long, value_enum, default_value_t = Language::English)]
    pub language: Language,
    /// Print the words on standard output and ask nothing, for programs that keep them safe
    #[arg(long)]
    pub print_words: bool,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub range: RangeOptions,
    #[command(flatten)]
    pub name: NameOptions,
    #[command(flatten)]
    pub passphrase: PassphraseOptions,
    #[command(flatten)]
    pub password: PasswordOptions,
    #[command(flatten)]
    pub folder: FolderOptions,
}

/// BIP-39's languages.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    English,
    SimplifiedChinese,
    TraditionalChinese,
    Czech,
    French,
    Italian,
    Japanese,
    Korean,
    Portuguese,
    Spanish,
}

impl From<Language> for words::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::English,
            Language::SimplifiedChinese => Self::SimplifiedChinese,
            Language::TraditionalChinese => Self::TraditionalChinese,
            Language::Czech => Self::Czech,
            Language::French => Self::French,
            Language::Italian => Self::Italian,
            Language::Japanese => Self::Japanese,
            Language::Korean => Self::Korean,
            Language::Portuguese => Self::Portuguese,
            Language::Spanish => Self::Spanish,
        }
    }
}

pub fn run(args: &NewArgs) -> Result<(), Failure> {
    let keystore = args.folder.open()?;
    let name = args.name.name.as_deref();
    check_name(name, &keystore.names()?)?;
    if !args.print_words && !terminal::somebody_is_there() {
        return Err(
            Failure::usage("new words must be written down: nobody is there to do it").hint(
                "Run it on a terminal; a program that keeps the words safe itself gets them by `--print-words`.",
            ),
        );
    }
    let count = args.words.parse().unwrap_or_default();
    let words = Words::generate(count, args.language.into())
        .map_err(|error| Failure::failed(error.to_string()))?;
    let password = args.password.for_new_files()?;
    let passphrase = args.passphrase.of_new_words()?;
    if !args.print_words {
        written_down(&words)?;
    }
    let keys = args.range.derive(&words.seed(&passphrase), name)?;
    let phrase = words.phrase();
    let printed = args.print_words.then_some(("words", phrase.as_str()));
    stored::keep(&keystore, keys, &password, printed, args.json)
}

/// Shows the words and asks for some of them; then takes them off the screen.
fn written_down(words: &Words) -> Result<(), Failure> {
    let all: Vec<&'static str> = words.iter().collect();
    let mut shown = Secret::new(String::with_capacity(2048));
    shown.push_str(
        "\nWrite these words down on paper, in their order, and let nobody see them:\n\n",
    );
    for (row, words) in all.chunks(3).enumerate() {
        for (column, word) in words.iter().enumerate() {
            shown.push_str(&Secret::new(format!(
                "{:>5}. {word:<12}",
                3 * row + column + 1
            )));
        }
        shown.push('\n');
    }
    shown.push_str("\nWho has them has the coins. They are not shown again.\n\n");
    terminal_only(&shown)?;
    // As many lines as the cursor went down, to take all of them back.
    let mut below = shown.matches('\n').count();
    let (mut right, mut wrong) = (0, 0);
    while right < ASKED {
        let place = random_place(all.len())?;
        let answer = Secret::new(terminal::ask(&format!("Word number {} is: ", place + 1))?);
        below += 1;
        if all.get(place) == Some(&answer.to_lowercase().as_str()) {
            right += 1;
            continue;
        }
        wrong += 1;
        if wrong == TRIES {
            return Err(Failure::failed("these are other words; nothing was kept"));
        }
        terminal::note("It is another. Look again at what you wrote down.");
        below += 1;
    }
    if terminal::plain() {
        terminal::note("This program keeps the words nowhere. Clear the terminal.");
    } else {
        // Up, and clear to the end of the screen.
        terminal_only(&format!("\x1b[{below}A\x1b[J"))?;
        terminal::note("The words are off the screen, and this program keeps them nowhere.");
    }
    Ok(())
}

/// Writes to the terminal alone: standard error is one here.
fn terminal_only(text: &str) -> Result<(), Failure> {
    let mut err = std::io::stderr().lock();
    err.write_all(text.as_bytes())
        .and_then(|()| err.flush())
        .map_err(|error| Failure::failed(format!("cannot show the words: {error}")))
}

fn random_place(of: usize) -> Result<usize, Failure> {
    let number = getrandom::u32()
        .map_err(|error| Failure::failed(format!("the system gives no random numbers: {error}")))?;
    Ok(usize::try_from(number).unwrap_or_default() % of.max(1))
}
