//! Listening to a node's events, and coming back to it with the id of the last one when the stream ends.

use std::sync::Arc;
use std::time::Duration;

use chrono::Local;
use reqwest::Response;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::ask::Asker;
use super::model::Update;
use super::said::{Happening, in_words};
use super::sse::Parser;

/// A node says something every ten seconds, if only that it is still there.
const SILENT_TIME: Duration = Duration::from_secs(30);

/// Between two attempts to listen: doubled until one is heard.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Bytes of a stream that are read in a second; a node that sends more waits. The busiest node's events have less.
const BYTES_A_SECOND: usize = 512 * 1024;

/// What an event counts beside its bytes: showing many short ones is work, too.
const AN_EVENT: usize = 1024;

/// Reports what a node's stream says, and that it is heard. `wake` tells who asks the node that something changed.
pub async fn follow(asker: Asker, node: usize, wake: Arc<Notify>, updates: mpsc::Sender<Update>) {
    let mut last_id = None;
    let mut wait = SHORTEST_WAIT;
    loop {
        if let Ok(response) = asker.events(last_id.as_deref()).await {
            let on = Update::Listening { node, on: true };
            if updates.send(on).await.is_err() {
                return;
            }
            let mut parser = Parser::default();
            if listen(response, &mut parser, node, &wake, &updates).await {
                wait = SHORTEST_WAIT;
            }
            if let Some(id) = parser.last_id() {
                last_id = Some(id.to_owned());
            }
        }
        let off = Update::Listening { node, on: false };
        if updates.send(off).await.is_err() {
            return;
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Listens until the stream ends or falls silent; whether anything was heard.
async fn listen(
    mut response: Response,
    parser: &mut Parser,
    node: usize,
    wake: &Notify,
    updates: &mpsc::Sender<Update>,
) -> bool {
    let mut heard = false;
    let (mut second, mut read) = (Instant::now(), 0);
    while let Ok(Ok(Some(bytes))) = timeout(SILENT_TIME, response.chunk()).await {
        heard = true;
        let messages = parser.push(&bytes);
        read += bytes.len() + messages.len() * AN_EVENT;
        for message in messages {
            let (kind, words) = in_words(&message);
            let at = Local::now().format("%H:%M:%S").to_string();
            let happening = Happening {
                at,
                node,
                kind,
                words,
            };
            if updates.send(Update::Happened(happening)).await.is_err() {
                return heard;
            }
            wake.notify_one();
        }
        let over = second + Duration::from_secs(1);
        if Instant::now() >= over {
            (second, read) = (Instant::now(), 0);
        } else if read > BYTES_A_SECOND {
            sleep_until(over).await;
        }
    }
    heard
}
