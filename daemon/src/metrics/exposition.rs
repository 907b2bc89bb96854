//! What is so at the time of a scrape.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::{encode_eof, encode_registry};

use crate::error::{Problem, ProblemKind};
use crate::service::Service;

/// The media type of the format.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`.
pub(super) async fn metrics(State(service): State<Service>) -> Result<Response, Problem> {
    let mut text = String::new();
    let encoded = encode_registry(&mut text, service.metrics.registry());
    encoded
        .and_then(|()| encode_eof(&mut text))
        .map_err(|_| Problem::new(ProblemKind::Internal, "the metrics cannot be written"))?;
    Ok(([(CONTENT_TYPE, TYPE)], text).into_response())
}
