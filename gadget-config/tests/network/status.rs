//! What `network status` makes of the system's answers.

use gadget_config::Manager::NetworkManager;
use gadget_config::network::{self, Mode, NodeState};
use serde_json::json;

use crate::machine::{Machine, NEIGHBOURS, link, request};

#[test]
fn nothing_was_set_up() {
    let machine = Machine::stock(NetworkManager);
    let status = network::status(&request(Mode::Nat).nodes, &machine.survey(), &machine.tools);
    assert_eq!(status.unwrap(), None);
}

#[test]
fn how_far_each_node_has_come() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(Mode::Nat);
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
    let nodes = request(Mode::Nat).nodes;
    let status = network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap();
    let states: Vec<_> = status.nodes.iter().map(|node| node.state).collect();
    use NodeState::{Absent, Apart, Down, Reachable};
    assert_eq!(states, [Reachable, Down, Apart, Absent]);
    assert_eq!(status.nodes[2].interface.as_deref(), Some("eth1"));
    assert_eq!(status.nodes[3].address, Some("172.19.181.4".parse().unwrap()));
    assert!(status.bridge);
    assert_eq!(status.findings, []);
}

/// On the controller's network nobody knows a node's address before it was heard of.
#[test]
fn addresses_of_a_bridge_are_those_that_were_heard_of() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(Mode::Bridge);
    machine.links(&[link("eth0", ""), link("clusterhat0", "192.0.2.7/24")]);
    machine.tools.answer(
        NEIGHBOURS,
        json!([
            {"dst": "fe80::1", "lladdr": "00:22:82:ff:ff:02", "state": ["STALE"]},
            {"dst": "192.0.2.40", "lladdr": "00:22:82:ff:ff:02", "state": ["STALE"]},
            {"dst": "192.0.2.41", "state": ["FAILED"]},
        ]),
    );
    let nodes = request(Mode::Bridge).nodes;
    let status = network::status(&nodes, &machine.survey(), &machine.tools).unwrap().unwrap();
    assert_eq!(status.nodes[0].address, None);
    assert_eq!(status.nodes[1].address, Some("192.0.2.40".parse().unwrap()));
}
