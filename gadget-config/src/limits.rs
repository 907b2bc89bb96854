//! How long is waited for other software.

use std::time::Duration;

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a UDC to come: drivers may still be loading.
    pub udc: Duration,
    /// For the last process to close a terminal.
    pub tty: Duration,
}

impl Default for Limits {
    /// Ten seconds for a UDC, five for a terminal.
    fn default() -> Self {
        Self { udc: Duration::from_secs(10), tty: Duration::from_secs(5) }
    }
}
