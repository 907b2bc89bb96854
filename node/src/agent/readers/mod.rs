//! How the node is, from the kernel's files below a root. What cannot be read is left out.

mod addresses;
mod file;
mod identity;
mod mounts;
mod system;
mod units;

use std::path::Path;

use node_link::agent::Telemetry;

pub(super) use identity::identity;
pub(super) use units::UnitsReader;

/// A change of the temperature that is worth telling, in degrees Celsius.
const TEMPERATURE_STEP: f64 = 1.0;

/// A change of the load.
const LOAD_STEP: f64 = 0.1;

/// A change of memory or of room on a disk: one part in so many of the whole.
const ROOM_PARTS: u64 = 50;

/// All of it.
pub(super) fn telemetry(root: &Path, units: &mut UnitsReader) -> Telemetry {
    let mut telemetry = Telemetry::default();
    telemetry.uptime_s = system::uptime(root);
    telemetry.load = system::load(root);
    telemetry.temperature_c = system::temperature(root);
    telemetry.throttled = system::throttled(root);
    telemetry.memory = system::memory(root);
    telemetry.disks = mounts::disks(root);
    telemetry.addresses = addresses::addresses(root);
    telemetry.failed_units = units.failed();
    telemetry
}

/// Whether it is worth telling, after this was told.
pub(super) fn has_changed(told: &Telemetry, now: &Telemetry) -> bool {
    let moved = |a: Option<f64>, b: Option<f64>, step| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() >= step,
        (a, b) => a.is_some() != b.is_some(),
    };
    let load = |telemetry: &Telemetry| telemetry.load.map(|[minute, ..]| minute);
    let room = |told: u64, now: u64, total: u64| told.abs_diff(now) > total / ROOM_PARTS;
    let memory = match (told.memory, now.memory) {
        (Some(a), Some(b)) => room(a.available_kib, b.available_kib, b.total_kib),
        (a, b) => a != b,
    };
    let disks = match (&told.disks, &now.disks) {
        (Some(a), Some(b)) if a.len() == b.len() => a.iter().zip(b).any(|(a, b)| {
            (&a.mount, a.read_only) != (&b.mount, b.read_only)
                || room(a.available_kib, b.available_kib, b.total_kib)
        }),
        (a, b) => a != b,
    };
    moved(told.temperature_c, now.temperature_c, TEMPERATURE_STEP)
        || moved(load(told), load(now), LOAD_STEP)
        || told.throttled != now.throttled
        || told.addresses != now.addresses
        || told.failed_units != now.failed_units
        || memory
        || disks
}

#[cfg(test)]
mod tests;
