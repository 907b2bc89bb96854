//! What is so at the time of a scrape.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;

use super::daemon;
use super::format::{OPEN, TEXT, to_text, wants_open};
use super::gauges::Gauges;
use super::nodes;
use crate::answers::Taken;
use crate::error::{Problem, ProblemKind};
use crate::http::request::MaxAge;
use crate::service::Service;

/// `GET /metrics`.
pub(super) async fn metrics(
    State(service): State<Service>,
    MaxAge(age): MaxAge,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let mut registry = Registry::with_prefix("clusterhat");
    let mut gauges = Gauges::new(&mut registry);
    nodes::power_and_state(&mut gauges, &reading);
    nodes::boards(&mut gauges, &reading);
    if let Some((report, taken)) = service.telemetry.latest() {
        nodes::agents(&mut gauges, &report, taken);
    }
    daemon::gauges(&mut gauges, &service);
    daemon::counters(&mut registry, &service);
    let mut text = String::new();
    let encoded = encode_registry(&mut text, &registry)
        .and_then(|()| encode_registry(&mut text, service.metrics.registry()))
        .and_then(|()| encode_eof(&mut text));
    encoded.map_err(|_| Problem::new(ProblemKind::Internal, "the metrics cannot be written"))?;
    let mut response = match wants_open(&headers) {
        true => ([(CONTENT_TYPE, OPEN)], text).into_response(),
        false => ([(CONTENT_TYPE, TEXT)], to_text(&text)).into_response(),
    };
    response.extensions_mut().insert(Taken(reading.begun()));
    Ok(response)
}
