//! The JSON documents of `network status` and `network allow`, which only a running controller prints: from the answers
//! of its programs to what is printed, as golden files that are valid by the JSON Schema.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use clusterhat::Error;
use clusterhat::report::{Document, NetworkReport, Report, SCHEMA};
use clusterhat_tests::{golden, schema::Schema};
use node_link::NodeId;
use serde_json::{Value, json};
use system_config::network::{self, NetworkMode, NetworkNode, NetworkRequest, Survey};
use system_config::{Printed, Tools};

/// What `ip` prints; no other program is there.
struct Ip {
    links: Value,
    routes: Value,
    neighbours: Value,
}

impl Tools for Ip {
    fn run(&self, program: &str, words: &[&str]) -> io::Result<Printed> {
        let stdout = match (program, words) {
            ("ip", [.., "address", "show"]) => &self.links,
            ("ip", [.., "route", "show"]) => &self.routes,
            ("ip", [.., "neighbour", "show", "dev", _]) => &self.neighbours,
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Printed { success: true, stdout: stdout.to_string(), stderr: String::new() })
    }
}

fn link(name: &str, bridge: Option<&str>, address: Option<(&str, u8)>, flags: &[&str]) -> Value {
    let mac = match name.strip_prefix("ethpi") {
        Some(id) => format!("00:22:82:ff:fe:0{id}"),
        None => "02:00:00:00:00:01".to_owned(),
    };
    let addresses: Vec<_> = address
        .map(|(local, prefixlen)| json!({"local": local, "prefixlen": prefixlen}))
        .into_iter()
        .collect();
    json!({"ifindex": 2, "ifname": name, "address": mac, "flags": flags, "master": bridge, "addr_info": addresses})
}

const UP: &[&str] = &["UP", "LOWER_UP"];
const BRIDGE: Option<&str> = Some("clusterhat0");

fn nodes() -> Vec<NetworkNode> {
    (1..=4).map(|number| NodeId::try_from(number).unwrap().into()).collect()
}

/// A system with systemd-networkd, whose nodes' network is set up in this mode.
fn controller(mode: Option<NetworkMode>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let unit = "usr/lib/systemd/system/systemd-networkd.service";
    for (path, text) in [("etc/hosts", ""), (unit, "[Unit]\n")] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let wants = root.path().join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    symlink(format!("/{unit}"), wants.join("systemd-networkd.service")).unwrap();
    if let Some(mode) = mode {
        let sysroot = network::sysroot(root.path()).unwrap();
        let uplink = Some("eth0".to_owned());
        let request = NetworkRequest { nodes: nodes(), uplink, ..NetworkRequest::new(mode) };
        let survey = Survey::take(&sysroot, None).unwrap();
        network::plan(&request, &survey).unwrap().files.apply(&sysroot).unwrap();
    }
    root
}

fn status(mode: Option<NetworkMode>, tools: &Ip) -> NetworkReport {
    let root = controller(mode);
    let survey = Survey::take(&network::sysroot(root.path()).unwrap(), Some(tools)).unwrap();
    NetworkReport::Status(network::status(&nodes(), &survey, tools).unwrap())
}

/// With the error that the operation has beside such a report.
fn assert_document(name: &str, report: NetworkReport) {
    let problems = match &report {
        NetworkReport::Status(Some(status)) => status.problems(),
        _ => Vec::new(),
    };
    let error = (!problems.is_empty()).then_some(Error::NetworkBroken(problems));
    let report = Report::Network(report);
    let document = Document {
        schema: SCHEMA,
        command: "network",
        simulated: None,
        report: Some(&report),
        bus: None,
        warnings: &[],
        error: error.map(|error| error.report()),
    };
    let value = serde_json::to_value(&document).unwrap();
    assert_eq!(Schema::of_clusterhat().check(&value), Ok(()), "{value}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    golden::assert(&file, serde_json::to_string(&document).unwrap() + "\n");
}

#[test]
fn nodes_behind_nat() {
    let tools = Ip {
        links: json!([
            link("eth0", None, Some(("192.0.2.7", 24)), UP),
            link("clusterhat0", None, Some(("172.19.181.254", 24)), UP),
            link("ethpi1", BRIDGE, None, UP),
            link("ethpi2", BRIDGE, None, &["UP"]),
            link("ethpi3", None, None, UP),
        ]),
        routes: json!([{"dst": "default", "dev": "eth0", "metric": 100}]),
        neighbours: json!([{"dst": "172.19.181.1", "lladdr": "00:22:82:ff:ff:01", "state": ["REACHABLE"]}]),
    };
    assert_document("network-status-nat.json.txt", status(Some(NetworkMode::Nat), &tools));
}

#[test]
fn a_bridge_that_is_not_there() {
    let tools = Ip {
        links: json!([
            link("eth0", None, Some(("192.0.2.7", 24)), UP),
            link("ethpi4", None, None, UP)
        ]),
        routes: json!([{"dst": "default", "dev": "eth0", "metric": 100}]),
        neighbours: json!([]),
    };
    let report = status(Some(NetworkMode::Bridge), &tools);
    assert_document("network-status-bridge.json.txt", report);
}

#[test]
fn an_address_that_clashes() {
    let tools = Ip {
        links: json!([
            link("eth0", None, Some(("172.19.181.7", 24)), UP),
            link("clusterhat0", None, Some(("172.19.181.254", 24)), UP),
        ]),
        routes: json!([]),
        neighbours: json!([]),
    };
    let report = status(Some(NetworkMode::Nat), &tools);
    assert_document("network-status-clash.json.txt", report);
}

#[test]
fn nothing_set_up() {
    let tools = Ip { links: json!([]), routes: json!([]), neighbours: json!([]) };
    assert_document("network-status-none.json.txt", status(None, &tools));
}

#[test]
fn nodes_let_through_the_packet_filter() {
    assert_document("network-allow.json.txt", NetworkReport::Allowed { allowed: true });
}
