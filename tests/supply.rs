//! The kernel's report of a change ends a wait in which the supply is watched.
//!
//! No machine of a test has the firmware's files, whose changes the kernel reports to whoever polls them. The list of mounts
//! reports its own in the same way, and stands for one of them.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use clusterhat_tests::namespace::within_mounts;
use hat_driver::linux::{Host, Platform as _};

/// Longer than a mount takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Something is mounted once the wait has begun, whenever that is.
fn mount_again_and_again(place: &Path) -> Child {
    let script = "while mount -t tmpfs tmpfs \"$0\" && umount \"$0\"; do sleep 0.05; done";
    Command::new("sh").args(["-c", script]).arg(place).spawn().unwrap()
}

#[test]
fn a_report_of_the_kernel_ends_a_wait() {
    within_mounts("a_report_of_the_kernel_ends_a_wait", || {
        for (file, beside) in [
            ("sys/devices/platform/soc/soc:firmware/get_throttled", None),
            ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", Some(("name", "rpi_volt\n"))),
        ] {
            let root = tempfile::tempdir().unwrap();
            let file = root.path().join(file);
            let folder = file.parent().unwrap();
            fs::create_dir_all(folder).unwrap();
            if let Some((name, text)) = beside {
                fs::write(folder.join(name), text).unwrap();
            }
            symlink("/proc/self/mountinfo", &file).unwrap();
            let place = tempfile::tempdir().unwrap();
            let mut mounting = mount_again_and_again(place.path());
            let passed = Host::new(root.path()).sleep_or_sag(LIMIT);
            mounting.kill().unwrap();
            mounting.wait().unwrap();
            assert!(passed < LIMIT, "{file:?}: nothing ended the wait");
        }
    });
}
