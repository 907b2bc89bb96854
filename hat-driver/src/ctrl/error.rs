//! What can go wrong on a ClusterCTRL board, with the command that it went wrong at.

use core::fmt;

use super::protocol::{Command, CommandStatus, SCHEMA};
use crate::positions::Positions;

/// A failed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CtrlError<E> {
    /// A transfer failed.
    Bus {
        /// What was being done; `None` = reading the board's description.
        command: Option<Command>,
        /// What the bus said.
        source: E,
    },
    /// The command did not end in time.
    Timeout {
        /// The command.
        command: Command,
        /// How long it was waited for.
        waited_ms: u32,
    },
    /// The board refused the command.
    Refused {
        /// The command.
        command: Command,
        /// The status register.
        status: u8,
    },
    /// The board has no such node; nothing was sent.
    NoSuchNode {
        /// The node, from 1.
        node: u8,
        /// The last one.
        nodes: u8,
    },
    /// The order is 0; nothing was sent.
    OrderZero,
    /// The chip speaks another version of the protocol, or is another chip.
    Schema {
        /// The schema register.
        found: u8,
    },
    /// Nodes' power, or another setting, is not what was commanded.
    NotFollowed {
        /// The command.
        command: Command,
        /// The nodes; none where it is the board's setting.
        nodes: Positions,
    },
    /// The board did not say whether these nodes are on, so that they were not switched on, and they are off.
    Untold {
        /// The nodes.
        nodes: Positions,
    },
    /// The HAT of these nodes is not there; a command to them does nothing.
    Absent {
        /// The nodes.
        nodes: Positions,
    },
}

impl<E> fmt::Display for CtrlError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus { command: None, .. } => f.write_str("cannot read the board's description"),
            Self::Bus { command: Some(command), .. } => write!(f, "cannot run {command}"),
            Self::Timeout { command, waited_ms } => {
                write!(f, "{command} did not end within {waited_ms} ms")
            }
            Self::Refused { command, status } => {
                let reason = match CommandStatus::from_code(*status) {
                    Some(CommandStatus::Unsupported) => "this board cannot do it",
                    Some(CommandStatus::NoSuchNode) => "it has no such node",
                    Some(CommandStatus::UnknownCommand) => "its firmware does not know it",
                    _ => "no known reason",
                };
                write!(f, "the board refused {command}: {reason} (status {status})")
            }
            Self::NoSuchNode { node, nodes } => {
                write!(f, "the board has no node {node}: it has {nodes}")
            }
            Self::OrderZero => f.write_str("an order is 1 to 255"),
            Self::Schema { found } => write!(
                f,
                "the schema register (0x00) holds {found}, not {SCHEMA}: this is no ClusterCTRL board \
                 of a known kind"
            ),
            Self::NotFollowed { command, nodes } if nodes.is_empty() => {
                write!(f, "{command} was accepted but has not changed anything")
            }
            Self::NotFollowed { command, nodes } => {
                let verb = if is_one(*nodes) { "does" } else { "do" };
                write!(
                    f,
                    "{command} was accepted, but {} of the board {verb} not follow",
                    Numbers(*nodes)
                )
            }
            Self::Untold { nodes } => {
                let verb = if is_one(*nodes) { "is" } else { "are" };
                write!(
                    f,
                    "{} of the board {verb} off: the board did not report it when first asked, so no command was sent; run the command again",
                    Numbers(*nodes)
                )
            }
            Self::Absent { nodes } => {
                write!(f, "no HAT is connected for {} of the board", Numbers(*nodes))
            }
        }
    }
}

fn is_one(nodes: Positions) -> bool {
    nodes.iter().count() == 1
}

/// "node 3", or "nodes 1 3".
struct Numbers(Positions);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if is_one(self.0) { "node" } else { "nodes" })?;
        self.0.iter().try_for_each(|position| write!(f, " {}", position + 1))
    }
}

impl<E: core::error::Error + 'static> core::error::Error for CtrlError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Bus { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command {:#04x} ({self:?})", *self as u8)
    }
}
