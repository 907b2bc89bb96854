//! `AggregationService`: several nodes through one staggered operation.

use serde_json::json;

use super::document::{Document, enabled};
use super::{reset, uri};

/// The service.
pub(crate) fn service() -> Document {
    let target = format!("{}/Actions/AggregationService.Reset", uri::AGGREGATION_SERVICE);
    Document::new(
        "AggregationService",
        uri::AGGREGATION_SERVICE,
        "AggregationService",
        "Several nodes at once",
    )
    .with("ServiceEnabled", true)
    .with("Status", enabled())
    .with(
        "Actions",
        json!({"#AggregationService.Reset": {
            "target": target,
            "ResetType@Redfish.AllowableValues": reset::allowable(),
        }}),
    )
}
