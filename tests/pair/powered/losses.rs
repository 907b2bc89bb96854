//! A node that writes and syncs all the time loses nothing by a shutdown; by a cut it does, or nobody could tell.

use clusterhat_tests::vm::Vm;

use super::{
    Cluster, NODES, cluster,
    node::{self, Kept},
    plane::Cut,
    until,
};
use crate::cable::sh;

/// How much a node writes before it goes down.
const RECORDS: u64 = 20;

/// The node that is looked at.
const NODE: u8 = NODES[0];

/// Waits until the node has written so many records more.
fn write(machine: &Vm) {
    let goal = node::synced(machine) + RECORDS;
    until("a node's record", || node::synced(machine) >= goal);
}

/// Shuts it down: its machine ends by itself, its file system is unmounted, and only then its power goes.
fn shut_down(cluster: &Cluster) -> Cut {
    cluster.call(&format!("shutdown p{NODE}")).succeeds();
    let cut = cluster.plane.await_cut(NODE);
    assert!(cut.had_halted, "{cut:?}");
    assert!(cluster.is_clean(NODE), "{cut:?}");
    cut
}

/// Cuts it off: its machine does not end by itself, and its file system is left as it was.
fn cut_off(cluster: &Cluster) -> Cut {
    cluster.call(&format!("off p{NODE}")).succeeds();
    let cut = cluster.plane.await_cut(NODE);
    assert!(!cut.had_halted, "{cut:?}");
    assert!(!cluster.is_clean(NODE), "{cut:?}");
    cut
}

/// What is on the disk at the next start. The kernel says there whether it had to replay its journal.
fn start(cluster: &Cluster, is_clean: bool) -> Kept {
    let machine = cluster.on(NODE);
    let kept = node::kept(&machine);
    let replayed = sh(&machine, "dmesg | grep -c 'EXT4-fs (vda): recovery complete' || true");
    assert_eq!(replayed == "0", is_clean, "{replayed} {kept:?}");
    write(&machine);
    kept
}

/// Shuts the node down so often, and cuts it off so often.
fn rounds(shutdowns: usize, cuts: usize) {
    let cluster = cluster();
    start(&cluster, true);
    for _ in 0..shutdowns {
        let cut = shut_down(&cluster);
        let kept = start(&cluster, true);
        println!("shut down: {cut:?}, then {kept:?}");
        // One more may have been written, and not been said.
        assert!(kept.synced == cut.synced || kept.synced == cut.synced + 1, "{cut:?} {kept:?}");
        assert!(kept.buffered >= kept.synced, "{cut:?} {kept:?}");
    }
    for _ in 0..cuts {
        let cut = cut_off(&cluster);
        let kept = start(&cluster, false);
        println!("cut off: {cut:?}, then {kept:?}");
        assert!(kept.synced >= cut.synced, "the kernel had it on the disk: {cut:?} {kept:?}");
        assert!(kept.buffered < kept.synced, "a cut that loses nothing: {cut:?} {kept:?}");
    }
}

#[test]
fn a_shutdown_loses_nothing_and_a_cut_does() {
    rounds(1, 1);
}

#[test]
#[ignore = "ten minutes: tests/long pair"]
fn twenty_shutdowns_lose_nothing_and_every_cut_does() {
    rounds(20, 5);
}
