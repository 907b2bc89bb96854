//! What values are allowed.

use std::time::Duration;

use super::error::ConfigError;
use super::given::Given;

/// The bounds of a time, both included.
pub(super) struct TimeLimits {
    least: Duration,
    most: Duration,
    pub(super) allowed: &'static str,
}

/// The bounds of a whole number, both included.
pub(super) struct NumberLimits {
    least: i64,
    most: i64,
    pub(super) allowed: &'static str,
}

/// Between two nodes switched on. Users of Pi Zero 2 W set 30 s.
pub(super) const DELAY: TimeLimits = TimeLimits {
    least: Duration::ZERO,
    most: Duration::from_secs(300),
    allowed: "0 to 300 seconds, written as 2, 1.5s or 500ms",
};

/// How long a power cycle keeps a node off. Below 0.1 s the node's capacitors may carry it through.
pub(super) const OFF_TIME: TimeLimits = TimeLimits {
    least: Duration::from_millis(100),
    most: Duration::from_secs(300),
    allowed: "0.1 to 300 seconds, written as 2, 1.5s or 500ms",
};

/// How long nodes may take to shut down. The unit that shuts them down with the controller waits longer than that.
pub(super) const SHUTDOWN_LIMIT: TimeLimits = TimeLimits {
    least: Duration::from_secs(1),
    most: Duration::from_secs(600),
    allowed: "1 to 600 seconds, written as 120, 90s or 500ms",
};

/// How long to wait for another process; 0 = do not wait.
pub(super) const LOCK_LIMIT: TimeLimits = TimeLimits {
    least: Duration::ZERO,
    most: Duration::from_secs(3600),
    allowed: "0 to 3600 seconds, written as 2, 1.5s or 500ms",
};

/// How long a hook may run. Draining a node may wait for its jobs.
pub(super) const HOOK_LIMIT: TimeLimits = TimeLimits {
    least: Duration::from_millis(100),
    most: Duration::from_secs(86_400),
    allowed: "0.1 to 86400 seconds, written as 2, 1.5s or 500ms",
};

/// What becomes of a node after a loss of power.
pub(super) const AT_BOOT: &str = "\"off\", \"last\", \"on\" or \"keep\"";

/// Number of the first node.
pub(super) const FIRST: NumberLimits = NumberLimits { least: 1, most: 9999, allowed: "1 to 9999" };

/// BCM lines of the header. 0 to 3 are the HAT's EEPROM and its I2C bus.
pub(super) const FAN_GPIO: NumberLimits =
    NumberLimits { least: 4, most: 27, allowed: "a BCM number from 4 to 27" };

/// Temperatures at which a fan goes on or off, in degrees Celsius. A Raspberry Pi throttles from 80 on.
pub(super) const FAN_C: NumberLimits = NumberLimits {
    least: 0,
    most: 100,
    allowed: "a whole number of degrees Celsius from 0 to 100",
};

/// N of `/dev/i2c-N`.
pub(super) const BUS: NumberLimits =
    NumberLimits { least: 0, most: 255, allowed: "an I2C bus number from 0 to 255" };

/// The expander's address, by its two solder jumpers.
pub(super) const ADDRESS: NumberLimits =
    NumberLimits { least: 0x20, most: 0x23, allowed: "0x20 to 0x23" };

/// Nodes on one HAT.
pub(super) const SIZE: NumberLimits = NumberLimits { least: 1, most: 4, allowed: "1 to 4 nodes" };

/// Texts such as "2.5".
pub(super) const REVISION: &str = "a quoted version from \"1.0\" to \"3.15\", such as \"2.5\"";

/// Texts such as "1-1.2".
pub(super) const USB_PATH: &str = "a quoted USB path such as \"1-1.2\"";

/// What ssh(1) takes as its destination, or a name of ssh_config(5).
pub(super) const SSH: &str = "a quoted host of ssh, such as \"pi@p1.local\"";

/// Whether ssh takes it as a host: not as an option, and without anything that its configuration or a shell would take apart.
pub(super) fn is_ssh_host(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._:%[]/-".contains(c);
    !text.is_empty() && text.len() <= 255 && !text.starts_with('-') && text.chars().all(plain)
}

impl TimeLimits {
    pub(super) fn check(&self, given: &Given<Duration>) -> Result<Duration, ConfigError> {
        if (self.least..=self.most).contains(&given.value) {
            Ok(given.value)
        } else {
            Err(given.refused(self.allowed))
        }
    }

    /// The value, or `default` where none was given.
    pub(super) fn check_or(
        &self,
        given: Option<&Given<Duration>>,
        default: Duration,
    ) -> Result<Duration, ConfigError> {
        given.map_or(Ok(default), |given| self.check(given))
    }
}

impl NumberLimits {
    pub(super) fn check<T: TryFrom<i64>>(&self, given: &Given<i64>) -> Result<T, ConfigError> {
        let refused = || given.refused(self.allowed);
        if !(self.least..=self.most).contains(&given.value) {
            return Err(refused());
        }
        T::try_from(given.value).map_err(|_| refused())
    }

    /// The value, or `default` where none was given.
    pub(super) fn check_or<T: TryFrom<i64>>(
        &self,
        given: Option<&Given<i64>>,
        default: T,
    ) -> Result<T, ConfigError> {
        given.map_or(Ok(default), |given| self.check(given))
    }
}

/// `M.m` with a major of 1 to 3 and a minor of one hexadecimal digit, as the EEPROM has room for.
pub(super) fn revision(text: &str) -> Option<(u8, u8)> {
    let (major, minor) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !digits(major) || !digits(minor) {
        return None;
    }
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    ((1..=3).contains(&major) && minor <= 15).then_some((major, minor))
}

/// `bus-port.port...`, as in /sys/bus/usb/devices.
pub(super) fn is_usb_path(text: &str) -> bool {
    let number =
        |text: &str| (1..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    text.split_once('-').is_some_and(|(bus, ports)| number(bus) && ports.split('.').all(number))
}
