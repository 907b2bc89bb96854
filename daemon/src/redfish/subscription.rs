//! A subscription: who is told of which events.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{Document, enabled, links};
use super::record::Record;
use super::uri;

/// Who is told of which events, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    /// What it is called.
    pub id: String,
    /// Where events are sent to; absent for a stream that a client holds open.
    pub destination: Option<Destination>,
    /// What the client calls it.
    pub context: Option<String>,
    /// Which events.
    pub filter: Filter,
    /// Whether none are sent until somebody resumes it.
    #[serde(default)]
    pub is_suspended: bool,
}

/// Where events are sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// `https:` or `http:`.
    pub uri: String,
    /// Sent with each event; a secret may be among them, so that they are never told.
    pub headers: Vec<(String, String)>,
    /// Whether the receiver has to have a certificate that the system trusts.
    pub verify: bool,
    /// What becomes of a subscription whose receiver does not answer.
    pub retry: Retry,
}

/// A header's value may be a password, and so may be a part of the URI.
impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

impl Destination {
    /// For logs: the scheme, the host and the port. Paths of webhooks are often secrets.
    pub(crate) fn origin(&self) -> String {
        let parts: Vec<_> = self.uri.split(['/', '?']).take(3).collect();
        parts.join("/")
    }
}

/// What becomes of a subscription whose receiver does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Retry {
    /// It ends after the attempts that the service makes.
    #[serde(rename = "TerminateAfterRetries")]
    Terminate,
    /// It is suspended after them.
    #[serde(rename = "SuspendRetries")]
    Suspend,
    /// It stays, and the next event is tried again. What does not fit into the queue is lost.
    #[serde(rename = "RetryForever")]
    Forever,
}

impl Retry {
    /// Every one with its word.
    pub(crate) const ALL: [(&'static str, Self); 3] = [
        ("TerminateAfterRetries", Self::Terminate),
        ("SuspendRetries", Self::Suspend),
        ("RetryForever", Self::Forever),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TerminateAfterRetries",
            Self::Suspend => "SuspendRetries",
            Self::Forever => "RetryForever",
        }
    }
}

/// Which events; an empty list excludes none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// Of these registries: `TaskEvent`.
    pub registry_prefixes: Vec<String>,
    /// These messages, with or without their registry's version: `TaskEvent.1.0.TaskStarted`.
    pub message_ids: Vec<String>,
    /// About these resources.
    pub origins: Vec<String>,
    /// Of these types.
    pub event_types: Vec<String>,
}

impl Filter {
    /// Whether an event is among those that are meant.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        let within = |list: &[String], fits: &dyn Fn(&str) -> bool| {
            list.is_empty() || list.iter().any(|entry| fits(entry))
        };
        let Record { registry, origin, kind, .. } = record;
        within(&self.registry_prefixes, &|prefix| prefix == *registry)
            && within(&self.message_ids, &|wanted| is_message(record, wanted))
            && within(&self.origins, &|wanted| wanted == origin)
            && within(&self.event_types, &|wanted| wanted == *kind)
    }
}

/// Whether an event's message is the one of this name, with or without its registry's version.
pub(super) fn is_message(record: &Record, name: &str) -> bool {
    let Record { registry, version, message, .. } = record;
    name == format!("{registry}.{version}.{message}") || name == format!("{registry}.{message}")
}

impl Subscription {
    /// As `EventDestination`.
    pub(crate) fn document(&self) -> Document {
        let uri = uri::member(uri::SUBSCRIPTIONS, &self.id);
        let Filter { registry_prefixes, message_ids, origins, event_types } = &self.filter;
        let kind = if self.destination.is_some() { "RedfishEvent" } else { "SSE" };
        let listed = |list: &[String]| Some(json!(list)).filter(|_| !list.is_empty());
        let destination = self.destination.as_ref();
        Document::new("EventDestination", &uri, &self.id, "Subscription")
            .maybe("Destination", destination.map(|destination| destination.uri.clone()))
            .with("Protocol", "Redfish")
            .with("SubscriptionType", kind)
            .with("EventFormatType", "Event")
            .with("Context", self.context.clone().map_or(Value::Null, Value::String))
            .maybe("DeliveryRetryPolicy", destination.map(|destination| destination.retry.name()))
            .maybe("VerifyCertificate", destination.map(|destination| destination.verify))
            .maybe("RegistryPrefixes", listed(registry_prefixes))
            .maybe("MessageIds", listed(message_ids))
            .maybe("EventTypes", listed(event_types))
            .maybe("OriginResources", (!origins.is_empty()).then(|| links(origins.clone())))
            .with(
                "Status",
                if self.is_suspended { json!({"State": "Disabled"}) } else { enabled() },
            )
            .maybe("Actions", destination.map(|_| actions(&uri)))
    }
}

/// The action that lets nothing be sent.
pub(super) const SUSPEND: &str = "EventDestination.SuspendSubscription";
/// The action that lets it be sent again.
pub(super) const RESUME: &str = "EventDestination.ResumeSubscription";

fn actions(uri: &str) -> Value {
    let target = |action| json!({"target": format!("{uri}/Actions/{action}")});
    json!({format!("#{SUSPEND}"): target(SUSPEND), format!("#{RESUME}"): target(RESUME)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::EventKind;

    #[test]
    fn a_filter_takes_what_is_in_all_of_its_lists() {
        let on = EventKind::Power { node: "p1".to_owned(), on: true };
        let record = Record::of(&on).expect("it is told");
        let list = |word: &str| vec![word.to_owned()];
        let filter = Filter::default();
        assert!(filter.takes(&record));
        for (filter, takes) in [
            (Filter { registry_prefixes: list("ResourceEvent"), ..filter.clone() }, true),
            (Filter { registry_prefixes: list("TaskEvent"), ..filter.clone() }, false),
            (
                Filter {
                    message_ids: list("ResourceEvent.1.4.ResourcePoweredOn"),
                    ..filter.clone()
                },
                true,
            ),
            (
                Filter { message_ids: list("ResourceEvent.ResourcePoweredOff"), ..filter.clone() },
                false,
            ),
            (Filter { origins: list("/redfish/v1/Systems/p1"), ..filter.clone() }, true),
            (Filter { origins: list("/redfish/v1/Systems/p2"), ..filter.clone() }, false),
            (Filter { event_types: list("Alert"), ..filter }, false),
        ] {
            assert_eq!(filter.takes(&record), takes, "{filter:?}");
        }
    }

    #[test]
    fn headers_are_never_told() {
        let destination = Destination {
            uri: "https://example.com:8443/hook/known-to-few?key=known-to-few".to_owned(),
            headers: vec![("Authorization".to_owned(), "hidden".to_owned())],
            verify: true,
            retry: Retry::Forever,
        };
        let subscription = Subscription {
            id: "1".to_owned(),
            destination: Some(destination),
            context: None,
            filter: Filter::default(),
            is_suspended: false,
        };
        let told = Value::from(subscription.document()).to_string();
        assert!(!told.contains("hidden") && told.contains("https://example.com:8443/hook"));
        let logged = format!("{subscription:?}");
        assert!(!logged.contains("hidden") && !logged.contains("few"), "{logged}");
        assert!(logged.contains("https://example.com:8443\""), "{logged}");
    }
}
