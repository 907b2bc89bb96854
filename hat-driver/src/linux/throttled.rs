//! The firmware's under-voltage flags.
//!
//! `get_throttled` is the firmware node's file in sysfs (the Raspberry Pi kernel's `raspberrypi`
//! firmware driver): bit 0 = under-voltage now, bit 16 = under-voltage since the file was last
//! cleared. Where the file is absent, the kernel's `raspberrypi-hwmon` has the first as
//! `in0_lcrit_alarm` of the hwmon device named `rpi_volt`.

use std::fs;
use std::path::Path;

/// Under-voltage at this moment.
pub const UNDER_VOLTAGE_NOW: u32 = 1 << 0;
/// Under-voltage at any time since the flags were cleared.
pub const UNDER_VOLTAGE_SEEN: u32 = 1 << 16;

const FIRMWARE_FILES: [&str; 2] = [
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
];

/// The flags below a root. `None` where the machine has no such firmware.
#[must_use]
pub fn read(root: &Path) -> Option<u32> {
    let text = FIRMWARE_FILES.iter().find_map(|file| fs::read_to_string(root.join(file)).ok());
    match text {
        Some(text) => u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok(),
        None => read_hwmon(root),
    }
}

fn read_hwmon(root: &Path) -> Option<u32> {
    for device in fs::read_dir(root.join("sys/class/hwmon")).ok()?.flatten() {
        let text = |name| fs::read_to_string(device.path().join(name)).ok();
        if text("name").is_some_and(|name| name.trim() == "rpi_volt") {
            let alarm = text("in0_lcrit_alarm")?;
            return Some(if alarm.trim() == "1" { UNDER_VOLTAGE_NOW } else { 0 });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_firmware_speaks_before_hwmon() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(root.path()), None);
        write(root.path(), "sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        write(root.path(), "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(read(root.path()), Some(UNDER_VOLTAGE_NOW));
        write(root.path(), FIRMWARE_FILES[0], "50005\n");
        assert_eq!(read(root.path()), Some(0x50005));
    }
}
