//! Where the small API begins: what leads to its descriptions.

use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use super::described::Described;
use super::document::Document;
use super::{openapi, reference};
use crate::access::Need;

/// Where the API is described.
#[derive(Debug, Serialize, JsonSchema)]
struct Index {
    /// For people: a page with every request and document.
    reference: &'static str,
    /// For programs: the OpenAPI document.
    openapi: &'static str,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let summary = "Where this API is described, for people and for programs";
    let route = |path| {
        let described = Described::new(Method::GET, path, summary, || get(index));
        described.need(Need::Open).gives::<Document<Index>>()
    };
    vec![route("/api/v1"), route("/api/v1/")]
}

async fn index() -> Response {
    Document::new(Index { reference: reference::PATH, openapi: openapi::PATH }).into_response()
}
