//! What happened, as a document.

use serde::Serialize;

use crate::service::EventKind;

/// One event of `events`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventReport {
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}
