//! The routes: which methods each resource has, and who may.

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, patch, post};

use super::{
    change_account, change_chassis, change_session, change_subscription, change_system, monitor,
    operate, read, sse,
};
use crate::access::{Need, Role};
use crate::http::route::Route;
use crate::service::Service;

const OPEN: Need = Need::Open;
const READ: Need = Need::Role(Role::ReadOnly);
const OPERATE: Need = Need::Role(Role::Operator);
const ADMINISTER: Need = Need::Role(Role::Administrator);

/// Resources that are only read.
const RESOURCES: [&str; 32] = [
    "/redfish/v1/Systems",
    "/redfish/v1/Systems/{node}",
    "/redfish/v1/Systems/{node}/EthernetInterfaces",
    "/redfish/v1/Systems/{node}/EthernetInterfaces/{interface}",
    "/redfish/v1/Chassis",
    "/redfish/v1/Chassis/{name}",
    "/redfish/v1/Chassis/{name}/Sensors",
    "/redfish/v1/Chassis/{name}/Sensors/{sensor}",
    "/redfish/v1/Managers",
    "/redfish/v1/Managers/controller",
    "/redfish/v1/Managers/controller/NetworkProtocol",
    "/redfish/v1/Managers/controller/EthernetInterfaces",
    "/redfish/v1/Managers/controller/EthernetInterfaces/{interface}",
    "/redfish/v1/Managers/controller/SerialInterfaces",
    "/redfish/v1/Managers/controller/SerialInterfaces/{node}",
    "/redfish/v1/SessionService",
    "/redfish/v1/SessionService/Sessions",
    "/redfish/v1/SessionService/Sessions/{session}",
    "/redfish/v1/AccountService",
    "/redfish/v1/AccountService/Accounts",
    "/redfish/v1/AccountService/Accounts/{account}",
    "/redfish/v1/AccountService/Roles",
    "/redfish/v1/AccountService/Roles/{role}",
    "/redfish/v1/TaskService",
    "/redfish/v1/TaskService/Tasks",
    "/redfish/v1/TaskService/Tasks/{task}",
    "/redfish/v1/EventService",
    "/redfish/v1/EventService/Subscriptions",
    "/redfish/v1/EventService/Subscriptions/{subscription}",
    "/redfish/v1/AggregationService",
    "/redfish/v1/Registries",
    "/redfish/v1/JsonSchemas",
];

/// Every route of Redfish.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = |need, path, handler| Route::new(Method::GET, path, need, handler);
    let resource = || -> MethodRouter<Service> { get(read::resource) };
    let mut routes = vec![
        read(OPEN, "/redfish", || get(read::versions)),
        read(OPEN, "/redfish/v1", || get(read::resource)),
        read(OPEN, "/redfish/v1/", || get(read::resource)),
        read(OPEN, "/redfish/v1/odata", || get(read::odata)),
        read(OPEN, "/redfish/v1/$metadata", || get(read::metadata)),
        read(READ, "/redfish/v1/Registries/{registry}", || get(read::resource)),
        read(READ, "/redfish/v1/JsonSchemas/{schema}", || get(read::resource)),
        read(READ, "/redfish/v1/EventService/SSE", || get(sse::stream)),
        read(READ, "/redfish/v1/TaskService/TaskMonitors/{task}", || get(monitor::monitor)),
    ];
    routes.extend(RESOURCES.map(|path| read(READ, path, resource)));
    routes.extend(of_nodes());
    routes.extend(of_access());
    routes.extend(of_events());
    routes
}

fn of_nodes() -> [Route; 6] {
    let several = "/redfish/v1/AggregationService/Actions/AggregationService.Reset";
    let one = "/redfish/v1/Systems/{node}/Actions/ComputerSystem.Reset";
    let (monitor, task) =
        ("/redfish/v1/TaskService/TaskMonitors/{task}", "/redfish/v1/TaskService/Tasks/{task}");
    [
        Route::new(Method::POST, one, OPERATE, || post(operate::reset)),
        Route::new(Method::POST, several, OPERATE, || post(operate::reset_several)),
        Route::new(Method::DELETE, monitor, OPERATE, || delete(monitor::cancel_at_monitor)),
        Route::new(Method::DELETE, task, OPERATE, || delete(monitor::cancel_task)),
        Route::new(Method::PATCH, "/redfish/v1/Systems/{node}", OPERATE, || {
            patch(change_system::change)
        }),
        Route::new(Method::PATCH, "/redfish/v1/Chassis/{name}", OPERATE, || {
            patch(change_chassis::change)
        }),
    ]
}

/// A collection is also made larger at its `Members`, as DSP0266 wants it.
fn of_access() -> [Route; 7] {
    let (sessions, session_members, session) = (
        "/redfish/v1/SessionService/Sessions",
        "/redfish/v1/SessionService/Sessions/Members",
        "/redfish/v1/SessionService/Sessions/{session}",
    );
    let (accounts, account_members, account) = (
        "/redfish/v1/AccountService/Accounts",
        "/redfish/v1/AccountService/Accounts/Members",
        "/redfish/v1/AccountService/Accounts/{account}",
    );
    [
        Route::new(Method::POST, sessions, OPEN, || post(change_session::create)),
        Route::new(Method::POST, session_members, OPEN, || post(change_session::create)),
        Route::new(Method::DELETE, session, READ, || delete(change_session::delete)),
        Route::new(Method::POST, accounts, ADMINISTER, || post(change_account::create)),
        Route::new(Method::POST, account_members, ADMINISTER, || post(change_account::create)),
        // Everybody may change the own password.
        Route::new(Method::PATCH, account, READ, || patch(change_account::change)),
        Route::new(Method::DELETE, account, ADMINISTER, || delete(change_account::delete)),
    ]
}

fn of_events() -> [Route; 7] {
    let (all, members, one) = (
        "/redfish/v1/EventService/Subscriptions",
        "/redfish/v1/EventService/Subscriptions/Members",
        "/redfish/v1/EventService/Subscriptions/{subscription}",
    );
    let (suspend, resume) = (
        "/redfish/v1/EventService/Subscriptions/{subscription}/Actions/EventDestination.SuspendSubscription",
        "/redfish/v1/EventService/Subscriptions/{subscription}/Actions/EventDestination.ResumeSubscription",
    );
    [
        Route::new(Method::PATCH, "/redfish/v1/EventService", ADMINISTER, || {
            patch(change_subscription::change_service)
        }),
        Route::new(Method::POST, all, OPERATE, || post(change_subscription::create)),
        Route::new(Method::POST, members, OPERATE, || post(change_subscription::create)),
        Route::new(Method::PATCH, one, OPERATE, || patch(change_subscription::change)),
        Route::new(Method::DELETE, one, OPERATE, || delete(change_subscription::delete)),
        Route::new(Method::POST, suspend, OPERATE, || post(change_subscription::suspend)),
        Route::new(Method::POST, resume, OPERATE, || post(change_subscription::resume)),
    ]
}
