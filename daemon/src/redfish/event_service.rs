//! `EventService` and `Subscriptions`: who is told of events.

use serde_json::{Value, json};

use super::document::{Document, enabled};
use super::record::REGISTRIES;
use super::sse_filter::PROPERTIES;
use super::subscriptions::Delivery;
use super::uri;
use super::world::World;

/// The service.
pub(crate) fn service(delivery: Delivery) -> Document {
    let nothing: [&str; 0] = [];
    Document::new("EventService", uri::EVENT_SERVICE, "EventService", "Events")
        .with("ServiceEnabled", true)
        .with("DeliveryRetryAttempts", delivery.attempts)
        .with("DeliveryRetryIntervalSeconds", delivery.interval_s)
        .with("EventFormatTypes", json!(["Event"]))
        .with("RegistryPrefixes", json!(REGISTRIES))
        .with("ResourceTypes", json!(nothing))
        .with("OriginResourcesSupported", true)
        .with("SubordinateResourcesSupported", false)
        .with("IncludeOriginOfConditionSupported", false)
        .with("ExcludeMessageId", false)
        .with("ExcludeRegistryPrefix", false)
        .with("ServerSentEventUri", uri::SSE)
        .with("SSEFilterPropertiesSupported", filters())
        .with("Status", enabled())
        .linked("Subscriptions", uri::SUBSCRIPTIONS)
}

/// What a stream can be filtered by.
fn filters() -> Value {
    let supported = PROPERTIES.map(|(name, _)| (name.to_owned(), Value::Bool(true)));
    let others = ["MetricReportDefinition", "ResourceType", "SubordinateResources"];
    let others = others.map(|name| (name.to_owned(), Value::Bool(false)));
    supported.into_iter().chain(others).collect::<serde_json::Map<_, _>>().into()
}

/// All subscriptions, and all streams that are open.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let members =
        world.subscriptions.iter().map(|known| uri::member(uri::SUBSCRIPTIONS, &known.id));
    let name = "Subscriptions";
    Document::collection("EventDestinationCollection", uri::SUBSCRIPTIONS, name, members)
}

/// A subscription.
pub(crate) fn document(world: &World<'_>, id: &str) -> Option<Document> {
    world.subscriptions.iter().find(|known| known.id == id).map(|known| known.document())
}
