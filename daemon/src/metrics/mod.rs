//! `/metrics` in the format of OpenMetrics.

mod counters;
mod daemon;
mod exposition;
mod format;
mod gauges;
mod nodes;

use axum::http::Method;
use axum::routing::get;

pub use counters::Metrics;

use crate::access::{Need, Role};
use crate::http::route::Route;

/// Its routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route::new(Method::GET, "/metrics", Need::Role(Role::ReadOnly), || {
        get(exposition::metrics)
    })]
}
