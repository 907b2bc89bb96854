//! What happened, as Redfish says it: by messages of DMTF's registries ResourceEvent 1.4 and TaskEvent 1.0.

use std::time::{Duration, UNIX_EPOCH};

use clusterhat::rfc3339;
use serde_json::{Value, json};

use super::document::link;
use super::{schema, uri};
use crate::events::{Event, EventKind};

/// The registries of the messages.
pub(crate) const REGISTRIES: [&str; 2] = ["ResourceEvent", "TaskEvent"];

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The registry of its message.
    pub registry: &'static str,
    /// The registry's version.
    pub version: &'static str,
    /// The message's key.
    pub message: &'static str,
    /// The message's arguments.
    args: Vec<String>,
    severity: &'static str,
    /// The resource that it is about.
    pub origin: String,
    /// `StatusChange`, `ResourceUpdated` or `Alert`.
    pub kind: &'static str,
    text: String,
}

impl Record {
    /// None of what Redfish has no message for.
    pub(crate) fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::Power { node, on } => {
                let (message, word) = if *on {
                    ("ResourcePoweredOn", "has")
                } else {
                    ("ResourcePoweredOff", "has no")
                };
                let text = format!("{node} {word} power");
                Some(resource(message, &[&uri::system(node)], uri::system(node), text))
            }
            EventKind::State { node, state, .. } => {
                let args = [uri::system(node), state.name().to_owned()];
                let text = format!("{node} is {}", state.name());
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                Some(resource("ResourceStateChanged", &args, uri::system(node), text))
            }
            EventKind::Agent { node, reached } => {
                let word = if *reached { "answers" } else { "does not answer any more" };
                let text = format!("the agent of {node} {word}");
                let record = resource("ResourceChanged", &[], uri::system(node), text);
                Some(Self { kind: "ResourceUpdated", ..record })
            }
            EventKind::UnderVoltage { now } => Some(under_voltage(*now)),
            EventKind::Boards { boards } => {
                let text = format!("the boards are {}", boards.join(", "));
                let record = resource("ResourceChanged", &[], uri::CHASSIS.to_owned(), text);
                Some(Self { kind: "ResourceUpdated", ..record })
            }
            EventKind::Task { task, operation, nodes, state, percent } => {
                let text = format!("{operation} {nodes}: {state}, {percent} %");
                Some(Self::of_task(task, state, *percent, text))
            }
            _ => None,
        }
    }

    /// How far a task is.
    pub(crate) fn of_task(task: &str, state: &str, percent: u8, text: String) -> Self {
        let (message, severity) = match (state, percent) {
            ("done", _) => ("TaskCompletedOK", "OK"),
            ("failed", _) => ("TaskAborted", "Critical"),
            ("cancelled", _) => ("TaskCancelled", "Warning"),
            (_, 0) => ("TaskStarted", "OK"),
            _ => ("TaskProgressChanged", "OK"),
        };
        let mut args = vec![task.to_owned()];
        if message == "TaskProgressChanged" {
            args.push(percent.to_string());
        }
        Self {
            registry: "TaskEvent",
            version: "1.0",
            message,
            args,
            severity,
            origin: uri::member(uri::TASKS, task),
            kind: "StatusChange",
            text,
        }
    }

    /// As it stands in the messages of a resource.
    pub(crate) fn to_message(&self) -> Value {
        json!({
            "@odata.type": schema::odata_type("Message"),
            "MessageId": self.id(),
            "Message": self.text,
            "MessageArgs": self.args,
            "MessageSeverity": self.severity,
            "Resolution": "None",
        })
    }

    /// Its message, with the registry.
    fn id(&self) -> String {
        format!("{}.{}.{}", self.registry, self.version, self.message)
    }

    /// As an `Event` with one record.
    pub(crate) fn to_json(&self, event: &Event, context: Option<&str>) -> Value {
        let at = UNIX_EPOCH + Duration::from_millis(event.at);
        let id = event.id.to_string();
        let mut json = json!({
            "@odata.type": schema::odata_type("Event"),
            "Id": id,
            "Name": "Event",
            "Events": [{
                "MemberId": "0",
                "EventId": id,
                "EventType": self.kind,
                "EventTimestamp": rfc3339(at),
                "MessageId": self.id(),
                "Message": self.text,
                "MessageArgs": self.args,
                "MessageSeverity": self.severity,
                "OriginOfCondition": link(&self.origin),
            }],
        });
        if let Some(context) = context {
            json["Context"] = context.into();
        }
        json
    }
}

fn resource(message: &'static str, args: &[&str], origin: String, text: String) -> Record {
    Record {
        registry: "ResourceEvent",
        version: "1.4",
        message,
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        severity: "OK",
        origin,
        kind: "StatusChange",
        text,
    }
}

fn under_voltage(now: bool) -> Record {
    let (message, severity, text) = match now {
        true => ("ResourceStatusChangedWarning", "Warning", "the controller's supply is too low"),
        false => ("ResourceStatusChangedOK", "OK", "the controller's supply has recovered"),
    };
    let record =
        resource(message, &[uri::MANAGER, severity], uri::MANAGER.to_owned(), text.to_owned());
    Record { severity, kind: "Alert", ..record }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(state: &str, percent: u8) -> EventKind {
        EventKind::Task {
            task: "7".to_owned(),
            operation: "on".to_owned(),
            nodes: "p1".to_owned(),
            state: state.to_owned(),
            percent,
        }
    }

    #[test]
    fn what_happens_has_a_message_of_a_registry() {
        for (kind, message, args) in [
            (
                EventKind::Power { node: "p1".to_owned(), on: false },
                "ResourceEvent.1.4.ResourcePoweredOff",
                json!(["/redfish/v1/Systems/p1"]),
            ),
            (
                EventKind::UnderVoltage { now: true },
                "ResourceEvent.1.4.ResourceStatusChangedWarning",
                json!([uri::MANAGER, "Warning"]),
            ),
            (task("running", 0), "TaskEvent.1.0.TaskStarted", json!(["7"])),
            (task("running", 50), "TaskEvent.1.0.TaskProgressChanged", json!(["7", "50"])),
            (task("done", 100), "TaskEvent.1.0.TaskCompletedOK", json!(["7"])),
            (task("failed", 100), "TaskEvent.1.0.TaskAborted", json!(["7"])),
            (task("cancelled", 100), "TaskEvent.1.0.TaskCancelled", json!(["7"])),
        ] {
            let record = Record::of(&kind).expect("it is told");
            let event = Event { id: 5, at: 1_795_635_961_000, kind };
            let json = record.to_json(&event, Some("mine"));
            assert_eq!(json["Events"][0]["MessageId"], message);
            assert_eq!(json["Events"][0]["MessageArgs"], args);
            assert_eq!(json["Events"][0]["EventTimestamp"], "2026-11-25T19:46:01.000Z");
            assert_eq!(json["Context"], "mine");
        }
        let login = EventKind::Access { who: "admin".to_owned(), what: "log-in".to_owned() };
        assert_eq!(Record::of(&login), None);
    }
}
