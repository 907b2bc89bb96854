//! What handlers read from requests.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{Problem, ProblemKind};

/// How old an answer the client allows: `Cache-Control: max-age=N`. Without it nothing older than the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge(pub Duration);

impl MaxAge {
    /// Reads the header.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let words = value.unwrap_or_default().split(',').map(str::trim);
        let seconds = words.filter_map(|word| word.strip_prefix("max-age=")?.parse().ok()).next();
        Self(Duration::from_secs(seconds.unwrap_or(0)))
    }
}

impl<S: Sync> FromRequestParts<S> for MaxAge {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.headers))
    }
}

/// What a path holds in the places of its pattern, with problems in our own format.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let wrong =
            |error: PathRejection| Problem::bad_request(format!("the path: {}", error.body_text()));
        read.map(|axum::extract::Path(found)| Self(found)).map_err(wrong)
    }
}

/// What follows `?`, with problems in our own format.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let wrong = |error: QueryRejection| {
            Problem::bad_request(format!("the query: {}", error.body_text()))
        };
        read.map(|axum::extract::Query(found)| Self(found)).map_err(wrong)
    }
}

/// A body of JSON, with problems in our own format; an empty body is an empty object.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let other_type = other_type(request.headers());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        if let Some(kind) = other_type {
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, wrong_type(&kind)));
        }
        // An array would be taken for the fields of a structure, in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::bad_request("the body has to be a JSON object"));
        }
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Body).map_err(|error| Problem::bad_request(format!("the body: {error}")))
    }
}

/// The body's type where it is another than JSON's; one that is not named may be JSON.
pub(crate) fn other_type(headers: &HeaderMap) -> Option<String> {
    let kind = String::from_utf8_lossy(headers.get(CONTENT_TYPE)?.as_bytes()).into_owned();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    (!essence.eq_ignore_ascii_case("application/json")).then(|| essence.to_owned())
}

/// What is said of such a body.
pub(crate) fn wrong_type(kind: &str) -> String {
    let kind = clusterhat::shorten(kind);
    format!(
        "the body's Content-Type is {kind:?}: send JSON with Content-Type: application/json (curl --json)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_says_so_gets_what_is_older() {
        let of = |value: &str| {
            let headers: HeaderMap =
                [(CACHE_CONTROL, value.parse().unwrap())].into_iter().collect();
            MaxAge::of(&headers).0.as_secs()
        };
        assert_eq!(MaxAge::of(&HeaderMap::new()).0, Duration::ZERO);
        assert_eq!(of("max-age=5"), 5);
        assert_eq!(of("no-transform, max-age=2"), 2);
        assert_eq!((of("no-cache"), of("max-age=soon"), of("max-age=-1")), (0, 0, 0));
    }
}
