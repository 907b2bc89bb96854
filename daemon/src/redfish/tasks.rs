//! `TaskService` and `Tasks`: operations that run, or have run.

use clusterhat::rfc3339;
use serde_json::{Value, json};

use super::document::{Document, enabled};
use super::message::{self, Message};
use super::record::Record;
use super::uri;
use super::world::World;
use crate::boards::{Task, TaskState};

/// The service.
pub(crate) fn service() -> Document {
    let now = rfc3339(std::time::SystemTime::now());
    Document::new("TaskService", uri::TASK_SERVICE, "TaskService", "Tasks")
        .with("ServiceEnabled", true)
        .with("DateTime", now)
        .with("CompletedTaskOverWritePolicy", "Oldest")
        .with("LifeCycleEventOnTaskStateChange", true)
        .with("Status", enabled())
        .linked("Tasks", uri::TASKS)
}

/// All operations that are kept.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let members = world.tasks.iter().map(|task| uri::member(uri::TASKS, &task.id));
    Document::collection("TaskCollection", uri::TASKS, "Tasks", members)
}

/// An operation.
pub(crate) fn document(world: &World<'_>, id: &str) -> Option<Document> {
    world.tasks.iter().find(|task| task.id == id).map(|task| of(task))
}

/// An operation.
pub(crate) fn of(task: &Task) -> Document {
    let state = task.state();
    let (word, health, message) = describe(task, &state);
    let name = format!("{} {}", task.operation.name(), task.nodes_text());
    Document::new("Task", &uri::member(uri::TASKS, &task.id), &task.id, &name)
        .with("TaskState", word)
        .with("TaskStatus", health)
        .with("StartTime", rfc3339(task.started))
        .maybe("EndTime", task.ended().map(rfc3339))
        .with("PercentComplete", state.percent())
        .with("HidePayload", true)
        .with("TaskMonitor", uri::member(uri::TASK_MONITORS, &task.id))
        .with("Messages", json!([message]))
}

fn describe(task: &Task, state: &TaskState) -> (&'static str, &'static str, Value) {
    let failed = |text: &str| {
        let message = Message::new(&message::OPERATION_FAILED, &[]);
        message.in_words(text).to_json()
    };
    match state {
        TaskState::Running { percent, text } => {
            let word = if task.is_cancelled() { "Stopping" } else { "Running" };
            let now = Record::of_task(&task.id, state.name(), *percent, text.clone());
            (word, "OK", now.to_message())
        }
        TaskState::Done(_) => ("Completed", "OK", Message::new(&message::SUCCESS, &[]).to_json()),
        TaskState::Cancelled { .. } => {
            ("Cancelled", "Warning", failed("the operation was stopped on request"))
        }
        TaskState::Failed { error, .. } => ("Exception", "Critical", failed(&error.message)),
    }
}
