//! What can go wrong with a cluster of boards: the board, the node, and which state stands.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::lock::Holder;
use crate::bus_error::BusError;
use crate::ctrl;
use crate::positions::Positions;
use crate::power::{Action, Stands};

mod text;

pub use text::chain;
use text::{
    bus_names, hint, holder_name, join, not_switched_on, prefix, reason, since, state, told, were,
};

/// A failed operation. The cause, where there is one, is the error's source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no board, or none that can be told.
    #[error("no Cluster HAT found")]
    NoBoard {
        /// What was looked for where.
        searched: Vec<String>,
    },
    /// The boards cannot be told apart or not be understood as they are configured.
    #[error("{0}")]
    Setup(String),
    /// A board's bus or line cannot be used at all.
    #[error("{board}: cannot open {device}{}", hint(.advice))]
    Open {
        /// The board.
        board: String,
        /// The device.
        device: String,
        /// What to do about it.
        advice: Option<String>,
        /// What the kernel says.
        source: BusError,
    },
    /// Another process did not let go in time. Nothing was done since.
    #[error("{what} is locked by {} for more than {} s{done}", holder_name(.holder), waited.as_secs_f32())]
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
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A GPIO line of the controller cannot be used.
    #[error("cannot use GPIO line {line}")]
    Line {
        /// Its BCM number.
        line: u8,
        /// Why.
        source: BusError,
    },
    /// A GPIO line of the controller does not show what it is driven to.
    #[error("GPIO line {line} does not follow: it was switched {}", if *on { "on" } else { "off" })]
    LineStuck {
        /// Its BCM number.
        line: u8,
        /// Whether it was driven high.
        on: bool,
    },
    /// Two ClusterCTRL boards have one order, so their nodes have no sure numbers.
    #[error(
        "the ClusterCTRL boards on {} have one order, {order}; unplug all but one of them, and give it \
         another with `clusterhat board order {order} NEW` and `clusterhat board save NEW --what order`",
        bus_names(.buses)
    )]
    DuplicateOrder {
        /// The order.
        order: u8,
        /// The boards' buses.
        buses: Vec<u32>,
    },
    /// A board that was found and could not be opened.
    #[error("{}{}", prefix(.what), chain(&**source))]
    NotOpened {
        /// The nodes that were to be switched; empty where none was.
        what: String,
        /// Why.
        source: Arc<Error>,
    },
    /// Nodes whose numbers nobody knows for sure. Nothing was done to them.
    #[error(
        "{nodes}: the numbering is uncertain, since {boards} cannot be opened and may come before; make it \
         answer, or unplug it"
    )]
    Uncertain {
        /// The nodes, by the names that they have without the boards.
        nodes: String,
        /// The boards whose order is not known.
        boards: String,
    },
    /// There is no board of this number.
    #[error("there is no board {board}, counted from 0: there are {boards}")]
    NoSuchBoard {
        /// The number asked for, from 0.
        board: usize,
        /// How many boards there are.
        boards: usize,
    },
    /// There is no node of this number.
    #[error("there is no node {node}, counted from 0: there are {nodes}")]
    NoSuchNode {
        /// The number asked for, from 0.
        node: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// Only a ClusterCTRL board can do what was asked for.
    #[error("{board}: only a ClusterCTRL board can do that")]
    NotCtrl {
        /// The board.
        board: String,
    },
    /// Several boards failed.
    #[error("{}", join(.0))]
    Boards(Vec<Error>),
    /// An operation that switched some of its nodes, but then failed.
    #[error("{}{done}", chain(&**source))]
    After {
        /// Why.
        source: Box<Error>,
        /// What had been switched before.
        done: Done,
    },
    /// One board failed.
    #[error("{board}: {}{}{}{done}", prefix(.what), reason(.source, .what), state(.stands, .what))]
    Board {
        /// The board.
        board: String,
        /// The nodes or outputs that were to be switched; empty where none was.
        what: String,
        /// Which state stands.
        stands: Stands,
        /// What had been switched before.
        done: Done,
        /// What failed.
        source: BoardError,
    },
    /// A ClusterCTRL board was unplugged, or lost its own power, in the middle of an operation.
    #[error("{board}: {}the board has left the USB; which state stands cannot be told{done}", prefix(.what))]
    Gone {
        /// The board.
        board: String,
        /// The nodes or outputs that were to be switched; empty where none was.
        what: String,
        /// What was switched all the same.
        done: Done,
    },
    /// A ClusterCTRL board was told something that takes it off the USB for a moment, and was not seen
    /// to leave and to come back.
    #[error("{board}: {what}: {missing} within {} s{}", limit.as_secs(), missing.advice())]
    NotBack {
        /// The board.
        board: String,
        /// What it was told.
        what: &'static str,
        /// What was waited for.
        missing: Missing,
        /// How long.
        limit: Duration,
        /// What the bus said to the command, or to whoever asked the board at its return.
        source: Option<BusError>,
    },
    /// A HAT's hub was switched off and could not be switched on again.
    #[error(
        "{board}: the USB hub was switched off and could not be switched on again, so it may be off \
         still; switch it on with `clusterhat hub on`: {}", chain(.source)
    )]
    HubOff {
        /// The board.
        board: String,
        /// Why.
        source: Box<Error>,
    },
    /// The supply sagged while nodes were being switched on.
    #[error(
        "the Pi reports under-voltage{}{done}; --ignore-undervoltage goes on regardless",
        since(.node, .left)
    )]
    UnderVoltage {
        /// The node that was switched on last; `None` where it was there before the first.
        node: Option<String>,
        /// The nodes that were to be switched on and were not.
        left: Vec<String>,
        /// What had been switched on.
        done: Done,
    },
    /// Somebody else switched nodes off that were being switched on.
    #[error("{} switched off meanwhile{}{done}", were(.nodes), not_switched_on(.left))]
    Undone {
        /// The nodes that were switched off.
        nodes: Vec<String>,
        /// The nodes that were to be switched on and were not.
        left: Vec<String>,
        /// What had been switched on.
        done: Done,
    },
    /// The observer stopped the operation.
    #[error("stopped{}{done}", if left.is_empty() { String::new() } else { format!("; not switched: {}", left.join(" ")) })]
    Stopped {
        /// The nodes that were to be switched and were not.
        left: Vec<String>,
        /// What had been switched.
        done: Done,
    },
    /// A cycle that switched nodes off and could not switch them on again.
    #[error("{source}; left off by the cycle: {}", left_off.join(" "))]
    Cycle {
        /// The nodes.
        left_off: Vec<String>,
        /// Why.
        source: Box<Error>,
    },
}

/// What a board that leaves the USB for a moment did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It has not left, so that it may not have heard the command.
    Leaving,
    /// It has left and is not back.
    Return,
    /// It is back and cannot be asked.
    Answer,
}

impl Missing {
    const fn advice(self) -> &'static str {
        match self {
            Self::Leaving => ", so it seems that the command was not carried out",
            Self::Return => "; what became of its nodes cannot be told; plug it in again",
            Self::Answer => "; what became of its nodes cannot be told",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaving => "the board has not left the USB",
            Self::Return => "the board has left the USB and did not come back",
            Self::Answer => "the board has come back to the USB and did not answer",
        })
    }
}

/// What failed on a board of either kind. It tells its causes itself, and no names of pins: whoever
/// knows the board has better ones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// A HAT.
    #[error("{}", told(.0))]
    Hat(crate::Error<BusError>),
    /// A ClusterCTRL board.
    #[error("{}", chain(.0))]
    Ctrl(ctrl::Error<BusError>),
}

impl From<crate::Error<BusError>> for BoardError {
    fn from(error: crate::Error<BusError>) -> Self {
        Self::Hat(error)
    }
}

impl From<ctrl::Error<BusError>> for BoardError {
    fn from(error: ctrl::Error<BusError>) -> Self {
        Self::Ctrl(error)
    }
}

impl BoardError {
    /// The nodes that the error says do not follow.
    pub(super) fn not_following(&self) -> Positions {
        match self {
            Self::Hat(
                crate::Error::PinsDiffer { signals, .. } | crate::Error::NotDriven { signals, .. },
            ) => signals.positions(),
            Self::Ctrl(ctrl::Error::NotFollowed { nodes, .. } | ctrl::Error::Absent { nodes }) => {
                *nodes
            }
            _ => Positions::NONE,
        }
    }
}

impl Error {
    /// Whether what was to be switched may have been.
    pub(super) const fn may_have_changed(&self) -> bool {
        matches!(self, Self::Board { stands: Stands::New | Stands::Unknown, .. })
    }

    /// Adds what was switched all the same, whatever the error is.
    pub(super) fn after(mut self, switched: Done) -> Self {
        match &mut self {
            Self::Board { done, .. }
            | Self::Gone { done, .. }
            | Self::UnderVoltage { done, .. }
            | Self::Undone { done, .. }
            | Self::Stopped { done, .. }
            | Self::Locked { done, .. }
            | Self::After { done, .. } => *done = switched,
            _ if switched.nodes.is_empty() && switched.states.is_empty() => {}
            _ => return Self::After { source: Box::new(self), done: switched },
        }
        self
    }

    /// One error out of those of several boards, with what was switched all the same.
    pub(super) fn of_boards(mut failures: Vec<Self>, switched: Done) -> Self {
        match failures.len() {
            1 => failures.remove(0).after(switched),
            _ => Self::Boards(failures).after(switched),
        }
    }

    /// The error itself, without what was switched before it.
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::After { source, .. } => source.cause(),
            error => error,
        }
    }

    /// The nodes that were switched all the same, where the error knows.
    #[must_use]
    pub fn done(&self) -> Option<&Done> {
        match self {
            Self::Board { done, .. }
            | Self::Gone { done, .. }
            | Self::UnderVoltage { done, .. }
            | Self::Undone { done, .. }
            | Self::Stopped { done, .. }
            | Self::Locked { done, .. }
            | Self::After { done, .. } => Some(done),
            Self::Cycle { source, .. } => source.done(),
            _ => None,
        }
    }
}

/// What a failed operation has done all the same, with the nodes by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// The nodes that it had switched before it failed.
    pub nodes: Box<[String]>,
    /// Whether they were switched on.
    pub on: bool,
    /// Every node that was asked for.
    pub states: Box<[NodeState]>,
}

/// What is known of a node after an operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NodeState {
    /// Its name.
    pub node: String,
    /// What was done to it last, or was to be done.
    pub power: Action,
    /// Whether it is as it was before that, or as it was to become.
    pub stands: Stands,
}

impl NodeState {
    /// What stands of an action on a node.
    #[must_use]
    pub const fn new(node: String, power: Action, stands: Stands) -> Self {
        Self { node, power, stands }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes.is_empty() {
            return Ok(());
        }
        write!(f, "; switched {}: {}", if self.on { "on" } else { "off" }, self.nodes.join(" "))
    }
}
