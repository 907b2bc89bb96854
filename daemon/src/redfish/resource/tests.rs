//! Every resource of simulated boards, compared with golden documents.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clusterhat::report::{BoardsReport, InventoryReport, NodeStatus, StatusReport, TopReport};
use clusterhat::{Action, Controller, NodeSet, Options};
use clusterhat_tests::{command, golden};
use serde_json::Value;

use super::super::subscriptions::Delivery;
use super::super::world::Facts;
use super::*;
use crate::access::{Account, By, Caller, Role};
use crate::consoles::ConsoleSummary;

/// What boards said.
struct Said {
    status: StatusReport,
    boards: BoardsReport,
    accounts: Vec<Account>,
    network: InventoryReport,
    consoles: Vec<ConsoleSummary>,
    facts: Facts,
}

fn caller(name: &str, role: Role) -> Caller {
    let (by, address) = (By::Basic, "::1".to_owned());
    Caller { name: name.to_owned(), role, by, address, known_by: None }
}

/// Boards that come with the program, of which some nodes have been switched on.
fn said(boards: &str, on: &[&str]) -> Said {
    let simulation = command::World::builtin(boards);
    let options = Options {
        simulation: Some(simulation.path().display().to_string()),
        without_waits: true,
        ..Options::default()
    };
    let mut cluster = Controller::new(&options).unwrap().open().unwrap();
    let nodes = NodeSet::parse(on).unwrap();
    let done = cluster.switch(&nodes, Action::On, &mut |_| {}).unwrap();
    assert!(done.error.is_none());
    let status = cluster.status(&NodeSet::parse::<&str>(&[]).unwrap()).unwrap().report;
    let account = |name: &str, role| Account {
        name: name.to_owned(),
        role,
        enabled: true,
        password_change_required: false,
    };
    let console = |node: &NodeStatus| ConsoleSummary {
        node: node.node.clone(),
        open: node.seen == Some(true),
        error: None,
        writer: None,
        readers: 0,
        received: 0,
    };
    Said {
        consoles: status.nodes.iter().map(console).collect(),
        network: cluster.inventory(None, &NodeSet::parse::<&str>(&[]).unwrap()).unwrap().report,
        status,
        boards: cluster.describe(false).report,
        accounts: vec![account("admin", Role::Administrator), account("pi", Role::ReadOnly)],
        facts: Facts {
            uuid: "00000000-0000-4000-8000-000000000000".into(),
            host: "controller".into(),
            model: Some("Raspberry Pi 4 Model B Rev 1.4".into()),
            https_port: Some(8443),
            session_limit_s: 1800,
            is_simulated: false,
        },
    }
}

impl Said {
    fn world<'a>(&'a self, caller: &'a Caller, telemetry: &'a TopReport) -> World<'a> {
        World {
            caller,
            service: &self.facts,
            status: &self.status,
            boards: &self.boards,
            telemetry,
            tasks: &[],
            accounts: &self.accounts,
            sessions: &[],
            subscriptions: &[],
            network: &self.network,
            consoles: &self.consoles,
            interfaces: &[],
            delivery: Delivery::default(),
            ways: OnceCell::new(),
        }
    }
}

/// All resources that links lead to from the root, but for what is told as a stream.
fn walk(world: &World<'_>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut open = BTreeSet::from([uri::ROOT.to_owned()]);
    while let Some(path) = open.pop_first() {
        let document =
            find(&path, world).unwrap_or_else(|| panic!("{path} is linked, but not there"));
        assert_eq!(document.properties()["@odata.id"], path);
        let mut value = Value::from(document);
        links(&value, &mut open);
        if let Some(time) = value.get_mut("DateTime") {
            *time = "now".into();
        }
        found.insert(path, value);
        open.retain(|path| !found.contains_key(path));
    }
    found
}

fn links(value: &Value, open: &mut BTreeSet<String>) {
    match value {
        Value::Object(properties) => {
            if let Some(Value::String(uri)) = properties.get("@odata.id") {
                open.insert(uri.clone());
            }
            properties.values().for_each(|value| links(value, open));
        }
        Value::Array(items) => items.iter().for_each(|value| links(value, open)),
        _ => {}
    }
}

#[test]
fn all_that_is_linked_is_there_and_as_expected() {
    let said = said("mixed", &["p1", "p5"]);
    let (caller, telemetry) = (caller("admin", Role::Administrator), TopReport::default());
    let mut found = walk(&said.world(&caller, &telemetry));
    // A line for each schema says nothing more.
    found.retain(|path, _| {
        !path.starts_with("/redfish/v1/JsonSchemas/") || path.ends_with("Role.v1_3_3")
    });
    let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/redfish-mixed.json");
    golden::assert(&file, text);
}

#[test]
fn others_see_their_own_account_alone() {
    let said = said("v2.5", &["p1"]);
    let (caller, telemetry) = (caller("pi", Role::ReadOnly), TopReport::default());
    let world = said.world(&caller, &telemetry);
    let accounts = find(uri::ACCOUNTS, &world).unwrap();
    assert_eq!(accounts.properties()["Members@odata.count"], 1);
    assert!(find("/redfish/v1/AccountService/Accounts/pi", &world).is_some());
    assert!(find("/redfish/v1/AccountService/Accounts/admin", &world).is_none());
}

#[test]
fn what_is_no_resource_is_not_there() {
    let said = said("v2.5", &["p1"]);
    let (caller, telemetry) = (caller("admin", Role::Administrator), TopReport::default());
    let world = said.world(&caller, &telemetry);
    for path in [
        "",
        "/",
        "/redfish",
        "/redfish/v1/Systems/",
        "/redfish/v1/Systems/p9",
        "/redfish/v1/Systems/p1/",
        "/redfish/v1/Systems/p%31",
        "/redfish/v1/Systems/../Systems",
        "/redfish/v1/Systems/p1/EthernetInterfaces/usb1",
        "/redfish/v1/Systems/p9/EthernetInterfaces",
        "/redfish/v1/Managers/controller/SerialInterfaces/p9",
        "/redfish/v1/Chassis/hat1/Sensors/nothing",
        "/redfish/v1/Chassis/nothing/Sensors",
        "/redfish/v1/Managers/other",
        "/redfish/v1/Managers/controller/x/y",
        "/redfish/v1/Registries/Other",
        "/redfish/v1/JsonSchemas/x",
    ] {
        assert!(find(path, &world).is_none(), "{path}");
    }
}

/// A telemetry with a node whose supply is low: bit 0 of what the firmware says.
#[test]
fn what_a_nodes_agent_says_is_in_its_resources() {
    let said = said("v2.5", &["p1"]);
    let caller = caller("admin", Role::Administrator);
    let telemetry = serde_json::from_str(
        r#"{"temperature_c": 48.3, "throttled": 327681, "memory": {"total_kib": 437248, "available_kib": 1}}"#,
    )
    .unwrap();
    let node = clusterhat::report::TopNode {
        node: "p1".to_owned(),
        name: None,
        state: None,
        transport: None,
        simulated: false,
        telemetry: Some(telemetry),
        no_agent: Vec::new(),
        error: None,
    };
    let controller_c = Some(51.5);
    let report = TopReport { nodes: vec![node], controller_c, ..TopReport::default() };
    let world = said.world(&caller, &report);
    let sensor = "/redfish/v1/Chassis/controller/Sensors/temperature";
    assert_eq!(Value::from(find(sensor, &world).unwrap())["Reading"], 51.5);
    let system = Value::from(find("/redfish/v1/Systems/p1", &world).unwrap());
    assert_eq!(system["MemorySummary"]["TotalSystemMemoryGiB"], 0.4);
    assert_eq!(system["Status"]["Health"], "Warning");
    let sensor = find("/redfish/v1/Chassis/p1/Sensors/temperature", &world).unwrap();
    assert_eq!(sensor.properties()["Reading"], 48.3);
}
