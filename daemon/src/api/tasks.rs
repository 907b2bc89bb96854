//! Operations that run or have run.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use clusterhat::report::Report;
use schemars::JsonSchema;
use serde::Serialize;

use super::described::Described;
use super::document::Document;
use crate::access::{Caller, Need, Role};
use crate::boards::{DONE_AT_ONCE, Task, TaskState};
use crate::error::Problem;
use crate::http::request::Path;
use crate::service::Service;

/// A task.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TaskView {
    /// Its ID.
    id: String,
    /// The command's word.
    operation: &'static str,
    /// The nodes in the words of who asked; none = all.
    nodes: Vec<String>,
    /// Who asked.
    by: String,
    /// When, in seconds since 1970-01-01 UTC.
    started: u64,
    /// When it ended, in seconds since 1970-01-01 UTC; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<u64>,
    /// `running`, `done`, `failed` or `cancelled`.
    state: &'static str,
    /// How much of it is done.
    percent: u8,
    /// What it is doing, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// A task with what it came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TaskDocument {
    /// The task.
    task: TaskView,
    /// What was done, as the command reports it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    report: Option<Arc<Report>>,
}

/// All tasks.
#[derive(Debug, Serialize, JsonSchema)]
struct TaskList {
    /// The oldest first.
    tasks: Vec<TaskView>,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let one = "/api/v1/tasks/{id}";
    vec![
        Described::new(
            Method::GET,
            "/api/v1/tasks",
            "Operations that run or have run lately",
            || get(all),
        )
        .gives::<Document<TaskList>>(),
        Described::new(Method::GET, one, "One of them, with what it came to", || get(one_task))
            .gives::<Document<TaskDocument>>(),
        Described::new(Method::DELETE, one, "Stop an operation at its next step", || {
            delete(cancel)
        })
        .need(Need::Role(Role::Operator))
        .gives::<Document<TaskDocument>>(),
    ]
}

async fn all(State(service): State<Service>) -> Response {
    let tasks = service.tasks.list().iter().map(|task| view(task, &task.state())).collect();
    Document::new(TaskList { tasks }).into_response()
}

async fn one_task(
    State(service): State<Service>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let task = find(&service, &id)?;
    Ok(document(&service, &task, &task.state()).into_response())
}

async fn cancel(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let task = find(&service, &id)?;
    if !task.is_over() {
        service.access.audit.note(&caller, "cancel", &format!("task {id}"), "asked");
        task.cancel();
    }
    let state = tokio::time::timeout(DONE_AT_ONCE, task.finished()).await;
    let state = state.unwrap_or_else(|_| task.state());
    let status = if task.is_over() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, document(&service, &task, &state)).into_response())
}

fn find(service: &Service, id: &str) -> Result<Arc<Task>, Problem> {
    let missing = || Problem::not_found(&format!("task {:?}", clusterhat::shorten(id)));
    service.tasks.get(id).ok_or_else(missing)
}

/// The result of a task, if it ends in this time; where it is, if not.
pub(super) async fn answer(
    service: &Service,
    task: &Task,
    patience: Duration,
) -> Result<Response, Problem> {
    let state = tokio::time::timeout(patience, task.finished()).await;
    let state = state.unwrap_or_else(|_| task.state());
    let document = document(service, task, &state);
    Ok(match &state {
        TaskState::Running { .. } => {
            let location = [(LOCATION, format!("/api/v1/tasks/{}", task.id))];
            (StatusCode::ACCEPTED, location, document).into_response()
        }
        TaskState::Failed { error, .. } => {
            (Problem::of_operation(Arc::clone(error)).status(), document).into_response()
        }
        _ => document.into_response(),
    })
}

fn view(task: &Task, state: &TaskState) -> TaskView {
    let text = match state {
        TaskState::Running { text, .. } => Some(text.clone()),
        _ => None,
    };
    TaskView {
        id: task.id.clone(),
        operation: task.operation.name(),
        nodes: task.nodes.clone(),
        by: task.by.clone(),
        started: unix(task.started),
        ended: task.ended().map(unix),
        state: state.name(),
        percent: state.percent(),
        text,
    }
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn document(service: &Service, task: &Task, state: &TaskState) -> Json<Document<TaskDocument>> {
    let (report, error) = match state {
        TaskState::Done(report) => (Some(Arc::clone(report)), None),
        TaskState::Failed { report, error } => (report.clone(), Some(Arc::clone(error))),
        TaskState::Cancelled { report } => (report.clone(), None),
        TaskState::Running { .. } => (None, None),
    };
    let document = Document::new(TaskDocument { task: view(task, state), report });
    Json(Document { simulated: service.simulated(), error, ..document })
}
