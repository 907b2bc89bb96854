//! What a link carries and how long its packets take: our gadgets beside the kernel's own.
//!
//! The measuring is iperf3's and ping's. dummy_hcd moves at most 52 KiB at a tick of the kernel's
//! clock, and the processor is emulated: the numbers say nothing of a Pi's speed, but the same holds
//! for whatever is compared. Runs alternate, so that what else the host does falls on both.

use clusterhat_tests::{table::median, vm::Vm};
use serde_json::Value;

use crate::{
    Result,
    link_table::{Link, Unit},
    setups::{self, Ends, Function, Maker},
};

/// Of each setup.
const ROUNDS: usize = 7;

/// For one direction.
const SECONDS: u32 = 1;

const PINGS: u32 = 100;

/// The node's end goes into a network namespace: the machine is both ends. The controller's end comes
/// up first, as cdc_ether may miss the notification of a carrier that was there before.
const JOIN: &str = "\
    unshare -n sleep 1000 </dev/null >/dev/null 2>&1 &
    pid=$!; echo $pid >/run/node
    while [ $(readlink /proc/$pid/ns/net) = $(readlink /proc/self/ns/net) ]; do usleep 10000; done
    ip link set NODE netns $pid
    ip addr add 172.19.181.254/24 dev CONTROLLER
    ip link set CONTROLLER up
    nsenter -t $pid -n ip addr add 172.19.181.1/24 dev NODE
    nsenter -t $pid -n ip link set NODE up
    for i in $(seq 20); do ping -c 1 -W 1 172.19.181.1 >/dev/null && break; done
    nsenter -t $pid -n iperf3 --server --daemon --pidfile /run/iperf3";

const PART: &str = "kill $(tr -d '\\0' </run/iperf3) $(cat /run/node)";

/// One run.
#[derive(Clone, Copy)]
struct Measured {
    to_controller: f64,
    to_node: f64,
    round_trip: f64,
}

/// All runs of a setup.
struct Runs {
    function: Function,
    maker: Maker,
    measured: Vec<Measured>,
}

/// Measures every setup in turn, and again.
pub(crate) fn compare(vm: &Vm) -> Result<Vec<Link>> {
    let all = Function::ALL.iter().flat_map(|&function| {
        let makers = [Maker::Ours, Maker::Kernel].into_iter();
        makers
            .filter(move |&maker| maker == Maker::Kernel || function.is_ours())
            .map(move |maker| Runs { function, maker, measured: Vec::new() })
    });
    let mut all: Vec<Runs> = all.collect();
    for _ in 0..ROUNDS {
        for runs in &mut all {
            runs.measured.push(measure(vm, runs.function, runs.maker)?);
        }
    }
    Ok(Function::ALL.iter().flat_map(|&function| links(function, &all)).collect())
}

fn links(function: Function, all: &[Runs]) -> [Link; 3] {
    let of = |maker| {
        let runs = all.iter().find(|runs| runs.function == function && runs.maker == maker);
        runs.map(|runs| &runs.measured)
    };
    let link = |what: &str, unit, value: fn(&Measured) -> f64| Link {
        what: format!("{}, {what}", function.name()),
        unit,
        ours: of(Maker::Ours).map(|runs| runs.iter().map(value).collect()),
        kernels: of(Maker::Kernel).into_iter().flatten().map(value).collect(),
    };
    [
        link("node to controller", Unit::Rate, |run| run.to_controller),
        link("controller to node", Unit::Rate, |run| run.to_node),
        link("round trip", Unit::Time, |run| run.round_trip),
    ]
}

fn measure(vm: &Vm, function: Function, maker: Maker) -> Result<Measured> {
    setups::clear(vm)?;
    let Ends { controller, node } = setups::make(vm, function, maker)?;
    vm.sh(&JOIN.replace("CONTROLLER", &controller).replace("NODE", &node))?;
    let round_trip = round_trip(vm)?;
    let to_node = rate(vm, "")?;
    let to_controller = rate(vm, "--reverse")?;
    vm.sh(PART)?;
    Ok(Measured { to_controller, to_node, round_trip })
}

/// In Mbit/s, as it arrives.
fn rate(vm: &Vm, direction: &str) -> Result<f64> {
    let said =
        vm.sh(&format!("iperf3 --client 172.19.181.1 --time {SECONDS} {direction} --json"))?;
    let document: Value = serde_json::from_str(&said)?;
    let rate = document["end"]["sum_received"]["bits_per_second"].as_f64();
    Ok(rate.ok_or_else(|| format!("no bits_per_second in {said}"))? / 1e6)
}

/// In ms, each packet sent when the one before has come back.
fn round_trip(vm: &Vm) -> Result<f64> {
    let said = vm.sh(&format!("ping -A -s 16 -c {PINGS} 172.19.181.1"))?;
    let times: Vec<f64> = said
        .lines()
        .filter_map(|line| line.split_once("time=")?.1.strip_suffix(" ms")?.parse().ok())
        .collect();
    if times.len() < PINGS as usize {
        return Err(format!("packets were lost: {said}").into());
    }
    Ok(median(times))
}
