//! Events as they happen, as server-sent events (WHATWG HTML, "Server-sent events").

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

use super::described::Described;
use crate::access::{Access, Caller, Role};
use crate::error::{Problem, ProblemKind};
use crate::events::{Event, EventKind, Listener, Next};
use crate::http::stream::Pieces;
use crate::service::Service;

/// How often a comment is sent while nothing happens, so that both ends notice when the other is gone.
const PULSE: Duration = Duration::from_secs(15);

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let summary = "What happens, as server-sent events, whose times (at, since) are milliseconds since 1970-01-01 UTC; with Last-Event-ID also what \
                   was missed";
    vec![Described::new(Method::GET, "/api/v1/events", summary, || get(stream))]
}

async fn stream(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let listener = service.events.listen(&caller.name, last).ok_or_else(|| {
        let problem = Problem::new(
            ProblemKind::TooMany,
            "too many streams of events are open, in all or of this account or token",
        );
        Problem { retry_after: Some(10), ..problem }
    })?;
    let (sender, pieces) = Pieces::new();
    tokio::spawn(send(listener, sender, Arc::clone(&service.access), caller));
    Ok(([(CONTENT_TYPE, "text/event-stream")], Body::new(pieces)).into_response())
}

/// Until the client is gone, or may read no more.
async fn send(mut listener: Listener, sender: Sender<Bytes>, access: Arc<Access>, caller: Caller) {
    // Says at once that the stream stands.
    let mut text = String::from(": clusterhatd\nretry: 2000\n\n");
    loop {
        if !text.is_empty() {
            tokio::select! {
                // Also while the client does not read.
                () = access.ended(&caller) => return,
                // Fails where the client is gone.
                sent = sender.send(Bytes::from(text)) => if sent.is_err() {
                    return;
                },
            }
        }
        let next = tokio::select! {
            () = access.ended(&caller) => return,
            // Its place is free at once.
            () = sender.closed() => return,
            next = timeout(PULSE, listener.next()) => next,
        };
        let Some(role) = access.role_now(&caller) else { return };
        text = match next {
            Err(_) => ": \n\n".to_owned(),
            Ok(None) => return,
            Ok(Some(Next::Missed)) => "event: missed\ndata: {}\n\n".to_owned(),
            Ok(Some(Next::Event(event))) if is_for(&event, role) => message(&event),
            Ok(Some(Next::Event(_))) => String::new(),
        };
    }
}

/// Who logs in is for those who administer.
fn is_for(event: &Event, role: Role) -> bool {
    role == Role::Administrator || !matches!(event.kind, EventKind::Access { .. })
}

/// JSON has no line feed in it.
fn message(event: &Arc<Event>) -> String {
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind.name())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::access::By;
    use crate::events::Events;
    use crate::http::stream::Pieces;
    use crate::state_folder::StateFolder;

    /// Seen: who loaded a page anew again and again was told that too many listen, since those before were kept for 15 s.
    #[tokio::test]
    async fn a_place_is_free_once_its_client_is_gone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let access = Arc::new(Access::open(&folder, Duration::from_secs(60)).unwrap());
        let (name, address) = ("pi".to_owned(), "::1".to_owned());
        let caller = Caller { name, role: Role::Operator, by: By::Peer, address, known_by: None };
        let events = Events::default();
        let (sender, mut pieces) = Pieces::new();
        let listener = events.listen("pi", None).unwrap();
        let stream = tokio::spawn(send(listener, sender, access, caller));
        assert!(pieces.frame().await.unwrap().is_ok());
        drop(pieces);
        timeout(PULSE / 2, stream).await.expect("it ends before the next pulse").unwrap();
        assert_eq!(events.listeners(), 0);
    }
}
