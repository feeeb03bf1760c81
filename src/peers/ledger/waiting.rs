//! Waiting for a node's writer on a thread that may block, with a runtime around it or without one.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_util::future::{MaybeDone, maybe_done};
use futures_util::poll;
use tokio::task::unconstrained;

/// Runs a future to its end on this thread. For what only waits for other threads, as a handle's calls do: it drives no timer and
/// no socket.
pub fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unparking(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unparking(Thread);

impl Wake for Unparking {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Begins these calls in order, so that the writer meets them in order and commits them together; their answers.
pub fn answers_of<F: Future>(calls: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    wait_for(async {
        let mut begun: Vec<Pin<Box<MaybeDone<F>>>> = Vec::new();
        for call in calls {
            let mut call = Box::pin(maybe_done(call));
            // The first poll puts it into the writer's queue, or in line for a place there.
            let _ = poll!(unconstrained(call.as_mut()));
            begun.push(call);
        }
        let mut answers = Vec::with_capacity(begun.len());
        for mut call in begun {
            call.as_mut().await;
            answers.push(call.as_mut().take_output().expect("it is done now"));
        }
        answers
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::{mpsc, oneshot};

    #[test]
    fn calls_arrive_in_order_and_their_answers_come_back_in_it() {
        let (calls, mut queue) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(2);
        let answering = thread::spawn(move || {
            let mut seen = Vec::new();
            while let Some((number, reply)) = queue.blocking_recv() {
                seen.push(number);
                reply.send(number * 10).expect("somebody waits");
            }
            seen
        });
        let call = |number| {
            let calls = calls.clone();
            async move {
                let (reply, answer) = oneshot::channel();
                calls.send((number, reply)).await.expect("it is taken");
                answer.await.expect("it is answered")
            }
        };
        let answers = answers_of((0..100).map(call));
        drop(calls);
        assert_eq!(answers, (0..100).map(|n| n * 10).collect::<Vec<_>>());
        let seen = answering.join().expect("no panic");
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }
}
