//! `Systems`: the nodes.

use clusterhat::life::State;
use clusterhat::report::NodeStatus;
use serde_json::{Map, Value, json};

use super::document::{Document, links};
use super::world::{Way, World};
use super::{node_network, reset, time, uri};

/// The word for a node that boots over USB, and for one that does not.
pub(crate) const USB: &str = "Usb";
pub(crate) const NO_OVERRIDE: &str = "None";

/// All nodes.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let members = world.status.nodes.iter().map(|node| uri::system(&node.node));
    Document::collection("ComputerSystemCollection", uri::SYSTEMS, "Nodes", members)
}

/// A node.
pub(crate) fn document(world: &World<'_>, label: &str) -> Option<Document> {
    let node = world.node(label)?;
    let uri = uri::system(label);
    let memory = world.telemetry(label).and_then(|said| said.telemetry.as_ref()?.memory);
    let gib = memory.map(|memory| kib_to_gib(memory.total_kib));
    Some(
        Document::new("ComputerSystem", &uri, label, node.name.as_deref().unwrap_or(label))
            .with("SystemType", "Physical")
            .maybe("HostName", node.name.clone())
            .with("PowerState", power_state(world, node))
            .with("Status", status(world, node))
            .maybe("BootProgress", boot_progress(node))
            .maybe("Boot", boot(world, node))
            .maybe("MemorySummary", gib.map(|gib| json!({"TotalSystemMemoryGiB": gib})))
            .with("SerialConsole", console(label))
            .linked("EthernetInterfaces", &node_network::collection_uri(label))
            .with("Links", links_of(node))
            .with("Actions", reset::actions(&uri)),
    )
}

/// What the pins show, and where an operation under way takes it.
fn power_state(world: &World<'_>, node: &NodeStatus) -> Value {
    match (node.seen, world.way(&node.node)) {
        (Some(true), Some(Way::Off)) => "PoweringOff".into(),
        (Some(false), Some(Way::On)) => "PoweringOn".into(),
        (Some(true), _) => "On".into(),
        (Some(false), _) => "Off".into(),
        (None, _) => Value::Null,
    }
}

fn status(world: &World<'_>, node: &NodeStatus) -> Value {
    let state = match node.seen {
        _ if node.absent => "Absent",
        None => return json!({"State": "UnavailableOffline", "Health": null}),
        Some(false) => "StandbyOffline",
        Some(true) if matches!(node.state, Some(State::Powered | State::BootRom)) => "Starting",
        Some(true) => "Enabled",
    };
    let is_contradicted = node.commanded.is_some_and(|commanded| Some(commanded) != node.seen);
    let throttled = world.telemetry(&node.node).and_then(|said| said.telemetry.as_ref()?.throttled);
    // Bit 0: under-voltage now.
    let has_low_supply = throttled.is_some_and(|flags| flags & 1 != 0);
    let health = match node.state {
        Some(State::Failed) => "Critical",
        _ if is_contradicted || has_low_supply => "Warning",
        _ => "OK",
    };
    json!({"State": state, "Health": health})
}

/// How far the node has come; what Redfish has no word for is in the service's own.
fn boot_progress(node: &NodeStatus) -> Option<Value> {
    let state = node.state?;
    let mut progress = Map::new();
    let last = match state {
        State::Absent | State::Off => "None",
        State::Enumerated | State::Link | State::Reachable => "OSBootStarted",
        State::Agent => "OSRunning",
        _ => "OEM",
    };
    progress.insert("LastState".into(), last.into());
    if last == "OEM" {
        progress.insert("OemLastState".into(), state.name().into());
    }
    if let Some(since) = node.since {
        progress.insert("LastStateTime".into(), time::since(since).into());
    }
    Some(progress.into())
}

/// From what the node boots, where its board chooses that: over USB each time, or from its card.
fn boot(world: &World<'_>, node: &NodeStatus) -> Option<Value> {
    let over_usb = world.ctrl(&node.board)?.usb_boot.as_ref()?.contains(&node.node);
    let (enabled, target) = if over_usb { ("Continuous", USB) } else { ("Disabled", NO_OVERRIDE) };
    Some(json!({
        "BootSourceOverrideEnabled": enabled,
        "BootSourceOverrideEnabled@Redfish.AllowableValues": ["Disabled", "Continuous"],
        "BootSourceOverrideTarget": target,
        "BootSourceOverrideTarget@Redfish.AllowableValues": [NO_OVERRIDE, USB],
    }))
}

/// The node's serial console, with the same credentials.
fn console(label: &str) -> Value {
    json!({"WebSocket": {
        "ServiceEnabled": true,
        "Interactive": true,
        "ConsoleURI": format!("/api/v1/consoles/{label}"),
    }})
}

fn links_of(node: &NodeStatus) -> Value {
    json!({
        "Chassis": links([uri::chassis(&node.node)]),
        "ManagedBy": links([uri::MANAGER.to_owned()]),
    })
}

/// To a tenth: programs compare it with what is printed on a box.
fn kib_to_gib(kib: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
    let gib = kib as f64 / f64::from(1 << 20);
    (gib * 10.0).round() / 10.0
}
