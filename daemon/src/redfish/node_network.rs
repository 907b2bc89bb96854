//! `EthernetInterfaces` of a node: its end of the USB cable.

use serde_json::json;

use clusterhat::life::State;

use super::document::{Document, link};
use super::uri;
use super::world::World;

/// What the node's kernel calls it.
const ID: &str = "usb0";

/// Where they are.
pub(crate) fn collection_uri(node: &str) -> String {
    format!("{}/EthernetInterfaces", uri::system(node))
}

/// One; none of a node whose number has no place in a network.
pub(crate) fn collection(world: &World<'_>, node: &str) -> Option<Document> {
    world.node(node)?;
    let uri = collection_uri(node);
    let member = world.in_network(node).and_then(|known| known.mac).map(|_| uri::member(&uri, ID));
    let name = "Network interfaces of the node";
    Some(Document::collection("EthernetInterfaceCollection", &uri, name, member))
}

/// Its addresses follow from its number, and are known while it is off. What other interfaces the node has is not known.
pub(crate) fn document(world: &World<'_>, label: &str, id: &str) -> Option<Document> {
    let (node, known) = (world.node(label)?, world.in_network(label)?);
    let mac = known.mac.filter(|_| id == ID)?;
    let is_up = matches!(node.state, Some(State::Link | State::Reachable | State::Agent));
    let (state, status) =
        if is_up { ("Enabled", "LinkUp") } else { ("StandbyOffline", "LinkDown") };
    let address = known.address.filter(|_| world.has_network());
    let of_kind = |is_v6| {
        let address = address.filter(|address| address.is_ipv6() == is_v6);
        address.map(|address| json!([{"Address": address.to_string()}]))
    };
    let uri = uri::member(&collection_uri(label), id);
    Some(
        Document::new("EthernetInterface", &uri, id, "USB network")
            .with("MACAddress", mac.to_string())
            .with("LinkStatus", status)
            .maybe("HostName", node.name.clone())
            .maybe("IPv4Addresses", of_kind(false))
            .maybe("IPv6Addresses", of_kind(true))
            .with("Status", json!({"State": state, "Health": "OK"}))
            .with("Links", json!({"Chassis": link(&uri::chassis(label))})),
    )
}
