//! `clusterhat network` on a running system: the nodes' own DHCP clients get their addresses and
//! reach a host outside, before and after a reboot, until it is undone.
//!
//! The host outside knows no way to the nodes' own network: what comes back to a node has been
//! masqueraded.

use clusterhat_tests::vm::{Output, Vm};
use serde_json::Value;

use crate::{
    guest::{run, sh, until},
    system,
};

/// The host outside, its name, and the LAN that the uplink is on.
const OUTSIDE: &str = "198.51.100.1";
const OUTSIDE_NAME: &str = "outside.example";
const LAN: &str = "192.0.2.";

/// Every file of the configuration, by content, mode, owner and target. What the managers and the
/// nodes' DHCP clients write at run time is left out.
const FILES: &str = "cd /etc; what='-path ./netns -prune -o -path ./resolv.conf -prune -o'; \
    find . $what -type f -exec sha256sum {} + | sort -k 2; find . $what -printf '%p %M %u %g %l\\n' | sort";

fn document(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

fn status(vm: &Vm) -> (i32, Value) {
    let output = run(vm, "clusterhat --json network status");
    (output.status, document(&output))
}

fn await_uplink(vm: &Vm) {
    until(vm, &format!("ip route show default | grep -q . && ping -c 1 -W 2 {OUTSIDE}"));
}

/// An IPv4 address of a node's end that starts so.
#[track_caller]
fn await_address(vm: &Vm, node: u8, address: &str) {
    until(vm, &format!("ip -n node{node} -4 address show scope global | grep -q 'inet {address}'"));
}

/// From a node to the world, by address and by name.
#[track_caller]
fn await_reach(vm: &Vm, node: u8) {
    until(vm, &format!("ip netns exec node{node} ping -c 1 -W 2 {OUTSIDE}"));
    until(vm, &format!("ip netns exec node{node} ping -c 1 -W 2 {OUTSIDE_NAME}"));
}

fn state(status: &Value, node: usize) -> &str {
    status["nodes"][node]["state"].as_str().unwrap_or_default()
}

#[track_caller]
fn await_off(vm: &Vm) {
    sh(vm, "clusterhat off");
    until(vm, "! ls -d /sys/class/net/ethpi* 2>/dev/null");
    let (_, status) = status(vm);
    assert_eq!([0, 1, 2, 3].map(|node| state(&status, node)), ["absent"; 4], "{status}");
}

/// Undoes it all: files, bridge, and the uplink as before.
#[track_caller]
fn undo(vm: &Vm, files: &str) {
    sh(vm, "clusterhat network undo");
    assert_eq!(sh(vm, FILES), files);
    until(vm, "[ ! -e /sys/class/net/clusterhat0 ]");
    await_uplink(vm);
    assert!(sh(vm, "ip route show default").contains("dev en"), "the uplink itself has it again");
}

/// Nodes 1 and 3 are there, addressed and get out.
#[track_caller]
fn nat_works(vm: &Vm) {
    for node in [1, 3] {
        await_address(vm, node, &format!("172.19.181.{node}/24"));
        await_reach(vm, node);
        let entry = sh(vm, &format!("getent hosts p{node}"));
        assert!(entry.starts_with(&format!("172.19.181.{node} ")), "{entry}");
    }
    // Who has not been heard of for a while is not reachable, only up, until the kernel has asked again.
    for node in [1, 3] {
        let reachable = format!("clusterhat network status | grep '^p{node} *reachable'");
        until(vm, &format!("ping -c 1 -W 2 172.19.181.{node} && {reachable}"));
    }
    let (code, status) = status(vm);
    assert_eq!((code, &status["findings"]), (0, &Value::Array(Vec::new())), "{status}");
}

#[test]
fn nat_gives_addresses_names_and_a_way_out_until_it_is_undone() {
    let mut system = system();
    await_uplink(&system);
    let files = sh(&system, FILES);
    sh(&system, "clusterhat off; clusterhat network setup --mode nat; clusterhat on p1 p3");
    nat_works(&system);
    refused_by_a_filter(&system);
    system.reboot().unwrap();
    give_nft_its_time(&system);
    nat_works(&system);
    await_off(&system);
    undo(&system, &files);
}

/// NetworkManager gives nft one second, which a machine without hardware virtualisation may not do at
/// its boot: then `status` has to say so, and what it says to do about it has to help.
#[track_caller]
fn give_nft_its_time(vm: &Vm) {
    await_uplink(vm);
    until(vm, "ip -4 address show dev clusterhat0 | grep -q 'inet 172.19.181.254'");
    let (_, told) = status(vm);
    let findings = told["findings"].as_array().into_iter().flatten();
    for finding in findings.filter(|finding| finding["kind"] == "no-masquerade") {
        sh(vm, finding["cure"].as_str().unwrap_or_default());
    }
}

/// As Docker sets the packet filter up: `status` says so, and what it says to do about it helps.
#[track_caller]
fn refused_by_a_filter(vm: &Vm) {
    sh(
        vm,
        "iptables -P FORWARD DROP; iptables -N DOCKER-USER
         iptables -A DOCKER-USER -j RETURN; iptables -I FORWARD -j DOCKER-USER",
    );
    until(vm, &format!("! ip netns exec node1 ping -c 1 -W 2 {OUTSIDE}"));
    let (code, told) = status(vm);
    assert_eq!((code, &told["findings"][0]["kind"]), (1, &"docker-forward".into()), "{told}");
    let cure = told["findings"][0]["cure"].as_str().unwrap_or_default();
    assert!(cure.contains("`clusterhat network allow`"), "{cure}");
    sh(vm, "clusterhat network allow");
    await_reach(vm, 1);
    assert_eq!(status(vm).0, 0);
}

/// Node 2 has an address of the LAN, and so has the controller, the same as before.
#[track_caller]
fn bridge_works(vm: &Vm, controller: &str) {
    await_address(vm, 2, LAN);
    await_reach(vm, 2);
    until(vm, &format!("ip -4 address show dev clusterhat0 | grep -q 'inet {controller}'"));
    until(vm, &format!("ping -c 1 -W 2 {OUTSIDE}"));
    let (code, status) = status(vm);
    assert_eq!(code, 0, "{status}");
}

#[test]
fn a_bridge_puts_the_nodes_on_the_lan_until_it_is_undone() {
    let mut system = system();
    await_uplink(&system);
    let files = sh(&system, FILES);
    let controller = sh(
        &system,
        &format!("ip -4 -o address show scope global | grep -o '{LAN}[0-9]*/24' | head -n 1"),
    );
    sh(&system, "clusterhat off; clusterhat network setup --mode bridge; clusterhat on p2");
    bridge_works(&system, &controller);
    system.reboot().unwrap();
    bridge_works(&system, &controller);
    await_off(&system);
    undo(&system, &files);
}
