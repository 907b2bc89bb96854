//! Responses with the headers that DSP0266 wants.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::asked::Asked;
use super::document::Document;
use super::{etag, schema};

/// A resource; or 304, where the client has it already. A resource that was cut to what the client wants has no tag: the
/// tag is that of the whole.
pub(super) fn resource(asked: &Asked, document: Document, is_whole: bool) -> Response {
    let mut response = if is_whole {
        let tag = etag::of(document.properties());
        if etag::is_known(&asked.headers, &tag) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            set(response.headers_mut(), "etag", &tag);
            return response;
        }
        tagged(StatusCode::OK, document, &tag)
    } else {
        json(StatusCode::OK, document)
    };
    set(response.headers_mut(), "allow", &asked.allow);
    // Whoever has it may ask with its tag whether it is still so.
    set(response.headers_mut(), "cache-control", "no-cache");
    response
}

/// A resource that was changed or made just now.
pub(super) fn made(status: StatusCode, document: Document) -> Response {
    let tag = etag::of(document.properties());
    let uri = document.properties().get("@odata.id").and_then(Value::as_str);
    let uri = uri.filter(|_| status == StatusCode::CREATED).map(str::to_owned);
    let mut response = tagged(status, document, &tag);
    if let Some(uri) = uri {
        set(response.headers_mut(), "location", &uri);
    }
    response
}

/// Nothing more is to be said.
pub(super) fn done() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set(response.headers_mut(), "odata-version", "4.0");
    response
}

/// JSON that is no resource.
pub(super) fn plain(asked: &Asked, status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    set(response.headers_mut(), "odata-version", "4.0");
    set(response.headers_mut(), "allow", &asked.allow);
    response
}

/// Sets a header; what is no header's value is left out.
pub(super) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn tagged(status: StatusCode, mut document: Document, tag: &str) -> Response {
    document.properties_mut().insert("@odata.etag".to_owned(), tag.into());
    let mut response = json(status, document);
    set(response.headers_mut(), "etag", tag);
    response
}

fn json(status: StatusCode, document: Document) -> Response {
    let described = schema::published(document.odata_type());
    let mut response = (status, Json(Value::from(document))).into_response();
    let headers = response.headers_mut();
    set(headers, "odata-version", "4.0");
    if let Some(schema) = described {
        set(headers, "link", &format!("<{schema}>; rel=describedby"));
    }
    response
}
