//! The terminal while the live view has it, given back as it was however the view ends.

use std::io::{Stdout, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use tokio_util::sync::CancellationToken;

use super::super::exit::Failure;

/// Whether the terminal is the view's now. Of the whole program, since so is the terminal, and panics come from any thread.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal; dropped, it is as it was.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal. `panicked` is cancelled by a panic in any thread, which gives it back first so that the message
    /// can be read.
    pub fn take(panicked: CancellationToken) -> Result<Self, Failure> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
            panicked.cancel();
        }));
        enter().map_err(failed)?;
        // From here on it is given back, whatever fails.
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        match terminal {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(failed(error))
            }
        }
    }

    pub fn draw(&mut self, frame: impl FnOnce(&mut Frame)) -> Result<(), Failure> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        let drawn = self.terminal.draw(frame);
        drawn.map(|_| ()).map_err(|error| Failure::output(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> std::io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen).inspect_err(|_| give_back())
}

/// Once, whoever comes first.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Of a terminal that is gone nothing can be given back.
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

fn failed(error: std::io::Error) -> Failure {
    Failure::failed(format!("cannot take the terminal: {error}"))
        .hint("`bcoin top --once` needs none.")
}
