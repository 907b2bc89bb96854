//! `Managers`: the controller.

use clusterhat::rfc3339;
use serde_json::json;

use super::document::{Document, enabled, link, links};
use super::world::World;
use super::{chassis, uri};

/// The controller alone.
pub(crate) fn collection() -> Document {
    let members = [uri::MANAGER.to_owned()];
    Document::collection("ManagerCollection", uri::MANAGERS, "Controllers", members)
}

/// The controller.
pub(crate) fn document(world: &World<'_>) -> Document {
    let nodes = world.status.nodes.iter().map(|node| uri::system(&node.node));
    let boards = world.boards.boards.iter().map(|board| uri::chassis(&board.info.name));
    let controller = chassis::has_controller(world).then(|| uri::CONTROLLER.to_owned());
    let mut of_manager = json!({
        "ManagerForServers": links(nodes),
        "ManagerForChassis": links(boards.chain(controller.clone())),
    });
    if let Some(controller) = controller {
        of_manager["ManagerInChassis"] = link(&controller);
    }
    Document::new("Manager", uri::MANAGER, "controller", &world.service.host)
        .with("ManagerType", "ManagementController")
        .with("UUID", &*world.service.uuid)
        .with("ServiceEntryPointUUID", &*world.service.uuid)
        .with("Model", "clusterhatd")
        .with("FirmwareVersion", env!("CARGO_PKG_VERSION"))
        .with("DateTime", rfc3339(std::time::SystemTime::now()))
        .with("DateTimeLocalOffset", "+00:00")
        .with("PowerState", "On")
        .with("Status", json!({"State": "Enabled", "Health": world.health()}))
        .linked("NetworkProtocol", uri::NETWORK_PROTOCOL)
        .linked("EthernetInterfaces", uri::INTERFACES)
        .linked("SerialInterfaces", uri::SERIAL_INTERFACES)
        .with("Links", of_manager)
}

/// What the controller serves on its network.
pub(crate) fn network_protocol(world: &World<'_>) -> Document {
    let port = world.service.https_port;
    let https = json!({"ProtocolEnabled": port.is_some(), "Port": port});
    Document::new(
        "ManagerNetworkProtocol",
        uri::NETWORK_PROTOCOL,
        "NetworkProtocol",
        "Network services of the controller",
    )
    .with("HostName", &*world.service.host)
    .with("HTTP", json!({"ProtocolEnabled": false, "Port": null}))
    .with("HTTPS", https)
    .with("Status", enabled())
}
