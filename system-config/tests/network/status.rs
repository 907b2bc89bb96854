//! What `network status` makes of the system's answers.

use serde_json::json;
use system_config::Manager::NetworkManager;
use system_config::network::{self, LinkState, NetworkMode, NetworkRequest};

use crate::machine::{Machine, NEIGHBOURS, link, request};

#[test]
fn nothing_was_set_up() {
    let machine = Machine::stock(NetworkManager);
    let status =
        network::status(&request(NetworkMode::Nat).nodes, &machine.survey(), &machine.tools);
    assert_eq!(status.unwrap(), None);
}

#[test]
fn how_far_each_node_has_come() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(NetworkMode::Nat);
    let port = |name: &str| {
        let mut port = link(name, "");
        port["master"] = json!("clusterhat0");
        port
    };
    let mut down = port("ethpi2");
    down["flags"] = json!(["UP", "NO-CARRIER"]);
    machine.links(&[
        link("eth0", "192.0.2.7/24"),
        link("clusterhat0", "172.19.181.254/24"),
        port("ethpi1"),
        down,
        // Nobody has named it yet: it is known by its MAC address.
        link("ethpi3", "")
            .as_object()
            .map(|one| {
                let mut one = one.clone();
                one["ifname"] = json!("eth1");
                json!(one)
            })
            .unwrap(),
    ]);
    machine.tools.answer(
        NEIGHBOURS,
        json!([{"dst": "172.19.181.1", "lladdr": "00:22:82:ff:ff:01", "state": ["REACHABLE"]}]),
    );
    let nodes = request(NetworkMode::Nat).nodes;
    let status = network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap();
    let states: Vec<_> = status.nodes.iter().map(|node| node.state).collect();
    use LinkState::{Absent, Apart, Down, Reachable};
    assert_eq!(states, [Reachable, Down, Apart, Absent]);
    assert_eq!(status.nodes[2].interface.as_deref(), Some("eth1"));
    assert_eq!(status.nodes[3].address, Some("172.19.181.4".parse().unwrap()));
    assert!(status.bridge);
    assert_eq!(status.findings, []);
}

/// An interface whose USB device, with this serial number, is in that place.
fn plugged(machine: &Machine, link: &str, place: &str, serial: &str) {
    let device = format!("root/sys/devices/usb1/{place}");
    machine.card.write(&format!("{device}/serial"), format!("{serial}\n"));
    machine.card.write(&format!("{device}/{place}:1.0/bInterfaceClass"), "02\n");
    let net = machine.card.path(&format!("root/sys/class/net/{link}"));
    std::fs::create_dir_all(&net).unwrap();
    let target = format!("../../../devices/usb1/{place}/{place}:1.0");
    std::os::unix::fs::symlink(target, net.join("device")).unwrap();
    let driver = machine.card.path(&format!("{device}/{place}:1.0/driver"));
    std::os::unix::fs::symlink("../../../../bus/usb/drivers/cdc_ncm", driver).unwrap();
}

/// A node's end that is not up, or is and has not been heard of: nobody here can tell.
#[test]
fn a_port_without_carrier() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(NetworkMode::Nat);
    let mut port = link("ethpi2", "");
    port["master"] = json!("clusterhat0");
    port["flags"] = json!(["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]);
    plugged(&machine, "ethpi2", "1-1.2", "2");
    machine.tools.answer(NEIGHBOURS, "");
    let status = |port: &serde_json::Value| {
        machine.links(&[link("clusterhat0", "172.19.181.254/24"), port.clone()]);
        let nodes = request(NetworkMode::Nat).nodes;
        network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap()
    };
    let told = status(&port);
    assert_eq!(told.nodes[1].state, LinkState::Down);
    assert_eq!(told.problems(), <[String; 0]>::default(), "a node that boots breaks nothing");
    let [finding] = &told.findings[..] else { panic!("{:?}", told.findings) };
    assert_eq!((finding.kind, finding.is_doubtful), ("no-carrier", true));
    assert!(finding.what.contains("ethpi2") && finding.what.contains("p2"), "{finding}");
    assert_eq!(
        finding.fix.to_string(),
        "echo 1-1.2:1.0 | tee /sys/bus/usb/drivers/cdc_ncm/unbind /sys/bus/usb/drivers/cdc_ncm/bind"
    );
    // NetworkManager waits for the carrier before it makes it a port.
    let mut apart = port.clone();
    apart.as_object_mut().unwrap().remove("master");
    let told = status(&apart);
    assert_eq!((told.nodes[1].state, told.findings[0].kind), (LinkState::Apart, "no-carrier"));
    port["flags"] = json!(["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]);
    assert_eq!(status(&port).findings, []);
}

/// A card in the wrong place, two cards with one number, a node that lies.
#[test]
fn a_node_that_calls_itself_another() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(NetworkMode::Nat);
    let port = |name: &str, mac: u8| {
        let mut port = link(name, "");
        port["master"] = json!("clusterhat0");
        port["address"] = json!(format!("00:22:82:ff:fe:{mac:02x}"));
        port
    };
    // p1 is right; p2 has a second card of node 1, whose name was taken; p3 has node 4's; p4 says 4 by its
    // serial number, and has the MAC address of node 2.
    machine.links(&[
        link("clusterhat0", "172.19.181.254/24"),
        port("eth1", 1),
        port("ethpi1", 1),
        port("ethpi4", 4),
        port("usb0", 2),
    ]);
    for (link, place, serial) in [
        ("ethpi1", "1-1.1", "1"),
        ("eth1", "1-1.2", "1"),
        ("ethpi4", "1-1.3", "4"),
        ("usb0", "1-1.4", "4"),
    ] {
        plugged(&machine, link, place, serial);
    }
    machine.tools.answer(NEIGHBOURS, "");
    let status = |sysroot: bool| {
        let mut nodes = request(NetworkMode::Nat).nodes;
        for node in nodes.iter_mut().filter(|_| sysroot) {
            node.usb_path = Some(format!("1-1.{}", node.id));
        }
        network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap()
    };
    let told = status(true);
    let states: Vec<_> = told.nodes.iter().map(|node| node.state).collect();
    use LinkState::{Foreign, Up};
    assert_eq!(states, [Up, Foreign, Foreign, Foreign]);
    let interfaces: Vec<_> = told.nodes.iter().map(|n| n.interface.as_deref().unwrap()).collect();
    assert_eq!(interfaces, ["ethpi1", "eth1", "ethpi4", "usb0"]);
    let findings: Vec<_> = told.findings.iter().map(|one| (one.kind, one.what.as_str())).collect();
    assert_eq!(
        findings,
        [
            ("wrong-place", "the node in position p2 (USB 1-1.2, eth1) identifies itself as p1"),
            ("wrong-place", "the node in position p3 (USB 1-1.3, ethpi4) identifies itself as p4"),
            ("wrong-place", "the node in position p4 (USB 1-1.4, usb0) identifies itself as p2"),
        ]
    );
    assert_eq!(told.problems().len(), 3);
    // Where no place is known, nobody can tell.
    assert_eq!(status(false).findings, []);
}

#[test]
fn ports_that_are_not_isolated_although_they_should_be() {
    let machine = Machine::stock(NetworkManager);
    let request = NetworkRequest { isolate: true, ..request(NetworkMode::Nat) };
    machine.plan(&request).unwrap().files.apply(&machine.sysroot()).unwrap();
    machine.tools.answer(NEIGHBOURS, "");
    let status = |isolated: bool| {
        let mut port = link("ethpi1", "");
        port["master"] = json!("clusterhat0");
        port["linkinfo"] =
            json!({"info_slave_kind": "bridge", "info_slave_data": {"isolated": isolated}});
        machine.links(&[link("clusterhat0", "172.19.181.254/24"), port]);
        network::status(&request.nodes, &machine.survey(), &machine.tools).unwrap().unwrap()
    };
    assert_eq!(status(true).findings, []);
    let findings = status(false).findings;
    assert_eq!(findings[0].kind, "not-isolated");
    assert!(findings[0].fix.to_string().contains("dev ethpi1 isolated on"), "{findings:?}");
}

/// On the controller's network nobody knows a node's address before it was heard of.
#[test]
fn addresses_of_a_bridge_are_those_that_were_heard_of() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(NetworkMode::Bridge);
    machine.links(&[link("eth0", ""), link("clusterhat0", "192.0.2.7/24")]);
    machine.tools.answer(
        NEIGHBOURS,
        json!([
            {"dst": "fe80::1", "lladdr": "00:22:82:ff:ff:02", "state": ["STALE"]},
            {"dst": "192.0.2.40", "lladdr": "00:22:82:ff:ff:02", "state": ["STALE"]},
            {"dst": "192.0.2.41", "state": ["FAILED"]},
        ]),
    );
    let nodes = request(NetworkMode::Bridge).nodes;
    let status = network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap();
    assert_eq!(status.nodes[0].address, None);
    assert_eq!(status.nodes[1].address, Some("192.0.2.40".parse().unwrap()));
}
