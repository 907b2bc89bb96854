//! The nodes' power supply: a node's machine starts when its pin goes high, and is killed when it goes low.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use clusterhat_tests::{chips::Expanders, vm::Vm};

use super::{
    controller::{self, Controller},
    node, until,
};

/// Time between two looks at the pins.
const POLL: Duration = Duration::from_millis(10);

/// How a node was when its power went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Whether its machine had ended by itself.
    pub(super) had_halted: bool,
    /// The last record that it had said to be safe on its disk.
    pub(super) synced: u64,
}

/// The power supply. It works as long as it is there.
pub(super) struct Plane {
    feeds: Vec<Arc<Feed>>,
    threads: Vec<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

/// One node's supply.
struct Feed {
    node: u8,
    disk: PathBuf,
    machine: Mutex<Option<Arc<Vm>>>,
    /// The last.
    cut: Mutex<Option<Cut>>,
    /// Why it has ended. What its thread prints goes to the test that made the cluster, which may be another one.
    failure: Mutex<Option<String>>,
}

impl Plane {
    pub(super) fn start(controller: &Controller, disks: &[(u8, PathBuf)]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let feed = |(node, disk): &(u8, PathBuf)| {
            let (machine, cut, failure) = Default::default();
            Arc::new(Feed { node: *node, disk: disk.clone(), machine, cut, failure })
        };
        let feeds: Vec<_> = disks.iter().map(feed).collect();
        let work = |feed: &Arc<Feed>| {
            let (feed, is_over) = (Arc::clone(feed), Arc::clone(&is_over));
            let (vm, key) = (Arc::clone(&controller.vm), controller.public_key.clone());
            let expanders = controller.shared_expanders();
            thread::spawn(move || {
                let work = || feed.work(&vm, &key, &expanders, &is_over);
                if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(work)) {
                    *lock(&feed.failure) = Some(words(&*panic));
                }
            })
        };
        let threads = feeds.iter().map(work).collect();
        Self { feeds, threads, is_over }
    }

    fn feed(&self, node: u8) -> &Feed {
        self.feeds.iter().find(|feed| feed.node == node).unwrap()
    }

    /// A node's machine, once its system is up and its cable is in.
    pub(super) fn machine(&self, node: u8) -> Option<Arc<Vm>> {
        lock(&self.feed(node).machine).clone()
    }

    pub(super) fn await_machine(&self, node: u8) -> Arc<Vm> {
        let feed = self.feed(node);
        until("a node's start", || self.machine(node).is_some() || lock(&feed.failure).is_some());
        self.machine(node).unwrap_or_else(|| panic!("p{node}: {:?}", lock(&feed.failure)))
    }

    /// What was when the node's power went last, once the supply has followed the pin.
    pub(super) fn await_cut(&self, node: u8) -> Cut {
        until("the end of a node's machine", || self.machine(node).is_none());
        lock(&self.feed(node).cut).take().expect("it has had power")
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Feed {
    fn work(&self, controller: &Vm, key: &str, expanders: &Mutex<Expanders>, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            let is_fed = controller::has_power(&lock(expanders), self.node);
            let has_machine = lock(&self.machine).is_some();
            match (is_fed, has_machine) {
                (true, false) => self.start(controller, key),
                (false, true) => self.cut(),
                _ => thread::sleep(POLL),
            }
        }
        self.cut();
    }

    fn start(&self, controller: &Vm, key: &str) {
        let vm = node::boot(self.node, Path::new(&self.disk), key);
        controller::plug(controller, vm.forwarded().unwrap());
        *lock(&self.machine) = Some(Arc::new(vm));
    }

    /// Tests hold a machine only while it has power.
    fn cut(&self) {
        let Some(machine) = lock(&self.machine).clone() else { return };
        let had_halted = machine.has_ended();
        machine.cut_power().unwrap();
        *lock(&self.cut) = Some(Cut { had_halted, synced: node::synced(&machine) });
        *lock(&self.machine) = None;
    }
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
