//! The consoles' routes.

use std::sync::Arc;

use axum::extract::{Extension, Request, State, WebSocketUpgrade};
use axum::http::header::{CONNECTION, HOST, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, RequestExt as _};
use clusterhat::consoles;
use clusterhat::report::SCHEMA;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::console::{Console, ConsoleSummary, Past};
use super::session::Reader;
use super::{stream, websocket};
use crate::access::Caller;
use crate::api::described::Described;
use crate::error::{Problem, ProblemKind};
use crate::http::request::{Path, Query};
use crate::service::Service;

/// The routes, as parts of the small API.
#[must_use]
pub fn described() -> Vec<Described> {
    let one = "/api/v1/consoles/{node}";
    let connects = "A node's console as a WebSocket: binary messages are bytes, text messages notices, and requests such as \
                    {\"write\": \"request\"}. ?history= takes a number of bytes, or \"opened\": since the console appeared";
    vec![
        Described::new(Method::GET, "/api/v1/consoles", "All consoles", || get(list))
            .gives::<ConsoleList>(),
        Described::new(Method::GET, one, connects, || get(connect)),
        Described::new(
            Method::GET,
            "/api/v1/consoles/{node}/history",
            "What a node sent last",
            || get(history),
        )
        .gives::<ConsoleHistory>(),
    ]
}

/// The consoles of all nodes.
#[derive(Serialize, JsonSchema)]
pub struct ConsoleList {
    /// The version of the documents.
    pub schema: u32,
    /// In the nodes' order.
    pub consoles: Vec<ConsoleSummary>,
}

/// What a node sent last.
#[derive(Serialize, JsonSchema)]
pub struct ConsoleHistory {
    /// The version of the documents.
    pub schema: u32,
    /// How the console is.
    #[serde(flatten)]
    pub console: ConsoleSummary,
    /// The node's own: it may hold control characters and escape sequences. What is not UTF-8 is replaced.
    pub text: String,
}

/// What of the past a reader wants.
#[derive(Deserialize)]
struct Wanted {
    /// In bytes, or `opened`: since the node showed its console; absent = all that is kept.
    history: Option<String>,
}

impl Wanted {
    fn past(&self) -> Result<Past, Problem> {
        match self.history.as_deref() {
            None => Ok(Past::Bytes(usize::MAX)),
            Some("opened") => Ok(Past::SinceOpened),
            Some(text) => text.parse().map(Past::Bytes).map_err(|_| {
                let text = clusterhat::shorten(text);
                Problem::bad_request(format!(
                    "history is a number of bytes, or \"opened\", and not {text:?}"
                ))
            }),
        }
    }
}

async fn list(State(service): State<Service>) -> Json<ConsoleList> {
    service.consoles.looked().await;
    let consoles = service.consoles.all().iter().map(|console| console.summary()).collect();
    Json(ConsoleList { schema: SCHEMA, consoles })
}

async fn history(
    State(service): State<Service>,
    Path(node): Path<String>,
) -> Result<Json<ConsoleHistory>, Problem> {
    let console = find(&service, &node).await?;
    let text = String::from_utf8_lossy(&console.history()).into_owned();
    Ok(Json(ConsoleHistory { schema: SCHEMA, console: console.summary(), text }))
}

/// Gives a console over a WebSocket or as a stream of frames, as the client asks.
async fn connect(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(node): Path<String>,
    Query(wanted): Query<Wanted>,
    mut request: Request,
) -> Result<Response, Problem> {
    let console = find(&service, &node).await?;
    check_origin(request.headers())?;
    let past = wanted.past()?;
    let (access, own) = (Arc::clone(&service.access), caller.clone());
    let ended = async move { access.ended(&own).await };
    let reader = reader(&service, caller, &console);
    let session = service.consoles.read(console, reader, past);
    if asks_for(request.headers(), consoles::UPGRADE) {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            // A client that is gone before it begins needs no answer.
            if let Ok(upgraded) = upgrade.await {
                let served = stream::serve(session, hyper_util::rt::TokioIo::new(upgraded));
                tokio::select! {
                    () = ended => {}
                    () = served => {}
                }
            }
        });
        let headers = [(CONNECTION, "Upgrade"), (UPGRADE, consoles::UPGRADE)];
        return Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response());
    }
    let upgrade: Result<WebSocketUpgrade, _> = request.extract_parts().await;
    match upgrade {
        Ok(upgrade) => {
            let upgrade = upgrade.max_message_size(websocket::LARGEST).write_buffer_size(0);
            Ok(upgrade.on_upgrade(|socket| async {
                tokio::select! {
                    () = ended => {}
                    () = websocket::serve(session, socket) => {}
                }
            }))
        }
        Err(_) => Err(Problem::bad_request(format!(
            "a console is a WebSocket, or a connection with Upgrade: {}",
            consoles::UPGRADE
        ))),
    }
}

/// An operator may write, which is noted.
fn reader(service: &Service, caller: Caller, console: &Arc<Console>) -> Reader {
    let (name, label) = (caller.name.clone(), console.label().to_owned());
    let (access, own) = (Arc::clone(&service.access), caller.clone());
    let role = Box::new(move || access.role_now(&own));
    let (access, own) = (Arc::clone(&service.access), caller.clone());
    let uses = Box::new(move || access.note_use(&own));
    let access = Arc::clone(&service.access);
    let writes = Box::new(move || access.audit.note_access(&caller, "console", &label, "writes"));
    Reader { name, role, uses, writes }
}

async fn find(service: &Service, node: &str) -> Result<Arc<Console>, Problem> {
    service.consoles.looked().await;
    let console = service.consoles.find(node);
    console.ok_or_else(|| Problem::not_found(&format!("node {:?}", clusterhat::shorten(node))))
}

fn asks_for(headers: &HeaderMap, protocol: &str) -> bool {
    headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(protocol.as_bytes()))
}

/// A browser connects whatever page asks it to, and sends its cookie where that page is of the same site: on another port, say.
/// It tells which page it was.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let host = headers.get(HOST).map(|host| host.as_bytes());
    let own = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host.as_bytes());
    if own.is_some() && own == host {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::Forbidden, "a page of another origin asks for this console"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_origins_get_no_console() {
        let check = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "pi.example:8443".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            check_origin(&headers).is_ok()
        };
        assert!(check(None) && check(Some("https://pi.example:8443")));
        for other in
            ["https://pi.example", "https://pi.example:3000", "https://evil.example", "null", ""]
        {
            assert!(!check(Some(other)), "{other}");
        }
    }
}
