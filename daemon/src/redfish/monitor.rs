//! Tasks: waited for at their monitor, and cancelled.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::asked::Asked;
use super::failure::Failure;
use super::{etag, operate, reply, tasks, uri};
use crate::boards::Task;
use crate::service::Service;

/// A task's monitor: 202 while it runs, and then its result.
pub(super) async fn monitor(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let task = find(&service, &asked, uri::TASK_MONITORS)?;
    Ok(if task.is_over() { operate::ended(&task.state()) } else { operate::accepted(&task) })
}

/// Stops a task at its monitor.
pub(super) async fn cancel_at_monitor(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    cancel(&service, &asked, uri::TASK_MONITORS)
}

/// Stops a task.
pub(super) async fn cancel_task(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let task = find(&service, &asked, uri::TASKS)?;
    etag::check(&asked.headers, &etag::of(tasks::of(&task).properties()))?;
    cancel(&service, &asked, uri::TASKS)
}

/// What is being switched is switched, and nothing after it.
fn cancel(service: &Service, asked: &Asked, collection: &str) -> Result<Response, Failure> {
    let task = find(service, asked, collection)?;
    if !task.is_over() {
        task.cancel();
        service.access.audit.note(asked.caller()?, "cancel", &format!("task {}", task.id), "asked");
    }
    Ok(reply::done())
}

fn find(service: &Service, asked: &Asked, collection: &str) -> Result<Arc<Task>, Failure> {
    service.tasks.get(asked.id(collection)?).ok_or_else(|| Failure::missing(&asked.path))
}
