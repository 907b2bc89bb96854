//! Disks of guests, as they lie on the host.

use std::{fs::File, io, path::Path};

use super::tools::{self, DUMPE2FS, MKE2FS};

/// Makes an empty file system with a journal, as the card of every node and controller has one: after a loss of power it
/// is whole. The file is sparse.
///
/// # Errors
/// If it cannot be made, or mke2fs is missing (its Debian package is named).
pub fn make(disk: &Path, bytes: u64) -> io::Result<()> {
    File::create(disk)?.set_len(bytes)?;
    let options = ["-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1,nodiscard"];
    tools::stdout(MKE2FS.command()?.args(options).arg(disk)).map(drop)
}

/// Whether the file system was unmounted: its journal holds nothing that is to be replayed.
///
/// # Errors
/// If there is no such file system, or dumpe2fs is missing (its Debian package is named).
pub fn is_clean(disk: &Path) -> io::Result<bool> {
    let said = tools::stdout(DUMPE2FS.command()?.arg("-h").arg(disk))?;
    let said = String::from_utf8_lossy(&said);
    let features = said.lines().find_map(|line| line.strip_prefix("Filesystem features:"));
    let features = features.filter(|features| features.contains("has_journal"));
    let features = features.ok_or_else(|| io::Error::other(format!("no journal: {said}")))?;
    Ok(!features.contains("needs_recovery"))
}
