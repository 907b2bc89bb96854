//! The service root, which everybody may read.

use serde_json::json;

use super::document::{Document, link};
use super::query::LEVELS;
use super::uri;
use super::world::Facts;

/// The version of DSP0266 that the service follows.
const REDFISH: &str = "1.20.0";

/// The service root.
pub(crate) fn document(service: &Facts) -> Document {
    // The schema has no property of its own for it.
    let product = if service.is_simulated { "clusterhat (simulated boards)" } else { "clusterhat" };
    Document::new("ServiceRoot", uri::ROOT, "RootService", "Root Service")
        .with("RedfishVersion", REDFISH)
        .with("UUID", &*service.uuid)
        .with("Product", product)
        .with(
            "ProtocolFeaturesSupported",
            json!({
                "ExpandQuery": {
                    "ExpandAll": true, "Links": true, "NoLinks": true,
                    "Levels": true, "MaxLevels": LEVELS,
                },
                "SelectQuery": true,
                "TopSkipQuery": true,
                "OnlyMemberQuery": true,
                "FilterQuery": false,
                "ExcerptQuery": false,
                "DeepOperations": {"DeepPATCH": false, "DeepPOST": false},
                "MultipleHTTPRequests": true,
            }),
        )
        .linked("Systems", uri::SYSTEMS)
        .linked("Chassis", uri::CHASSIS)
        .linked("Managers", uri::MANAGERS)
        .linked("SessionService", uri::SESSION_SERVICE)
        .linked("AccountService", uri::ACCOUNT_SERVICE)
        .linked("Tasks", uri::TASK_SERVICE)
        .linked("EventService", uri::EVENT_SERVICE)
        .linked("AggregationService", uri::AGGREGATION_SERVICE)
        .linked("Registries", uri::REGISTRIES)
        .linked("JsonSchemas", uri::JSON_SCHEMAS)
        .with("Links", json!({"Sessions": link(uri::SESSIONS)}))
}
