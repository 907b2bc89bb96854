//! Faults on demand, counted in transfers of one process: what a bus does on a bad day.

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// What happens instead of a plain transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// Not acknowledged; the chip saw nothing.
    Nak,
    /// The adapter reports an I/O error; the chip saw nothing.
    Io,
    /// The adapter times out; the chip saw nothing.
    Timeout,
    /// The chip took the bytes, and the adapter reports an I/O error all the same.
    IoAfter,
    /// The process is killed before the chip sees anything.
    KillBefore,
    /// The process is killed right after the chip took the bytes.
    KillAfter,
}

/// One fault, as a simulation's `faults` list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The transfer that it strikes, from 1, over all buses of the simulation.
    pub transfer: u32,
    /// What happens.
    pub kind: FaultKind,
    /// Whether every later transfer fails as well.
    #[serde(default)]
    pub lasting: bool,
}

impl Fault {
    /// Whether the fault strikes the `n`-th transfer.
    #[must_use]
    pub const fn strikes(&self, n: u32) -> bool {
        self.transfer == n || self.lasting && self.transfer < n
    }
}

impl FaultKind {
    /// What the adapter reports; `None` where the process does not live to hear it.
    #[must_use]
    pub const fn errno(self) -> Option<Errno> {
        match self {
            Self::Nak => Some(Errno::REMOTEIO),
            Self::Io | Self::IoAfter => Some(Errno::IO),
            Self::Timeout => Some(Errno::TIMEDOUT),
            Self::KillBefore | Self::KillAfter => None,
        }
    }

    /// Whether the chip takes part in the transfer.
    #[must_use]
    pub const fn reaches_chip(self) -> bool {
        matches!(self, Self::IoAfter | Self::KillAfter)
    }
}

/// Ends the process as a power cut or `kill -9` would.
pub(super) fn kill_this_process() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
