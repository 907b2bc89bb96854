//! New files that other users may open as soon as they have their names: until its content, owner and
//! permissions are complete, a file lies beside its place under a name that nobody else uses.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// A file without its name. Dropped, it is removed.
pub(crate) struct Draft<'a> {
    path: &'a Path,
    draft: PathBuf,
}

impl<'a> Draft<'a> {
    /// Makes one that only its owner may open yet, for a file at `path`.
    ///
    /// # Errors
    /// Where its folder is absent or may not be written to.
    pub(crate) fn new(path: &'a Path) -> io::Result<(Self, File)> {
        loop {
            let draft = draft(path);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft) {
                // Left by a process of this number that was killed, or another container's.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => return Ok((Self { path, draft }, file?)),
            }
        }
    }

    /// Gives the file its name, which nothing may have yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has it; that is unchanged.
    pub(crate) fn add(self) -> io::Result<()> {
        match renameat_with(CWD, &self.draft, CWD, self.path, RenameFlags::NOREPLACE) {
            // Network file systems cannot; FAT has no links.
            Err(Errno::INVAL) => fs::hard_link(&self.draft, self.path),
            renamed => Ok(renamed?),
        }
    }

    /// Gives the file its name, in the place of what has it.
    ///
    /// # Errors
    /// Those of `rename(2)`.
    #[cfg(feature = "sim")]
    pub(crate) fn replace(self) -> io::Result<()> {
        fs::rename(&self.draft, self.path)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.draft);
    }
}

/// A hidden name that neither another process nor another thread uses.
fn draft(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{number}.new", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_added_once_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        for (text, added) in [("first", true), ("second", false)] {
            let (draft, _file) = Draft::new(&path).unwrap();
            fs::write(&draft.draft, text).unwrap();
            let result = draft.add();
            assert_eq!(result.is_ok(), added, "{result:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        #[cfg(feature = "sim")]
        {
            let (draft, _file) = Draft::new(&path).unwrap();
            draft.replace().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "");
        }
        drop(Draft::new(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
