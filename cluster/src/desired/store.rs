//! The file: read as a whole, and replaced as a whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::lock::{self, LockError};
use rustix::fs::OFlags;
use system_config::changes::{self, Disk, FileState, LinuxDisk};

use super::{DesiredError, Document};

/// On a controller. The members of the groups that may switch nodes may write there.
const FILE: &str = "var/lib/clusterhat/power/desired.json";

/// The file is readable for all users who may enter the directory, regardless of who replaced it last.
const MODE: u32 = 0o664;

/// The longest wait for the directory's lock, which is held only while a short file is written to a card.
const LIMIT: Duration = Duration::from_secs(5);

/// Where the desired state is.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
    /// Below the root.
    file: PathBuf,
    /// The simulation that it is beside.
    simulation: Option<PathBuf>,
}

impl Store {
    /// That of a system.
    pub(crate) fn of_system(root: &Path) -> Self {
        Self { root: root.to_owned(), file: FILE.into(), simulation: None }
    }

    /// That of a simulation, hidden beside its file.
    pub(crate) fn of_simulation(simulation: &Path) -> Self {
        let name = simulation.file_name().unwrap_or_default().to_string_lossy();
        let root = simulation.parent().unwrap_or(Path::new("/")).to_owned();
        Self {
            root,
            file: format!(".{name}.desired").into(),
            simulation: Some(simulation.to_owned()),
        }
    }

    /// The file's name, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.join(&self.file)
    }

    /// The document that was last saved; an empty one if there is none. Needs no lock, as the file is replaced atomically.
    ///
    /// # Errors
    /// [`DesiredError`].
    pub(crate) fn read(&self) -> Result<Document, DesiredError> {
        let path = self.path();
        match changes::read(&self.root, &self.file) {
            Ok(None) => Ok(Document::default()),
            Ok(Some(bytes)) => {
                Document::parse(&bytes).map_err(|problem| DesiredError::Damaged { path, problem })
            }
            Err(source) => Err(DesiredError::Io { doing: "read", path, source }),
        }
    }

    /// Changes the document atomically and durably: a loss of power leaves the old one or the new one, and after this
    /// has returned, the new one. Excludes other processes by a lock. Returns the old document.
    ///
    /// # Errors
    /// [`DesiredError`]; a file that cannot be understood is not replaced.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Document),
    ) -> Result<Document, DesiredError> {
        self.change_on(&mut LinuxDisk, change)
    }

    fn change_on(
        &self,
        disk: &mut dyn Disk,
        change: impl FnOnce(&mut Document),
    ) -> Result<Document, DesiredError> {
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            let bytes = after
                .to_bytes()
                .map_err(|problem| DesiredError::Damaged { path: self.path(), problem })?;
            self.replace(disk, bytes)?;
        }
        Ok(before)
    }

    fn replace(&self, disk: &mut dyn Disk, bytes: Vec<u8>) -> Result<(), DesiredError> {
        let path = self.path();
        let Some(simulation) = &self.simulation else {
            let state = FileState { bytes, mode: self.mode(), owner: None };
            return Ok(changes::replace_file(disk, &self.root, &self.file, &state)?);
        };
        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        if is_link {
            let source = io::Error::other("it is a symbolic link");
            return Err(DesiredError::Io { doing: "replace", path, source });
        }
        let text = String::from_utf8_lossy(&bytes);
        hat_driver::sim::replace_beside(simulation, &path, &text)
            .map_err(|source| DesiredError::Io { doing: "replace", path, source })
    }

    /// The folder, locked until it is closed.
    fn lock(&self) -> Result<File, DesiredError> {
        let path = self.path();
        let folder = path.parent().unwrap_or(&self.root);
        let failed = |doing| {
            let path = folder.to_owned();
            move |source| DesiredError::Io { doing, path, source }
        };
        let opened = match open(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder).map_err(failed("create"))?;
                open(folder)
            }
            opened => opened,
        };
        let file = opened.map_err(failed("open"))?;
        match lock::wait(&file, LIMIT) {
            Ok(()) => Ok(file),
            Err(LockError::Io(source)) => Err(failed("lock")(source)),
            Err(_) => Err(DesiredError::Locked { path: folder.to_owned() }),
        }
    }

    /// What it has stays: its owner may want others to keep out.
    fn mode(&self) -> u32 {
        let found = fs::symlink_metadata(self.path());
        found.map_or(MODE, |found| found.permissions().mode() & 0o666)
    }
}

fn open(folder: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::DIRECTORY.bits() as i32).open(folder)
}

#[cfg(test)]
mod tests;
