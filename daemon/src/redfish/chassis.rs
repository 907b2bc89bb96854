//! `Chassis`: the controller, the boards on it, and the nodes in their places.

use clusterhat::report::{BoardEntry, BoardState, NodeStatus};
use serde_json::{Value, json};

use super::document::{Document, enabled, link, links};
use super::world::World;
use super::{sensors, uri};

/// All boards, then all nodes, and the controller.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let boards = world.boards.boards.iter().map(|board| board.info.name.as_str());
    // A board may be called like a node, and then it has that URI.
    let nodes = world.status.nodes.iter().map(|node| node.node.as_str());
    let nodes = nodes.filter(|label| world.board(label).is_none());
    let controller = has_controller(world).then_some(uri::CONTROLLER_NAME);
    let members = boards.chain(nodes).chain(controller).map(uri::chassis);
    let name = "Boards, nodes and their controller";
    Document::collection("ChassisCollection", uri::CHASSIS, name, members)
}

/// Whether the controller is among them: a board that is called like it has its URI.
pub(super) fn has_controller(world: &World<'_>) -> bool {
    world.board(uri::CONTROLLER_NAME).is_none()
}

/// A board, the controller, or a node in its place.
pub(crate) fn document(world: &World<'_>, name: &str) -> Option<Document> {
    match world.board(name) {
        Some(board) => Some(self::board(world, board)),
        None if name == uri::CONTROLLER_NAME => Some(controller(world)),
        None => Some(place(world, world.node(name)?)),
    }
}

fn controller(world: &World<'_>) -> Document {
    let manager = links([uri::MANAGER.to_owned()]);
    let boards = world.boards.boards.iter().map(|board| uri::chassis(&board.info.name));
    let of_controller =
        json!({"Contains": links(boards), "ManagedBy": manager, "ManagersInChassis": manager});
    Document::new("Chassis", uri::CONTROLLER, uri::CONTROLLER_NAME, &world.service.host)
        .with("ChassisType", "StandAlone")
        .maybe("Model", world.service.model.as_deref())
        .with("Status", json!({"State": "Enabled", "Health": world.health()}))
        .linked("Sensors", &sensors::collection_uri(uri::CONTROLLER_NAME))
        .with("Links", of_controller)
}

fn board(world: &World<'_>, board: &BoardEntry) -> Document {
    let info = &board.info;
    let uri = uri::chassis(&info.name);
    let eeprom = info.eeprom.as_ref();
    let vendor = eeprom.and_then(|eeprom| eeprom.vendor.clone());
    let uuid = eeprom.and_then(|eeprom| eeprom.uuid.clone()).filter(|uuid| is_uuid(uuid));
    let location = json!({"PartLocation": {"ServiceLabel": info.place()}});
    let mut of_board = json!({
        "ComputerSystems": links(board.nodes.iter().map(|node| uri::system(node))),
        "Contains": links(board.nodes.iter().map(|node| uri::chassis(node))),
        "ManagedBy": links([uri::MANAGER.to_owned()]),
    });
    if has_controller(world) {
        of_board["ContainedBy"] = link(uri::CONTROLLER);
    }
    Document::new("Chassis", &uri, &info.name, &info.name)
        .with("ChassisType", "Card")
        .maybe("Manufacturer", vendor)
        .with("Model", info.model.to_string())
        .maybe("UUID", uuid)
        .with("Location", location)
        .with("Status", board_status(world, board))
        .maybe("LocationIndicatorActive", alert(world, &info.name))
        .linked("Sensors", &sensors::collection_uri(&info.name))
        .with("Links", of_board)
}

/// Whether the board's ALERT LED is lit; none where it has none or does not answer.
pub(crate) fn alert(world: &World<'_>, board: &str) -> Option<bool> {
    match world.board_status(board)?.state.as_ref()? {
        BoardState::Hat(state) => state.alert.map(|level| level.seen),
        BoardState::Ctrl(_) => None,
    }
}

fn board_status(world: &World<'_>, board: &BoardEntry) -> Value {
    let error = board.error.as_ref();
    let error = error.or_else(|| world.board_status(&board.info.name)?.error.as_ref());
    match error {
        None => enabled(),
        Some(_) => json!({"State": "UnavailableOffline", "Health": "Critical"}),
    }
}

fn place(world: &World<'_>, node: &NodeStatus) -> Document {
    let label = &node.node;
    let state = if node.absent { json!({"State": "Absent"}) } else { enabled() };
    let ordinal = world.place(node);
    let location = ordinal.map(|ordinal| {
        json!({"PartLocation": {
            "LocationType": "Slot",
            "LocationOrdinalValue": ordinal,
            "ServiceLabel": format!("P{ordinal}"),
        }})
    });
    let of_node = json!({
        "ComputerSystems": links([uri::system(label)]),
        "ContainedBy": link(&uri::chassis(&node.board)),
        "ManagedBy": links([uri::MANAGER.to_owned()]),
    });
    Document::new("Chassis", &uri::chassis(label), label, node.name.as_deref().unwrap_or(label))
        .with("ChassisType", "Module")
        .maybe("Location", location)
        .with("Status", state)
        .linked("Sensors", &sensors::collection_uri(label))
        .with("Links", of_node)
}

/// As Redfish writes it.
pub(super) fn is_uuid(text: &str) -> bool {
    let is_dash = |index| matches!(index, 8 | 13 | 18 | 23);
    let fits =
        |(index, c): (usize, char)| if is_dash(index) { c == '-' } else { c.is_ascii_hexdigit() };
    text.len() == 36 && text.chars().enumerate().all(fits)
}
