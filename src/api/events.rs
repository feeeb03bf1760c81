//! `/v1/events`: what happens, as it happens, as server-sent events (the HTML standard, section 9.2).
//!
//! An event's id is `<run>-<number>`: the run is made up at each start, since numbers begin again then. A client that comes
//! back with an id which this run does not know any more, or that falls too far behind, gets the event `reset`, and reads
//! afresh what it shows. What happens between nodes (`News`) is told live, without an id: it changes nothing that a client
//! would have to catch up with, since `/v1/peers` and `/v1/network` say how things stand.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::face::Face;
use super::guard::EventStream;
use super::problem::Problem;
use super::v1::parameters::NoParameters;
use crate::node::{Event, HandleOf, NumberedEvent, Protocol, Subscription};
use crate::peers::live::news::News;

/// A comment goes out this often when nothing happens, so that everybody on the way sees that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// What a client reads afresh after a `reset`.
const READ_AFRESH: &str = r#"{"detail": "events were missed: read these again, then go on with the events that follow", "read": ["/v1/node", "/v1/blocks?order=desc", "/v1/transactions/waiting", "/v1/peers"]}"#;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Server-sent events: blocks, reorganisations, transactions and peers, each once it is durable.
///
/// `block` is the chain grown by a block, or by several at once of which this is the last (`height`, `hash`, `transactions`);
/// `reorg` a longer chain that displaced blocks of this one (`fork`, `height`,
/// `hash`, `displaced`, `connected`, `returned`, and in `returned_transactions` the first of those that wait again, as they are: up to
/// 100, of 16 KiB together); `transaction` one that waits now, as it is; `peer` one that became known
/// (`address`). `reset` says that events were missed, and what to read again. A client that comes back sends the last id
/// as `Last-Event-ID` and gets what it missed, of the last 1,024 events. At most 64 streams are open.
///
/// With `"sync": "auto"` also what happens between nodes, live and without an id: `peer_joined` (`peer`, `direction`, `tip`),
/// `peer_left` (`why`), `peer_blamed` (`offence`, `score`, `why`), `sync` of a chain of several blocks (`state`: `began`, `at` or
/// `ended`; `at`, `to`), `split` where a peer stands on a block that is not on this chain and has no more weight (`here`, `there`), and
/// `healed` where that is over or this node gave way (`peers`, `tip`, `displaced`, `returned`; the `reorg` before it names the
/// transactions). A tip has `height`, `hash` and `weight`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "v1",
    params(("Last-Event-ID" = inline(Option<String>), Header, description = "The id of the last event that this client has seen.", example = "5f0c2a9e-17")),
    responses((status = 200, description = "A stream that lasts until one side ends it.", content_type = "text/event-stream", body = String, example = json!("id: 5f0c2a9e-18\nevent: block\ndata: {\"height\":2,\"hash\":\"53cb…\",\"transactions\":1}\n\n")))
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    follow(&app.face, app.node.clone(), READ_AFRESH, &headers)
}

/// An event as a stream says it.
pub(super) trait Told {
    fn name(&self) -> &'static str;

    /// JSON without line ends.
    fn data(&self) -> String;
}

impl Told for Event {
    fn name(&self) -> &'static str {
        Event::name(self)
    }

    fn data(&self) -> String {
        match self {
            // Canonical text has no line ends.
            Self::Transaction { text, .. } => text.to_string(),
            Self::Reorg {
                returned_transactions,
                ..
            } => with_texts(self, returned_transactions),
            other => serde_json::to_string(other).unwrap_or_else(|error| format!("\"{error}\"")),
        }
    }
}

/// An event's members, and beside them the transactions that came back, as they are: what peers put into blocks may be no plain JSON.
fn with_texts(event: &Event, texts: &[Box<str>]) -> String {
    let members = serde_json::to_string(event).unwrap_or_else(|error| format!("\"{error}\""));
    match members.strip_suffix('}') {
        Some(open) => format!(r#"{open},"returned_transactions":[{}]}}"#, texts.join(", ")),
        None => members,
    }
}

/// The events of a node, from the one on that a client has seen last. `read_afresh` is what it is told when it missed some.
pub(super) fn follow<P: Protocol<Event: Told>>(
    face: &Face,
    node: HandleOf<P>,
    read_afresh: &'static str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let place = face.guard.event_streams().open()?;
    let last_seen = headers
        .get("last-event-id")
        .map(|id| id.as_bytes())
        .filter(|id| !id.is_empty());
    let run = Run {
        name: face.run.clone(),
        read_afresh,
    };
    let news = face.network.as_ref().map(|network| network.news());
    let follower = Follower {
        news,
        ..Follower::begin(node, run, place, last_seen)
    };
    let stream = stream::unfold(follower, |mut follower| async {
        let message = follower.next().await?;
        Some((Ok::<_, Infallible>(message), follower))
    });
    let stream = stream.take_until(face.shutdown.clone().cancelled_owned());
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    let mut response = Sse::new(stream).keep_alive(keep_alive).into_response();
    response.extensions_mut().insert(EventStream);
    Ok(response)
}

/// One client's place in the events.
struct Follower<P: Protocol> {
    node: HandleOf<P>,
    run: Run,
    /// Given back when the client goes.
    _place: OwnedSemaphorePermit,
    ready: VecDeque<Message>,
    subscription: Subscription<P::Event>,
    /// What happens between this node and others, if it follows any.
    news: Option<broadcast::Receiver<News>>,
}

impl<P: Protocol<Event: Told>> Follower<P> {
    fn begin(
        node: HandleOf<P>,
        run: Run,
        place: OwnedSemaphorePermit,
        last_seen: Option<&[u8]>,
    ) -> Self {
        let known = last_seen.map(|id| number_of(&run.name, id));
        let mut subscription = node.events().subscribe(known.flatten());
        let first = match known {
            Some(Some(_)) if !subscription.incomplete => None,
            Some(_) => Some(run.reset(subscription.last)),
            // Without data it is no event, yet the client knows from where to go on, should it have to come back.
            None => Some(
                Message::default()
                    .comment("following")
                    .id(run.id(subscription.last)),
            ),
        };
        let missed = std::mem::take(&mut subscription.missed);
        let missed = missed.iter().map(|event| run.message(event));
        Self {
            ready: first.into_iter().chain(missed).collect(),
            node,
            run,
            _place: place,
            subscription,
            news: None,
        }
    }

    async fn next(&mut self) -> Option<Message> {
        if let Some(message) = self.ready.pop_front() {
            return Some(message);
        }
        let event = tokio::select! {
            // A node's own events first: what is told of peers follows from them.
            biased;
            event = self.subscription.live.recv() => event,
            news = next_of(&mut self.news) => return Some(told(&news)),
        };
        match event {
            Ok(event) => Some(self.run.message(&event)),
            Err(RecvError::Lagged(_)) => {
                self.subscription = self.node.events().subscribe(None);
                Some(self.run.reset(self.subscription.last))
            }
            Err(RecvError::Closed) => None,
        }
    }
}

/// What happens next between this node and others; never, where there is nothing to hear. What a slow client misses of it is gone.
async fn next_of(news: &mut Option<broadcast::Receiver<News>>) -> News {
    while let Some(receiver) = news {
        match receiver.recv().await {
            Ok(told) => return told,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => *news = None,
        }
    }
    std::future::pending().await
}

/// Without an id, so that a client that comes back asks for what follows the last event that has one.
fn told(news: &News) -> Message {
    let data = serde_json::to_string(news).unwrap_or_else(|error| format!("\"{error}\""));
    Message::default().event(news.name()).data(data)
}

/// One run of the node, which names events.
struct Run {
    name: String,
    read_afresh: &'static str,
}

impl Run {
    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.name)
    }

    fn message(&self, numbered: &NumberedEvent<impl Told>) -> Message {
        Message::default()
            .id(self.id(numbered.number))
            .event(numbered.event.name())
            .data(numbered.event.data())
    }

    fn reset(&self, last: u64) -> Message {
        Message::default()
            .id(self.id(last))
            .event("reset")
            .data(self.read_afresh)
    }
}

/// The number in an id of this run.
fn number_of(run: &str, id: &[u8]) -> Option<u64> {
    let number = std::str::from_utf8(id).ok()?.strip_prefix(run)?;
    let number = number.strip_prefix('-')?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_this_run_have_a_number() {
        assert_eq!(number_of("5f0c", b"5f0c-17"), Some(17));
        for id in [
            "5f0c-",
            "5f0c",
            "5f0d-17",
            "5f0c-+1",
            "17",
            "",
            "5f0c-99999999999999999999",
        ] {
            assert_eq!(number_of("5f0c", id.as_bytes()), None, "{id}");
        }
        assert_eq!(number_of("5f0c", b"5f0c-\xff"), None);
    }
}
