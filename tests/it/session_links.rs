//! Sessions over sockets: the upgrade at a coin node's real router, who is refused, how many there are, and the server's end.

mod refusals;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bcoin::api::coin::{self, CoinApp, MiningSettings};
use bcoin::api::face::Face;
use bcoin::api::guard::{Guard, GuardSettings};
use bcoin::api::itself::Itself;
use bcoin::api::metrics::NodeMetrics;
use bcoin::api::serve::serve;
use bcoin::limits::{self, HttpLimits};
use bcoin::peers::address::PeerAddress;
use bcoin::peers::coin::pull::{CoinPuller, PullLimits};
use bcoin::peers::live::dial::{DialError, DialLimits, Dialled, dial};
use bcoin::peers::live::ending::{Ending, Goodbye};
use bcoin::peers::live::link::{Link, LinkEvent, LinkId, LinkLimits};
use bcoin::peers::live::stream::{Acceptor, Inbound};
use bcoin::peers::outgoing::{CallLimits, HttpOutgoing};
use bcoin::peers::reach::Reach;
use bcoin::peers::resolve::ResolveError;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::wallet::ring::KeyRing;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::coin_world::TestNode;
use crate::http_world::{Answer, Client, patient as patient_http};
use crate::network;
use crate::session_frames::{Owner, patient};

/// No test asserts a time; this one only keeps a failing test from hanging.
const TOO_LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

/// A coin node in memory behind the real server, which takes sessions.
struct World {
    address: SocketAddr,
    acceptor: Acceptor,
    inbound: mpsc::Receiver<Inbound>,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    _node: TestNode,
}

impl World {
    async fn start(http: HttpLimits) -> Self {
        let (sender, inbound) = mpsc::channel(256);
        let acceptor = Acceptor::new(sender, TaskTracker::new());
        let node = TestNode::new(Parameters::dev(), 1_800_000_000);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let router = router(&node, Some(acceptor.clone()), address, &http, &shutdown);
        let served = tokio::spawn(serve(listener, router, http, shutdown.clone()));
        Self {
            address,
            acceptor,
            inbound,
            shutdown,
            served,
            _node: node,
        }
    }

    fn peer(&self) -> PeerAddress {
        PeerAddress::http(self.address.ip(), self.address.port())
    }

    async fn dial(&self) -> Result<Dialled, DialError> {
        dial(Reach::Loopback, &self.peer(), DialLimits::default()).await
    }

    async fn accepted(&mut self) -> Inbound {
        let inbound = tokio::time::timeout(TOO_LONG, self.inbound.recv()).await;
        inbound.expect("a session").expect("a server that lives")
    }

    /// What a request with these lines beside its first and its `Host` is answered.
    async fn ask(&self, lines: &[&str]) -> Answer {
        let mut client = self.connect().await;
        client.send(request(lines)).await;
        client.answer().await
    }

    async fn connect(&self) -> Client {
        Client(
            TcpStream::connect(self.address)
                .await
                .expect("a connection"),
        )
    }
}

fn router(
    node: &TestNode,
    acceptor: Option<Acceptor>,
    address: SocketAddr,
    http: &HttpLimits,
    shutdown: &CancellationToken,
) -> Router {
    let guard = Guard::new(GuardSettings {
        limits: http.clone(),
        ..GuardSettings::default()
    });
    let face = Face::new(
        Reach::Loopback,
        Itself::new(address, Vec::new()),
        guard,
        NodeMetrics::default(),
        shutdown.clone(),
    );
    let face = match acceptor {
        Some(acceptor) => face.with_sessions(acceptor),
        None => face,
    };
    let outgoing = Arc::new(HttpOutgoing::new(Reach::Loopback, CallLimits::default()));
    coin::router(CoinApp::new(
        face,
        node.node.clone(),
        MiningSettings::paying(None),
        KeyRing::default(),
        CoinPuller::new(outgoing, PullLimits::default()),
        TaskTracker::new(),
    ))
}

const UPGRADE: [&str; 5] = [
    "Connection: keep-alive, Upgrade",
    "Upgrade: WebSocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: other, bcoin.1",
];

fn request(lines: &[&str]) -> String {
    let lines = lines.join("\r\n");
    format!("GET /v1/session HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n")
}

/// A link at each end, with their owners.
struct Pair {
    dialling: Owner,
    accepting: Owner,
    there: Link,
    here: Link,
}

async fn pair(world: &mut World, limits: LinkLimits) -> Pair {
    let (dialling, accepting) = (Owner::new(patient()), Owner::new(limits));
    let there = world.dial().await.expect("a session");
    let there = dialling.links.start(LinkId(1), there.stream);
    let here = accepting
        .links
        .start(LinkId(2), world.accepted().await.stream);
    Pair {
        dialling,
        accepting,
        there,
        here,
    }
}

impl Pair {
    /// Whether messages pass both ways.
    async fn lives(&mut self) {
        self.there.send("there".into()).expect("it is taken");
        assert_eq!(self.accepting.message().await, "there");
        self.here.send("here".into()).expect("it is taken");
        assert_eq!(self.dialling.message().await, "here");
    }
}

#[tokio::test]
async fn a_session_carries_messages_both_ways_and_ends_with_a_goodbye() {
    let mut world = World::start(HttpLimits::default()).await;
    let dialled = world.dial().await.expect("a session");
    let inbound = world.accepted().await;
    assert_eq!(dialled.remote, world.address);
    assert_eq!(
        (inbound.remote, inbound.local),
        (dialled.local, world.address)
    );
    assert_eq!(world.acceptor.taken(), 1);
    drop((dialled, inbound));
    assert_eq!(world.acceptor.taken(), 0);

    let mut pair = pair(&mut world, patient()).await;
    pair.lives().await;
    let large = Bytes::from(vec![7; LinkLimits::default().message_bytes]);
    pair.there.send(large.clone()).expect("it is taken");
    pair.here.send(large.clone()).expect("it is taken");
    let (one, other) = tokio::join!(pair.accepting.message(), pair.dialling.message());
    assert!(one == large && other == large);
    pair.here.close(Goodbye::blamed("no\u{7}"));
    let reason = "no\\u{7}".to_owned();
    assert_eq!(
        pair.dialling.ending().await,
        Ending::There { code: 1008, reason }
    );
    assert!(matches!(pair.accepting.ending().await, Ending::Here(_)));
    assert_eq!(world.acceptor.taken(), 0);
}

#[tokio::test]
async fn what_comes_along_with_the_upgrade_is_not_lost() {
    let mut world = World::start(HttpLimits::default()).await;
    let mut owner = Owner::new(patient());
    let mut client = world.connect().await;
    let frame = [0x82, 0x82, 0, 0, 0, 0, b'h', b'i'];
    client
        .send([request(&UPGRADE).as_bytes(), &frame].concat())
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 101);
    assert!(answer.head.contains("sec-websocket-protocol: bcoin.1\r\n"));
    // The example of RFC 6455, section 1.3.
    assert!(
        answer
            .head
            .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n")
    );
    let _link = owner.links.start(LinkId(1), world.accepted().await.stream);
    assert_eq!(owner.message().await, "hi");
}

#[tokio::test]
async fn beyond_the_limit_of_sessions_each_newcomer_is_told() {
    let mut world = World::start(patient_http()).await;
    let mut held = Vec::new();
    for _ in 0..limits::SESSION_UPGRADES {
        let dialled = world.dial().await.expect("a session");
        held.push((dialled, world.accepted().await));
    }
    for _ in 0..100 {
        let Err(DialError::Refused { status, detail }) = world.dial().await else {
            panic!("one too many");
        };
        assert_eq!(status, 503);
        assert!(detail.contains("80 sessions"), "{detail}");
    }
    let answer = world.ask(&UPGRADE).await;
    assert!(
        answer.head.contains("retry-after: 5\r\n"),
        "{}",
        answer.head
    );
    held.pop();
    world.dial().await.expect("there is a place again");
}

#[tokio::test]
async fn a_session_is_no_request_in_flight_and_never_goes_for_a_newcomer() {
    let mut world = World::start(HttpLimits {
        in_flight: 2,
        connections: 8,
        ..patient_http()
    })
    .await;
    let mut pairs = Vec::new();
    for _ in 0..4 {
        pairs.push(pair(&mut world, patient()).await);
    }
    let mut silent = Vec::new();
    for _ in 0..30 {
        silent.push(world.connect().await);
        let mut client = world.connect().await;
        client.get("/livez").await;
        assert_eq!(client.answer().await.status, 200);
    }
    for pair in &mut pairs {
        pair.lives().await;
    }
    // They count among the connections all the same: four are left for others.
    for client in silent.iter_mut().take(26) {
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn no_limit_of_time_of_http_holds_in_a_session_and_all_do_before_it() {
    let short = HttpLimits {
        first_byte: SHORT,
        headers: SHORT,
        idle: SHORT,
        stalled_reader: SHORT,
        ..HttpLimits::default()
    };
    let mut world = World::start(short).await;
    let mut pair = pair(&mut world, patient()).await;
    let mut trickling = world.connect().await;
    // Ends when the server closes, whatever was sent meanwhile.
    trickling.send("GET /v1/session HTTP/1.1\r\nX: ").await;
    while trickling.send("a").await {
        tokio::time::sleep(SHORT / 10).await;
    }
    tokio::time::sleep(SHORT * 2).await;
    pair.lives().await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_from_its_socket_is_cut() {
    let mut world = World::start(HttpLimits::default()).await;
    let mut owner = Owner::new(LinkLimits {
        stall: SHORT,
        ..LinkLimits::default()
    });
    let mut client = world.connect().await;
    client.send(request(&UPGRADE)).await;
    assert_eq!(client.answer().await.status, 101);
    let link = owner.links.start(LinkId(1), world.accepted().await.stream);
    let large = Bytes::from(vec![7; LinkLimits::default().message_bytes]);
    // What two kernels hold is less than this.
    for _ in 0..5 {
        link.send(large.clone()).expect("it is taken");
    }
    assert_eq!(owner.ending().await, Ending::Stalled { limit: SHORT });
    assert_eq!(world.acceptor.taken(), 0);
    drop(client);
}

#[tokio::test]
async fn a_server_that_ends_ends_its_sessions() {
    // An owner that hears of it says goodbye, and the server waits for that.
    let mut world = World::start(patient_http()).await;
    let mut told = pair(&mut world, patient()).await;
    told.lives().await;
    world.shutdown.cancel();
    told.accepting.shutdown.cancel();
    let reason = "the node ends".to_owned();
    assert_eq!(
        told.dialling.ending().await,
        Ending::There { code: 1001, reason }
    );
    let served = tokio::time::timeout(TOO_LONG, world.served).await;
    served.expect("the server ends").expect("without a panic");

    // One that does not is cut off.
    let mut world = World::start(HttpLimits {
        shutdown: SHORT,
        ..patient_http()
    })
    .await;
    let mut deaf = pair(&mut world, patient()).await;
    deaf.lives().await;
    world.shutdown.cancel();
    assert!(matches!(
        deaf.accepting.ending().await,
        Ending::Broken { .. }
    ));
    assert_eq!(deaf.dialling.ending().await, Ending::Lost);
    let served = tokio::time::timeout(TOO_LONG, world.served).await;
    served.expect("the server ends").expect("without a panic");
}

#[tokio::test]
async fn many_sessions_at_once_keep_their_messages_apart() {
    let mut world = World::start(patient_http()).await;
    let (mut dialling, mut accepting) = (Owner::new(patient()), Owner::new(patient()));
    let mut links = Vec::new();
    for number in 0..20 {
        let there = world.dial().await.expect("a session");
        links.push(dialling.links.start(LinkId(number), there.stream));
        let here = world.accepted().await;
        links.push(accepting.links.start(LinkId(number), here.stream));
    }
    for round in 0..50_u64 {
        for link in &links {
            let said = link.id().0 * 1_000 + round;
            link.send(said.to_string().into()).expect("it is taken");
        }
    }
    for owner in [&mut dialling, &mut accepting] {
        let mut heard = [0_u64; 20];
        while heard.iter().sum::<u64>() < 20 * 50 {
            if let LinkEvent::Message { link, message, .. } = owner.event().await {
                let round = &mut heard[link.0 as usize];
                assert_eq!(message, (link.0 * 1_000 + *round).to_string());
                *round += 1;
            }
        }
    }
}
