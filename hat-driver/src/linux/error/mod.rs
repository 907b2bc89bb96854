//! What can go wrong with a cluster of boards, as facts: which board, which nodes, what the kernel or
//! the chip said, and the state that results.
//!
//! The errors hold handles, not names of nodes, and no advice: a program puts both in with
//! [`ClusterError::describe`].

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::handle::{Board, Node};
use super::lock::Holder;
use crate::bus_error::BusError;
use crate::power::ResultingState;
use crate::revisions::Version;

mod cause;
mod chain;
mod describe;
mod done;
mod queries;
mod wording;

pub use cause::{BoardError, Missing, Obstacle, Target};
pub use chain::chain;
pub use done::{Done, NodeResult, SparePlaces};
pub use wording::Wording;

/// A failed operation on a cluster. Its text calls nodes by their numbers.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClusterError {
    /// There is no board, or none that can be told.
    NoBoard {
        /// What was looked for where.
        searched: Vec<String>,
    },
    /// Two HATs are configured at one address.
    SamePlace {
        /// Their names.
        boards: [String; 2],
        /// The place, as [`BoardInfo::place`](super::BoardInfo::place) has it.
        place: String,
    },
    /// No HAT of this revision is known.
    UnknownRevision {
        /// The HAT's name.
        board: String,
        /// The revision that its EEPROM or its owner names.
        version: Version,
    },
    /// Neither an EEPROM nor the owner says which revision a HAT is.
    NoRevision {
        /// The HAT's name.
        board: String,
    },
    /// The text `product_ver` of the HAT's EEPROM is no version.
    BadEeprom {
        /// The text.
        product_ver: String,
    },
    /// No kernel driver is bound to a ClusterCTRL board, so that it has no I2C bus.
    NoI2cDriver {
        /// The board.
        board: String,
        /// Its USB product ID; the vendor's is [`VENDOR`](crate::ctrl::products::VENDOR).
        product: u16,
    },
    /// ClusterCTRL boards that could not be asked for their order may have the one that was asked for.
    OrderUnknown {
        /// The boards.
        boards: Vec<String>,
        /// The order.
        order: u8,
    },
    /// Two ClusterCTRL boards have one order, so their nodes have no sure numbers.
    DuplicateOrder {
        /// The order.
        order: u8,
        /// The numbers of the boards' I2C buses.
        buses: Vec<u32>,
    },
    /// A GPIO line was to be switched that belongs to a board.
    LineTaken {
        /// Its BCM number.
        line: u8,
        /// The board.
        board: String,
    },
    /// A board's bus or line cannot be used at all.
    Open {
        /// The board.
        board: String,
        /// The device file or the line.
        device: String,
        /// Why, as far as it is known.
        obstacle: Obstacle,
        /// What the kernel says.
        source: BusError,
    },
    /// Another process did not let go in time. Nothing was done since.
    Locked {
        /// What is locked: its file.
        what: String,
        /// Who holds it, where the kernel tells.
        holder: Option<Holder>,
        /// How long it was waited for.
        waited: Duration,
        /// What had been switched before.
        done: Done,
    },
    /// A lock file cannot be used.
    Lock {
        /// The file.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// A GPIO line of the controller cannot be used.
    Line {
        /// Its BCM number.
        line: u8,
        /// What the kernel says.
        source: BusError,
    },
    /// A GPIO line of the controller does not show what it is driven to.
    LineStuck {
        /// Its BCM number.
        line: u8,
        /// Whether it was driven high.
        on: bool,
    },
    /// A board that was found and could not be opened.
    NotOpened {
        /// What was to be switched.
        target: Target,
        /// Why.
        source: Arc<ClusterError>,
    },
    /// Nodes whose numbers nobody knows for sure. Nothing was done to them.
    Uncertain {
        /// The nodes, by the numbers that they have without the boards.
        nodes: Box<[Node]>,
        /// The boards whose order is not known.
        boards: Vec<String>,
    },
    /// The handle is of another cluster, or of a board that has gone.
    NoSuchBoard {
        /// The handle.
        board: Board,
    },
    /// The handle is of another cluster, of a board that has gone, or of a node that has another number
    /// since boards came or went.
    NoSuchNode {
        /// The handle.
        node: Node,
    },
    /// Only a ClusterCTRL board can do what was asked for.
    NotCtrl {
        /// The board.
        board: String,
    },
    /// Several boards failed.
    Boards(Vec<ClusterError>),
    /// An operation that switched some of its nodes, but then failed.
    After {
        /// Why.
        source: Box<ClusterError>,
        /// What had been switched before.
        done: Done,
    },
    /// One board failed.
    Board {
        /// The board.
        board: String,
        /// What was to be switched.
        target: Target,
        /// The state that the target is in.
        resulting: ResultingState,
        /// What had been switched before.
        done: Done,
        /// What failed.
        source: BoardError,
    },
    /// A ClusterCTRL board was unplugged, or lost its own power, in the middle of an operation.
    Gone {
        /// The board.
        board: String,
        /// What was to be switched.
        target: Target,
        /// What was switched all the same.
        done: Done,
    },
    /// A ClusterCTRL board got a command that disconnects it from USB for a moment, and was not seen
    /// to leave and to come back.
    NotBack {
        /// The board.
        board: String,
        /// What it was told.
        target: Target,
        /// What was waited for.
        missing: Missing,
        /// How long.
        limit: Duration,
        /// The bus error of the command, or of the query after the board's return.
        source: Option<BusError>,
    },
    /// A HAT's hub was switched off and could not be switched on again.
    HubOff {
        /// The board.
        board: String,
        /// Why.
        source: Box<ClusterError>,
    },
    /// The supply sagged while nodes were being switched on.
    UnderVoltage {
        /// The node that was switched on last; `None` where it was there before the first.
        node: Option<Node>,
        /// The nodes that were to be switched on and were not.
        left: Box<[Node]>,
        /// What had been switched on.
        done: Done,
    },
    /// Somebody else switched nodes off that were being switched on.
    Undone {
        /// The nodes that were switched off.
        nodes: Box<[Node]>,
        /// The nodes that were to be switched on and were not.
        left: Box<[Node]>,
        /// What had been switched on.
        done: Done,
    },
    /// The observer stopped the operation.
    Stopped {
        /// The nodes that were to be switched and were not.
        left: Box<[Node]>,
        /// What had been switched.
        done: Done,
    },
    /// A cycle that switched nodes off and could not switch them on again.
    Cycle {
        /// The nodes.
        left_off: Box<[Node]>,
        /// Why.
        source: Box<ClusterError>,
    },
}

impl std::error::Error for ClusterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Line { source, .. } => Some(source),
            Self::Lock { source, .. } => Some(source),
            Self::NotBack { source, .. } => source.as_ref().map(|source| source as _),
            Self::NotOpened { source, .. } => Some(&**source),
            Self::After { source, .. }
            | Self::HubOff { source, .. }
            | Self::Cycle { source, .. } => Some(&**source),
            Self::Board { source, .. } => Some(source),
            _ => None,
        }
    }
}
