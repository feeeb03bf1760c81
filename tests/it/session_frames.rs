//! Links over memory: what their frames may be, how they end, and what they hold. The other end is another
//! implementation of WebSockets, or bytes written by hand.

mod endings;

use std::time::Duration;

use bcoin::peers::live::ending::{Ending, Goodbye};
use bcoin::peers::live::link::{Link, LinkEvent, LinkId, LinkLimits, Links, SendError};
use bcoin::peers::live::stream::{SessionStream, Side};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);

/// Limits of time that no test waits for, unless it shortens one.
pub fn patient() -> LinkLimits {
    LinkLimits {
        stall: TOO_LONG * 2,
        ..LinkLimits::default()
    }
}

/// The owner of links.
pub struct Owner {
    pub links: Links,
    pub events: mpsc::Receiver<LinkEvent>,
    pub shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Owner {
    pub fn new(limits: LinkLimits) -> Self {
        Self::hearing(limits, 256)
    }

    pub fn hearing(limits: LinkLimits, at_once: usize) -> Self {
        let (sender, events) = mpsc::channel(at_once);
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self {
            links: Links::new(limits, sender, tasks.clone(), shutdown.clone()),
            events,
            shutdown,
            tasks,
        }
    }

    /// A link over memory that holds `bytes` on their way, and its other end.
    fn link(&self, side: Side, bytes: usize) -> (Link, DuplexStream) {
        let (here, there) = duplex(bytes);
        let stream = SessionStream::new(here, side, Bytes::new());
        (self.links.start(LinkId(7), stream), there)
    }

    pub async fn event(&mut self) -> LinkEvent {
        let event = tokio::time::timeout(TOO_LONG, self.events.recv()).await;
        event.expect("an event").expect("links that live")
    }

    /// The next message, past reports of what was sent.
    pub async fn message(&mut self) -> Bytes {
        loop {
            match self.event().await {
                LinkEvent::Message { message, .. } => return message,
                LinkEvent::Sent { .. } => {}
                LinkEvent::Closed { why, .. } => panic!("the link ended: {why}"),
            }
        }
    }

    /// Why the link ended; past everything else, which is dropped.
    pub async fn ending(&mut self) -> Ending {
        loop {
            if let LinkEvent::Closed { why, .. } = self.event().await {
                return why;
            }
        }
    }

    /// Ends all, and holds that no link told anything after its end.
    async fn nothing_more(mut self) {
        self.tasks.close();
        let ended = tokio::time::timeout(TOO_LONG, self.tasks.wait()).await;
        ended.expect("every link's task ends");
        assert!(self.events.try_recv().is_err());
    }
}

/// The other implementation, at the other end.
async fn other(there: DuplexStream, side: Side) -> WebSocketStream<DuplexStream> {
    let role = match side {
        Side::Dialled => Role::Server,
        Side::Accepted => Role::Client,
    };
    let config = WebSocketConfig::default();
    WebSocketStream::from_raw_socket(there, role, Some(config)).await
}

fn bytes_of(count: usize) -> Bytes {
    (0..count)
        .map(|n| n.wrapping_mul(31) as u8)
        .collect::<Vec<u8>>()
        .into()
}

#[tokio::test]
async fn messages_of_every_size_pass_both_ways() {
    for side in [Side::Dialled, Side::Accepted] {
        let mut owner = Owner::new(patient());
        let (link, there) = owner.link(side, 1 << 16);
        let mut there = other(there, side).await;
        let largest = LinkLimits::default().message_bytes;
        let sizes = [
            0, 1, 125, 126, 4_095, 4_096, 65_535, 65_536, 65_537, 200_000, largest,
        ];
        let mut total = 0;
        for size in sizes {
            let message = bytes_of(size);
            total += size;
            link.send(message.clone()).expect("it is taken");
            let received = there.next().await.expect("a message").expect("a frame");
            assert!(received == Message::Binary(message.clone()), "{size} out");
            // Two at once, so that one stands behind the other.
            let sending = async {
                there.feed(Message::Binary(message.clone())).await?;
                there
                    .send(Message::Binary(Bytes::from_static(b"end")))
                    .await
            };
            let receiving = async {
                assert!(owner.message().await == message, "{size} in");
                assert_eq!(owner.message().await, "end");
            };
            let (sent, ()) = tokio::join!(sending, receiving);
            sent.expect("it is sent");
        }
        let traffic = link.traffic();
        assert!(traffic.sent > total as u64 && traffic.received > total as u64);
        assert!(traffic.sent < total as u64 + 200, "{traffic:?}");
        link.send(Bytes::from(vec![0; largest + 1]))
            .expect_err("nobody would take it");
    }
}

#[tokio::test]
async fn what_left_is_reported_to_the_byte() {
    let mut owner = Owner::new(patient());
    let (link, there) = owner.link(Side::Dialled, 1 << 10);
    for size in [3, 70_000, 0, 500_000, 9] {
        link.send(bytes_of(size)).expect("it is taken");
    }
    let mut there = other(there, Side::Dialled).await;
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = there.next().await {} });
    let mut reported = 0;
    while reported < 570_012 {
        match owner.event().await {
            LinkEvent::Sent { bytes, link } => {
                assert_eq!(link, LinkId(7));
                reported += bytes;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reported, 570_012);
    link.close(Goodbye::done("enough"));
    reading.await.expect("it ends");
}

#[tokio::test]
async fn pieces_become_a_message_and_a_ping_between_them_is_answered() {
    let mut owner = Owner::new(patient());
    let (_link, there) = owner.link(Side::Accepted, 1 << 16);
    let mut there = other(there, Side::Accepted).await;
    let piece = |text: &'static str, kind, last| {
        Message::Frame(Frame::message(text, OpCode::Data(kind), last))
    };
    for frame in [
        piece("one ", Data::Binary, false),
        Message::Ping("ping".into()),
        piece("", Data::Continue, false),
        piece("two ", Data::Continue, false),
        piece("three", Data::Continue, true),
        Message::Pong("nobody asked".into()),
    ] {
        there.send(frame).await.expect("it is sent");
    }
    assert_eq!(owner.message().await, "one two three");
    let answer = there.next().await.expect("an answer").expect("a frame");
    assert_eq!(answer, Message::Pong("ping".into()));
}

/// A frame of a dialling side, its mask all zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short one");
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// The head of a frame of a dialling side, of this length.
fn long_head(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat()
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let owner = Owner::new(LinkLimits {
        queue: 4,
        ..patient()
    });
    let (link, _there) = owner.link(Side::Accepted, 1 << 10);
    let refused = (0..10).find_map(|_| link.send(bytes_of(100_000)).err());
    assert_eq!(refused, Some(SendError::QueueFull { limit: 4 }));
}

#[tokio::test]
async fn an_owner_that_does_not_listen_stops_the_reading_and_loses_nothing() {
    let mut owner = Owner::hearing(patient(), 1);
    let (_link, there) = owner.link(Side::Accepted, 1 << 10);
    let mut there = other(there, Side::Accepted).await;
    let mut sent = 0_u32;
    let send_one = async |there: &mut WebSocketStream<DuplexStream>, number: u32| {
        let mut message = vec![0; 500];
        message[..4].copy_from_slice(&number.to_be_bytes());
        there.send(Message::binary(message)).await
    };
    while tokio::time::timeout(SHORT, send_one(&mut there, sent))
        .await
        .is_ok()
    {
        sent += 1;
        assert!(sent < 1_000, "somebody takes it all");
    }
    let reading = async {
        for expected in 0..sent {
            let message = owner.message().await;
            assert_eq!(message[..4], expected.to_be_bytes());
        }
    };
    let flushing = async { there.flush().await.expect("it goes on") };
    tokio::join!(reading, flushing);
}

#[tokio::test]
async fn large_messages_of_all_links_share_one_room() {
    let limits = LinkLimits {
        message_bytes: 100_000,
        room_bytes: 150_000,
        ..patient()
    };
    let mut owner = Owner::new(limits);
    let mut others = Vec::new();
    for number in 0..3 {
        let (here, there) = duplex(1 << 20);
        let stream = SessionStream::new(here, Side::Accepted, Bytes::new());
        let link = owner.links.start(LinkId(number), stream);
        let mut there = other(there, Side::Accepted).await;
        there
            .send(Message::binary(vec![1; 90_000]))
            .await
            .expect("it is sent");
        there
            .send(Message::binary(vec![2; 10]))
            .await
            .expect("it is sent");
        others.push((link, there));
    }
    let mut seen = 0;
    for _ in 0..3 {
        let LinkEvent::Message {
            message,
            room,
            link,
        } = owner.event().await
        else {
            panic!("a message");
        };
        assert_eq!(message.len(), 90_000);
        // The one behind it is small, and comes along; the other links wait.
        let LinkEvent::Message {
            message,
            link: same,
            ..
        } = owner.event().await
        else {
            panic!("a message");
        };
        assert_eq!((message.len(), same), (10, link));
        assert!(
            tokio::time::timeout(SHORT, owner.events.recv())
                .await
                .is_err()
        );
        drop(room);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn no_bytes_after_an_upgrade_do_more_than_end_a_link() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    bolero::check!()
        .with_iterations(600)
        .for_each(|bytes: &[u8]| {
            runtime.block_on(async {
                for side in [Side::Dialled, Side::Accepted] {
                    let (first, rest) = bytes.split_at(bytes.len() / 3);
                    let mut owner = Owner::new(LinkLimits {
                        message_bytes: 1_000,
                        small_bytes: 100,
                        room_bytes: 1_000,
                        idle_frames: 20,
                        ..patient()
                    });
                    let (here, mut there) = duplex(1 << 16);
                    let already_read = Bytes::copy_from_slice(first);
                    let stream = SessionStream::new(here, side, already_read);
                    let link = owner.links.start(LinkId(1), stream);
                    // As random bytes, and as the payloads of frames with lengths and kinds that make sense.
                    let _ = there.write_all(rest).await;
                    for piece in bytes.chunks(9) {
                        let (kind, payload) = piece.split_first().expect("not empty");
                        let frame = match side {
                            Side::Accepted => masked(kind & 0x8f, payload),
                            Side::Dialled => {
                                [&[kind & 0x8f, payload.len() as u8], payload].concat()
                            }
                        };
                        let _ = there.write_all(&frame).await;
                    }
                    drop(there);
                    let mut received = 0;
                    loop {
                        match owner.event().await {
                            LinkEvent::Message { message, .. } => received += message.len(),
                            LinkEvent::Sent { .. } => panic!("nothing was to be sent"),
                            LinkEvent::Closed { .. } => break,
                        }
                    }
                    assert!(received <= 3 * bytes.len());
                    drop(link);
                    owner.nothing_more().await;
                }
            });
        });
}
