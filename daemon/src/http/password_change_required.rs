//! Accounts whose password has to be changed first (DSP0266, "Password change required"): they reach the own account, to change it
//! there, and the own session, to end it, and nothing else.

use axum::http::Method;

use crate::access::Caller;
use crate::error::{Problem, ProblemKind};
use crate::redfish;
use crate::service::Service;

const SESSION: &str = "/api/v1/session";

/// Whether a caller gets there.
///
/// # Errors
/// The password has to be changed first.
pub(super) fn check(
    service: &Service,
    caller: &Caller,
    method: &Method,
    path: &str,
) -> Result<(), Problem> {
    if !service.access.password_change_required(caller) {
        return Ok(());
    }
    let account = redfish::account_uri(&caller.name);
    let is_read = method == Method::GET || method == Method::HEAD;
    let is_reached = if path == account {
        is_read || method == Method::PATCH
    } else if path == SESSION {
        method == Method::DELETE
    } else {
        (is_read || method == Method::DELETE) && is_session(service, caller, path)
    };
    if is_reached { Ok(()) } else { Err(problem(&caller.name)) }
}

/// Says where an account's password is changed.
pub(crate) fn problem(name: &str) -> Problem {
    let account = redfish::account_uri(name);
    let text = format!(
        "the password of {name} must be changed before anything else: PATCH the property Password of {account}"
    );
    let problem = Problem::new(ProblemKind::PasswordChangeRequired, text);
    Problem { about: Some(account), ..problem }
}

/// Whether a session of the caller's is there.
fn is_session(service: &Service, caller: &Caller, path: &str) -> bool {
    let is_own = |id: &str| {
        let sessions = service.access.sessions.list();
        sessions.iter().any(|session| session.id == id && session.user == caller.name)
    };
    let id = path.strip_prefix(redfish::SESSIONS).and_then(|rest| rest.strip_prefix('/'));
    id.is_some_and(is_own)
}
