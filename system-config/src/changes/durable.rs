//! One file below a root, replaced without a record of what it was.

use std::ffi::OsStr;
use std::path::Path;

use super::disk::{self, Disk, Rights};
use super::{ChangeError, FileState, TargetFile, inside};

/// Replaces a file below a root, or makes it: after a loss of power it is the old one or the new one, and
/// once this returns, the new one. Its folder has to be there. Links do not lead out of the root. Callers
/// exclude each other: all of them use one draft beside the file.
///
/// # Errors
/// [`ChangeError::Io`]; the file is then as it was, or as it was to become.
pub fn replace_file(
    disk: &mut dyn Disk,
    root: &Path,
    path: &Path,
    state: &FileState,
) -> Result<(), ChangeError> {
    let shown = root.join(path);
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or(OsStr::new("."));
    let opened = inside::top(root).and_then(|top| inside::folder(top, folder));
    let folder = opened.map_err(ChangeError::io("open the folder of", &shown))?;
    let at = TargetFile::new(folder, name, shown);
    disk::replace(disk, &at, state, Rights::Exact)
}
