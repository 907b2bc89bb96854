//! `SerialInterfaces` of the controller: the serial ports by which nodes show their consoles.

use super::document::Document;
use super::uri;
use super::world::World;

/// One for each node.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let members =
        world.consoles.iter().map(|known| uri::member(uri::SERIAL_INTERFACES, &known.node));
    let name = "Consoles of the nodes";
    Document::collection("SerialInterfaceCollection", uri::SERIAL_INTERFACES, name, members)
}

/// That of a node. It is a device of USB, which has none of a line's rates and levels.
pub(crate) fn document(world: &World<'_>, node: &str) -> Option<Document> {
    let known = world.consoles.iter().find(|known| known.node == node)?;
    let uri = uri::member(uri::SERIAL_INTERFACES, node);
    Some(
        Document::new("SerialInterface", &uri, node, &format!("Console of {node}"))
            .with("Description", format!("Served at /api/v1/consoles/{node}"))
            .with("InterfaceEnabled", known.open),
    )
}
