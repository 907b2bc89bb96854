//! The firmware's under-voltage flags, and how to wait for a change of them.
//!
//! `get_throttled` is the firmware node's file in sysfs (the Raspberry Pi kernel's `raspberrypi`
//! firmware driver): bit 0 = under-voltage now, bit 16 = under-voltage since the flags were last
//! cleared. Where the file is absent, the kernel's `raspberrypi-hwmon` tells by `in0_lcrit_alarm`
//! of the hwmon device named `rpi_volt`.
//!
//! That driver asks the firmware every two seconds and clears the flags with it: bit 16 and the
//! alarm tell of the two seconds before, and a short sag shows for the next two. Both files report
//! a change to whoever polls them (`sysfs_notify`), but some kernels have `get_throttled` without
//! that, so a wait is a poll with a limit after which the flags are read all the same.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

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
    let alarm = fs::read_to_string(alarm(root)?).ok()?;
    Some(if alarm.trim() == "1" { UNDER_VOLTAGE_NOW } else { 0 })
}

/// The file of `raspberrypi-hwmon`.
fn alarm(root: &Path) -> Option<PathBuf> {
    let devices = fs::read_dir(root.join("sys/class/hwmon")).ok()?.flatten();
    let mut folders = devices.map(|device| device.path());
    let ours = |folder: &PathBuf| {
        fs::read_to_string(folder.join("name")).is_ok_and(|name| name.trim() == "rpi_volt")
    };
    folders.find(ours).map(|folder| folder.join("in0_lcrit_alarm"))
}

/// Lets at most so much time pass, and less where the kernel reports that the flags have changed.
/// Returns how much has passed.
pub(super) fn wait(root: &Path, limit: Duration) -> Duration {
    let start = Instant::now();
    let files = FIRMWARE_FILES.iter().map(|file| root.join(file)).chain(alarm(root));
    let opened: Vec<_> = files.filter_map(|file| open_read(&file)).collect();
    if !wait_for_change(&opened, limit) {
        thread::sleep(limit.saturating_sub(start.elapsed()));
    }
    start.elapsed()
}

/// What sysfs reports is a change since the file was last read.
fn open_read(path: &Path) -> Option<File> {
    let mut file = File::open(path).ok()?;
    file.read_to_end(&mut Vec::new()).ok()?;
    Some(file)
}

/// Whether there was one within the limit.
fn wait_for_change(files: &[File], limit: Duration) -> bool {
    let mut fds: Vec<_> = files.iter().map(|file| PollFd::new(file, PollFlags::PRI)).collect();
    let Ok(limit) = Timespec::try_from(limit) else { return false };
    poll(&mut fds, Some(&limit)).is_ok_and(|changed| changed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    use rustix::fs::{CWD, Mode, mkfifoat};

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
        write(root.path(), "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(read(root.path()), Some(0));
        write(root.path(), FIRMWARE_FILES[0], "50005\n");
        assert_eq!(read(root.path()), Some(0x50005));
    }

    #[test]
    fn without_reports_a_wait_takes_its_time() {
        const LIMIT: Duration = Duration::from_millis(30);
        let root = tempfile::tempdir().unwrap();
        assert!(wait(root.path(), LIMIT) >= LIMIT);
        write(root.path(), FIRMWARE_FILES[0], "0\n");
        assert!(wait(root.path(), LIMIT) >= LIMIT);
    }

    /// A pipe whose writer is gone reports at once, as sysfs does at a change.
    #[test]
    fn a_reported_change_ends_a_wait_early() {
        const LIMIT: Duration = Duration::from_secs(60);
        let root = tempfile::tempdir().unwrap();
        write(root.path(), FIRMWARE_FILES[0], "");
        let pipe = root.path().join(FIRMWARE_FILES[0]);
        fs::remove_file(&pipe).unwrap();
        mkfifoat(CWD, &pipe, Mode::RWXU).unwrap();
        thread::spawn(move || drop(File::options().write(true).open(pipe)));
        assert!(wait(root.path(), LIMIT) < LIMIT);
    }

    /// As sysfs does it: what was not read yet reports, and what was read reports the next change.
    #[test]
    fn a_report_ends_a_wait() {
        let path = Path::new("/sys/kernel/uevent_seqnum");
        let unread = File::open(path).unwrap();
        assert!(wait_for_change(&[unread], Duration::from_secs(600)));
        let read = open_read(path).unwrap();
        assert!(!wait_for_change(&[read], Duration::from_millis(30)), "the file has not changed");
    }
}
