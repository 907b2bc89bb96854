//! What the kernel says where a bus cannot be opened or a chip not be used, and what to do about it.

use std::io::ErrorKind;

use super::error::Error;
use super::platform::Platform;
use crate::bus_error::BusError;

/// What helps where a HAT's bus is not there.
pub(super) const SWITCH_I2C_ON: &str =
    "switch I2C on: dtparam=i2c_arm=on in config.txt, i2c-dev in /etc/modules, then reboot";

/// A bus that cannot be opened; `absent` is what helps where it is not there.
pub(super) fn cannot_open(
    platform: &dyn Platform,
    board: String,
    bus: u32,
    source: BusError,
    absent: Option<&str>,
) -> Error {
    let advice = match source.io().kind() {
        ErrorKind::NotFound => absent,
        ErrorKind::PermissionDenied => Some("join the group i2c, or use sudo"),
        _ => None,
    };
    let device = platform.bus_path(bus).display().to_string();
    Error::Open { board, device, advice: advice.map(str::to_owned), source }
}

/// The kernel lets nobody else at a chip that one of its drivers holds.
pub(super) fn held_by_driver(
    platform: &dyn Platform,
    board: String,
    bus: u32,
    address: u8,
    source: BusError,
) -> Error {
    let advice = platform.kernel_driver(bus, address).map(|driver| {
        format!(
            "the kernel driver {driver} holds the chip; release it with: \
             echo {bus}-{address:04x} | sudo tee /sys/bus/i2c/drivers/{driver}/unbind"
        )
    });
    let device = platform.bus_path(bus).display().to_string();
    Error::Open { board, device, advice, source }
}

/// Whether the kernel says that one of its drivers holds the chip.
pub(super) fn is_busy(error: &BusError) -> bool {
    error.errno() == Some(rustix::io::Errno::BUSY)
}
