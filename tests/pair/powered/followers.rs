//! A process that follows a node listens on its agent's port, and lets others have it: on the kernel's own serial ports.

use super::{Cluster, NODES, call::await_accepted, cluster};
use crate::cable::sh;

const NODE: u8 = NODES[0];

const FOLLOW: &str = "\
    clusterhat status p1 --watch --json </dev/null >/run/followed 2>&1 &
    echo $! >/run/follower";

/// Whether the follower has the port open.
const HAS_IT: &str =
    "ls -l /proc/$(cat /run/follower)/fd | grep -q \"$(readlink -f /dev/ttypi1a)$\"";

fn until(cluster: &Cluster, condition: &str) {
    let told = || sh(cluster.vm(), "tail -n 5 /run/followed; ls -l /proc/$(cat /run/follower)/fd");
    cluster.vm().until(condition).unwrap_or_else(|error| panic!("{error}: {}", told()));
}

#[test]
fn who_opens_the_port_that_a_follower_has_gets_it_and_the_follower_has_it_back_later() {
    let cluster = cluster();
    let machine = cluster.on(NODE);
    sh(cluster.vm(), FOLLOW);
    until(&cluster, "grep -q '\"state\":\"agent\"' /run/followed");
    until(&cluster, HAS_IT);

    // It has the port from its request to the node's end, which is held up, or until it is interrupted.
    sh(&machine, "touch /run/hold");
    let call = cluster.begin("shutdown p1 --timeout 100");
    await_accepted(&cluster);
    // Seen on a busy machine: the follower's tries, once a second, open the port to look whether it is locked.
    until(&cluster, &format!("! {HAS_IT}"));
    sh(
        cluster.vm(),
        "kill -INT $(pidof clusterhat | tr ' ' '\\n' | grep -vxF $(cat /run/follower))",
    );
    assert_ne!(call.end().status, 0);
    until(&cluster, HAS_IT);
    assert!(cluster.has_power(NODE));

    // What the agent says at its end is heard by the follower alone.
    sh(&machine, "rm /run/hold");
    until(&cluster, "grep -q '\"state\":\"halted\"' /run/followed");
    sh(cluster.vm(), "kill $(cat /run/follower)");
}
