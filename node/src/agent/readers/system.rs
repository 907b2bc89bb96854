//! Uptime, load, temperature, the firmware's flags and memory.

use std::path::Path;

use node_link::agent::Memory;

use super::file::text;

/// The firmware's flags in the kernel of Raspberry Pi OS (driver `raspberrypi`).
const THROTTLED: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";

/// The processor's, on every Pi.
const TEMPERATURE: &str = "sys/class/thermal/thermal_zone0/temp";

/// proc(5): seconds since boot, and the seconds that processors were idle.
pub(super) fn uptime(root: &Path) -> Option<u64> {
    text(root, "proc/uptime")?.split(['.', ' ']).next()?.parse().ok()
}

pub(super) fn load(root: &Path) -> Option<[f64; 3]> {
    let text = text(root, "proc/loadavg")?;
    let mut numbers =
        text.split(' ').map(|number| number.parse().ok().filter(|n: &f64| n.is_finite()));
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// sysfs has thousandths.
pub(super) fn temperature(root: &Path) -> Option<f64> {
    let thousandths: i32 = text(root, TEMPERATURE)?.trim().parse().ok()?;
    Some(f64::from(thousandths) / 1000.0)
}

pub(super) fn throttled(root: &Path) -> Option<u32> {
    let text = text(root, THROTTLED)?;
    u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}

pub(super) fn memory(root: &Path) -> Option<Memory> {
    let text = text(root, "proc/meminfo")?;
    let kib = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key))?;
        value.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory { total_kib: kib("MemTotal:")?, available_kib: kib("MemAvailable:")? })
}
