//! The time that all callers of one boot share.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment of one boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Which boot: the kernel's ID of it.
    pub boot: String,
    /// How long the machine has been up, with the time that it slept.
    pub uptime: Duration,
}

impl Moment {
    /// Now, by this machine's kernel.
    #[must_use]
    pub fn now() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let uptime = clock_gettime(ClockId::Boottime);
        let boot = match boot.trim() {
            "" => "unknown".to_owned(),
            boot => boot.to_owned(),
        };
        Self { boot, uptime: Duration::try_from(uptime).unwrap_or_default() }
    }
}
