//! What runs while a node does, of whichever protocol: its server, its tasks and its writer, and how they end.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::node::Writer;

/// How long the writer gets to finish what it has taken, and tasks to see that the node ends.
const WRITER_END: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Running {
    shutdown: CancellationToken,
    server: JoinHandle<()>,
    tasks: TaskTracker,
    writer: Writer,
}

impl Running {
    /// Runs `server`, which ends when `shutdown` is cancelled.
    pub(super) fn with(
        server: impl Future<Output = ()> + Send + 'static,
        shutdown: CancellationToken,
        tasks: TaskTracker,
        writer: Writer,
    ) -> Self {
        Self {
            server: tokio::spawn(server),
            shutdown,
            tasks,
            writer,
        }
    }

    pub(super) async fn failed(&self) {
        self.writer.failed.cancelled().await;
    }

    /// Ends event streams and searches first, then requests in flight, then tasks; then lets go of the handle `node`, and so of the writer.
    pub(super) async fn end<H>(self, node: H) {
        self.shutdown.cancel();
        self.tasks.close();
        if self.server.await.is_err() {
            tracing::error!("the server ended in a panic");
        }
        if tokio::time::timeout(WRITER_END, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("a task of the node did not end in time");
        }
        drop(node);
        end(self.writer).await;
    }
}

/// Waits for the writer, which ends when the last handle is gone; one may hang on to a request that was cut.
async fn end(writer: Writer) {
    let deadline = tokio::time::Instant::now() + WRITER_END;
    while !writer.is_finished() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if writer.is_finished() {
        writer.join();
    }
}
