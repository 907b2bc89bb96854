//! Answers that go on for as long as the client listens.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// So many pieces wait for a client that reads slowly; then who sends waits, too.
const WAITING: usize = 16;

/// A body whose pieces come from a sender. Ends when that one is dropped; the sender fails when the client is gone.
pub struct Pieces(Receiver<Bytes>);

impl Pieces {
    /// A sender and its body.
    #[must_use]
    pub fn new() -> (Sender<Bytes>, Self) {
        let (sender, receiver) = channel(WAITING);
        (sender, Self(receiver))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}
