//! All boards of a controller as one row of nodes: first the HATs, then the ClusterCTRL boards.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use super::access;
use super::discover::{self, BoardOptions};
use super::error::{BoardError, Done, Error};
use super::exclusion::{Exclusion, Stop};
use super::info::BoardInfo;
use super::platform::{Platform, Resource, UsbBoard};
use super::slot::{self, Slot, not_opened};
use super::unit::{Unit, UnitStatus};
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

/// A row of boards. Keeps no copy of their state. Threads may hand it on.
pub struct Cluster {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) options: Options,
    pub(super) slots: Vec<Slot>,
}

impl Cluster {
    /// Finds and opens the boards. Asks nothing of a HAT yet; a ClusterCTRL board is asked for its
    /// order, by which it has its place.
    ///
    /// A board that cannot be opened keeps the others from nothing: it has its place in the row, with
    /// its error ([`Self::board_error`]), which whatever is asked of it returns.
    ///
    /// # Errors
    /// [`Error::NoBoard`]; [`Error::Setup`] where two HATs would be one; where no board could be
    /// opened, the error of each.
    pub fn open(platform: Arc<dyn Platform>, options: Options) -> Result<Self, Error> {
        let cluster = Self::find(platform, options)?;
        match cluster.slots.iter().any(|slot| slot.unit.is_ok()) {
            true => Ok(cluster),
            false => Err(cluster.into_error()),
        }
    }

    /// The same where no board could be opened, either: each is there with its error, and
    /// [`Self::rescan`] tries it again.
    ///
    /// # Errors
    /// [`Error::NoBoard`]; [`Error::Setup`] where two HATs would be one.
    pub fn find(platform: Arc<dyn Platform>, options: Options) -> Result<Self, Error> {
        let hats = discover::describe_hats(&*platform, &options.boards, options.detected_size)?;
        let slots = discover::open_all(&platform, hats, &mut Vec::new());
        if slots.is_empty() {
            return Err(Error::NoBoard { searched: platform.searched() });
        }
        Ok(Self { platform, options, slots })
    }

    /// What its boards failed with.
    fn into_error(self) -> Error {
        // Boards of one order share their error: the last one to let go of it has it.
        let errors = self.slots.into_iter().filter_map(|slot| Arc::into_inner(slot.unit.err()?));
        let mut errors: Vec<_> = errors.collect();
        if errors.len() == 1 { errors.remove(0) } else { Error::Boards(errors) }
    }

    /// The boards in their order, those that could not be opened too. ClusterCTRL boards that could
    /// not be asked for their order come last.
    pub fn boards(&self) -> impl Iterator<Item = &BoardInfo> {
        self.slots.iter().map(|slot| &slot.info)
    }

    /// Why a board could not be opened; `None` where it was, or where there is no such board.
    #[must_use]
    pub fn board_error(&self, board: usize) -> Option<&Error> {
        self.slots.get(board)?.unit.as_ref().err().map(|error| &**error)
    }

    /// The same as an error of its own, which whatever is asked of the board returns.
    #[must_use]
    pub fn not_opened(&self, board: usize) -> Option<Error> {
        let error = self.slots.get(board)?.unit.as_ref().err()?;
        Some(not_opened(String::new(), error))
    }

    /// Whether the numbers of a board's nodes are sure. They are not where a ClusterCTRL board that
    /// could not be asked for its order may come before it.
    #[must_use]
    pub fn is_certain(&self, board: usize) -> bool {
        let could_move = self.slots.get(board).is_some_and(Slot::could_move);
        !could_move || self.slots.iter().all(|slot| !slot.is_anywhere())
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.boards().map(|info| usize::from(info.size)).sum()
    }

    /// Where a node, counted from 0, sits; the board may be one that could not be opened.
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
        let units = self.slots.iter_mut().filter_map(|slot| slot.unit.as_mut().ok());
        units.fold((0, 0), |(transfers, retries), unit| {
            let (more, again) = unit.transfers();
            (transfers + more, retries + again)
        })
    }

    /// What a board says of itself. Switches nothing: a HAT is only read, without any lock; a
    /// ClusterCTRL board answers through registers that its lock keeps for us meanwhile.
    ///
    /// # Errors
    /// [`Error::NoSuchBoard`], [`Error::NotOpened`], [`Error::Board`], or [`Error::Locked`] for a
    /// ClusterCTRL board.
    pub fn status(&mut self, board: usize) -> Result<UnitStatus, Error> {
        let exclusion = match self.unit(board)? {
            Unit::Hat(_) => None,
            Unit::Ctrl(_) => Some(self.enter(board)?),
        };
        let result = self.unit(board)?.status();
        drop(exclusion);
        result.map_err(|source| self.failed(board, String::new(), Stands::Old, source))
    }

    /// Initialises a board that never was. Nothing is written where it was. A ClusterCTRL board
    /// initialises itself.
    ///
    /// # Errors
    /// [`Error::NoSuchBoard`], [`Error::NotOpened`], [`Error::Board`], [`Error::Locked`] or
    /// [`Error::Lock`].
    pub fn init(&mut self, board: usize) -> Result<Outcome, Error> {
        let exclusion = self.enter(board)?;
        let Unit::Hat(hat) = self.unit(board)? else { return Ok(Outcome::AlreadyDone) };
        let result = hat.init();
        drop(exclusion);
        result.map_err(|source| self.failed(board, String::new(), Stands::Old, source.into()))
    }

    fn slot(&self, board: usize) -> Result<&Slot, Error> {
        self.slots.get(board).ok_or(Error::NoSuchBoard { board, boards: self.slots.len() })
    }

    /// What is known of a board.
    pub(super) fn info(&self, board: usize) -> Result<&BoardInfo, Error> {
        self.slot(board).map(|slot| &slot.info)
    }

    /// An open board.
    pub(super) fn unit(&mut self, board: usize) -> Result<&mut Unit, Error> {
        slot::unit(&mut self.slots, board)
    }

    /// The place of a node, counted from 0, that there is and whose board is known for sure.
    pub(super) fn place(&self, node: usize) -> Result<Place, Error> {
        let place = self.locate(node).ok_or(Error::NoSuchNode { node, nodes: self.nodes() })?;
        self.check_ready(place.board, Positions::one(place.position))?;
        Ok(place)
    }

    /// Refuses nodes of a board that could not be opened, and nodes of uncertain numbers, as
    /// [`Self::switch`] does.
    ///
    /// # Errors
    /// [`Error::NoSuchBoard`], [`Error::NotOpened`] or [`Error::Uncertain`].
    pub fn check_ready(&self, board: usize, nodes: Positions) -> Result<(), Error> {
        if let Err(error) = &self.slot(board)?.unit {
            return Err(not_opened(self.names(board, nodes), error));
        }
        if self.is_certain(board) {
            return Ok(());
        }
        let anywhere = self.slots.iter().filter(|slot| slot.is_anywhere());
        let boards: Vec<_> = anywhere.map(|slot| slot.info.label()).collect();
        Err(Error::Uncertain { nodes: self.names(board, nodes), boards: boards.join(" and ") })
    }

    fn resource(&self, board: usize) -> Result<Resource, Error> {
        let slot = self.slot(board)?;
        slot.unit.as_ref().map_err(|error| not_opened(String::new(), error))?;
        Ok(slot.info.bus.map_or(Resource::Lines, Resource::Bus))
    }

    /// The board's lock, not taken yet.
    pub(super) fn exclusion(&self, board: usize) -> Result<Exclusion, Error> {
        Exclusion::new(&*self.platform, self.resource(board)?)
            .map_err(|stop| self.not_entered(board, String::new(), stop))
    }

    /// Takes a board's lock, until it is dropped.
    pub(super) fn enter(&self, board: usize) -> Result<Exclusion, Error> {
        let mut exclusion = self.exclusion(board)?;
        exclusion
            .enter(self.options.lock_limit)
            .map_err(|stop| self.not_entered(board, String::new(), stop))?;
        Ok(exclusion)
    }

    /// Why a board's lock was not taken. A bus is locked by its device: where that is no more, the
    /// board is what went.
    pub(super) fn not_entered(&self, board: usize, what: String, stop: Stop) -> Error {
        let info = &self.slots[board].info;
        match stop {
            Stop::Lock { source, .. }
                if source.kind() == ErrorKind::NotFound && self.is_gone(info) =>
            {
                Error::Gone { board: info.label(), what, done: Done::default() }
            }
            Stop::Lock { path, source } => match info.bus {
                Some(bus) if path == self.platform.bus_path(bus) => {
                    access::cannot_open(&*self.platform, info.label(), bus, source.into(), None)
                }
                _ => Error::Lock { path, source },
            },
            stop => self.stopped(stop, Done::default(), &[]),
        }
    }

    /// Takes a lock, until it is dropped.
    pub(super) fn take(&self, resource: Resource) -> Result<Exclusion, Error> {
        let limit = self.options.lock_limit;
        Exclusion::new(&*self.platform, resource)
            .and_then(|mut exclusion| exclusion.enter(limit).map(|_| exclusion))
            .map_err(|stop| self.stopped(stop, Done::default(), &[]))
    }

    /// The names of nodes on a board.
    pub(super) fn names(&self, board: usize, nodes: Positions) -> String {
        let names: Vec<_> = self.node_numbers(board, nodes).map(|n| self.node_name(n)).collect();
        names.join(" ")
    }

    pub(super) fn stopped(&self, stop: Stop, done: Done, left: &[usize]) -> Error {
        let names = |nodes: &[usize]| nodes.iter().map(|&node| self.node_name(node)).collect();
        let left = names(left);
        match stop {
            Stop::Locked { path, holder, waited } => {
                Error::Locked { what: path.display().to_string(), holder, waited, done }
            }
            Stop::Lock { path, source } => Error::Lock { path, source }.after(done),
            Stop::UnderVoltage { node } => {
                Error::UnderVoltage { node: node.map(|node| self.node_name(node)), left, done }
            }
            Stop::Undone { nodes } => Error::Undone { nodes: names(&nodes), left, done },
            Stop::Observer => Error::Stopped { left, done },
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
        let info = &self.slots[board].info;
        match source {
            BoardError::Hat(crate::Error::Bus { source, .. }) if access::is_busy(&source) => {
                let (bus, address) =
                    (info.bus.unwrap_or_default(), info.address.unwrap_or_default());
                access::held_by_driver(&*self.platform, info.label(), bus, address, source)
            }
            BoardError::Ctrl(ctrl::Error::Bus { .. }) if self.is_gone(info) => {
                Error::Gone { board: info.label(), what, done: Done::default() }
            }
            source => {
                Error::Board { board: info.label(), what, stands, done: Done::default(), source }
            }
        }
    }

    /// Whether a board that was on the USB is there no more, or with another bus only. A board that is
    /// being unplugged loses its bus first.
    fn is_gone(&self, info: &BoardInfo) -> bool {
        let Some(path) = &info.usb_path else { return false };
        let is_same = |board: &UsbBoard| board.path == *path && board.bus == info.bus;
        !self.platform.usb_boards().iter().any(is_same)
    }
}
