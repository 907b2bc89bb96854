//! The terminal that a daemon was started on by hand. When it is closed, SIGHUP comes, as for a reload; but nobody is there any
//! more to end the daemon, which would hold its address and keep a folder that is to be removed at its end.

use std::fs;

use rustix::fs::{Mode, OFlags};

/// What the daemon knows of its terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    ends_it: bool,
}

impl Terminal {
    /// As it is at the start, before SIGHUP is obeyed. Whoever has it ignored (nohup(1)) wants the daemon to go on.
    pub(super) fn of_start() -> Self {
        Self { ends_it: is_there() && !is_hang_up_ignored() }
    }

    /// Whether there was one, and it is gone.
    pub(super) fn has_closed(self) -> bool {
        self.ends_it && !is_there()
    }
}

/// The kernel opens it only while the session has one (tty(4)).
fn is_there() -> bool {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open("/dev/tty", flags, Mode::empty()).is_ok()
}

fn is_hang_up_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 is the lowest bit (proc_pid_status(5)).
    ignored.is_some_and(|mask| mask & 1 == 1)
}
