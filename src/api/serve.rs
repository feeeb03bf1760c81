//! The accept loop: sockets in, requests to the router, answers out, each within its time.
//!
//! Owns the sockets and the time limits of HTTP; gives every request the [`ConnectionFacts`] of its connection. Knows
//! nothing of the node: it serves any [`Router`]. Called once a listener, by whoever launches the node; ends when told
//! to, after the requests in flight or after [`HttpLimits::shutdown`](crate::limits::HttpLimits), whichever is first.
//!
//! A connection is one task: hyper's future, and beside it one timer that is set again only when it fires or when an
//! earlier deadline appears, so that a request costs no timer of its own. Answers are sent with vectored writes: a
//! body goes out fastest in few large frames (64 KiB and more).

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::Service;

use super::connection::{Phase, Timeout};
use super::connections::{Connections, Slot};
use super::guard::harden;
use super::problem::{Kind, Problem};
use super::socket::{Held, RequestInFlight, Socket};
use crate::limits::{HTTP_ACCEPT_QUEUE, HttpLimits};

/// Both ends of the connection that a request came on; IPv4 addresses in IPv6 clothes are undressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionFacts {
    /// Who asks.
    pub peer: SocketAddr,
    /// Which of this machine's addresses was asked.
    pub local: SocketAddr,
}

impl ConnectionFacts {
    pub fn new(peer: SocketAddr, local: SocketAddr) -> Self {
        let canonical =
            |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Self {
            peer: canonical(peer),
            local: canonical(local),
        }
    }
}

/// After so many accepts in a row the tasks of what was accepted get their turn: their first bytes may be there
/// already, and a flood of newcomers must not push them out as silent before they were looked at.
const ACCEPTS_IN_A_ROW: usize = 32;

/// How long to wait after an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a connection gets to end after it was cut.
const AFTER_THE_CUT: Duration = Duration::from_millis(250);

/// Listens on an address, with a queue for bursts. Port 0 takes any port that is free.
///
/// # Errors
/// As the system gives them: a port in use, or one that this user may not take.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Without this a restart waits for the last connections of the run before; on Windows it would mean theft of a port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(u32::try_from(HTTP_ACCEPT_QUEUE).unwrap_or(u32::MAX))
}

/// Serves the router on the listener until the token is cancelled and the connections have ended, those among them that
/// were upgraded. To be spawned: as a task it takes turns with the connections.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: HttpLimits,
    shutdown: CancellationToken,
) {
    let connections = Connections::new(limits.clone());
    let tasks = TaskTracker::new();
    let conversation = Conversation {
        app: app.with_state(()),
        limits: limits.clone(),
    };
    let mut in_a_row = 0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(slot) = connections.admit(peer.ip()) {
                    if has_bytes(&stream) {
                        slot.connection().bytes_came();
                    }
                    let open = tasks.token();
                    tasks.spawn(conversation.clone().hold(stream, peer, slot, open));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                metrics::counter!("bcoin_http_accept_errors_total").increment(1);
                tracing::warn!(%error, "cannot accept connections, closing one that has nothing to do");
                connections.make_room();
                sleep(ACCEPT_PAUSE).await;
            }
        }
        in_a_row += 1;
        if in_a_row % ACCEPTS_IN_A_ROW == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(listener);
    connections.drain();
    tasks.close();
    if timeout(limits.shutdown, tasks.wait()).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "cutting connections that did not end in time"
        );
        connections.cut_all();
        let _ = timeout(AFTER_THE_CUT, tasks.wait()).await;
    }
}

/// Whether the first bytes are there already, as they are of an honest client that had to wait in a crowd: then it is
/// not taken for one of the silent.
fn has_bytes(stream: &TcpStream) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    SockRef::from(stream)
        .peek(&mut byte)
        .is_ok_and(|count| count > 0)
}

/// Errors that say something of the connection that was to be accepted, nothing of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::*;
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// What every connection's task knows.
#[derive(Clone)]
struct Conversation {
    app: Router,
    limits: HttpLimits,
}

impl Conversation {
    /// One connection, from its first byte to its last.
    async fn hold(self, stream: TcpStream, peer: SocketAddr, slot: Slot, open: TaskTrackerToken) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        let facts = ConnectionFacts::new(peer, local);
        // An answer is written whole: waiting for more to send with it would only delay it.
        let _ = stream.set_nodelay(true);
        let connection = Arc::clone(slot.connection());
        let io = TokioIo::new(Socket::new(stream, slot, open));

        let Conversation { app, limits } = self;
        let for_requests = Arc::clone(&connection);
        let header_bytes = limits.header_bytes;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let in_flight = RequestInFlight::begins(&for_requests);
            let app = app.clone();
            async move {
                Ok::<_, Infallible>(answer(app, request, facts, header_bytes, in_flight).await)
            }
        });
        let http = http1::Builder::new()
            // The deadlines below do this, and more.
            .header_read_timeout(None)
            // Between the limit and its double the answer explains itself; beyond it is hyper's bare 431.
            .max_header_size(header_bytes.saturating_mul(2))
            .serve_connection(io, service)
            .with_upgrades();
        let mut http = pin!(http);
        let mut armed = u64::MAX;
        let mut timer = pin!(sleep_until(Instant::now()));
        let mut draining = false;

        let timed_out = poll_fn(|cx| {
            connection.turn(cx.waker());
            if connection.phase() == Phase::Ended {
                return Poll::Ready(None);
            }
            if !draining && connection.is_draining() {
                draining = true;
                http.as_mut().graceful_shutdown();
            }
            let mut asked_again = false;
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            while let Some((deadline, timeout)) = connection.deadline() {
                if deadline <= connection.now() {
                    if timeout == Timeout::StalledReader && !asked_again {
                        // The socket looks again whether the client took anything (see `Socket::report`).
                        asked_again = true;
                        if http.as_mut().poll(cx).is_ready() {
                            return Poll::Ready(None);
                        }
                        continue;
                    }
                    return Poll::Ready(Some(timeout));
                }
                if deadline < armed || timer.is_elapsed() {
                    armed = deadline;
                    timer
                        .as_mut()
                        .reset(Instant::from_std(connection.instant(deadline)));
                }
                if timer.as_mut().poll(cx).is_pending() {
                    break;
                }
                connection.tick();
            }
            Poll::Pending
        })
        .await;
        if let Some(timeout) = timed_out {
            metrics::counter!("bcoin_http_timeouts_total", "cause" => timeout.cause()).increment(1);
            tracing::debug!(%peer, cause = timeout.cause(), "connection timed out");
        }
    }
}

/// One request's answer, by the router.
async fn answer(
    mut app: Router,
    request: hyper::Request<Incoming>,
    facts: ConnectionFacts,
    header_bytes: usize,
    in_flight: Option<RequestInFlight>,
) -> Response<Held<Option<RequestInFlight>>> {
    let response = if in_flight.is_none() {
        // Given up for a newcomer at the moment the request came: it has not run, and may be sent again.
        closing(
            Problem::new(Kind::Busy, "Too many connections are open. Ask again.")
                .header(header::RETRY_AFTER, "1"),
        )
    } else if size_of_head(&request) > header_bytes {
        closing(
            Problem::new(
                Kind::HeadersTooLarge,
                format!(
                    "The request line and headers are longer than {header_bytes} bytes. In a browser that is mostly \
                     cookies, which all ports of a host share: clear those of this host."
                ),
            )
            .with("limit", header_bytes),
        )
    } else {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(facts);
        match app.call(request).await {
            Ok(response) => response,
        }
    };
    if let Some(in_flight) = &in_flight
        && response.status() == StatusCode::SWITCHING_PROTOCOLS
    {
        in_flight.upgrades();
    }
    response.map(|body| Held::new(body, in_flight))
}

/// A problem after which the connection ends.
fn closing(problem: Problem) -> Response {
    let mut response = harden(problem.into_response());
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What request line and headers measure on the wire, as they are usually written.
fn size_of_head<B>(request: &hyper::Request<B>) -> usize {
    let uri = request.uri();
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len())
        + uri
            .scheme_str()
            .map_or(0, |scheme| scheme.len() + "://".len())
        + uri
            .authority()
            .map_or(0, |authority| authority.as_str().len());
    let fields: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len())
        .sum();
    request.method().as_str().len()
        + " ".len()
        + target
        + " HTTP/1.1\r\n".len()
        + fields
        + "\r\n".len()
}
