//! What MAAS's webhook power driver asks for: `POST` to the URIs for on and off, without a body, and `GET` of the one that tells
//! the power, whose answer its default expressions find `status: running` or `status: stopped` in.

use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::Serialize;

use super::described::Described;
use super::document::Document;
use super::power::off;
use super::tasks::{TaskDocument, answer};
use crate::access::{Caller, Need, Role};
use crate::boards::Operation;
use crate::error::Problem;
use crate::http::request::{MaxAge, Path};
use crate::service::Service;

/// How long an answer waits for the nodes to be as they were told: the driver asks for their power some seconds later. An operation
/// that takes longer goes on.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// A node's power in MAAS's words.
#[derive(Debug, Serialize, JsonSchema)]
struct PowerStatus {
    /// `running`, `stopped` or `unknown`.
    status: &'static str,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let operate = Need::Role(Role::Operator);
    vec![
        Described::new(Method::POST, "/api/v1/maas/{node}/on", "MAAS: switch a node on", || {
            post(on)
        })
        .need(operate)
        .gives::<Document<TaskDocument>>(),
        Described::new(Method::POST, "/api/v1/maas/{node}/off", "MAAS: switch a node off", || {
            post(switch_off)
        })
        .need(operate)
        .gives::<Document<TaskDocument>>(),
        Described::new(Method::GET, "/api/v1/maas/{node}/query", "MAAS: a node's power", || {
            get(query)
        })
        .gives::<Document<PowerStatus>>(),
    ]
}

async fn on(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(node): Path<String>,
) -> Result<Response, Problem> {
    switch(&service, &caller, node, Operation::On).await
}

async fn switch_off(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(node): Path<String>,
) -> Result<Response, Problem> {
    let operation = off(&service, false)?;
    switch(&service, &caller, node, operation).await
}

async fn switch(
    service: &Service,
    caller: &Caller,
    node: String,
    operation: Operation,
) -> Result<Response, Problem> {
    // One node: `all` is a set, and no name in a URI that MAAS has.
    let reading = service.boards.reading(Duration::from_secs(60)).await;
    let node = reading.known(&node)?.node.clone();
    let task = service.tasks.start(operation, &[node], caller)?;
    answer(service, &task, SETTLED_WITHIN).await
}

async fn query(
    State(service): State<Service>,
    Path(node): Path<String>,
    MaxAge(age): MaxAge,
) -> Result<Document<PowerStatus>, Problem> {
    let reading = service.boards.reading(age).await;
    // What the pins show, not what was asked.
    let status = match reading.known(&node)?.seen {
        Some(true) => "running",
        Some(false) => "stopped",
        None => "unknown",
    };
    Ok(Document::new(PowerStatus { status }))
}
