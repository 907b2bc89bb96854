//! Sessions of browsers, by a cookie that no script reads and no page of others makes use of.

use axum::extract::{Extension, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::described::Described;
use super::document::Document;
use crate::access::{By, Caller, Need, Role};
use crate::error::Problem;
use crate::events::EventKind;
use crate::http::authenticate::{COOKIE_NAME, check_origin, cookie};
use crate::http::connection::Peer;
use crate::http::password_change_required;
use crate::http::request::Body;
use crate::service::Service;

/// The body of `POST /api/v1/session`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogIn {
    /// The account.
    user: String,
    /// Its password.
    password: String,
}

/// Who asks.
#[derive(Debug, Serialize, JsonSchema)]
struct Who {
    /// An account's name, `token:NAME` or `uid:N`.
    user: String,
    /// What they may do.
    role: Role,
    /// By what they are known.
    by: By,
    /// After how many seconds without a request a session ends.
    timeout_s: u64,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let path = "/api/v1/session";
    vec![
        Described::new(Method::GET, path, "Who asks, and with which role", || get(who))
            .gives::<Document<Who>>(),
        Described::new(
            Method::POST,
            path,
            "Log in: the answer sets a cookie. Takes the header X-Requested-By: clusterhat",
            || post(log_in),
        )
        .need(Need::Open)
        .takes::<LogIn>()
        .gives::<Document<Who>>(),
        Described::new(Method::DELETE, path, "Log out", || delete(log_out)),
    ]
}

async fn who(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Response {
    shown(&service, caller.name, caller.role, caller.by).into_response()
}

async fn log_in(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Body(LogIn { user, password }): Body<LogIn>,
) -> Result<Response, Problem> {
    check_origin(&headers)?;
    let role = service.access.log_in(&user, &password, &peer.address).await?;
    // A browser has no way to change it, and could do nothing else.
    if service.access.accounts.get(&user).is_some_and(|account| account.password_change_required) {
        return Err(password_change_required::problem(&user));
    }
    let (session, secret) = service.access.sessions.create(&user, role, &peer.address)?;
    let (name, address) = (user.clone(), peer.address);
    let caller = Caller { name, role, by: By::Cookie, address, known_by: None };
    note(&service, &caller, "log-in", &session.id);
    let cookie = format!("{COOKIE_NAME}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict");
    let document = shown(&service, user, role, By::Cookie);
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], document).into_response())
}

async fn log_out(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let session = cookie(&headers).and_then(|secret| service.access.sessions.find(secret));
    if let Some(session) = session {
        service.access.sessions.end(&session.id);
        note(&service, &caller, "log-out", &session.id);
    }
    let gone = format!("{COOKIE_NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    (StatusCode::NO_CONTENT, [(SET_COOKIE, gone)]).into_response()
}

/// Writes down that somebody came or went, and tells it.
fn note(service: &Service, caller: &Caller, what: &str, session: &str) {
    service.access.audit.note_access(caller, what, session, "done");
    let (who, what) = (caller.name.clone(), what.to_owned());
    service.events.tell(EventKind::Access { who, what });
}

fn shown(service: &Service, user: String, role: Role, by: By) -> Document<Who> {
    let timeout_s = service.access.sessions.limit().as_secs();
    Document::new(Who { user, role, by, timeout_s })
}
