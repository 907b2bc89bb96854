//! Who asks, and whether they may: the same for every route.

use axum::extract::{Extension, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connection::Peer;
use super::password_change_required;
use crate::access::{By, Caller, Credentials, Need};
use crate::error::{Problem, ProblemKind};
use crate::service::Service;

/// The cookie of a browser's session.
pub const COOKIE_NAME: &str = "clusterhat-session";

/// Lets a request through whose caller may, with the [`Caller`] as an extension.
pub(super) async fn authenticate(
    State(service): State<Service>,
    Extension(need): Extension<Need>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let Need::Role(role) = need else { return next.run(request).await };
    let path = request.uri().path();
    match check(&service, &peer, request.method(), path, request.headers()).await {
        Ok(caller) if caller.role >= role => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(caller) => {
            let text = format!(
                "{} has the role {}, and this takes {}",
                caller.name,
                caller.role.name(),
                role.name()
            );
            if !request.method().is_safe() {
                let (what, path) = (request.method().as_str(), clusterhat::shorten(path));
                service.access.audit.note_refused(&caller, what, &path, &text);
            }
            Problem::new(ProblemKind::Forbidden, text).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// Who sends this.
///
/// # Errors
/// Nobody who is known, or somebody whose password has to be changed first.
pub(crate) async fn check(
    service: &Service,
    peer: &Peer,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let caller = match (credentials(headers)?, &peer.caller) {
        (Some(credentials), _) => service.access.caller(&credentials, &peer.address).await?,
        (None, Some(caller)) => caller.clone(),
        (None, None) => {
            let text = "log in first: name and password, a session or a token";
            return Err(Problem::new(ProblemKind::Unauthorized, text));
        }
    };
    if caller.by == By::Cookie && !method.is_safe() {
        check_origin(headers)?;
    }
    password_change_required::check(service, &caller, method, path)?;
    Ok(caller)
}

/// A browser sends its cookie with whatever a page of others makes it send. It asks before it sends these headers for
/// another page, and is told no.
///
/// # Errors
/// They are missing.
pub fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let is_json = text(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json")
    });
    if is_json && text(headers, "x-requested-by") == Some("clusterhat") {
        return Ok(());
    }
    let text =
        "with a cookie this takes Content-Type: application/json and X-Requested-By: clusterhat";
    Err(Problem::new(ProblemKind::Forbidden, text))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What the request brings, the most explicit first.
fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, Problem> {
    if let Some(token) = text(headers, "x-auth-token") {
        return Ok(Some(Credentials::SessionToken(token.to_owned())));
    }
    if let Some(value) = headers.get(AUTHORIZATION) {
        let malformed =
            || Problem::new(ProblemKind::Unauthorized, "malformed Authorization header");
        let value = value.to_str().map_err(|_| malformed())?;
        let (scheme, rest) = value.split_once(' ').ok_or_else(malformed)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Some(Credentials::Bearer(rest.trim().to_owned())));
        }
        if scheme.eq_ignore_ascii_case("basic") {
            return basic(rest.trim()).map(Some).ok_or_else(malformed);
        }
        return Err(malformed());
    }
    Ok(cookie(headers).map(|secret| Credentials::Cookie(secret.to_owned())))
}

fn basic(encoded: &str) -> Option<Credentials> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credentials::Basic { user: user.to_owned(), password: password.to_owned() })
}

/// The secret in a browser's cookie.
#[must_use]
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE_NAME).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn credentials_are_read_from_any_of_four_places() {
        let read = |pairs: &[(&'static str, &str)]| credentials(&of(pairs));
        assert!(read(&[]).unwrap().is_none());
        let is = |pairs, expected: &str| {
            let found = format!("{:?}", read(pairs).unwrap().unwrap());
            assert!(found.starts_with(expected), "{found}");
        };
        is(&[("authorization", "Basic YTpiOmM=")], "Basic { user: \"a\", password: \"b:c\"");
        is(&[("authorization", "bearer t")], "Bearer(\"t\")");
        is(&[("x-auth-token", "t"), ("cookie", "clusterhat-session=c")], "SessionToken(\"t\")");
        is(&[("cookie", "a=b; clusterhat-session=c; d=e")], "Cookie(\"c\")");
        for wrong in ["Basic", "Basic !", "Basic YQ==", "Digest x", ""] {
            assert!(read(&[("authorization", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_form_of_another_page_can_send_is_not_enough() {
        let header = ("x-requested-by", "clusterhat");
        assert!(
            check_origin(&of(&[("content-type", "application/json; charset=utf-8"), header]))
                .is_ok()
        );
        assert!(check_origin(&of(&[("content-type", "text/plain"), header])).is_err());
        assert!(check_origin(&of(&[("content-type", "application/json")])).is_err());
    }
}
