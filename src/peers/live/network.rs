//! The network layer of a running node: the engine with its sockets, its clock and its ledger, in one task.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::changes::Change;
use super::dial::{DialError, DialLimits, Dialled, dial};
use super::ending::Goodbye;
use super::link::{self, Link, LinkEvent, LinkLimits, Links};
use super::news::News;
use super::plain::asked::Asked;
use super::stream::Inbound;
use super::telling::Telling;
use crate::limits;
use crate::peers::address::PeerAddress;
use crate::peers::book::file::BookFile;
use crate::peers::engine::Engine;
use crate::peers::engine::event::Event;
use crate::peers::engine::input::{Answer, AskId, DialFailure, Input, LinkId, Moment, Output};
use crate::peers::engine::view::View;
use crate::peers::ledger::Ledger;
use crate::peers::message::BlockId;
use crate::peers::reach::Reach;

/// The first number of links that others open: the engine numbers its own from 1 on.
const FIRST_INBOUND: u64 = 1 << 63;

/// How long links get to say goodbye when the node ends.
const PARTING: Duration = Duration::from_millis(200);

/// What the rest of the node asks of its network. Clones ask the same one.
#[derive(Clone)]
pub struct Network {
    requests: mpsc::Sender<Request>,
    changed: watch::Receiver<u64>,
    news: broadcast::Sender<News>,
    ledger: Arc<dyn Ledger>,
    asked: Asked,
}

enum Request {
    View(oneshot::Sender<View>),
    Follow(Vec<PeerAddress>),
}

impl Network {
    /// The network as this node sees it now; nothing when the node ends.
    pub async fn view(&self) -> Option<View> {
        let (reply, view) = oneshot::channel();
        self.requests.send(Request::View(reply)).await.ok()?;
        view.await.ok()
    }

    /// Has the node call these, again and again.
    pub async fn follow(&self, addresses: Vec<PeerAddress>) {
        // A node that ends calls nobody.
        let _ = self.requests.send(Request::Follow(addresses)).await;
    }

    /// Counts what changed among the peers, for whoever shows them.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    /// What happens from now on. Whoever falls far behind misses some.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// A block's identity as people know it.
    pub fn shown(&self, id: &BlockId) -> String {
        self.ledger.shown(id)
    }

    /// What asking nodes without sessions came to.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    pub(super) fn tell(&self, news: News) {
        // Without a listener nobody needs it now.
        let _ = self.news.send(news);
    }
}

/// What a running network needs.
pub struct Parts {
    pub engine: Engine,
    pub ledger: Arc<dyn Ledger>,
    pub reach: Reach,
    pub book_file: BookFile,
    /// Sessions that others open.
    pub inbound: mpsc::Receiver<Inbound>,
    pub changes: mpsc::Receiver<Change>,
    /// Nodes that the local network shows.
    pub found: mpsc::Receiver<PeerAddress>,
    /// Nodes that have no sessions, for whoever asks them by plain HTTP.
    pub without_sessions: mpsc::Sender<PeerAddress>,
    /// The moment that the engine calls zero.
    pub zero: Instant,
    pub recorder: Arc<dyn metrics::Recorder + Send + Sync>,
}

/// Runs the network until `shutdown`; `tasks` gets what runs beside it.
pub fn start(parts: Parts, tasks: &TaskTracker, shutdown: CancellationToken) -> Network {
    let (requests, asked) = mpsc::channel(64);
    let (changed, changes_seen) = watch::channel(0);
    let (link_events, events) = mpsc::channel(limits::SESSION_EVENTS);
    let (reports, reported) = mpsc::channel(limits::SESSION_EVENTS);
    // Links outlive the shutdown by the goodbye that the engine says.
    let links_end = CancellationToken::new();
    let links = Links::new(
        LinkLimits::default(),
        link_events,
        tasks.clone(),
        links_end.clone(),
    );
    let telling = Telling::new(&*parts.recorder);
    let news = broadcast::Sender::new(limits::EVENTS_KEPT);
    let ledger = Arc::clone(&parts.ledger);
    let running = Running {
        parts,
        links,
        open: BTreeMap::new(),
        next_inbound: FIRST_INBOUND,
        reports,
        tasks: tasks.clone(),
        telling,
        changed,
        news: news.clone(),
        book_changed: false,
        book_kept: Instant::now(),
    };
    tasks.spawn(running.run(asked, events, reported, links_end, shutdown));
    Network {
        requests,
        changed: changes_seen,
        news,
        ledger,
        asked: Asked::default(),
    }
}

/// What tasks beside the engine's bring.
enum Report {
    Dialled(LinkId, Result<Box<Dialled>, DialError>),
    Answer(AskId, Option<Answer>),
}

struct Running {
    parts: Parts,
    links: Links,
    open: BTreeMap<LinkId, Link>,
    next_inbound: u64,
    reports: mpsc::Sender<Report>,
    tasks: TaskTracker,
    telling: Telling,
    changed: watch::Sender<u64>,
    news: broadcast::Sender<News>,
    book_changed: bool,
    book_kept: Instant,
}

impl Running {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<Request>,
        mut events: mpsc::Receiver<LinkEvent>,
        mut reported: mpsc::Receiver<Report>,
        links_end: CancellationToken,
        shutdown: CancellationToken,
    ) {
        self.feed(Input::Tick).await;
        loop {
            let wakes_at = self.instant(self.parts.engine.wakes_at());
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(report) = reported.recv() => self.take_report(report).await,
                Some(change) = self.parts.changes.recv() => self.take_change(change).await,
                Some(event) = events.recv() => self.take_event(event).await,
                Some(inbound) = self.parts.inbound.recv() => self.take_inbound(inbound).await,
                Some(request) = asked.recv() => self.take_request(request).await,
                Some(address) = self.parts.found.recv() => self.feed(Input::Found(vec![address])).await,
                () = sleep_until(wakes_at) => self.feed(Input::Tick).await,
            }
            self.keep_book_sometimes();
        }
        self.parts.engine.note_anchors();
        self.feed(Input::End).await;
        self.keep_book();
        tokio::time::sleep(PARTING).await;
        links_end.cancel();
        self.open.clear();
    }

    fn now(&self) -> Moment {
        let since = self.parts.zero.elapsed().as_millis();
        Moment(u64::try_from(since).unwrap_or(u64::MAX))
    }

    fn instant(&self, moment: Moment) -> Instant {
        let now = self.parts.zero;
        now.checked_add(Duration::from_millis(moment.0))
            .unwrap_or(now)
    }

    async fn take_report(&mut self, report: Report) {
        match report {
            Report::Answer(ask, Some(answer)) => self.feed(Input::Answered { ask, answer }).await,
            Report::Answer(ask, None) => self.feed(Input::NotAnswered { ask }).await,
            Report::Dialled(link, Ok(dialled)) => {
                let Dialled { stream, remote, .. } = *dialled;
                self.open
                    .insert(link, self.links.start(link::LinkId(link.0), stream));
                self.feed(Input::Dialled { link, remote }).await;
            }
            Report::Dialled(link, Err(error)) => {
                let failure = failure_of(&error);
                self.feed(Input::NotDialled { link, failure }).await;
            }
        }
    }

    async fn take_change(&mut self, change: Change) {
        match change {
            Change::Tip { stand, reorged } => self.feed(Input::TipMoved { stand, reorged }).await,
            Change::Missed { stand } => {
                let reorged = true;
                self.feed(Input::TipMoved { stand, reorged }).await;
            }
            Change::Waiting(id) => {
                let mut ids = vec![id];
                // What has come meanwhile goes along; a tip among it is not held up.
                while ids.len() < limits::SESSION_TRANSACTIONS {
                    match self.parts.changes.try_recv() {
                        Ok(Change::Waiting(id)) => ids.push(id),
                        Ok(Change::Tip { stand, reorged }) => {
                            self.feed(Input::TipMoved { stand, reorged }).await;
                        }
                        Ok(Change::Missed { stand }) => {
                            let reorged = true;
                            self.feed(Input::TipMoved { stand, reorged }).await;
                        }
                        Err(_) => break,
                    }
                }
                self.feed(Input::Waiting(ids)).await;
            }
        }
    }

    async fn take_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Message {
                link,
                message,
                room,
            } => {
                let link = LinkId(link.0);
                self.feed(Input::Received {
                    link,
                    frame: message,
                })
                .await;
                // Its place is another's from here on: the engine has read it.
                drop(room);
            }
            LinkEvent::Sent { link, bytes } => {
                let link = LinkId(link.0);
                self.feed(Input::Sent { link, bytes }).await;
            }
            LinkEvent::Closed { link, why } => {
                let link = LinkId(link.0);
                self.open.remove(&link);
                let why = why.to_string();
                self.feed(Input::Closed { link, why }).await;
            }
        }
    }

    async fn take_inbound(&mut self, inbound: Inbound) {
        let link = LinkId(self.next_inbound);
        self.next_inbound = self.next_inbound.saturating_add(1);
        let remote = inbound.remote;
        let started = self.links.start(link::LinkId(link.0), inbound.stream);
        self.open.insert(link, started);
        self.feed(Input::Accepted { link, remote }).await;
    }

    async fn take_request(&mut self, request: Request) {
        match request {
            // Whoever asked may be gone.
            Request::View(reply) => drop(reply.send(self.parts.engine.view())),
            Request::Follow(addresses) => self.feed(Input::Follow(addresses)).await,
        }
    }

    /// Feeds the engine, and does what it wants done.
    async fn feed(&mut self, input: Input) {
        let now = self.now();
        self.parts.engine.handle(now, input);
        while let Some(output) = self.parts.engine.next_output() {
            self.carry_out(output).await;
        }
    }

    async fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { link, frame } => {
                let sent = self.open.get(&link).map(|open| open.send(frame));
                if let Some(Err(error)) = sent {
                    tracing::debug!(link = link.0, %error, "a message is not sent");
                    if let Some(open) = self.open.get(&link) {
                        open.close(Goodbye::blamed("it does not take its messages"));
                    }
                }
            }
            Output::Close { link } => {
                if let Some(open) = self.open.remove(&link) {
                    open.close(Goodbye::done("the session is over"));
                }
            }
            Output::Dial { link, address } => {
                let (reach, reports) = (self.parts.reach, self.reports.clone());
                self.tasks.spawn(async move {
                    let dialled = dial(reach, &address, DialLimits::default()).await;
                    // A node that ends needs no session.
                    let _ = reports
                        .send(Report::Dialled(link, dialled.map(Box::new)))
                        .await;
                });
            }
            Output::Ask { ask, question } => {
                let (ledger, reports) = (Arc::clone(&self.parts.ledger), self.reports.clone());
                self.tasks.spawn(async move {
                    let asking = tokio::task::spawn_blocking(move || question.ask(&*ledger));
                    // The database may give up over damaged pages.
                    let answer = asking.await.ok();
                    let _ = reports.send(Report::Answer(ask, answer)).await;
                });
            }
            Output::Tell(event) => {
                if let Event::HasNoSessions { address } = &event {
                    // Whoever asks those is behind by a few at most: it will hear of this one again.
                    let _ = self.parts.without_sessions.try_send(address.clone());
                }
                self.telling.tell(&event);
                let ledger = &self.parts.ledger;
                if let Some(news) = News::of(&event, |id| ledger.shown(id)) {
                    // Without a listener nobody needs it now.
                    let _ = self.news.send(news);
                }
                self.changed
                    .send_modify(|count| *count = count.wrapping_add(1));
            }
            Output::KeepBook => self.book_changed = true,
        }
    }

    fn keep_book_sometimes(&mut self) {
        if self.book_changed && self.book_kept.elapsed() >= limits::BOOK_KEPT {
            self.parts.engine.note_anchors();
            self.keep_book();
        }
    }

    /// Writes the book beside the engine's work: a copy, so that a slow disk holds nothing up.
    fn keep_book(&mut self) {
        self.book_changed = false;
        self.book_kept = Instant::now();
        let (file, book) = (
            self.parts.book_file.clone(),
            self.parts.engine.book().clone(),
        );
        self.tasks.spawn_blocking(move || {
            if let Err(error) = file.save(&book) {
                tracing::warn!(%error, "the address book is not kept");
            }
        });
    }
}

fn failure_of(error: &DialError) -> DialFailure {
    let why = error.to_string();
    match error {
        DialError::NotCalled(_) if error.is_of_this_node() => DialFailure::NotAllowed(why),
        DialError::NoSessions { .. } => DialFailure::NoSessions(why),
        DialError::Refused { .. }
        | DialError::OtherVersion { .. }
        | DialError::BadUpgrade { .. } => DialFailure::Refused(why),
        _ => DialFailure::Unreachable(why),
    }
}
