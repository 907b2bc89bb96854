//! Nodes and boards, as `status` and `boards` of the command tell them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clusterhat::report::{BoardsReport, NodeStatus, StatusReport};

use super::described::Described;
use super::document::Document;
use crate::boards::Reading;
use crate::error::Problem;
use crate::http::request::{MaxAge, Path};
use crate::service::Service;

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let of_all = "Nodes and boards, as status of the command tells them";
    vec![
        Described::new(Method::GET, "/api/v1/nodes", of_all, || get(all))
            .gives::<Document<StatusReport>>(),
        Described::new(Method::GET, "/api/v1/nodes/{node}", "One node", || get(one))
            .gives::<Document<NodeStatus>>(),
        Described::new(Method::GET, "/api/v1/boards", "The boards and how they were found", || {
            get(boards)
        })
        .gives::<Document<BoardsReport>>(),
    ]
}

/// `GET /api/v1/nodes`.
async fn all(State(service): State<Service>, MaxAge(age): MaxAge) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let status = reading.status.as_ref().ok_or_else(|| nothing(&reading))?;
    Ok(told(&service, &reading, status))
}

/// `GET /api/v1/nodes/{node}`.
async fn one(
    State(service): State<Service>,
    Path(node): Path<String>,
    MaxAge(age): MaxAge,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let node = reading.known(&node)?;
    Ok(Json(Document { simulated: service.simulated(), ..Document::new(node) }).into_response())
}

/// `GET /api/v1/boards`.
async fn boards(State(service): State<Service>, MaxAge(age): MaxAge) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let boards = reading.boards.as_ref().ok_or_else(|| nothing(&reading))?;
    Ok(told(&service, &reading, boards))
}

fn told<T: serde::Serialize>(service: &Service, reading: &Reading, report: T) -> Response {
    let error = reading.error.clone();
    let document = Document { simulated: service.simulated(), error, ..Document::new(report) };
    Json(document).into_response()
}

fn nothing(reading: &Reading) -> Problem {
    let error = reading.error.clone();
    error.map_or_else(
        || Problem::not_found("board"),
        |error| Problem::of_operation(Arc::clone(&error)),
    )
}
