//! Every word on the pages, in English and Simplified Chinese, side by side.
//!
//! One table, a part of it a file: a line without one of its languages does not compile. `{0}` and `{1}` are filled in by
//! [`fill`]; both languages have the same ones. Scripts find their words in the page.

mod account;
mod block;
mod break_it;
mod chain;
mod charts;
mod console;
mod network;
mod overview;
mod search;
mod shell;
mod steps;
mod steps_otherwise;
mod transaction;
mod try_it;
mod waiting;

pub use account::Account;
pub use block::Block;
pub use break_it::BreakIt;
pub use chain::Chain;
pub use charts::Charts;
pub use console::Console;
pub use network::Network;
pub use overview::Overview;
pub use search::Search;
pub use shell::Shell;
pub use steps::Steps;
pub use steps_otherwise::{AutoSteps, CoinSteps};
pub use transaction::Transaction;
pub use try_it::{Calls, TryIt};
pub use waiting::Waiting;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// As `lang` has it in HTML (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// What the language calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// The language of a tag, whatever region or script it adds.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL.into_iter().find(|own| {
            own.tag()
                .get(..2)
                .is_some_and(|own| own.eq_ignore_ascii_case(language))
        })
    }

    pub fn strings(self) -> &'static Strings {
        match self {
            Self::English => &Strings::EN,
            Self::Chinese => &Strings::ZH,
        }
    }
}

/// Puts `values` where `{0}`, `{1}` and so on stand. What is put in is not looked at again.
pub fn fill(text: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let value = behind.split_once('}').and_then(|(number, after)| {
            let number: usize = number.parse().ok()?;
            Some((values.get(number)?, after))
        });
        match value {
            Some((value, after)) => {
                filled.push_str(&value.to_string());
                rest = after;
            }
            None => {
                filled.push('{');
                rest = behind;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// A part of the table: `name: "English", "中文";`.
macro_rules! strings {
    ($(#[$doc:meta])* $part:ident { $($name:ident: $en:literal, $zh:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $part {
            $(pub $name: &'static str,)*
        }

        impl $part {
            pub const EN: Self = Self { $($name: $en,)* };
            pub const ZH: Self = Self { $($name: $zh,)* };

            /// Name, English and Chinese of each line.
            #[cfg(test)]
            pub const LINES: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($name), $en, $zh),)*];
        }
    };
}
use strings;

/// What a step of the chapter says.
#[derive(Debug)]
pub struct StepWords {
    pub title: &'static str,
    /// What it shows.
    pub text: &'static str,
    /// What is to be done.
    pub task: &'static str,
    /// Once that is done.
    pub done: &'static str,
    /// Where the call worked, and yet it is not done.
    pub otherwise: &'static str,
}

/// A part of the table whose lines are steps.
macro_rules! step_words {
    ($(#[$doc:meta])* $part:ident { $($step:ident { $($name:ident: $en:literal, $zh:literal;)* })* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $part {
            $(pub $step: super::StepWords,)*
        }

        impl $part {
            pub const EN: Self = Self { $($step: super::StepWords { $($name: $en,)* },)* };
            pub const ZH: Self = Self { $($step: super::StepWords { $($name: $zh,)* },)* };

            /// Step, English and Chinese of each line.
            #[cfg(test)]
            pub const LINES: &'static [(&'static str, &'static str, &'static str)] =
                &[$($((stringify!($step), $en, $zh),)*)*];
        }
    };
}
use step_words;

/// The parts of the table, by their names in templates.
macro_rules! parts {
    ($($name:ident: $part:ident,)*) => {
        /// All strings in one language.
        #[derive(Debug)]
        pub struct Strings {
            $(pub $name: $part,)*
        }

        impl Strings {
            pub const EN: Self = Self { $($name: $part::EN,)* };
            pub const ZH: Self = Self { $($name: $part::ZH,)* };

            #[cfg(test)]
            const PARTS: &'static [(&'static str, &'static [(&'static str, &'static str, &'static str)])] =
                &[$((stringify!($name), $part::LINES),)*];
        }
    };
}

parts! {
    shell: Shell,
    overview: Overview,
    network: Network,
    chain: Chain,
    block: Block,
    transaction: Transaction,
    account: Account,
    waiting: Waiting,
    search: Search,
    try_it: TryIt,
    calls: Calls,
    console: Console,
    steps: Steps,
    coin_steps: CoinSteps,
    auto_steps: AutoSteps,
    break_it: BreakIt,
    charts: Charts,
}

#[cfg(test)]
mod tests;
