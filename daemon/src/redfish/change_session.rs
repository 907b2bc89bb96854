//! Sessions begun and ended.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::asked::Asked;
use super::body::Body;
use super::failure::Failure;
use super::message::{self, Message};
use super::{etag, reply, sessions, uri};
use crate::access::{By, Caller, Role};
use crate::events::EventKind;
use crate::service::Service;

/// Logs in: the one change that takes no credentials but those in its body.
pub(super) async fn create(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let mut body = Body::parse(&asked.headers, &bytes)?;
    let user: Option<String> = body.require("UserName");
    let password: Option<String> = body.require("Password");
    // What the client calls the session is not kept.
    body.take::<Value>("Context");
    body.finish(&serde_json::Map::new())?;
    let (user, password) = (user.unwrap_or_default(), password.unwrap_or_default());
    let address = &asked.peer.address;
    let role = service.access.log_in(&user, &password, address).await?;
    let (session, secret) = service.access.sessions.create(&user, role, address)?;
    let (by, address) = (By::Session, address.clone());
    let caller = Caller { name: user, role, by, address, known_by: None };
    note_access(&service, &caller, "log-in", &session.id);
    let mut document = sessions::of(&session);
    if service.access.password_change_required(&caller) {
        let account = super::account_uri(&caller.name);
        let message = Message::new(&message::PASSWORD_CHANGE_REQUIRED, &[&account]);
        document = document.with("@Message.ExtendedInfo", json!([message.to_json()]));
    }
    let mut response = reply::made(StatusCode::CREATED, document);
    reply::set(response.headers_mut(), "x-auth-token", &secret);
    Ok(response)
}

/// Ends a session: one's own, or any as an administrator.
pub(super) async fn delete(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let id = asked.id(uri::SESSIONS)?;
    let sessions = service.access.sessions.list();
    let session = sessions.iter().find(|session| session.id == id);
    let session = session.ok_or_else(|| Failure::missing(&asked.path))?;
    if session.user != caller.name && caller.role != Role::Administrator {
        return Err(Failure::forbidden());
    }
    etag::check(&asked.headers, &etag::of(sessions::of(session).properties()))?;
    service.access.sessions.end(id);
    note_access(&service, caller, "log-out", id);
    Ok(reply::done())
}

/// Writes a change down, and tells it.
pub(super) fn note(service: &Service, caller: &Caller, what: &str, target: &str) {
    service.access.audit.note(caller, what, target, "done");
    tell(service, caller, &format!("{what} {target}"));
}

/// Writes down that somebody came or went, and tells it.
fn note_access(service: &Service, caller: &Caller, what: &str, target: &str) {
    service.access.audit.note_access(caller, what, target, "done");
    tell(service, caller, what);
}

fn tell(service: &Service, caller: &Caller, what: &str) {
    service.events.tell(EventKind::Access { who: caller.name.clone(), what: what.to_owned() });
}
