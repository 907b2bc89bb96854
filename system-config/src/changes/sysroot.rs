//! Where a system's root and boot partition are, and how a path of that system becomes one here.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;

use super::inside::{self, MOST_LINKS, is_absence};
use super::lock::SysrootLock;
use super::{ChangeError, Partition, SysPath, TargetFile, target};

/// Where the state of programs is.
const PROGRAMS: &str = "var/lib";

/// The state of all of the project's packages.
pub(super) const STATE: &str = "var/lib/clusterhat";

/// An installed system, running or mounted: its root, its boot partition, and the record of our changes to it.
#[derive(Clone, Debug)]
pub struct Sysroot {
    pub(super) root: Top,
    pub(super) boot: Top,
    pub(super) record: &'static str,
    pub(super) held: Option<Arc<SysrootLock>>,
}

/// A folder that no path below it leads out of.
#[derive(Clone, Debug)]
pub(super) struct Top {
    folder: Arc<OwnedFd>,
    /// From there to where paths start, which links and `..` may lead above.
    start: PathBuf,
    /// As the user writes it.
    pub(super) shown: PathBuf,
}

impl Top {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let folder = Arc::new(inside::top(path)?);
        Ok(Self { folder, start: PathBuf::new(), shown: path.to_owned() })
    }

    pub(super) fn below(&self, path: &str) -> Self {
        let (folder, start) = (Arc::clone(&self.folder), path.into());
        Self { folder, start, shown: self.shown.join(path) }
    }
}

impl Sysroot {
    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root.shown
    }

    /// The folder of the record.
    pub(super) fn record(&self) -> SysPath {
        SysPath::root(STATE).below(self.record)
    }

    /// Where a partition is mounted, for messages.
    #[must_use]
    pub fn mount_point(&self, partition: Partition) -> &Path {
        &self.top(partition).shown
    }

    /// The path as a user writes it.
    #[must_use]
    pub fn shown(&self, sys_path: &SysPath) -> PathBuf {
        self.mount_point(sys_path.partition).join(inside::relative(&sys_path.path))
    }

    /// Whether something is there, through links.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub fn has(&self, sys_path: &SysPath) -> Result<bool, ChangeError> {
        let found = match self.file(sys_path)? {
            Some(at) => at.look().map_err(ChangeError::io("look at", at.path()))?,
            None => None,
        };
        Ok(found.is_some())
    }

    const fn top(&self, partition: Partition) -> &Top {
        match partition {
            Partition::Boot => &self.boot,
            Partition::Root => &self.root,
        }
    }

    /// A folder, if it is there: links are followed as the card's own system would follow them, so that
    /// an absolute one on a mounted card does not lead to a folder of this machine.
    pub(super) fn folder(
        &self,
        partition: Partition,
        path: &Path,
    ) -> Result<Option<OwnedFd>, ChangeError> {
        match self.open(partition, path) {
            Err(error) if is_absence(&error) => Ok(None),
            opened => {
                let shown = || self.mount_point(partition).join(inside::relative(path));
                opened.map(Some).map_err(|error| ChangeError::io("open", &shown())(error))
            }
        }
    }

    fn open(&self, partition: Partition, path: &Path) -> io::Result<OwnedFd> {
        let top = self.top(partition);
        let path = top.start.join(inside::relative(path));
        match path.strip_prefix(PROGRAMS) {
            Ok(rest) if partition == Partition::Root && path.starts_with(STATE) => {
                let programs = inside::folder(&top.folder, Path::new(PROGRAMS))?;
                rest.iter().try_fold(programs, |at, name| own_folder(&at, name))
            }
            _ => inside::folder(&top.folder, &path),
        }
    }

    /// The names in a folder; none where it is not there.
    pub(super) fn names(&self, folder: &SysPath) -> Result<Vec<OsString>, ChangeError> {
        let open = self.folder(folder.partition, &folder.path)?;
        let names = open.map(target::names).transpose();
        Ok(names.map_err(ChangeError::io("list", &self.shown(folder)))?.unwrap_or_default())
    }

    /// A file, if its folder is there; links are followed likewise.
    pub(super) fn file(&self, sys_path: &SysPath) -> Result<Option<TargetFile>, ChangeError> {
        let mut sys_path = sys_path.clone();
        for _ in 0..MOST_LINKS {
            let Some(at) = self.link(&sys_path)? else { return Ok(None) };
            let found = at.look().map_err(ChangeError::io("look at", at.path()))?;
            let is_link = |mode| FileType::from_raw_mode(mode) == FileType::Symlink;
            if !found.is_some_and(|found| is_link(found.st_mode)) {
                return Ok(Some(at));
            }
            let target = at.read_link().map_err(ChangeError::io("read", at.path()))?;
            sys_path = self.behind(sys_path, &target);
        }
        let error = io::Error::other("too many links: they form a loop");
        Err(ChangeError::io("follow the links of", &self.shown(&sys_path))(error))
    }

    /// The same, but a link at the end is the thing meant.
    pub(super) fn link(&self, sys_path: &SysPath) -> Result<Option<TargetFile>, ChangeError> {
        let shown = self.shown(sys_path);
        let path = inside::relative(&sys_path.path);
        let name = path.file_name().unwrap_or(OsStr::new("."));
        let folder = path.parent().unwrap_or(Path::new(""));
        let Some(folder) = self.folder(sys_path.partition, folder)? else { return Ok(None) };
        let at = TargetFile::new(folder, name, shown.clone());
        match sys_path.partition {
            Partition::Boot => {
                at.in_any_case().map(Some).map_err(ChangeError::io("look at", &shown))
            }
            Partition::Root => Ok(Some(at)),
        }
    }

    /// What a link at a place leads to. An absolute one starts at the top, which is the root's also for a
    /// boot folder below it.
    fn behind(&self, sys_path: SysPath, target: &Path) -> SysPath {
        let folder = sys_path.path.parent().unwrap_or(Path::new("")).to_owned();
        let is_below_root = !self.top(sys_path.partition).start.as_os_str().is_empty();
        match (target.is_absolute(), is_below_root) {
            (true, true) => SysPath::root(target),
            (true, false) => SysPath { path: target.to_owned(), ..sys_path },
            (false, _) => SysPath { path: folder.join(target), ..sys_path },
        }
    }

    /// The folders that a setup locks: what a user may give alone, and together with another.
    pub(super) fn tops(&self) -> Vec<(&OwnedFd, &Path)> {
        let mut tops: Vec<(&OwnedFd, &Path)> = vec![(&self.root.folder, &self.root.shown)];
        if !Arc::ptr_eq(&self.root.folder, &self.boot.folder) {
            tops.push((&self.boot.folder, &self.boot.shown));
        }
        tops
    }
}

/// A folder of our own: a link in its place would make us write, and remove, what is not ours.
fn own_folder(parent: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let is_absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    inside::folder_itself(parent, name).map_err(|error| match is_absent(&error) {
        true => error,
        false => io::Error::other(format!(
            "{} is not a directory: remove it ({error})",
            Path::new(name).display()
        )),
    })
}

#[cfg(test)]
mod tests;
