//! What can go wrong on a ClusterCTRL board, with the command that it went wrong at.

use core::fmt;

use super::protocol::{Command, SCHEMA, Status};

/// A failed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
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
    /// A node's power, or another setting, is not what was commanded.
    NotFollowed {
        /// The command.
        command: Command,
        /// The node, from 1; 0 = the board.
        node: u8,
    },
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus { command: None, .. } => f.write_str("cannot read the board's description"),
            Self::Bus { command: Some(command), .. } => write!(f, "cannot run {command}"),
            Self::Timeout { command, waited_ms } => {
                write!(f, "{command} did not end within {waited_ms} ms")
            }
            Self::Refused { command, status } => {
                let reason = match Status::from_code(*status) {
                    Some(Status::Unsupported) => "this board cannot do it",
                    Some(Status::NoSuchNode) => "it has no such node",
                    Some(Status::UnknownCommand) => "its firmware does not know it",
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
            Self::NotFollowed { command, node: 0 } => {
                write!(f, "{command} was accepted but has not changed anything")
            }
            Self::NotFollowed { command, node } => {
                write!(f, "{command} was accepted, but node {node} of the board does not follow")
            }
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
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
