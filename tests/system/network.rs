//! `clusterhat network` on a running system, as a NAT: the nodes' own DHCP clients get their addresses and
//! reach a host outside, before and after a reboot, until it is undone.
//!
//! The host outside knows no way to the nodes' own network: what comes back to a node has been
//! masqueraded.

use std::time::Duration;

use clusterhat_tests::vm::{Output, Vm};
use serde_json::Value;

use crate::{
    cloned,
    guest::{run, run_within, sh, until},
    system,
};

/// The host outside, and its name.
pub(crate) const OUTSIDE: &str = "198.51.100.1";
const OUTSIDE_NAME: &str = "outside.example";

/// Every file of the configuration, by content, mode, owner and target. What the managers and the
/// nodes' DHCP clients write at run time is left out.
pub(crate) const FILES: &str = "cd /etc; what='-path ./netns -prune -o -path ./resolv.conf -prune -o'; \
    find . $what -type f -exec sha256sum {} + | sort -k 2; find . $what -printf '%p %M %u %g %l\\n' | sort";

fn document(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

pub(crate) fn status(vm: &Vm) -> (i32, Value) {
    let output = run(vm, "clusterhat --json network status");
    (output.status, document(&output))
}

pub(crate) fn await_uplink(vm: &Vm) {
    until(vm, &format!("ip route show default | grep -q . && ping -c 1 -W 2 {OUTSIDE}"));
}

/// The kernel may miss that a node's end has come up: then `status` has to say so, and what it says to do about it
/// has to help, at last.
#[track_caller]
pub(crate) fn await_carrier(vm: &Vm, node: u8) {
    const TRIES: u32 = 10;
    let (port, end) = (format!("ethpi{node}"), format!("node{node}"));
    let ends_are_up = format!(
        "ip link show {port} | grep -q '[<,]UP[,>]' && \
         ip -n {end} link show | grep -q '^[0-9]*: usb.*[<,]LOWER_UP[,>]'"
    );
    let has_carrier = format!(
        "for _ in $(seq 50); do [ \"$(cat /sys/class/net/{port}/carrier)\" != 1 ] || exit 0; sleep 0.1; done; exit 1"
    );
    for _ in 0..TRIES {
        until(vm, &ends_are_up);
        if run(vm, &has_carrier).status == 0 {
            return;
        }
        let (code, told) = status(vm);
        let mut findings = told["findings"].as_array().into_iter().flatten();
        let is_it = |finding: &&Value| {
            finding["kind"] == "no-carrier" && finding["what"].as_str().unwrap().contains(&port)
        };
        // It may have come in the meantime.
        let Some(finding) = findings.find(is_it) else { continue };
        assert_eq!(code, 0, "a node that boots looks the same: {told}");
        sh(vm, finding["cure"].as_str().unwrap_or_default());
    }
    panic!("{port} has no carrier: {}", run(vm, "ip link; networkctl; dmesg | tail -n 50").stdout);
}

/// An IPv4 address of a node's end that starts so.
#[track_caller]
pub(crate) fn await_address(vm: &Vm, node: u8, address: &str) {
    until(vm, &format!("ip -n node{node} -4 address show scope global | grep -q 'inet {address}'"));
}

/// From a node to the world, by address and by name. Nobody has a name for the address there.
#[track_caller]
pub(crate) fn await_reach(vm: &Vm, node: u8) {
    until(vm, &format!("ip netns exec node{node} ping -n -c 1 -W 2 {OUTSIDE}"));
    until(vm, &format!("ip netns exec node{node} ping -n -c 1 -W 2 {OUTSIDE_NAME}"));
}

fn state(status: &Value, node: usize) -> &str {
    status["nodes"][node]["state"].as_str().unwrap_or_default()
}

#[track_caller]
pub(crate) fn await_off(vm: &Vm) {
    sh(vm, "clusterhat off");
    until(vm, "! ls -d /sys/class/net/ethpi* 2>/dev/null");
    let (_, status) = status(vm);
    assert_eq!([0, 1, 2, 3].map(|node| state(&status, node)), ["absent"; 4], "{status}");
}

/// Undoes it all: files, bridge, and the uplink as before.
#[track_caller]
pub(crate) fn undo(vm: &Vm, files: &str) {
    sh(vm, "clusterhat network undo");
    assert_eq!(sh(vm, FILES), files);
    until(vm, "[ ! -e /sys/class/net/clusterhat0 ]");
    await_uplink(vm);
    assert!(sh(vm, "ip route show default").contains("dev en"), "the uplink itself has it again");
}

/// Nodes 1 and 3 are there, addressed and get out.
#[track_caller]
fn nat_works(vm: &Vm) {
    give_nft_its_time(vm);
    for node in [1, 3] {
        await_carrier(vm, node);
        await_address(vm, node, &format!("172.19.181.{node}/24"));
        await_reach(vm, node);
        let entry = sh(vm, &format!("getent ahostsv4 p{node}"));
        assert!(entry.starts_with(&format!("172.19.181.{node} ")), "{entry}");
    }
    // Who has not been heard of for a while is not reachable, only up, until the kernel has asked again;
    // and NetworkManager isolates a port when it has told that the port is up.
    until(
        vm,
        "ping -c 1 -W 2 172.19.181.1 && ping -c 1 -W 2 172.19.181.3 && told=$(clusterhat network status) && \
         [ \"$(echo \"$told\" | grep -c '^p[13] *reachable')\" = 2 ]",
    );
    let (code, status) = status(vm);
    assert_eq!((code, &status["findings"]), (0, &Value::Array(Vec::new())), "{status}");
}

/// NAT from its setup to its undoing; a test of each manager's machine.
pub(crate) fn nat_until_it_is_undone() {
    let mut system = system();
    await_uplink(&system);
    sh(&system, DOCKER);
    sh(&system, NFT);
    let files = sh(&system, FILES);
    sh(&system, "clusterhat off; clusterhat network setup --mode nat");
    sh(&system, WAIT);
    sh(&system, "clusterhat on p1 p3");
    nat_works(&system);
    waited_for_what_the_kernel_said(&system);
    copied_cards_have_their_own_addresses(&system);
    names_and_leases(&system);
    refused_by_a_filter(&system);
    refused_by_nft(&system);
    apart_and_let_through(&system);
    a_failed_bridge_gives_the_nat_back(&system);
    nat_works(&system);
    system.reboot().unwrap();
    await_uplink(&system);
    nat_works(&system);
    await_off(&system);
    undo(&system, &files);
    // Ours are gone, the others' stay.
    sh(
        &system,
        "! iptables -S | grep -- '--comment clusterhat'; ! nft list ruleset | grep 'comment \"clusterhat\"'",
    );
    sh(&system, "nft list chain inet filter forward | grep 'policy drop'");
    sh(&system, NO_DOCKER);
    sh(&system, NO_NFT);
}

/// From before the nodes have power.
const WAIT: &str = "rm -f /run/waited-*; for state in enumerated link reachable; do
        (clusterhat wait p1 p3 --for $state --timeout 600 >/run/wait-$state 2>&1
         echo $? >/run/waited-$state) </dev/null >/dev/null 2>&1 &
    done";

/// Each wait ends by the events that it is for, and `status` says the same.
#[track_caller]
fn waited_for_what_the_kernel_said(vm: &Vm) {
    until(
        vm,
        "[ -e /run/waited-enumerated ] && [ -e /run/waited-link ] && [ -e /run/waited-reachable ]",
    );
    let told = sh(vm, "tail -n +1 /run/wait-* /run/waited-*");
    assert_eq!(sh(vm, "cat /run/waited-*"), "0\n0\n0", "{told}");
    // What was not heard of for a while is up only, until the kernel has asked again.
    until(
        vm,
        "ping -c 1 -W 2 172.19.181.3 && clusterhat --json status p2 p3 | \
         grep -q '\"p2\".*\"state\":\"off\".*\"p3\".*\"state\":\"reachable\"'",
    );
}

/// NetworkManager gives nft one second, which a machine without hardware virtualisation may not do if it
/// has much else to do: then `status` has to say so, and what it says to do about it has to help, at last.
#[track_caller]
fn give_nft_its_time(vm: &Vm) {
    const TRIES: u32 = 10;
    until(vm, "ip -4 address show dev clusterhat0 | grep -q 'inet 172.19.181.254'");
    for _ in 0..TRIES {
        let (_, told) = status(vm);
        let mut findings = told["findings"].as_array().into_iter().flatten();
        let Some(finding) = findings.find(|finding| finding["kind"] == "no-masquerade") else {
            return;
        };
        let cure = finding["cure"].as_str().unwrap_or_default();
        assert!(cure.contains("`clusterhat network allow`"), "{told}");
        run(vm, "clusterhat network allow");
    }
}

/// Sets the packet filter up as Docker does, whenever it starts.
const DOCKER: &str = "cat >/etc/systemd/system/docker.service <<'END'
[Unit]
Description=Packet filter
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'iptables -P FORWARD DROP; iptables -F; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -I FORWARD -j DOCKER-USER'
[Install]
WantedBy=multi-user.target
END
systemctl -q enable docker.service";

const NO_DOCKER: &str = "systemctl -q disable --now docker.service; \
    rm /etc/systemd/system/docker.service; systemctl daemon-reload; \
    iptables -P FORWARD ACCEPT; iptables -F; iptables -X";

/// Rules of nft that forward nothing but what they know, which its own unit loads at boot. They begin as those of
/// Debian do: whenever they are loaded, everybody else's are gone, those that masquerade too.
const NFT: &str = "cp /etc/nftables.conf /root/nftables.conf
cat >/etc/nftables.conf <<'END'
#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        iifname \"vpn0\" accept
    }
}
END
systemctl -q enable nftables.service";

const NO_NFT: &str = "systemctl -q disable --now nftables.service; \
    mv /root/nftables.conf /etc/nftables.conf";

/// `status` says so, and what it says to do about it helps.
#[track_caller]
fn refused_by_a_filter(vm: &Vm) {
    sh(vm, "systemctl restart docker.service");
    until(vm, &format!("! ip netns exec node1 ping -c 1 -W 2 {OUTSIDE}"));
    let (code, told) = status(vm);
    assert_eq!((code, &told["findings"][0]["kind"]), (1, &"docker-forward".into()), "{told}");
    let cure = told["findings"][0]["cure"].as_str().unwrap_or_default();
    assert!(cure.contains("`clusterhat network allow`"), "{cure}");
    sh(vm, "clusterhat network allow");
    await_reach(vm, 1);
    assert_eq!(status(vm).0, 0);
}

#[track_caller]
fn refused_by_nft(vm: &Vm) {
    sh(vm, "systemctl start nftables.service");
    until(vm, &format!("! ip netns exec node1 ping -c 1 -W 2 {OUTSIDE}"));
    let (code, told) = status(vm);
    assert_eq!((code, &told["findings"][0]["kind"]), (1, &"forward-policy".into()), "{told}");
    assert_eq!(told["findings"][1]["kind"], "no-masquerade", "{told}");
    let said = |key: &str| told["findings"][0][key].as_str().unwrap_or_default();
    assert!(said("what").contains("nft, chain inet filter forward"), "{told}");
    assert!(
        said("cure").contains("`clusterhat network setup --mode nat --allow-forwarding`"),
        "{told}"
    );
}

/// Nodes reach the controller and beyond, and not each other, whatever Docker and nft's unit do.
#[track_caller]
fn apart_and_let_through(vm: &Vm) {
    sh(vm, "clusterhat network setup --mode nat --isolate --allow-forwarding");
    nat_works(vm);
    sh(vm, "! ip netns exec node1 ping -c 1 -W 2 172.19.181.3");
    sh(vm, "systemctl restart docker.service; systemctl reload nftables.service");
    await_reach(vm, 1);
    await_reach(vm, 3);
    assert_eq!(status(vm).0, 0);
}

/// Each the one that is for its MAC address.
#[track_caller]
fn copied_cards_have_their_own_addresses(vm: &Vm) {
    cloned::under_networkd(vm, &[1, 3]);
    for node in [1, 3] {
        assert_eq!(cloned::leased(vm, node, "172.19.181."), format!("172.19.181.{node}/24"));
    }
}

/// By NetworkManager's dnsmasq: the controller's name, each other's, and more leases than its own limit.
#[track_caller]
fn names_and_leases(vm: &Vm) {
    if run(vm, "command -v nmcli").status != 0 {
        return;
    }
    // The file /etc/hosts there is the controller's.
    for (name, address) in [("p3", 3), ("controller", 254)] {
        let asked = format!("ip netns exec node1 getent -s dns hosts {name}");
        until(vm, &format!("{asked} | grep -q '^172.19.181.{address} '"));
    }
    sh(
        vm,
        "nmcli connection down clusterhat0
         for n in $(seq 100 149); do
             printf '%s 02:00:00:00:00:%02x 172.19.181.%s * *\\n' $(($(date +%s) + 3000)) $n $n
         done >>/var/lib/NetworkManager/dnsmasq-clusterhat0.leases
         nmcli --wait 60 connection up clusterhat0; clusterhat on p2",
    );
    await_address(vm, 2, "172.19.181.2/24");
    sh(vm, "clusterhat off p2");
}

/// The managers wait up to a minute for each of the ways out and back, and there are several.
const FAILED_BRIDGE_LIMIT: Duration = Duration::from_secs(600);

/// A bridge that does not come up: the programs that bring it up say so.
#[track_caller]
fn a_failed_bridge_gives_the_nat_back(vm: &Vm) {
    let output = run_within(
        vm,
        FAILED_BRIDGE_LIMIT,
        "mkdir -p /run/rig; real=/usr/lib/systemd/systemd-networkd-wait-online; cp $real /run/rig/wait
         printf '#!/bin/sh\ncase \"$*\" in *clusterhat0:routable*) exit 1 ;; esac\nexec /run/rig/wait \"$@\"\n' \
             >/run/rig/wait-online
         printf '#!/bin/sh\n/usr/bin/nmcli \"$@\" || exit\ncase \"$*\" in *\"up clusterhat-uplink\") exit 1 ;; esac\n' \
             >/run/rig/nmcli
         chmod +x /run/rig/*; mount --bind /run/rig/wait-online $real
         PATH=/run/rig:$PATH clusterhat network setup --mode bridge; code=$?
         umount $real; exit $code",
    );
    assert_ne!(output.status, 0, "{output:?}");
    assert!(output.stderr.contains("as it was before (nat)"), "{output:?}");
    await_uplink(vm);
}
