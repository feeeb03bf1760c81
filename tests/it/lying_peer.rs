//! A peer that speaks canned HTTP over a plain socket, and so can say what no honest node says.

use std::future::Future;
use std::sync::{Arc, Mutex};

use bcoin::peers::address::PeerAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Ends with its value.
pub struct LyingPeer {
    pub address: PeerAddress,
    requests: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl LyingPeer {
    /// Plays `script` on each connection once its request was read.
    pub async fn playing<F, Played>(script: F) -> LyingPeer
    where
        F: Fn(TcpStream) -> Played + Send + 'static,
        Played: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let local = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&requests);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    match socket.read_u8().await {
                        Ok(byte) => request.push(byte),
                        Err(_) => break,
                    }
                }
                let request = String::from_utf8(request).expect("a request is text");
                heard.lock().expect("not poisoned").push(request);
                connections.spawn(script(socket));
            }
        });
        LyingPeer {
            address: PeerAddress::http(local.ip(), local.port()),
            requests,
            _task: task,
        }
    }

    /// Sends `answer` as it is, and closes.
    pub async fn saying(answer: impl Into<Vec<u8>>) -> LyingPeer {
        let answer: Arc<[u8]> = answer.into().into();
        LyingPeer::playing(move |mut socket| {
            let answer = Arc::clone(&answer);
            async move {
                // Whoever has read enough hangs up: that is what the tests want to see.
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            }
        })
        .await
    }

    /// Answers 200 with this body.
    pub async fn holding(body: impl AsRef<[u8]>) -> LyingPeer {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        LyingPeer::saying([head.as_bytes(), body].concat()).await
    }

    /// Sends `start`, then `more` again and again while somebody reads and there is more, without a content length.
    pub async fn endless(
        start: &str,
        more: impl Fn(usize) -> String + Send + Sync + 'static,
    ) -> LyingPeer {
        let start = format!("HTTP/1.1 200 OK\r\n\r\n{start}");
        let more = Arc::new(more);
        LyingPeer::playing(move |mut socket| {
            let (start, more) = (start.clone(), Arc::clone(&more));
            async move {
                let mut sent = socket.write_all(start.as_bytes()).await;
                let mut count = 0;
                while sent.is_ok() {
                    let next = more(count);
                    if next.is_empty() {
                        break;
                    }
                    sent = socket.write_all(next.as_bytes()).await;
                    count += 1;
                }
            }
        })
        .await
    }

    /// The heads of the requests it got.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("not poisoned").clone()
    }
}
