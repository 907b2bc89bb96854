//! What one client may take: of time, of memory, of connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::access::network;
use crate::error::{Problem, ProblemKind};

/// How long a client may take for the headers of a request, and between two requests.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long it may take for a body.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// How long it may read nothing of an answer.
pub const WRITE_TIME: Duration = Duration::from_secs(30);
/// How long it may take for the beginning of TLS.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How many headers a request may have.
pub const HEADERS: usize = 64;
/// How large its first line and headers may be together.
pub const HEADER_BYTES: usize = 16 * 1024;
/// How large its body may be.
pub const BODY_BYTES: usize = 64 * 1024;
/// How many connections there are at once, but for those on the unix socket.
pub const CONNECTIONS: usize = 512;
/// How many from one address.
pub const CONNECTIONS_OF_ONE: usize = 128;

/// Takes the whole body in before anybody works on it: what is too large or too slow costs no more than that.
pub(crate) async fn body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return too_large();
    }
    let limited = http_body_util::Limited::new(body, BODY_BYTES);
    match timeout(BODY_TIME, limited.collect()).await {
        Ok(Ok(whole)) => {
            let request = Request::from_parts(parts, Body::from(whole.to_bytes()));
            next.run(request).await
        }
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => too_large(),
        Ok(Err(_)) => Problem::bad_request("the body ends before its time").into_response(),
        Err(_) => {
            let text = format!("the body took longer than {} s", BODY_TIME.as_secs());
            Problem::new(ProblemKind::TooSlow, text).into_response()
        }
    }
}

fn too_large() -> Response {
    let text = format!("the body is larger than {BODY_BYTES} bytes");
    Problem::new(ProblemKind::TooLarge, text).into_response()
}

/// The body of a response of our own.
///
/// # Errors
/// It is larger than the limit.
pub async fn whole(body: Body, limit: usize) -> Result<Vec<u8>, axum::Error> {
    to_bytes(body, limit).await.map(Into::into)
}

/// Connections by address; in IPv6, by network.
#[derive(Default)]
pub(crate) struct Connections(Mutex<HashMap<String, usize>>);

impl Connections {
    /// A place for a connection; none where there are too many.
    pub(crate) fn enter(self: &Arc<Self>, address: &str) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = all.values().sum();
        let address = network::of(address).into_owned();
        let of_one = all.get(&address).copied().unwrap_or(0);
        if total >= CONNECTIONS || of_one >= CONNECTIONS_OF_ONE {
            return None;
        }
        *all.entry(address.clone()).or_default() += 1;
        Some(Place { connections: Arc::clone(self), address })
    }
}

/// A connection's place.
pub(crate) struct Place {
    connections: Arc<Connections>,
    address: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_to_others() {
        let connections = Arc::new(Connections::default());
        let mut places: Vec<_> =
            (0..CONNECTIONS_OF_ONE).map(|_| connections.enter("a").unwrap()).collect();
        assert!(connections.enter("a").is_none());
        for other in ["b", "c", "2001:db8::1"] {
            places.extend((0..CONNECTIONS_OF_ONE).map(|_| connections.enter(other).unwrap()));
        }
        assert!(connections.enter("e").is_none());
        places.truncate(1);
        let other = |host| connections.enter(&format!("2001:db8::{host}"));
        let of_network: Vec<_> = (0..CONNECTIONS_OF_ONE).map(|host| other(host).unwrap()).collect();
        assert!(other(9999).is_none() && connections.enter("2001:db8:0:1::1").is_some());
        drop(of_network);
        drop(places);
        assert!(connections.0.lock().unwrap().is_empty());
    }
}
