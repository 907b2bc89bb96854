//! What the nodes' agents say.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clusterhat::report::TopReport;
use schemars::JsonSchema;
use serde::Serialize;

use super::described::Described;
use super::document::Document;
use crate::error::Problem;
use crate::http::request::{MaxAge, Path};
use crate::service::Service;
use crate::telemetry::Sample;

/// All nodes at one moment.
#[derive(Debug, Serialize, JsonSchema)]
struct Latest {
    /// When the agents were asked, in seconds since 1970-01-01 UTC; absent where none was asked yet.
    taken: Option<u64>,
    /// What they said.
    #[serde(flatten)]
    report: TopReport,
}

/// A node's last hour.
#[derive(Debug, Serialize, JsonSchema)]
struct History {
    /// `pN`.
    node: String,
    /// The oldest first.
    samples: Vec<Sample>,
}

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    vec![
        Described::new(Method::GET, "/api/v1/telemetry", "What the agents said last", || get(all))
            .gives::<Document<Latest>>(),
        Described::new(
            Method::GET,
            "/api/v1/telemetry/{node}",
            "A node's temperature, load and memory in the last hour",
            || get(one),
        )
        .gives::<Document<History>>(),
    ]
}

async fn all(State(service): State<Service>) -> Response {
    let latest = service.telemetry.latest();
    let taken = latest.as_ref().map(|(_, taken)| *taken);
    let report = latest.map_or_else(TopReport::default, |(report, _)| (*report).clone());
    let document = Document::new(Latest { taken, report });
    Json(Document { simulated: service.simulated(), ..document }).into_response()
}

async fn one(
    State(service): State<Service>,
    Path(node): Path<String>,
    MaxAge(age): MaxAge,
) -> Result<Response, Problem> {
    let reading = service.boards.reading(age).await;
    let node = reading.known(&node)?.node.clone();
    let samples = service.telemetry.history(&node);
    let document = Document::new(History { node, samples });
    Ok(Json(Document { simulated: service.simulated(), ..document }).into_response())
}
