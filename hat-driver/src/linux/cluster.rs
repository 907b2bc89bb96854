//! All boards of a controller as one row of nodes: first the HATs, then the ClusterCTRL boards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::discover::{self, BoardOptions};
use super::error::{BoardError, Done, Error};
use super::exclusion::{Exclusion, Stop};
use super::info::{BoardInfo, Model};
use super::platform::{Platform, Resource};
use super::unit::{Unit, UnitStatus};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::init::Outcome;
use crate::positions::Positions;
use crate::power::Stands;
use crate::stack::{Place, locate};

/// How to run a cluster. Start from the default and set what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The HATs in their order; none = the one that the EEPROM speaks of.
    pub boards: Vec<BoardOptions>,
    /// How many nodes a detected HAT has; absent = 4.
    pub detected_size: Option<u8>,
    /// The number of the first node.
    pub first: u32,
    /// What a node's switching-on asks for before the next node.
    pub delay: Duration,
    /// The same for single nodes, counted from 0.
    pub node_delays: BTreeMap<usize, Duration>,
    /// How long to wait for another process.
    pub lock_limit: Duration,
    /// Where the hub of a v1.x HAT is on the USB, as sysfs names it; absent = as it can be told.
    pub v1_hub: Option<String>,
    /// Goes on where the supply sags.
    pub ignore_under_voltage: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            boards: Vec::new(),
            detected_size: None,
            first: 1,
            delay: Duration::from_secs(1),
            node_delays: BTreeMap::new(),
            lock_limit: Duration::from_secs(10),
            v1_hub: None,
            ignore_under_voltage: false,
        }
    }
}

/// A row of boards. Keeps no copy of their state.
pub struct Cluster {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) options: Options,
    pub(super) boards: Vec<(BoardInfo, Unit)>,
}

impl Cluster {
    /// Finds and opens the boards. Asks nothing of a HAT yet; a ClusterCTRL board is asked for its
    /// order, by which it has its place.
    ///
    /// # Errors
    /// [`Error::NoBoard`], [`Error::Setup`], [`Error::Open`] or [`Error::DuplicateOrder`].
    pub fn open(platform: Arc<dyn Platform>, options: Options) -> Result<Self, Error> {
        let mut boards = Vec::new();
        for info in discover::find_hats(&*platform, &options.boards, options.detected_size)? {
            if let Model::Hat(revision) = info.model {
                let hat = info.open_hat(revision, &*platform)?;
                boards.push((info, Unit::Hat(hat)));
            }
        }
        let ctrls = discover::open_ctrls(&platform)?;
        boards.extend(ctrls.into_iter().map(|(info, device)| (info, Unit::Ctrl(device))));
        if boards.is_empty() {
            return Err(Error::NoBoard { searched: platform.searched() });
        }
        Ok(Self { platform, options, boards })
    }

    /// The boards in their order.
    pub fn boards(&self) -> impl Iterator<Item = &BoardInfo> {
        self.boards.iter().map(|(info, _)| info)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.boards().map(|info| usize::from(info.size)).sum()
    }

    /// Where a node, counted from 0, sits.
    #[must_use]
    pub fn locate(&self, node: usize) -> Option<Place> {
        locate(self.boards().map(|info| info.size), node)
    }

    /// The first node of a board, both counted from 0.
    #[must_use]
    pub fn first_node(&self, board: usize) -> usize {
        self.boards().take(board).map(|info| usize::from(info.size)).sum()
    }

    /// A node's name: p1, p2 ...
    #[must_use]
    pub fn node_name(&self, node: usize) -> String {
        format!("p{}", self.options.first as usize + node)
    }

    /// The machine.
    #[must_use]
    pub fn platform(&self) -> &dyn Platform {
        &*self.platform
    }

    /// The nodes among `nodes`, counted from 0, that sit on a board, by their positions on it.
    #[must_use]
    pub fn on_board(&self, nodes: &[usize], board: usize) -> Positions {
        let places = nodes.iter().filter_map(|&node| self.locate(node));
        places.filter(|place| place.board == board).map(|place| place.position).collect()
    }

    /// The numbers, from 0, of nodes on a board.
    pub fn node_numbers(
        &self,
        board: usize,
        nodes: Positions,
    ) -> impl Iterator<Item = usize> + use<> {
        let first = self.first_node(board);
        nodes.iter().map(move |position| first + usize::from(position))
    }

    /// Transfers made on all I2C buses so far, and how many of them were retries.
    pub fn transfers(&mut self) -> (u32, u32) {
        self.boards.iter_mut().fold((0, 0), |(transfers, retries), (_, unit)| {
            let (more, again) = unit.transfers();
            (transfers + more, retries + again)
        })
    }

    /// What a board says of itself. Switches nothing: a HAT is only read, without any lock; a
    /// ClusterCTRL board answers through registers that its lock keeps for us meanwhile.
    ///
    /// # Errors
    /// [`Error::Board`], or [`Error::Locked`] for a ClusterCTRL board.
    pub fn status(&mut self, board: usize) -> Result<UnitStatus, Error> {
        let exclusion = match self.boards[board].1 {
            Unit::Hat(_) => None,
            Unit::Ctrl(_) => Some(self.enter(board)?),
        };
        let result = self.boards[board].1.status();
        drop(exclusion);
        result.map_err(|source| self.failed(board, String::new(), Stands::Old, source))
    }

    /// Initialises a board that never was. Nothing is written where it was. A ClusterCTRL board
    /// initialises itself.
    ///
    /// # Errors
    /// [`Error::Board`], [`Error::Locked`] or [`Error::Lock`].
    pub fn init(&mut self, board: usize) -> Result<Outcome, Error> {
        let exclusion = self.enter(board)?;
        let Unit::Hat(hat) = &mut self.boards[board].1 else { return Ok(Outcome::AlreadyDone) };
        let result = hat.init();
        drop(exclusion);
        result.map_err(|source| self.failed(board, String::new(), Stands::Old, source.into()))
    }

    fn resource(&self, board: usize) -> Resource {
        self.boards[board].0.bus.map_or(Resource::Lines, Resource::Bus)
    }

    /// The board's lock, not taken yet.
    pub(super) fn exclusion(&self, board: usize) -> Result<Exclusion, Error> {
        Exclusion::new(&*self.platform, self.resource(board))
            .map_err(|stop| self.stopped(stop, Done::default()))
    }

    /// Takes a board's lock, until it is dropped.
    pub(super) fn enter(&self, board: usize) -> Result<Exclusion, Error> {
        self.take(self.resource(board))
    }

    /// Takes a lock, until it is dropped.
    pub(super) fn take(&self, resource: Resource) -> Result<Exclusion, Error> {
        let limit = self.options.lock_limit;
        Exclusion::new(&*self.platform, resource)
            .and_then(|mut exclusion| exclusion.enter(limit).map(|_| exclusion))
            .map_err(|stop| self.stopped(stop, Done::default()))
    }

    /// The names of nodes on a board.
    pub(super) fn names(&self, board: usize, nodes: Positions) -> String {
        let names: Vec<_> = self.node_numbers(board, nodes).map(|n| self.node_name(n)).collect();
        names.join(" ")
    }

    pub(super) fn stopped(&self, stop: Stop, done: Done) -> Error {
        match stop {
            Stop::Locked { path, holder, waited } => {
                Error::Locked { what: path.display().to_string(), holder, waited, done }
            }
            Stop::Lock { path, source } => Error::Lock { path, source }.after(done),
            Stop::UnderVoltage { node } => {
                Error::UnderVoltage { node: node.map(|node| self.node_name(node)), done }
            }
        }
    }

    /// What failed on a board; `what` names the nodes or the output that was to be switched.
    pub(super) fn failed(
        &self,
        board: usize,
        what: String,
        stands: Stands,
        source: BoardError,
    ) -> Error {
        let info = &self.boards[board].0;
        match source {
            BoardError::Hat(crate::Error::Bus { source, .. }) if is_busy(&source) => {
                self.busy(info, source)
            }
            BoardError::Ctrl(ctrl::Error::Bus { .. }) if self.is_gone(info) => {
                Error::Gone { board: info.label(), what, done: Done::default() }
            }
            source => {
                Error::Board { board: info.label(), what, stands, done: Done::default(), source }
            }
        }
    }

    /// Whether a board that was on the USB is there no more.
    fn is_gone(&self, info: &BoardInfo) -> bool {
        let Some(path) = &info.usb_path else { return false };
        self.platform.usb_boards().iter().all(|board| board.path != *path)
    }

    /// The kernel lets nobody else at a chip that one of its drivers holds.
    fn busy(&self, info: &BoardInfo, source: BusError) -> Error {
        let (bus, address) = (info.bus.unwrap_or_default(), info.address.unwrap_or_default());
        let driver = self.platform.kernel_driver(bus, address);
        let advice = driver.map(|driver| {
            format!(
                "the kernel driver {driver} holds the chip; release it with: \
                 echo {bus}-{address:04x} | sudo tee /sys/bus/i2c/drivers/{driver}/unbind"
            )
        });
        let device = self.platform.bus_path(bus).display().to_string();
        Error::Open { board: info.label(), device, advice, source }
    }
}

fn is_busy(error: &BusError) -> bool {
    error.errno() == Some(rustix::io::Errno::BUSY)
}
