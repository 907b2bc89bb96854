//! Power of nodes: an operation that ends within a second is answered with its result, another one as a task.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::post;
use clusterhat::config::Overrides;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::described::Described;
use super::tasks::{TaskDocument, answer};
use crate::access::{Caller, Need, Role};
use crate::boards::{DONE_AT_ONCE, Operation, Task};
use crate::error::Problem;
use crate::http::request::Body;
use crate::service::Service;
use crate::time::Time;

/// What can be asked of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "PowerAction")]
pub(super) enum Action {
    /// Gives power, one node after the other.
    On,
    /// Cuts the power; where `graceful-off` is configured, shuts down first.
    Off,
    /// Cuts the power and gives it back.
    Cycle,
    /// Shuts nodes down, and cuts their power once they have halted.
    Shutdown,
    /// Restarts nodes; their power stays.
    Reboot,
}

/// The body of `POST /api/v1/power`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PowerRequest {
    /// Nodes in the command's words: `p1`, `p[1-3]`, `all`, a configured name.
    nodes: Vec<String>,
    /// What is asked of them.
    action: Action,
    /// Between two nodes switched on; absent = as configured.
    #[serde(default, skip_serializing)]
    delay: Option<Time>,
    /// How long a cycle keeps a node off; absent = as configured.
    #[serde(default, skip_serializing)]
    off_time: Option<Time>,
    /// How long nodes may take to go down; absent = as configured.
    #[serde(default, skip_serializing)]
    timeout: Option<Time>,
    /// Cuts the power of nodes that have not halted by then.
    #[serde(default)]
    force: bool,
    /// Cuts the power at once, even where `graceful-off` is configured.
    #[serde(default)]
    immediate: bool,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let summary =
        "Switch nodes. With the header Idempotency-Key the same request has the same task";
    vec![
        Described::new(Method::POST, "/api/v1/power", summary, || post(switch))
            .need(Need::Role(Role::Operator))
            .takes::<PowerRequest>()
            .gives::<super::document::Document<TaskDocument>>(),
    ]
}

/// `POST /api/v1/power`.
async fn switch(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(request): Body<PowerRequest>,
) -> Result<Response, Problem> {
    if request.nodes.is_empty() {
        return Err(Problem::bad_request("name the nodes, or \"all\""));
    }
    let content = format!("{request:?}");
    let start = || begin(&service, &request, &caller);
    let task = service.repeats.begin(&caller.name, &headers, &content, start)?;
    answer(&service, &task, DONE_AT_ONCE).await
}

fn begin(service: &Service, request: &PowerRequest, caller: &Caller) -> Result<Arc<Task>, Problem> {
    let limit = request.timeout.map(|time| time.0);
    let is_shutdown = request.action == Action::Shutdown;
    if (request.force && !is_shutdown)
        || (limit.is_some() && !is_shutdown && request.action != Action::Reboot)
    {
        return Err(Problem::bad_request(
            "force and timeout are for shutdown; timeout for reboot, too",
        ));
    }
    let operation = match request.action {
        Action::On => Operation::On,
        Action::Off => off(service, request.immediate)?,
        Action::Cycle => Operation::Cycle,
        Action::Shutdown => Operation::Shutdown { limit, force: request.force, beyond_size: false },
        Action::Reboot => Operation::Reboot { limit },
    };
    let overrides = Overrides {
        delay: request.delay.map(|time| time.0),
        off_time: request.off_time.map(|time| time.0),
        ..Overrides::default()
    };
    service.tasks.start_with(operation, &request.nodes, caller, overrides)
}

/// As the command's `off`: the configuration may say that nodes are shut down first.
pub(super) fn off(service: &Service, immediate: bool) -> Result<Operation, Problem> {
    if immediate {
        return Ok(Operation::Off);
    }
    let controller = clusterhat::Controller::new(&service.boards.options());
    let controller = controller.map_err(|error| Problem::from(&error))?;
    Ok(match controller.settings().graceful_off {
        true => Operation::Shutdown { limit: None, force: false, beyond_size: true },
        false => Operation::Off,
    })
}
