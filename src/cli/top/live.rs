//! The live view: what nodes say, keys, and the clock, brought together on the screen until somebody leaves.

use std::time::{Duration, Instant};

use chrono::Local;
use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::super::exit::Failure;
use super::super::signals::Signals;
use super::super::terminal;
use super::draw::{Theme, draw};
use super::model::{Model, Update};
use super::screen::Screen;
use super::view::{Then, View};
use super::watch::{Watch, peers_of};

/// Between two drawings for what nodes say; keys are shown at once.
const FRAME: Duration = Duration::from_millis(100);

/// Frames after which ages and the clock have changed.
const FRAMES_A_SECOND: u32 = 10;

/// How long a key may take until the thread that reads them looks whether it is still wanted.
const KEY_TIME: Duration = Duration::from_millis(250);

/// Updates on their way; a full channel has the tasks wait, and nodes after them.
const UPDATES: usize = 256;

/// Runs the view until a key or a signal ends it.
pub async fn run(
    model: Model,
    http: reqwest::Client,
    peers: bool,
    every: Duration,
) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let (sender, mut updates) = mpsc::channel(UPDATES);
    let watch = Watch::new(http, every, sender);
    for (node, row) in model.nodes.iter().enumerate() {
        watch.begin(node, row.base.clone());
    }
    let panicked = CancellationToken::new();
    let screen = Screen::take(panicked.clone())?;
    let mut keys = keys();
    let mut live = Live {
        model,
        frozen: None,
        view: View::default(),
        watch,
        peers,
        screen,
        theme: Theme {
            colours: !terminal::plain(),
        },
    };
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut changed, mut age) = (true, 0);
    loop {
        tokio::select! {
            biased;
            ending = signals.next() => return Err(Failure::new(ending, "")),
            () = panicked.cancelled() => return Err(Failure::failed("the view ended badly")),
            event = keys.recv() => match event {
                Some(Ok(Event::Key(key))) => {
                    if live.key(key) == Then::Leave {
                        return Ok(());
                    }
                    live.draw()?;
                }
                // A new size, above all.
                Some(Ok(_)) => live.draw()?,
                Some(Err(error)) => return Err(Failure::failed(format!("cannot read keys: {error}"))),
                None => return Err(Failure::failed("no more keys can be read")),
            },
            _ = frames.tick() => {
                age += 1;
                if changed || age >= FRAMES_A_SECOND {
                    (changed, age) = (false, 0);
                    live.draw()?;
                }
            }
            Some(update) = updates.recv() => {
                live.take(update);
                changed = true;
            }
        }
    }
}

/// What is known and what is seen of it.
struct Live {
    model: Model,
    /// What was known when the view was paused.
    frozen: Option<Model>,
    view: View,
    watch: Watch,
    /// Whether the first node's peers are wanted.
    peers: bool,
    screen: Screen,
    theme: Theme,
}

impl Live {
    fn key(&mut self, key: event::KeyEvent) -> Then {
        let seen = self.frozen.as_ref().unwrap_or(&self.model);
        let then = self.view.key(key, seen.nodes.len());
        match (self.view.paused, &self.frozen) {
            (true, None) => self.frozen = Some(self.model.clone()),
            (false, Some(_)) => self.frozen = None,
            _ => {}
        }
        then
    }

    fn take(&mut self, update: Update) {
        let of_first = matches!(update, Update::Answered { node: 0, .. });
        if let Some(added) = self.model.take(update, Instant::now())
            && let Some(node) = self.model.nodes.get(added)
        {
            self.watch.begin(added, node.base.clone());
        }
        let first = self.model.nodes.first().filter(|_| of_first && self.peers);
        if let Some((node, report)) = first.and_then(|node| Some((node, node.report.as_ref()?))) {
            let peers = peers_of(&node.base, &report.known);
            self.watch.look_for(peers, &self.model);
        }
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let seen = self.frozen.as_ref().unwrap_or(&self.model);
        let clock = Local::now().format("%H:%M:%S").to_string();
        let (view, theme) = (&mut self.view, self.theme);
        self.screen
            .draw(|frame| draw(frame, seen, view, Instant::now(), &clock, theme))
    }
}

/// What is typed and how large the terminal becomes, read by a thread of its own: such reading cannot be called off, only
/// left when nobody wants it any more.
fn keys() -> mpsc::Receiver<std::io::Result<Event>> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || {
        while !sender.is_closed() {
            let read = match event::poll(KEY_TIME) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let ended = read.is_err();
            if sender.blocking_send(read).is_err() || ended {
                return;
            }
        }
    });
    receiver
}
