//! A cluster whose nodes are machines with a power supply: each runs as long as its pin of the controller's expander
//! is high, and has a disk that outlives it.

mod call;
mod controller;
mod followers;
mod losses;
mod node;
mod plane;
mod troubles;

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use clusterhat_tests::{
    chips::Expanders,
    running::until_within,
    vm::{Vm, disk},
};
use tempfile::TempDir;

use controller::Controller;
use plane::Plane;

/// The nodes that have a machine, by their numbers.
const NODES: [u8; 2] = [1, 3];

/// A node's disk.
const DISK_BYTES: u64 = 32 << 20;

static CLUSTER: LazyLock<Mutex<Cluster>> = LazyLock::new(|| Mutex::new(Cluster::new()));

/// The cluster, for one test at a time: every node off, and every disk empty, whatever the test before left.
fn cluster() -> MutexGuard<'static, Cluster> {
    let cluster = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
    cluster.renew();
    cluster
}

struct Cluster {
    // In the order of their end.
    plane: Plane,
    controller: Controller,
    folder: TempDir,
}

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let controller = Controller::boot();
        let disks = NODES.map(|node| (node, disk_of(&folder, node)));
        let plane = Plane::start(&controller, &disks);
        Self { plane, controller, folder }
    }

    fn renew(&self) {
        *self.controller.expanders() = Expanders::running(0);
        for node in NODES {
            until("the end of a node's machine", || self.plane.machine(node).is_none());
            disk::make(&disk_of(&self.folder, node), DISK_BYTES).unwrap();
        }
        controller::await_unplugged(self.vm());
        self.controller.forget();
    }

    fn vm(&self) -> &Vm {
        &self.controller.vm
    }

    /// Whether a node's file system was unmounted.
    fn is_clean(&self, node: u8) -> bool {
        disk::is_clean(&disk_of(&self.folder, node)).unwrap()
    }

    /// Switches a node on, and waits until the controller has its link and its agent's port, by name.
    fn on(&self, node: u8) -> Arc<Vm> {
        self.call(&format!("on p{node}")).succeeds();
        let machine = self.plane.await_machine(node);
        let names = format!("[ -c /dev/ttypi{node}a ] && [ -d /sys/class/net/ethpi{node} ]");
        self.vm().until(&names).unwrap();
        machine
    }

    /// Whether a node has power, by the pin.
    fn has_power(&self, node: u8) -> bool {
        controller::has_power(&self.controller.expanders(), node)
    }
}

/// Waits for what takes a node's start at most, on a machine that has much else to do.
fn until(what: &str, is_so: impl Fn() -> bool) {
    until_within(Duration::from_secs(300), what, is_so);
}

fn disk_of(folder: &TempDir, node: u8) -> PathBuf {
    folder.path().join(format!("p{node}.ext4"))
}
