//! One connection: who is at its other end, and HTTP on it, within limits.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service as _;

use super::limits;
use super::stall::Stall;
use crate::access::Caller;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// An IP address, or `unix`.
    pub address: String,
    /// Who it is, where the kernel says so.
    pub caller: Option<Caller>,
}

/// Answers requests on a connection until it ends. What goes wrong on it is its client's.
pub async fn serve<S>(stream: S, peer: Peer, router: Arc<Router>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let mut router = Router::clone(&router);
        async move {
            let response: Result<Response<Body>, Infallible> =
                router.call(request.map(Body::new)).await;
            response
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIME)
        .max_headers(limits::HEADERS)
        .max_buf_size(limits::HEADER_BYTES)
        .serve_connection(TokioIo::new(Stall::new(stream, limits::WRITE_TIME)), answer)
        .with_upgrades();
    let _ = connection.await;
}
