//! Waiting until nodes are in a state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clusterhat::life::State as NodeState;
use clusterhat::report::WaitReport;
use clusterhat::{Controller, Error, NodeSet, Options, Outcome};
use schemars::JsonSchema;
use serde::Deserialize;

use super::described::Described;
use super::document::Document;
use crate::error::{Problem, ProblemKind};
use crate::http::request::Body;
use crate::service::Service;
use crate::time::Time;

/// How long is waited where nothing is said.
const USUAL: Duration = Duration::from_secs(120);
/// The longest that is waited.
const LONGEST: Duration = Duration::from_secs(3600);
/// A client that is gone is noticed after so long.
const SLICE: Duration = Duration::from_secs(10);

/// The body of `POST /api/v1/wait`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaitRequest {
    /// Nodes in the command's words; none = all.
    #[serde(default)]
    nodes: Vec<String>,
    /// The state: `reachable`, `agent`, `off` ...
    #[serde(rename = "for")]
    goal: String,
    /// How long at most, up to an hour; absent = 120 s.
    #[serde(default)]
    timeout: Option<Time>,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let summary = "Wait until nodes are in a state; switches nothing";
    vec![
        Described::new(Method::POST, "/api/v1/wait", summary, || post(wait))
            .takes::<WaitRequest>()
            .gives::<Document<WaitReport>>(),
    ]
}

async fn wait(
    State(service): State<Service>,
    Body(request): Body<WaitRequest>,
) -> Result<Response, Problem> {
    let goal = NodeState::of_name(&request.goal).ok_or_else(|| {
        let names: Vec<_> = NodeState::ALL.iter().map(|state| state.name()).collect();
        Problem::bad_request(format!("for: one of {}", names.join(", ")))
    })?;
    let limit = request.timeout.map_or(USUAL, |time| time.0);
    if limit > LONGEST {
        return Err(Problem::bad_request(format!("timeout: at most {} s", LONGEST.as_secs())));
    }
    let set = NodeSet::parse(&request.nodes).map_err(|error| Problem::from(&Error::from(error)))?;
    let turn = Arc::clone(&service.waits).try_acquire_owned().map_err(|_| {
        let problem = Problem::new(ProblemKind::TooMany, "too many clients wait; try again later");
        Problem { retry_after: Some(5), ..problem }
    })?;
    // A client that goes leaves its thread at work until the end of the slice: the turn is over then, not before.
    let turn = Arc::new(turn);
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let options = service.boards.options();
        let set = set.clone();
        let slice = left.min(SLICE);
        let turn = Arc::clone(&turn);
        let work = move || {
            let _turn = turn;
            look(&options, &set, goal, limit, slice)
        };
        let outcome = tokio::task::spawn_blocking(work).await;
        let outcome =
            outcome.map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?;
        let outcome = outcome.map_err(|error| Problem::from(&error))?;
        if outcome.error.is_none() || left <= SLICE {
            return Ok(told(&service, outcome));
        }
    }
}

fn look(
    options: &Options,
    set: &NodeSet,
    goal: NodeState,
    limit: Duration,
    slice: Duration,
) -> Result<Outcome<WaitReport>, Error> {
    Controller::new(options)?.open()?.wait_in_part(set, goal, limit, slice)
}

fn told(service: &Service, outcome: Outcome<WaitReport>) -> Response {
    let error = outcome.error.map(|error| Arc::new(error.report()));
    let status = error.clone().map(|error| Problem::of_operation(error).status());
    let document =
        Document { simulated: service.simulated(), error, ..Document::new(outcome.report) };
    (status.unwrap_or_default(), Json(document)).into_response()
}
