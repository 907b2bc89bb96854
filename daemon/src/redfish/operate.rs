//! POST of actions: nodes are reset. What takes longer than a second goes on as a task.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clusterhat::config::Overrides;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::asked::Asked;
use super::body::{Body, Property};
use super::failure::Failure;
use super::message::{self, Message};
use super::reset::{RESET, RESET_SEVERAL, TYPES};
use super::{read, reply, tasks, uri};
use crate::boards::{DONE_AT_ONCE, Operation, Task, TaskState};
use crate::error::{Problem, ProblemKind};
use crate::service::Service;

/// How old a reading may be for whether a node is there at all.
const NAMES: Duration = Duration::from_secs(5);

/// The time between two nodes that are switched on.
const DELAY: &str = "DelayBetweenBatchesInSeconds";

/// A reference to a resource: an object, or its URI alone.
struct Reference(String);

impl Property for Reference {
    fn of(value: &Value) -> Option<Self> {
        let uri = value.get("@odata.id").unwrap_or(value);
        uri.as_str().map(|uri| Self(uri.to_owned()))
    }
}

/// `ComputerSystem.Reset`.
pub(super) async fn reset(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let node = known(&service, asked.id(uri::SYSTEMS)?, &asked.path).await?;
    let mut body = Body::of_action(&asked.headers, &bytes, RESET)?;
    let operation = body.require_one_of("ResetType", &TYPES);
    body.finish(&Map::new())?;
    let (operation, content) = (certain(operation)?, content(&asked, &bytes));
    unchanged(&service, &asked).await?;
    let start = || service.tasks.start(operation, &[node], caller);
    let task = service.repeats.begin(&caller.name, &asked.headers, &content, start)?;
    Ok(answer(&task).await)
}

/// `AggregationService.Reset`.
pub(super) async fn reset_several(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let mut body = Body::of_action(&asked.headers, &bytes, RESET_SEVERAL)?;
    let operation = body.require_one_of("ResetType", &TYPES);
    let targets: Option<Vec<Reference>> = body.require("TargetURIs");
    let delay: Option<u64> = body.take(DELAY);
    if body.take::<u64>("BatchSize").is_some_and(|size| size != 1) {
        body.refuse(
            "BatchSize",
            "nodes are switched on one after the other; leave it out or send 1",
        );
    }
    let nodes = nodes(&service, &mut body, targets).await;
    body.finish(&Map::new())?;
    let overrides = Overrides { delay: delay.map(Duration::from_secs), ..Overrides::default() };
    let (operation, content) = (certain(operation)?, content(&asked, &bytes));
    unchanged(&service, &asked).await?;
    let start = || service.tasks.start_with(operation, &nodes, caller, overrides);
    let task = service.repeats.begin(&caller.name, &asked.headers, &content, start);
    let task = task.map_err(|problem| refused(problem, delay.is_some()))?;
    Ok(answer(&task).await)
}

/// Refuses what is asked of a resource that is not the one that the client knows, where it has not been asked before.
async fn unchanged(service: &Service, asked: &Asked) -> Result<(), Failure> {
    match service.repeats.has(&asked.caller()?.name, &asked.headers) {
        true => Ok(()),
        false => read::unchanged(service, asked).await,
    }
}

/// What a request asks, by which the same one is known again.
fn content(asked: &Asked, bytes: &Bytes) -> String {
    format!("{} {}", asked.path, String::from_utf8_lossy(bytes))
}

/// What can be wrong about a body that was found right is its delay.
fn refused(problem: Problem, has_delay: bool) -> Failure {
    if problem.kind != ProblemKind::BadRequest || !has_delay {
        return problem.into();
    }
    let args = [DELAY, RESET_SEVERAL];
    let message = Message::new(&message::ACTION_PARAMETER_VALUE_ERROR, &args).about(DELAY);
    Failure::bad_request(vec![message.in_words(problem.message)])
}

/// What a body that was found right says; nothing is switched by guessing.
fn certain(operation: Option<Operation>) -> Result<Operation, Failure> {
    operation.ok_or_else(|| Failure::internal("no type of reset"))
}

/// The nodes that references mean, each once. None at all is refused: it would mean all.
async fn nodes(service: &Service, body: &mut Body, targets: Option<Vec<Reference>>) -> Vec<String> {
    if targets.as_ref().is_some_and(Vec::is_empty) {
        body.refuse("TargetURIs", "name at least one system");
    }
    let reading = service.boards.reading(NAMES).await;
    let mut nodes = BTreeSet::new();
    for Reference(target) in targets.into_iter().flatten() {
        let node = uri::id_in(&target, uri::SYSTEMS);
        let row = node.and_then(|node| reading.nodes().iter().find(|row| row.node == node));
        let Some(row) = row else {
            let target = clusterhat::shorten(&target).into_owned();
            let why = format!("{target:?} is not a member of /redfish/v1/Systems");
            body.refuse("TargetURIs", &why);
            break;
        };
        nodes.insert(row.node.clone());
    }
    nodes.into_iter().collect()
}

/// A node that is there.
pub(super) async fn known(service: &Service, node: &str, path: &str) -> Result<String, Failure> {
    let reading = service.boards.reading(NAMES).await;
    let row = reading.nodes().iter().find(|row| row.node == node);
    row.map(|row| row.node.clone()).ok_or_else(|| Failure::missing(path))
}

/// The result, where it is there within a second; else where the client can wait for it.
async fn answer(task: &Arc<Task>) -> Response {
    match timeout(DONE_AT_ONCE, task.finished()).await {
        Ok(state) => ended(&state),
        Err(_) => accepted(task),
    }
}

/// The result of an operation, as if the client had waited for it.
pub(super) fn ended(state: &TaskState) -> Response {
    match state {
        TaskState::Failed { error, .. } => {
            Failure::from(Problem::of_operation(Arc::clone(error))).into_response()
        }
        TaskState::Cancelled { .. } => Failure::stopped().into_response(),
        _ => reply::done(),
    }
}

/// 202 with the task, and where the client can wait for its end.
pub(super) fn accepted(task: &Task) -> Response {
    let mut response = reply::made(StatusCode::ACCEPTED, tasks::of(task));
    reply::set(response.headers_mut(), "location", &uri::member(uri::TASK_MONITORS, &task.id));
    reply::set(response.headers_mut(), "retry-after", "1");
    response
}

/// Waits for an operation that only takes moments.
///
/// # Errors
/// What it failed with.
pub(super) async fn finish(task: &Task) -> Result<(), Failure> {
    match task.finished().await {
        TaskState::Failed { error, .. } => Err(Problem::of_operation(error).into()),
        TaskState::Cancelled { .. } => Err(Failure::stopped()),
        _ => Ok(()),
    }
}
