//! The node's side of a serial port.

use std::io;
use std::time::Duration;

use crate::life::State;

/// What is on the node's side of a port.
pub(super) trait Peer {
    /// Takes bytes that were sent to the node, and adds to what it sends.
    fn hear(&mut self, bytes: &[u8], state: State, out: &mut Vec<u8>) -> io::Result<()>;

    /// Adds what it sends unasked at this time, and returns when it has something to send again, by the
    /// boot clock.
    fn speak(&mut self, now: Duration, state: State, out: &mut Vec<u8>) -> Option<Duration>;
}
