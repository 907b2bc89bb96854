//! `SessionService` and `Sessions`: who has logged in.

use clusterhat::rfc3339;
use serde_json::json;

use super::document::{Document, enabled};
use super::world::World;
use super::{roles, uri};
use crate::access::{Role, Session};

/// The service.
pub(crate) fn service(world: &World<'_>) -> Document {
    Document::new("SessionService", uri::SESSION_SERVICE, "SessionService", "Sessions")
        .with("ServiceEnabled", true)
        .with("SessionTimeout", world.service.session_limit_s)
        .with("Status", enabled())
        .linked("Sessions", uri::SESSIONS)
}

/// The sessions that the caller may see: their own, or all as an administrator.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let seen = world.sessions.iter().filter(|session| may_see(world, session));
    let members = seen.map(|session| uri::member(uri::SESSIONS, &session.id));
    Document::collection("SessionCollection", uri::SESSIONS, "Sessions", members)
}

/// A session that the caller may see.
pub(crate) fn document(world: &World<'_>, id: &str) -> Option<Document> {
    let session = world.sessions.iter().find(|session| session.id == id)?;
    may_see(world, session).then(|| of(session))
}

/// A session.
pub(crate) fn of(session: &Session) -> Document {
    let uri = uri::member(uri::SESSIONS, &session.id);
    Document::new("Session", &uri, &session.id, &format!("Session of {}", session.user))
        .with("UserName", session.user.as_str())
        .with("Roles", json!([roles::name(session.role)]))
        .with("SessionType", "Redfish")
        .with("ClientOriginIPAddress", session.address.as_str())
        .with("CreatedTime", rfc3339(session.created))
}

fn may_see(world: &World<'_>, session: &Session) -> bool {
    world.caller.role == Role::Administrator || world.caller.name == session.user
}
