//! What a request asks, as every handler here reads it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::failure::Failure;
use super::message;
use super::state::State;
use crate::access::Caller;
use crate::http::connection::Peer;
use crate::http::route::Allow;

/// What a request asks.
#[derive(Clone)]
pub(super) struct Asked {
    /// The path as the client wrote it.
    pub path: String,
    /// The query as the client wrote it.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// The methods that its path has.
    pub allow: String,
    /// Who asks; absent where anybody may.
    pub caller: Option<Caller>,
    /// Who is at the other end.
    pub peer: Peer,
    /// What Redfish keeps for itself.
    pub own: State,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let version = parts.headers.get("odata-version").map(|version| version.as_bytes());
        if version.is_some_and(|version| version != b"4.0") {
            let message = message::Message::new(&message::HEADER_INVALID, &["OData-Version"]);
            return Err(Failure::new(StatusCode::PRECONDITION_FAILED, message));
        }
        let peer = parts.extensions.get::<Peer>().cloned();
        let own = parts.extensions.get::<State>().cloned();
        Ok(Self {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.clone(),
            allow: parts
                .extensions
                .get::<Allow>()
                .map_or_else(String::new, |allow| allow.0.clone()),
            caller: parts.extensions.get::<Caller>().cloned(),
            peer: peer.unwrap_or(Peer { address: String::new(), caller: None }),
            own: own.ok_or_else(|| Failure::internal("Redfish was not started"))?,
        })
    }
}

impl Asked {
    /// Who asks.
    ///
    /// # Errors
    /// 401 where nobody is known: the route's table lets nobody else get here.
    pub(super) fn caller(&self) -> Result<&Caller, Failure> {
        let nobody = || Failure::plain(StatusCode::UNAUTHORIZED, &message::NO_VALID_SESSION);
        self.caller.as_ref().ok_or_else(nobody)
    }

    /// The last part of the path, or the one before an action.
    ///
    /// # Errors
    /// 404 where it is not below this collection.
    pub(super) fn id(&self, collection: &str) -> Result<&str, Failure> {
        let below = self.path.strip_prefix(collection).and_then(|below| below.strip_prefix('/'));
        let id = below.and_then(|below| below.split('/').next());
        id.filter(|id| !id.is_empty() && !id.contains('%'))
            .ok_or_else(|| Failure::missing(&self.path))
    }
}
