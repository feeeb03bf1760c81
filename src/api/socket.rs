//! A TCP stream that tells its [`Connection`] what happens on it, and the response body that tells when it has ended.
//!
//! Owned by [`super::serve`], wrapped for hyper, and after an upgrade by whoever speaks through it. Never decides
//! anything: time limits are kept by the task in `serve`.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::{Connection, Phase};
use super::connections::Slot;
use crate::limits::SESSION_SEND_BUFFER;

/// The stream, and the place it holds among the connections for as long as it is open.
pub struct Socket {
    stream: TcpStream,
    slot: Slot,
    said_everything: bool,
    /// The server's end waits for this socket too, whoever has it then.
    _open: TaskTrackerToken,
}

impl Socket {
    pub fn new(stream: TcpStream, slot: Slot, open: TaskTrackerToken) -> Self {
        Self {
            stream,
            slot,
            said_everything: false,
            _open: open,
        }
    }

    /// From now on the other end is another node.
    pub fn carries_a_session(&self) {
        let _ = SockRef::from(&self.stream).set_send_buffer_size(SESSION_SEND_BUFFER);
    }

    /// Whether the server's end has cut this connection, which is no longer in the hands of its task.
    fn is_cut(&self, cx: &Context<'_>) -> bool {
        let connection = self.slot.connection();
        match connection.phase() {
            Phase::Upgraded => {
                connection.waker.register(cx.waker());
                connection.phase() == Phase::Ended
            }
            phase => phase == Phase::Ended,
        }
    }

    /// Reports a write. One that would wait is tried once more when the reader seems stalled, past the readiness that
    /// the kernel signals: it calls a socket writable only when a third of a buffer of megabytes is free, which a slow
    /// reader who reads steadily may not reach in time, but takes bytes whenever any room is there.
    fn report(
        &self,
        written: Poll<io::Result<usize>>,
        retry: impl FnOnce(SockRef<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let connection = self.slot.connection();
        let written = match written {
            Poll::Pending if connection.reader_seems_stalled() => {
                match retry(SockRef::from(&self.stream)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                    result => Poll::Ready(result),
                }
            }
            written => written,
        };
        match &written {
            Poll::Ready(Ok(1..)) => connection.bytes_went(),
            Poll::Pending => connection.bytes_wait(),
            Poll::Ready(_) => {}
        }
        written
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut(cx) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.slot.connection().bytes_came();
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.report(written, |socket| socket.send(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.report(written, |socket| socket.send_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Says that no more comes, then drops what the client still sends until it closes as well. Closing with unread
    /// bytes would make the kernel send a reset, and the client may lose the very answer that told it to stop (a 413,
    /// a 431). The task's time limit bounds it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.said_everything {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.said_everything = true;
            self.slot.connection().closing();
        }
        if self.slot.connection().is_draining() {
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// A request in flight; dropping it says that the request has ended.
pub struct RequestInFlight(Arc<Connection>);

impl RequestInFlight {
    /// The request's headers are complete.
    pub fn begins(connection: &Arc<Connection>) -> Option<Self> {
        connection
            .request_begins()
            .then(|| Self(Arc::clone(connection)))
    }

    /// After this request the connection speaks something else.
    pub fn upgrades(&self) {
        self.0.upgraded();
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.request_ends();
    }
}

/// A response's body, holding what is to be dropped when it has ended.
pub struct Held<T> {
    body: Body,
    _held: T,
}

impl<T> Held<T> {
    pub fn new(body: Body, held: T) -> Self {
        Self { body, _held: held }
    }
}

impl<T: Unpin> hyper::body::Body for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
