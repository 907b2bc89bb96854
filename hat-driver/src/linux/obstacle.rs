//! Why a bus or a line cannot be opened.

use std::io::ErrorKind;

use super::error::{ClusterError, Obstacle};
use super::platform::Platform;
use crate::bus_error::BusError;

/// A bus that cannot be opened.
pub(super) fn cannot_open(
    platform: &dyn Platform,
    board: String,
    bus: u32,
    obstacle: Obstacle,
    source: BusError,
) -> ClusterError {
    let device = platform.bus_path(bus).display().to_string();
    ClusterError::Open { board, device, obstacle, source }
}

/// Why a device cannot be opened, from the kernel's error alone.
pub(super) fn obstacle(source: &BusError) -> Obstacle {
    match source.io().kind() {
        ErrorKind::PermissionDenied => Obstacle::Permission,
        _ => Obstacle::Other,
    }
}

/// The kernel lets nobody else at a chip, of this bus and address, that one of its drivers holds.
pub(super) fn held_by_driver(
    platform: &dyn Platform,
    board: String,
    (bus, address): (u32, u8),
    source: BusError,
) -> ClusterError {
    let driver = platform.kernel_driver(bus, address);
    let obstacle =
        driver.map_or(Obstacle::Other, |driver| Obstacle::KernelDriver { driver, bus, address });
    let device = platform.bus_path(bus).display().to_string();
    ClusterError::Open { board, device, obstacle, source }
}

/// Whether the kernel says that one of its drivers holds the chip.
pub(super) fn is_busy(error: &BusError) -> bool {
    error.errno() == Some(rustix::io::Errno::BUSY)
}
