//! Where resources are.

/// The service root.
pub(crate) const ROOT: &str = "/redfish/v1/";
/// The nodes.
pub(crate) const SYSTEMS: &str = "/redfish/v1/Systems";
/// The controller, the boards on it, and the nodes in their places.
pub(crate) const CHASSIS: &str = "/redfish/v1/Chassis";
/// The controller's name among them, unless a board has it.
pub(crate) const CONTROLLER_NAME: &str = "controller";
/// The controller, which the boards sit on.
pub(crate) const CONTROLLER: &str = "/redfish/v1/Chassis/controller";
/// The controllers: one.
pub(crate) const MANAGERS: &str = "/redfish/v1/Managers";
/// The controller.
pub(crate) const MANAGER: &str = "/redfish/v1/Managers/controller";
/// Its network services.
pub(crate) const NETWORK_PROTOCOL: &str = "/redfish/v1/Managers/controller/NetworkProtocol";
/// Its network interfaces.
pub(crate) const INTERFACES: &str = "/redfish/v1/Managers/controller/EthernetInterfaces";
/// The serial ports by which nodes show their consoles.
pub(crate) const SERIAL_INTERFACES: &str = "/redfish/v1/Managers/controller/SerialInterfaces";
/// The service of sessions.
pub(crate) const SESSION_SERVICE: &str = "/redfish/v1/SessionService";
/// Sessions.
pub(crate) const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";
/// The service of accounts.
pub(crate) const ACCOUNT_SERVICE: &str = "/redfish/v1/AccountService";
/// Accounts.
pub(crate) const ACCOUNTS: &str = "/redfish/v1/AccountService/Accounts";
/// Roles.
pub(crate) const ROLES: &str = "/redfish/v1/AccountService/Roles";
/// The service of tasks.
pub(crate) const TASK_SERVICE: &str = "/redfish/v1/TaskService";
/// Tasks.
pub(crate) const TASKS: &str = "/redfish/v1/TaskService/Tasks";
/// Where a client waits for a task's result.
pub(crate) const TASK_MONITORS: &str = "/redfish/v1/TaskService/TaskMonitors";
/// The service of events.
pub(crate) const EVENT_SERVICE: &str = "/redfish/v1/EventService";
/// Who is told of events.
pub(crate) const SUBSCRIPTIONS: &str = "/redfish/v1/EventService/Subscriptions";
/// The stream of events.
pub(crate) const SSE: &str = "/redfish/v1/EventService/SSE";
/// The service that operates on several nodes at once.
pub(crate) const AGGREGATION_SERVICE: &str = "/redfish/v1/AggregationService";
/// The message registries.
pub(crate) const REGISTRIES: &str = "/redfish/v1/Registries";
/// The schemas.
pub(crate) const JSON_SCHEMAS: &str = "/redfish/v1/JsonSchemas";
/// The OData metadata.
pub(crate) const METADATA: &str = "/redfish/v1/$metadata";

/// A member of a collection. Its ID is a name that needs no escapes.
pub(crate) fn member(collection: &str, id: &str) -> String {
    format!("{collection}/{id}")
}

/// A node.
pub(crate) fn system(node: &str) -> String {
    member(SYSTEMS, node)
}

/// A board, or a node's place.
pub(crate) fn chassis(name: &str) -> String {
    member(CHASSIS, name)
}

/// The last part of the URI of a member of a collection.
pub(crate) fn id_in<'a>(uri: &'a str, collection: &str) -> Option<&'a str> {
    let id = uri.strip_prefix(collection)?.strip_prefix('/')?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// The parts of a path below the service root. One with escapes names nothing: no ID here needs any.
pub(crate) fn parts(path: &str) -> Option<Vec<&str>> {
    let below = path.strip_prefix("/redfish/v1")?;
    match below.strip_prefix('/') {
        None if below.is_empty() => Some(Vec::new()),
        Some("") => Some(Vec::new()),
        Some(below) => {
            let parts: Vec<_> = below.split('/').collect();
            (!parts.contains(&"") && !below.contains('%')).then_some(parts)
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_below_the_root() {
        assert_eq!(parts("/redfish/v1"), Some(vec![]));
        assert_eq!(parts("/redfish/v1/"), Some(vec![]));
        assert_eq!(parts("/redfish/v1/Systems/p1"), Some(vec!["Systems", "p1"]));
        for path in
            ["/redfish", "/redfish/v12", "/redfish/v1//", "/redfish/v1/Systems/%2e%2e", "/x"]
        {
            assert_eq!(parts(path), None, "{path}");
        }
    }

    #[test]
    fn a_member_is_one_part_below_its_collection() {
        assert_eq!(id_in("/redfish/v1/Systems/p1", SYSTEMS), Some("p1"));
        for uri in ["/redfish/v1/Systems/", "/redfish/v1/Systems/p1/x", "/redfish/v1/Systemsp1", ""]
        {
            assert_eq!(id_in(uri, SYSTEMS), None, "{uri}");
        }
    }
}
