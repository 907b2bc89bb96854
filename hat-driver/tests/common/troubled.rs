//! A simulated machine on which a board cannot be opened, comes or goes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hat_driver::BusError;
use hat_driver::linux::{
    AnyBus, Cluster, ClusterError, Options, Platform, Resource, Switched, UsbBoard,
};
use hat_driver::power::Action;
use hat_driver::sim::{Machine, Simulation, builtin};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::machine::as_its_machine;
use crate::row::Row as _;

/// A simulated machine with a trouble of its own.
#[derive(Clone)]
pub(crate) struct Troubled {
    pub(crate) machine: Machine,
    /// A bus that the kernel does not let us open, and why.
    pub(crate) refused: Option<(u32, Errno)>,
    /// The USB boards on these buses have no driver bound to them.
    pub(crate) unbound: Vec<u32>,
    pub(crate) locks: Arc<TempDir>,
}

impl Troubled {
    /// A v2.5 HAT (p1 to p4), a Triple on bus 11 (order 20), and a pHAT on bus 12 (order 30).
    pub(crate) fn mixed() -> Self {
        Self::of(builtin::simulation("mixed").unwrap())
    }

    pub(crate) fn of(world: Simulation) -> Self {
        Self {
            machine: Machine::memory(world).unwrap().without_waits(),
            refused: None,
            unbound: Vec::new(),
            locks: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    pub(crate) fn open(&self) -> Result<Cluster, ClusterError> {
        Cluster::open(Arc::new(self.clone()), Options::default())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Simulation)) {
        self.machine.change(change).unwrap();
    }

    /// The HAT's latch and the power of the boards' nodes, by their buses.
    pub(crate) fn power(&self) -> (u8, Vec<Vec<u8>>) {
        let world = self.machine.simulation();
        let latch = world.expanders.values().next().map_or(0, |chip| chip.latch & 0x0f);
        (latch, world.ctrls.values().map(|ctrl| ctrl.p.clone()).collect())
    }
}

impl Platform for Troubled {
    as_its_machine!(the_rest line throttled sleep);

    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        match self.refused {
            Some((refused, errno)) if refused == bus => Err(io::Error::from(errno).into()),
            _ => self.machine.i2c(bus),
        }
    }

    fn usb_boards(&self) -> Vec<UsbBoard> {
        let bound = |board: UsbBoard| UsbBoard {
            bus: board.bus.filter(|bus| !self.unbound.contains(bus)),
            ..board
        };
        self.machine.usb_boards().into_iter().map(bound).collect()
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        Ok(self.locks.path().join(format!("{resource:?}")))
    }

    fn kernel_driver(&self, _bus: u32, _address: u8) -> Option<String> {
        Some("clusterctrl".to_owned())
    }
}

pub(crate) fn names(cluster: &Cluster) -> Vec<&str> {
    cluster.boards().map(|(_, info)| info.name.as_str()).collect()
}

pub(crate) fn on(cluster: &mut Cluster, nodes: &[usize]) -> Result<Switched, ClusterError> {
    cluster.switch(&cluster.pick(nodes), Action::On, &mut |_| {})
}
