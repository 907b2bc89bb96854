//! Sources of events.

use std::time::{Duration, Instant};

use hat_driver::linux::Node;

use super::Event;
use crate::error::Error;

/// A source of nodes' events: the kernel, or a simulation.
pub(crate) trait Source: Send {
    /// The present state: for each node, the events that lead to it from [`Facts::default`](super::Facts), each with
    /// the time on the boot clock (`CLOCK_BOOTTIME`) at which it happened, where that is known.
    ///
    /// # Errors
    /// If the present state cannot be read.
    fn now(&mut self) -> Result<Vec<(Node, Event, Option<Duration>)>, Error>;

    /// Blocks until there are events, or until the deadline, and then returns none. No event since
    /// [`Self::now`] is lost; an event may be reported twice.
    ///
    /// # Errors
    /// If events cannot be received.
    fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<(Node, Event)>, Error>;
}
