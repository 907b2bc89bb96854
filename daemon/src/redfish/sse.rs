//! The stream of events (`text/event-stream`, the HTML standard's server-sent events).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;

use super::asked::Asked;
use super::failure::Failure;
use super::message;
use super::record::Record;
use super::sse_filter::Filter;
use super::subscriptions::Stream;
use crate::events::{Listener, Next};
use crate::service::Service;

/// A comment is sent when nothing happens for so long: whoever is between keeps the connection then.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Answers with events from here on, or from after the one that the client had last (`Last-Event-ID`).
pub(super) async fn stream(State(service): State<Service>, asked: Asked) -> Response {
    let caller = match asked.caller() {
        Ok(caller) => caller.clone(),
        Err(failure) => return failure.into_response(),
    };
    let headers = &asked.headers;
    if !accepts_events(headers) {
        let kind = &message::HEADER_INVALID;
        let message = message::Message::new(kind, &["Accept"]);
        return Failure::new(StatusCode::NOT_ACCEPTABLE, message).into_response();
    }
    let filter = match Filter::of(&asked.query) {
        Ok(filter) => filter,
        Err(failure) => return failure.into_response(),
    };
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let Some(listener) = service.events.listen(&caller.name, after) else {
        let limit = &message::SUBSCRIPTION_LIMIT_EXCEEDED;
        return Failure::plain(StatusCode::SERVICE_UNAVAILABLE, limit).into_response();
    };
    let (sender, receiver) = mpsc::channel(1);
    let (access, stream) = (Arc::clone(&service.access), asked.own.subscriptions.stream());
    let told = Told { listener, filter, stream };
    tokio::spawn(async move {
        tokio::select! {
            () = access.ended(&caller) => {}
            () = tell(told, sender, || access.role_now(&caller).is_some()) => {}
        }
    });
    let mut response = Body::new(Chunks(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("OData-Version", HeaderValue::from_static("4.0"));
    response
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) else {
        return true;
    };
    let mut kinds = accept.split(',').filter_map(|kind| kind.split(';').next()).map(str::trim);
    kinds.any(|kind| matches!(kind, "text/event-stream" | "text/*" | "*/*"))
}

/// What a client is told.
struct Told {
    listener: Listener,
    filter: Filter,
    stream: Stream,
}

/// Until the client closes the connection or may read no more, or somebody ends the subscription.
async fn tell(told: Told, sender: Sender<Bytes>, may_read: impl Fn() -> bool) {
    let Told { mut listener, filter, stream } = told;
    // The client knows then that it is connected.
    let mut next = Some(Bytes::from_static(b": connected\n\n"));
    loop {
        if let Some(bytes) = next.take() {
            if !may_read() {
                return;
            }
            tokio::select! {
                () = stream.ended() => return,
                sent = sender.send(bytes) => if sent.is_err() {
                    return;
                },
            }
        }
        let happens = timeout(KEEP_ALIVE, listener.next());
        tokio::select! {
            () = stream.ended() => return,
            () = sender.closed() => return,
            happened = happens => match happened {
                Err(_) => next = Some(Bytes::from_static(b": nothing new\n\n")),
                Ok(Some(Next::Event(event))) => {
                    let record = Record::of(&event.kind).filter(|record| filter.takes(record));
                    next = record.map(|record| {
                        let json = record.to_json(&event, Some(stream.context()));
                        format!("id: {}\ndata: {json}\n\n", event.id).into()
                    });
                }
                Ok(Some(Next::Missed)) => next = Some(Bytes::from_static(b": some were missed\n\n")),
                Ok(None) => return,
            },
        }
    }
}

/// A body whose parts come one by one.
struct Chunks(Receiver<Bytes>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
