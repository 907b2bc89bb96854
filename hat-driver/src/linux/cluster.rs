//! All boards of a controller as one row of nodes, with the locks that other processes respect.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::discover::{self, BoardInfo, BoardOptions};
use super::error::{Done, Error};
use super::exclusion::{Exclusion, Stop};
use super::platform::{AnyBus, AnyLine, Platform, Resource};
use crate::board::{Backend, Board, Status};
use crate::bus_error::BusError;
use crate::init::Outcome;
use crate::lines::Line as _;
use crate::pins::Signals;
use crate::power::{self, Action, Cause, Failure, Stands};
use crate::retry::Retry;
use crate::stack::{Place, locate};

/// How to run a cluster.
#[derive(Clone, Debug)]
pub struct Options {
    /// The boards in their order; none = the one that the EEPROM speaks of.
    pub boards: Vec<BoardOptions>,
    /// How many nodes a detected board has; absent = 4.
    pub detected_size: Option<u8>,
    /// The number of the first node.
    pub first: u32,
    /// What a node's switching-on asks for before the next node.
    pub delay: Duration,
    /// The same for single nodes, counted from 0.
    pub node_delays: BTreeMap<usize, Duration>,
    /// How long to wait for another process.
    pub lock_limit: Duration,
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
            ignore_under_voltage: false,
        }
    }
}

/// What happens while an operation runs. Nodes count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A board was initialised, since it never had been.
    Initialised {
        /// The board, from 0.
        board: usize,
    },
    /// These nodes were switched and read back.
    Switched {
        /// The node.
        node: usize,
        /// On or off.
        action: Action,
    },
    /// Time has to pass before the next node.
    Waiting {
        /// How long.
        duration: Duration,
    },
}

/// What an output of one board did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Change {
    /// It was switched.
    Switched,
    /// It was so already.
    AlreadySo,
    /// The board has no such output.
    Unsupported,
}

/// A row of boards. Keeps no copy of their state.
pub struct Cluster {
    platform: Arc<dyn Platform>,
    options: Options,
    boards: Vec<(BoardInfo, LinuxBoard)>,
}

type LinuxBoard = Board<Retry<AnyBus>, AnyLine>;

impl Cluster {
    /// Finds and opens the boards. Asks nothing of them yet.
    ///
    /// # Errors
    /// [`Error::NoBoard`], [`Error::Setup`] or [`Error::Open`].
    pub fn open(platform: Arc<dyn Platform>, options: Options) -> Result<Self, Error> {
        let infos = discover::find(&*platform, &options.boards, options.detected_size)?;
        let boards = infos
            .into_iter()
            .map(|info| info.open(&*platform).map(|board| (info, board)))
            .collect::<Result<_, _>>()?;
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

    /// Transfers made on all I2C buses so far, and how many of them were retries.
    pub fn transfers(&mut self) -> (u32, u32) {
        self.boards.iter_mut().fold((0, 0), |(transfers, retries), (_, board)| {
            match board.backend() {
                Backend::Expander(chip) => {
                    (transfers + chip.bus().transfers(), retries + chip.bus().retries())
                }
                Backend::Lines(_) => (transfers, retries),
            }
        })
    }

    /// What a board says of itself. Writes nothing, and takes no lock.
    ///
    /// # Errors
    /// [`Error::Board`].
    pub fn status(&mut self, board: usize) -> Result<Status, Error> {
        let result = self.boards[board].1.status();
        result.map_err(|source| self.failed(board, Signals::NONE, Stands::Old, source))
    }

    /// Initialises a board that never was. Nothing is written where it was.
    ///
    /// # Errors
    /// [`Error::Board`], [`Error::Locked`] or [`Error::Lock`].
    pub fn init(&mut self, board: usize) -> Result<Outcome, Error> {
        let mut exclusion = self.exclusion(board)?;
        exclusion
            .enter(self.options.lock_limit)
            .map_err(|stop| self.stopped(stop, Done::default()))?;
        let result = self.boards[board].1.init();
        exclusion.leave();
        result.map_err(|source| self.failed(board, Signals::NONE, Stands::Old, source))
    }

    /// Switches nodes, counted from 0: on one after the other, off all at once. A board that never
    /// was initialised is, first. Returns the nodes that changed.
    ///
    /// # Errors
    /// An [`Error`] that says what was switched before and what stands.
    pub fn switch(
        &mut self,
        nodes: &[usize],
        action: Action,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Vec<usize>, Error> {
        let mut changed = Vec::new();
        // Held to the end: two callers' power-ons must not add up their inrush.
        let _power_on = match action {
            Action::On => Some(self.power_on_exclusion()?),
            Action::Off => None,
        };
        if action == Action::On {
            self.check_supply()?;
        }
        let baseline = self.platform.throttled();
        let mut wait = Duration::ZERO;
        for board in 0..self.boards.len() {
            let request = self.on_board(nodes, board);
            if request.is_empty() {
                continue;
            }
            let run = BoardRun { board, request, action, wait, baseline };
            let (switched, wait_after) = self.switch_board(&run, &mut changed, observer)?;
            changed.extend(self.node_numbers(board, switched));
            wait = wait_after;
        }
        Ok(changed)
    }

    fn switch_board(
        &mut self,
        run: &BoardRun,
        before: &mut Vec<usize>,
        observer: &mut dyn FnMut(Event),
    ) -> Result<(Signals, Duration), Error> {
        let result = match self.run(run, observer)? {
            Err(Failure { cause: Cause::Board(crate::Error::NotInitialised), .. }) => {
                self.init(run.board)?;
                observer(Event::Initialised { board: run.board });
                self.run(run, observer)?
            }
            result => result,
        };
        result.map_err(|failure| {
            before.extend(self.node_numbers(run.board, failure.done));
            let done = self.done(before, run.action);
            match failure.cause {
                Cause::Stop(stop) => self.stopped(stop, done),
                Cause::Board(source) => {
                    self.failed(run.board, failure.nodes, failure.stands, source).after(done)
                }
            }
        })
    }

    /// One attempt at one board.
    #[allow(clippy::type_complexity)]
    fn run(
        &mut self,
        run: &BoardRun,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Result<(Signals, Duration), Failure<BusError, Stop>>, Error> {
        let exclusion = self.exclusion(run.board)?;
        let first = self.first_node(run.board);
        let delays = self.delays(first);
        let mut conductor = super::exclusion::Supervised {
            platform: &*self.platform,
            exclusion,
            limit: self.options.lock_limit,
            first,
            action: run.action,
            baseline: run
                .baseline
                .filter(|_| run.action == Action::On && !self.options.ignore_under_voltage),
            last: None,
            observer,
        };
        let board = &mut self.boards[run.board].1;
        Ok(power::switch(board, run.request, run.action, delays, run.wait, &mut conductor))
    }

    /// Switches one output of one board, with its initialisation where that is due.
    ///
    /// # Errors
    /// [`Error::Board`], [`Error::Locked`] or [`Error::Lock`].
    pub fn set(&mut self, board: usize, signal: Signals, on: bool) -> Result<Change, Error> {
        if !self.boards[board].1.revision().signals().contains(signal) {
            return Ok(Change::Unsupported);
        }
        let mut exclusion = self.exclusion(board)?;
        exclusion
            .enter(self.options.lock_limit)
            .map_err(|stop| self.stopped(stop, Done::default()))?;
        let result = set_signal(&mut self.boards[board].1, signal, on);
        exclusion.leave();
        result.map_err(|(stands, source)| self.failed(board, signal, stands, source))
    }

    /// Drives a GPIO line of the controller that belongs to no board, such as the fan's, and reads
    /// it back. Returns whether it changed.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Line`], [`Error::Locked`] or [`Error::Lock`].
    pub fn set_line(&self, bcm: u8, on: bool) -> Result<bool, Error> {
        let failed = |source| Error::Line { line: bcm, source };
        let mut line = self.platform.line(bcm).map_err(failed)?;
        let mut exclusion = Exclusion::new(&*self.platform, Resource::Lines)
            .map_err(|stop| self.stopped(stop, Done::default()))?;
        exclusion
            .enter(self.options.lock_limit)
            .map_err(|stop| self.stopped(stop, Done::default()))?;
        if line.is_output().map_err(failed)? && line.is_high().map_err(failed)? == on {
            return Ok(false);
        }
        line.drive(on).map_err(failed)?;
        if line.is_high().map_err(failed)? == on {
            return Ok(true);
        }
        Err(Error::LineStuck { line: bcm, on })
    }

    /// The nodes among `nodes` that sit on a board.
    #[must_use]
    pub fn on_board(&self, nodes: &[usize], board: usize) -> Signals {
        nodes
            .iter()
            .filter_map(|&node| self.locate(node))
            .filter(|place| place.board == board)
            .fold(Signals::NONE, |all, place| all.union(Signals::node(place.position)))
    }

    /// The numbers, from 0, of nodes on a board.
    pub fn node_numbers(
        &self,
        board: usize,
        nodes: Signals,
    ) -> impl Iterator<Item = usize> + use<> {
        let first = self.first_node(board);
        (0..4)
            .filter(move |&p| nodes.contains(Signals::node(p)))
            .map(move |p| first + usize::from(p))
    }

    /// The plan for nodes on one board, given which are on now.
    #[must_use]
    pub fn plan(
        &self,
        board: usize,
        nodes: &[usize],
        on: Signals,
        action: Action,
        wait: Duration,
    ) -> power::Plan {
        let delays = self.delays(self.first_node(board));
        power::Plan::new(on, self.on_board(nodes, board), action, delays, wait)
    }

    /// What each position of a board asks for after its switching-on.
    fn delays(&self, first: usize) -> [Duration; 4] {
        std::array::from_fn(|position| {
            let own = self.options.node_delays.get(&(first + position));
            own.copied().unwrap_or(self.options.delay)
        })
    }

    fn resource(&self, board: usize) -> Resource {
        self.boards[board].0.bus.map_or(Resource::Lines, Resource::Bus)
    }

    fn exclusion(&self, board: usize) -> Result<Exclusion, Error> {
        Exclusion::new(&*self.platform, self.resource(board))
            .map_err(|stop| self.stopped(stop, Done::default()))
    }

    fn power_on_exclusion(&self) -> Result<Exclusion, Error> {
        let limit = self.options.lock_limit;
        Exclusion::new(&*self.platform, Resource::PowerOn)
            .and_then(|mut exclusion| exclusion.enter(limit).map(|_| exclusion))
            .map_err(|stop| self.stopped(stop, Done::default()))
    }

    fn check_supply(&self) -> Result<(), Error> {
        let now = self.platform.throttled().unwrap_or(0) & super::throttled::UNDER_VOLTAGE_NOW;
        if now == 0 || self.options.ignore_under_voltage {
            return Ok(());
        }
        Err(Error::UnderVoltage { node: None, done: Done::default() })
    }

    fn done(&self, nodes: &[usize], action: Action) -> Done {
        let nodes = nodes.iter().map(|&node| self.node_name(node)).collect();
        Done { nodes, on: action == Action::On }
    }

    fn stopped(&self, stop: Stop, done: Done) -> Error {
        match stop {
            Stop::Locked { path, holder, waited } => {
                Error::Locked { what: path.display().to_string(), holder, waited, done }
            }
            Stop::Lock { path, source } => Error::Lock { path, source },
            Stop::UnderVoltage { node } => {
                Error::UnderVoltage { node: node.map(|node| self.node_name(node)), done }
            }
        }
    }

    fn failed(
        &self,
        board: usize,
        what: Signals,
        stands: Stands,
        source: crate::Error<BusError>,
    ) -> Error {
        let info = &self.boards[board].0;
        let nodes = self.node_numbers(board, what).map(|node| self.node_name(node));
        let others = what.without(Signals::NODES);
        let others = (!others.is_empty()).then(|| others.to_string());
        let what: Vec<_> = nodes.chain(others).collect();
        if let (crate::Error::Bus { source: bus, .. }, Some(number), Some(address)) =
            (&source, info.bus, info.address)
        {
            if bus.errno() == Some(rustix::io::Errno::BUSY) {
                return self.busy(board, number, address, source);
            }
        }
        Error::Board {
            board: info.label(),
            what: what.join(" "),
            stands,
            done: Done::default(),
            source,
        }
    }

    /// The kernel lets nobody else at a chip that one of its drivers holds.
    fn busy(&self, board: usize, bus: u32, address: u8, source: crate::Error<BusError>) -> Error {
        let driver = self.platform.kernel_driver(bus, address);
        let advice = driver.map(|driver| {
            format!(
                "the kernel driver {driver} holds the chip; release it with: \
                 echo {bus}-{address:04x} | sudo tee /sys/bus/i2c/drivers/{driver}/unbind"
            )
        });
        let crate::Error::Bus { source, .. } = source else { unreachable!("only a bus is busy") };
        Error::Open {
            board: self.boards[board].0.label(),
            device: self.platform.bus_path(bus).display().to_string(),
            advice,
            source,
        }
    }
}

/// What is asked of one board.
struct BoardRun {
    board: usize,
    request: Signals,
    action: Action,
    wait: Duration,
    /// The firmware's flags before the first node.
    baseline: Option<u32>,
}

impl Error {
    /// Adds what had been switched before.
    fn after(mut self, before: Done) -> Self {
        if let Self::Board { done, .. } = &mut self {
            *done = before;
        }
        self
    }
}

fn set_signal(
    board: &mut LinuxBoard,
    signal: Signals,
    on: bool,
) -> Result<Change, (Stands, crate::Error<BusError>)> {
    let old = |error| (Stands::Old, error);
    let latch = match board.latch() {
        Err(crate::Error::NotInitialised) => {
            board.init().map_err(old)?;
            board.latch().map_err(old)?
        }
        result => result.map_err(old)?,
    };
    let (set, clear) = if on { (signal, Signals::NONE) } else { (Signals::NONE, signal) };
    let after = board
        .apply(latch, set, clear)
        .map_err(|error| (power::what_stands(board, latch, signal, on), error))?;
    board.verify(after, signal).map_err(|error| (Stands::New, error))?;
    Ok(if after == latch { Change::AlreadySo } else { Change::Switched })
}
