//! The documents: as the command prints them.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use clusterhat::ErrorReport;
use clusterhat::report::SCHEMA;
use schemars::JsonSchema;
use serde::Serialize;

/// A document: the version, the report's keys, and what failed of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Document")]
pub(super) struct Document<T> {
    /// The version of the documents: incremented when a key is removed or its meaning changes.
    pub(super) schema: u32,
    /// The simulation's name or file; absent on real hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) simulated: Option<String>,
    /// The report.
    #[serde(flatten)]
    pub(super) report: T,
    /// What failed; the report covers the other parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Arc<ErrorReport>>,
}

impl<T> Document<T> {
    /// Of a report.
    pub(super) const fn new(report: T) -> Self {
        Self { schema: SCHEMA, simulated: None, report, error: None }
    }
}

impl<T: Serialize> IntoResponse for Document<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
