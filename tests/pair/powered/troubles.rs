//! Nodes that do not go down as they should.

use clusterhat_tests::vm::Vm;

use super::{Cluster, NODES, call::await_accepted, cluster, controller, node};
use crate::cable::sh;

const NODE: u8 = NODES[0];

/// The node goes on writing, and has power.
fn lives(cluster: &Cluster, machine: &Vm) {
    assert!(cluster.has_power(NODE));
    let before = node::synced(machine);
    super::until("a node's record", || node::synced(machine) > before);
}

/// Gives the controller's end of the link an address.
fn join(cluster: &Cluster) {
    let script = format!(
        "ip addr add 172.19.181.254/32 dev ethpi{NODE}
         ip link set ethpi{NODE} up
         ip route replace 172.19.181.{NODE} dev ethpi{NODE}
         for i in $(seq 60); do ping -c 1 -W 1 172.19.181.{NODE} >/dev/null && exit; usleep 500000; done; exit 1"
    );
    sh(cluster.vm(), &script);
}

#[test]
#[ignore = "1 minute: tests/long pair"]
fn a_node_whose_agent_is_dead_is_shut_down_by_ssh_or_keeps_its_power() {
    let cluster = cluster();
    let machine = cluster.on(NODE);
    join(&cluster);
    node::kill_agent(&machine);
    // Nothing answers, by the port or by the network.
    cluster
        .call("shutdown p1 --timeout 10")
        .fails(3, "no agent on p1: serial port: no answer; ssh p1: ");
    lives(&cluster, &machine);

    node::serve_ssh(&machine);
    sh(&machine, "touch /run/hold");
    let call = cluster.begin("shutdown p1 --timeout 60");
    await_accepted(&cluster);
    // Its end is on its way here when it leaves.
    sh(&machine, "rm /run/hold");
    call.end().succeeds();
    let cut = cluster.plane.await_cut(NODE);
    assert!(cut.had_halted && cluster.is_clean(NODE), "{cut:?}");
}

/// The same cable carries the request and the network, and nobody can say goodbye any more.
#[test]
#[ignore = "1 minute: tests/long pair"]
fn a_node_asked_by_ssh_whose_cable_is_pulled_out_keeps_its_power() {
    let cluster = cluster();
    let machine = cluster.on(NODE);
    join(&cluster);
    node::kill_agent(&machine);
    node::serve_ssh(&machine);
    sh(&machine, "touch /run/hold");
    let call = cluster.begin("shutdown p1 --timeout 30");
    await_accepted(&cluster);
    controller::unplug(cluster.vm(), NODE);
    call.end().fails(3, "p1: left the USB before its ssh session ended");
    lives(&cluster, &machine);
}

#[test]
fn a_node_that_hangs_keeps_its_power_unless_it_is_forced() {
    let cluster = cluster();
    let machine = cluster.on(NODE);
    node::hang(&machine);
    cluster
        .call("shutdown p1 --timeout 10")
        .fails(3, "no agent on p1: serial port: no answer; ssh");
    assert!(cluster.has_power(NODE));
    node::go_on(&machine);
    lives(&cluster, &machine);

    node::hang(&machine);
    cluster.call("shutdown p1 --timeout 10 --force").succeeds();
    let cut = cluster.plane.await_cut(NODE);
    assert!(!cut.had_halted && !cluster.is_clean(NODE), "{cut:?}");
}

/// It has accepted to go down, and has not begun.
#[test]
#[ignore = "1 minute: tests/long pair"]
fn a_node_whose_cable_is_pulled_out_on_its_way_down_keeps_its_power() {
    let cluster = cluster();
    let machine = cluster.on(NODE);
    sh(&machine, "touch /run/hold");
    let call = cluster.begin("shutdown p1 --timeout 20");
    machine.until("[ -e /run/asked ]").unwrap();
    controller::unplug(cluster.vm(), NODE);
    call.end().fails(3, "p1: ");
    assert!(cluster.has_power(NODE));
    lives(&cluster, &machine);
}

/// Each goes at its own pace.
#[test]
fn nodes_go_down_side_by_side() {
    let cluster = cluster();
    let [one, three] = NODES;
    cluster.call("on p1 p3 --delay 0").succeeds();
    let machines = NODES.map(|node| cluster.on(node));
    sh(&machines[0], "touch /run/hold");
    let call = cluster.begin("shutdown p1 p3");
    let cut = cluster.plane.await_cut(three);
    assert!(cut.had_halted && cluster.is_clean(three), "{cut:?}");
    assert!(call.is_under_way() && cluster.has_power(one));
    sh(&machines[0], "rm /run/hold");
    call.end().succeeds();
    let cut = cluster.plane.await_cut(one);
    assert!(cut.had_halted && cluster.is_clean(one), "{cut:?}");
}
