//! The program `bcoin`: command line, log, exit code; nothing else. What it does is in the library.

use std::io::Write;
use std::process::ExitCode;

use bcoin::cli::exit::{Ending, Failure};
use bcoin::cli::{self, Request, logging};
use bcoin::config::LogSection;

fn main() -> ExitCode {
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(error) => {
            // Nobody reads the help: nothing to be done about that.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Ending::Usage.code()));
        }
    };
    match run(request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody reads the errors either: the exit code says it, too.
            let _ = std::io::stderr().write_all(failure.report().as_bytes());
            // Tasks that a second signal left behind must not hold up the end.
            std::process::exit(failure.ending.code().into())
        }
    }
}

fn run(request: Request) -> Result<(), Failure> {
    let settings = request.settings()?;
    let quiet = LogSection {
        filter: "warn".parse().expect("warn is a level"),
        ..LogSection::default()
    };
    let sink = logging::start(
        settings
            .as_ref()
            .map_or(&quiet, |layers| &layers.config.log),
    )?;
    // Every connection is a file; the soft limit is often 1,024.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "the limit on open files stays as it is");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(cli::run(request, settings, &sink));
    runtime.shutdown_background();
    ended
}
