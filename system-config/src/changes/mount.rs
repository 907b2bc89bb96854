//! Where what a path leads to is mounted, for messages.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The mount point, as the kernel tells it (proc_pid_mountinfo(5)).
pub(super) fn of(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    innermost(&fs::read_to_string("/proc/self/mountinfo").ok()?, &path)
}

fn innermost(mounts: &str, path: &Path) -> Option<PathBuf> {
    let points = mounts.lines().filter_map(|line| Some(unescaped(line.split(' ').nth(4)?)));
    points.filter(|point| path.starts_with(point)).max_by_key(|point| point.as_os_str().len())
}

/// Blanks and the like are written as a backslash and three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_owned();
    for part in parts {
        let byte = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.extend(byte);
        bytes.extend(part.as_bytes().iter().skip(if byte.is_some() { 3 } else { 0 }));
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_point() {
        let mounts = "21 1 8:2 / / rw - ext4 /dev/sda2 rw\n\
                      22 21 8:1 / /mnt/a\\040card ro - ext4 /dev/sdb2 ro\n\
                      23 22 8:1 / /mnt/a\\040card/boot ro - vfat /dev/sdb1 ro\n";
        let of = |path: &str| innermost(mounts, Path::new(path)).unwrap().display().to_string();
        assert_eq!(of("/mnt/a card/var/lib"), "/mnt/a card");
        assert_eq!(of("/mnt/a card/boot/x"), "/mnt/a card/boot");
        assert_eq!(of("/mnt/a cardx"), "/");
    }

    #[test]
    fn what_is_not_there_is_mounted_nowhere() {
        assert_eq!(of(Path::new("/proc/tty")).unwrap(), Path::new("/proc"));
        assert_eq!(of(Path::new("/nothing/there")), None);
    }
}
