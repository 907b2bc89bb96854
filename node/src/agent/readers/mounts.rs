//! The file systems of disks and cards.

use std::path::Path;

use node_link::agent::{Disk, LIST_LIMIT, Printable};
use rustix::fs::statvfs;

use super::file::text;

/// A line of mountinfo that is about a disk.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    device: String,
    path: String,
    read_only: bool,
}

/// Every file system once, wherever it is mounted first.
pub(super) fn disks(root: &Path) -> Option<Vec<Disk>> {
    let text = text(root, "proc/self/mountinfo")?;
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in text.lines().filter_map(parse) {
        if mounts.iter().all(|known| known.device != mount.device) {
            mounts.push(mount);
        }
    }
    let disk = |mount: Mount| {
        let path = root.join(mount.path.trim_start_matches('/'));
        let room = statvfs(path).ok()?;
        let kib = |blocks: u64| blocks.saturating_mul(room.f_frsize) / 1024;
        Some(Disk {
            mount: Printable::new(&mount.path),
            total_kib: kib(room.f_blocks),
            available_kib: kib(room.f_bavail),
            read_only: mount.read_only,
        })
    };
    Some(mounts.into_iter().filter_map(disk).take(LIST_LIMIT).collect())
}

/// proc_pid_mountinfo(5): number, parent, device, root, mount point, options of the mount, optional fields, `-`, type, source, options
/// of the file system. The mount's options say nothing here: the unit's sandbox makes them read-only.
fn parse(line: &str) -> Option<Mount> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut words = mount.split(' ').skip(2);
    let (device, _, path) = (words.next()?, words.next()?, words.next()?);
    let mut words = file_system.split(' ').skip(1);
    let (source, options) = (words.next()?, words.next()?);
    // An image in a file is not written to by its mounts.
    let is_disk = source.starts_with("/dev/") && !source.starts_with("/dev/loop");
    is_disk.then(|| Mount {
        device: device.to_owned(),
        path: unescape(path),
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

/// Space, tab, newline and backslash are written as octal numbers.
fn unescape(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_owned(), |path, (written, meant)| path.replace(written, meant))
}
