//! From `clusterhat on p1` to the node's address.

use std::{
    thread,
    time::{Duration, Instant},
};

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    table::{Amount, Row, median},
    usbip::Descriptor,
    vm::Vm,
};

use crate::{
    Result,
    setups::{self, Function, Maker},
};

const ROUNDS: usize = 5;

/// What a step may take on a machine that has much else to do.
const LIMIT: Duration = Duration::from_secs(60);

/// The steps, each from the one before.
const STEPS: [&str; 4] = [
    "power on: command to pin",
    "  pin to the controller's interface",
    "  interface to carrier on the node",
    "  carrier to address by DHCP",
];

/// Gives the node's end an address, in a namespace of its own.
const UDHCPC: &str = "#!/bin/sh\n[ \"$1\" != bound ] || ip addr add $ip/24 dev $interface\n";

const LEASE: &str = "interface CONTROLLER
start 172.19.181.1
end 172.19.181.252
lease_file /run/leases
pidfile /run/udhcpd
static_lease 00:22:82:ff:ff:01 172.19.181.1
";

/// Measures it. The machine is both ends, and nothing boots: a node's own boot comes on top, between
/// the pin and its interface.
pub(crate) fn rows(vm: &Vm) -> Result<Vec<Row>> {
    vm.write_file("/run/udhcpc", UDHCPC)?;
    vm.sh("chmod +x /run/udhcpc")?;
    let rounds = (0..ROUNDS).map(|_| round(vm)).collect::<Result<Vec<_>>>()?;
    let row = |what: &str, time| Row {
        what: what.to_owned(),
        measured: Amount::Time(time),
        limit: None,
        beside: None,
    };
    let step = |i: usize| median(rounds.iter().map(|times| times[i]).collect());
    let mut rows: Vec<Row> = STEPS.iter().enumerate().map(|(i, what)| row(what, step(i))).collect();
    let all = median(rounds.iter().map(|times| times.iter().sum()).collect());
    rows.push(row("power on to address, together", all));
    Ok(rows)
}

fn round(vm: &Vm) -> Result<[Duration; 4]> {
    setups::clear(vm)?;
    let (expanders, target) = Expanders::running(0).shared();
    let hat = vm.plug(Descriptor::default(), target)?;
    let board =
        format!("[[board]]\nbus = {}\naddress = {ADDRESS:#04x}\nrevision = \"2.5\"\n", hat.bus);
    vm.write_file("/etc/clusterhat/clusterhat.toml", &board)?;
    let start = Instant::now();
    vm.sh("clusterhat on p1 --delay 0 >/run/on 2>&1 &")?;
    while expanders.lock().map_err(|e| e.to_string())?.chips[&ADDRESS].pins() & 1 == 0 {
        if start.elapsed() > LIMIT {
            return Err(format!("no power: {}", vm.read_file("/run/on")?).into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    let powered = Instant::now();
    let ends = setups::make(vm, Function::Ncm, Maker::Ours)?;
    let there = Instant::now();
    let fill =
        |text: &str| text.replace("CONTROLLER", &ends.controller).replace("NODE", &ends.node);
    vm.write_file("/run/udhcpd.conf", &fill(LEASE))?;
    vm.sh(&fill(CARRIER))?;
    let carrier = Instant::now();
    vm.sh(&fill(ASK))?;
    let addressed = Instant::now();
    vm.sh("kill $(cat /run/node) $(cat /run/udhcpd)")?;
    hat.unplug()?;
    Ok([powered - start, there - powered, carrier - there, addressed - carrier])
}

const CARRIER: &str = "\
    ip addr add 172.19.181.254/24 dev CONTROLLER
    ip link set CONTROLLER up
    udhcpd -S /run/udhcpd.conf
    unshare -n sleep 1000 </dev/null >/dev/null 2>&1 &
    pid=$!; echo $pid >/run/node
    while [ $(readlink /proc/$pid/ns/net) = $(readlink /proc/self/ns/net) ]; do usleep 5000; done
    ip link set NODE netns $pid
    nsenter -t $pid -n ip link set NODE up
    while ! nsenter -t $pid -n ip link show dev NODE | grep -q LOWER_UP; do usleep 5000; done";

const ASK: &str = "\
    nsenter -t $(cat /run/node) -n udhcpc -f -q -n -i NODE -s /run/udhcpc 2>/run/udhcpc.log
    nsenter -t $(cat /run/node) -n ip addr show dev NODE | grep -q 'inet 172.19.181.1/'";
