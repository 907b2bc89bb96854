//! Nodes and boards, as `status` and `boards` of the command tell them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::document::Document;
use crate::boards::Reading;
use crate::error::Problem;
use crate::http::request::MaxAge;
use crate::service::Service;

/// `GET /api/v1/nodes`.
pub(super) async fn all(
    State(service): State<Service>,
    MaxAge(age): MaxAge,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let status = reading.status.as_ref().ok_or_else(|| nothing(&reading))?;
    Ok(told(&service, &reading, status))
}

/// `GET /api/v1/nodes/{node}`.
pub(super) async fn one(
    State(service): State<Service>,
    Path(node): Path<String>,
    MaxAge(age): MaxAge,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let node = reading.known(&node)?;
    Ok(Json(Document { simulated: simulated(&service), ..Document::new(node) }).into_response())
}

/// `GET /api/v1/boards`.
pub(super) async fn boards(
    State(service): State<Service>,
    MaxAge(age): MaxAge,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let boards = reading.boards.as_ref().ok_or_else(|| nothing(&reading))?;
    Ok(told(&service, &reading, boards))
}

fn told<T: serde::Serialize>(service: &Service, reading: &Reading, report: T) -> Response {
    let error = reading.error.clone();
    let document = Document { simulated: simulated(service), error, ..Document::new(report) };
    Json(document).into_response()
}

/// The simulation's name.
pub(super) fn simulated(service: &Service) -> Option<String> {
    service.start.options.simulation.clone()
}

fn nothing(reading: &Reading) -> Problem {
    let error = reading.error.clone();
    error.map_or_else(
        || Problem::not_found("board"),
        |error| Problem::of_operation(Arc::clone(&error)),
    )
}
