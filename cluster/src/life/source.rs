//! Where events come from.

use std::time::{Duration, Instant};

use hat_driver::linux::Node;

use super::Event;
use crate::error::Error;

/// Where events of nodes come from: the kernel, or a simulation.
pub(crate) trait Source: Send {
    /// What is so now: for each node the events that lead to its present state from having no power and
    /// nothing heard, each with the time on the boot clock (`CLOCK_BOOTTIME`) at which it happened,
    /// where that is known.
    ///
    /// # Errors
    /// Where the present state cannot be read.
    fn now(&mut self) -> Result<Vec<(Node, Event, Option<Duration>)>, Error>;

    /// Blocks until something happens, or the deadline has passed: then there are no events. Events that
    /// happened since [`Self::now`] are not lost. An event may be told twice.
    ///
    /// # Errors
    /// Where events cannot be received.
    fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<(Node, Event)>, Error>;
}
