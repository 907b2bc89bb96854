//! What can go wrong with a cluster of boards: the board, the node, and which state stands.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::lock::Holder;
use crate::bus_error::BusError;
use crate::power::Stands;

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
    /// One board failed.
    #[error("{board}: {}{source}{}{done}", prefix(.what), state(.stands, .what))]
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
        source: crate::Error<BusError>,
    },
    /// The supply sagged while nodes were being switched on.
    #[error("under-voltage {}; stopped{done}; the remaining nodes were left as they are", since(.node))]
    UnderVoltage {
        /// The node that was switched on last; `None` where it was there before the first.
        node: Option<String>,
        /// What had been switched on.
        done: Done,
    },
}

/// The nodes that a failed operation had switched before it failed, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The nodes.
    pub nodes: Vec<String>,
    /// Whether they were switched on.
    pub on: bool,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "; switched {} before: {}",
            if self.on { "on" } else { "off" },
            self.nodes.join(" ")
        )
    }
}

fn prefix(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("{what}: ") }
}

fn hint(advice: &Option<String>) -> String {
    advice.as_ref().map_or(String::new(), |advice| format!(" ({advice})"))
}

fn holder_name(holder: &Option<Holder>) -> String {
    holder.as_ref().map_or("another process".to_owned(), Holder::to_string)
}

fn since(node: &Option<String>) -> String {
    match node {
        Some(node) => format!("after {node} was switched on"),
        None => "before the first node was switched on".to_owned(),
    }
}

fn state(stands: &Stands, what: &str) -> &'static str {
    match stands {
        _ if what.is_empty() => "",
        Stands::Old => "; the old state stands",
        Stands::New => "; the new state stands",
        Stands::Unknown => "; which state stands cannot be told",
    }
}
