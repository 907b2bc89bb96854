//! Every resource by its path.

use super::document::Document;
use super::world::World;
use super::{
    accounts, aggregation, chassis, event_service, managers, network, node_network, registries,
    roles, sensors, serial, service_root, sessions, systems, tasks, uri,
};

/// The resource at a path; none where there is none, or the caller may not see it.
pub(crate) fn find(path: &str, world: &World<'_>) -> Option<Document> {
    let parts = uri::parts(path)?;
    match parts[..] {
        [] => Some(service_root::document(world.service)),
        ["Systems"] => Some(systems::collection(world)),
        ["Systems", node] => systems::document(world, node),
        ["Systems", node, "EthernetInterfaces"] => node_network::collection(world, node),
        ["Systems", node, "EthernetInterfaces", id] => node_network::document(world, node, id),
        ["Chassis"] => Some(chassis::collection(world)),
        ["Chassis", name] => chassis::document(world, name),
        ["Chassis", name, "Sensors"] => sensors::collection(world, name),
        ["Chassis", name, "Sensors", id] => sensors::document(world, name, id),
        ["Managers"] => Some(managers::collection()),
        ["Managers", "controller", ref rest @ ..] => of_manager(rest, world),
        ["SessionService"] => Some(sessions::service(world)),
        ["SessionService", "Sessions"] => Some(sessions::collection(world)),
        ["SessionService", "Sessions", id] => sessions::document(world, id),
        ["AccountService"] => Some(accounts::service()),
        ["AccountService", "Accounts"] => Some(accounts::collection(world)),
        ["AccountService", "Accounts", name] => accounts::document(world, name),
        ["AccountService", "Roles"] => Some(roles::collection()),
        ["AccountService", "Roles", id] => roles::document(id),
        ["TaskService"] => Some(tasks::service()),
        ["TaskService", "Tasks"] => Some(tasks::collection(world)),
        ["TaskService", "Tasks", id] => tasks::document(world, id),
        ["EventService"] => Some(event_service::service(world.delivery)),
        ["EventService", "Subscriptions"] => Some(event_service::collection(world)),
        ["EventService", "Subscriptions", id] => event_service::document(world, id),
        ["AggregationService"] => Some(aggregation::service()),
        ["Registries"] => Some(registries::collection()),
        ["Registries", id] => registries::document(id),
        ["JsonSchemas"] => Some(registries::schemas()),
        ["JsonSchemas", id] => registries::schema(id),
        _ => None,
    }
}

fn of_manager(parts: &[&str], world: &World<'_>) -> Option<Document> {
    match parts {
        [] => Some(managers::document(world)),
        ["NetworkProtocol"] => Some(managers::network_protocol(world)),
        ["EthernetInterfaces"] => Some(network::collection(world.interfaces)),
        ["SerialInterfaces"] => Some(serial::collection(world)),
        ["SerialInterfaces", node] => serial::document(world, node),
        ["EthernetInterfaces", name] => network::document(world.interfaces, name),
        _ => None,
    }
}

/// What a resource wants of the boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// How they are.
    State,
    /// What they are called.
    Names,
    /// Nothing.
    Nothing,
}

/// What the resource at a path wants of the boards.
pub(crate) fn wants(path: &str) -> Wants {
    match uri::parts(path).unwrap_or_default()[..] {
        ["Systems" | "Chassis"]
        | ["Chassis", _, "Sensors"]
        | ["Systems", _, "EthernetInterfaces"] => Wants::Names,
        ["Systems" | "Chassis", ..] | ["Managers", "controller"] => Wants::State,
        _ => Wants::Nothing,
    }
}

#[cfg(test)]
mod tests;
