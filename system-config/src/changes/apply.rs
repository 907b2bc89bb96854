//! Carrying out a plan.

use std::io::ErrorKind::NotFound;

use super::disk::{self, Disk, LinuxDisk, Rights};
use super::kept::Kept;
use super::lock::LONGEST_WAIT;
use super::manifest::{self, Manifest};
use super::preflight::check;
use super::snapshot::read_file;
use super::sysroot::STATE;
use super::{
    Change, ChangeError, ChangePlan, Content, FileState, Partition, SysPath, Sysroot, TargetFile,
};

impl ChangePlan {
    /// Makes the changes.
    ///
    /// # Errors
    /// The first step that fails. The system then is as before or as asked; doing it again or
    /// undoing it goes on from there.
    pub fn apply(&self, sysroot: &Sysroot) -> Result<(), ChangeError> {
        self.apply_with(sysroot, &mut LinuxDisk)
    }

    /// Makes the changes on any disk.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn apply_with(&self, sysroot: &Sysroot, disk: &mut dyn Disk) -> Result<(), ChangeError> {
        if self.changes().is_empty() {
            return Ok(());
        }
        let sysroot = &sysroot.clone().locked(LONGEST_WAIT)?;
        check(sysroot, self.changes().iter().map(|change| &change.sys_path))?;
        for change in self.changes() {
            is_to_do(sysroot, change)?;
        }
        let mut manifest = self.record(sysroot, disk).map_err(|error| match error {
            ChangeError::Io { .. } => ChangeError::NotBegun(error.into()),
            error => error,
        })?;
        self.make(sysroot, disk, &mut manifest).map_err(|error| ChangeError::Stopped(error.into()))
    }

    /// Records what is there before anything is changed.
    fn record(&self, sysroot: &Sysroot, disk: &mut dyn Disk) -> Result<Manifest, ChangeError> {
        let mut manifest = match Manifest::load(sysroot)? {
            Some(manifest) => manifest,
            None => begin(sysroot, disk)?,
        };
        for change in self.changes() {
            manifest.expect(change);
            for folder in missing_folders(sysroot, &change.sys_path)? {
                if !manifest.folders.contains(&folder) {
                    manifest.folders.push(folder);
                }
            }
        }
        manifest.save(sysroot, disk)?;
        Ok(manifest)
    }

    /// Makes the changes, whose record is there.
    fn make(
        &self,
        sysroot: &Sysroot,
        disk: &mut dyn Disk,
        manifest: &mut Manifest,
    ) -> Result<(), ChangeError> {
        for change in self.changes() {
            make_folders(sysroot, disk, &change.sys_path)?;
            if is_to_do(sysroot, change)? {
                put(sysroot, disk, &change.sys_path, change.after.as_ref())?;
            }
        }
        manifest.settle();
        manifest.save(sysroot, disk)?;
        tidy(sysroot, disk, manifest)
    }
}

/// Edits a file whose change is not recorded, as another program would: it keeps its mode and owner. One
/// that is not there stays so.
///
/// # Errors
/// What cannot be read or replaced.
pub fn rewrite(
    sysroot: &Sysroot,
    sys_path: &SysPath,
    edit: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<(), ChangeError> {
    let sysroot = &sysroot.clone().locked(LONGEST_WAIT)?;
    let Some(state) = read_file(sysroot, sys_path)? else { return Ok(()) };
    let bytes = edit(&state.bytes);
    if bytes == state.bytes {
        return Ok(());
    }
    check(sysroot, [sys_path].into_iter())?;
    let content = Content::File(FileState { bytes, ..state });
    put(sysroot, &mut LinuxDisk, sys_path, Some(&content)).inspect_err(|_| {
        // The error that counts is the first.
        let _ = remove_draft(sysroot, sys_path);
    })
}

/// Removes what a [`rewrite`] that was cut left beside a file.
///
/// # Errors
/// What cannot be removed.
pub fn remove_draft(sysroot: &Sysroot, sys_path: &SysPath) -> Result<(), ChangeError> {
    match sysroot.file(sys_path)? {
        Some(at) => disk::remove_draft(&mut LinuxDisk, &at),
        None => Ok(()),
    }
}

/// Whether what is there is what the change starts from, and not yet what it leads to, as where one file
/// has two names.
fn is_to_do(sysroot: &Sysroot, change: &Change) -> Result<bool, ChangeError> {
    let entry = Kept::new(change);
    let now = entry.now(sysroot)?;
    if entry.is_before(now.as_ref()) {
        Ok(true)
    } else if entry.is_ours(now.as_ref()) {
        Ok(false)
    } else {
        Err(ChangeError::ChangedDuringSetup(change.path.clone()))
    }
}

/// A new manifest and the folder for it.
fn begin(sysroot: &Sysroot, disk: &mut dyn Disk) -> Result<Manifest, ChangeError> {
    let folder = sysroot.record();
    let mut folders = missing_folders(sysroot, &folder)?;
    // A folder of ours with no manifest is from a run that was cut: it made the one above too,
    // if nothing else is in that.
    let state = SysPath::root(STATE);
    let was_cut = is_folder(sysroot, &folder)?;
    if was_cut && holds_at_most(sysroot, &state, &folder)? {
        folders.push(state);
    }
    make_folders(sysroot, disk, &folder)?;
    if !was_cut {
        make_folder(sysroot, disk, &folder, 0o700)?;
    }
    let mut manifest = Manifest::new(folders);
    manifest.save(sysroot, disk)?;
    Ok(manifest)
}

fn is_folder(sysroot: &Sysroot, sys_path: &SysPath) -> Result<bool, ChangeError> {
    Ok(sysroot.folder(sys_path.partition, &sys_path.path)?.is_some())
}

fn holds_at_most(sysroot: &Sysroot, folder: &SysPath, only: &SysPath) -> Result<bool, ChangeError> {
    let names = sysroot.names(folder)?;
    Ok(names.iter().all(|name| only.path.ends_with(name)))
}

/// Outermost first.
fn missing_folders(sysroot: &Sysroot, sys_path: &SysPath) -> Result<Vec<SysPath>, ChangeError> {
    let mut missing = Vec::new();
    let mut at = sys_path.folder();
    while let Some(folder) = at {
        if is_folder(sysroot, &folder)? {
            break;
        }
        at = folder.folder();
        missing.insert(0, folder);
    }
    Ok(missing)
}

pub(super) fn make_folders(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    sys_path: &SysPath,
) -> Result<(), ChangeError> {
    for folder in missing_folders(sysroot, sys_path)? {
        make_folder(sysroot, disk, &folder, 0o755)?;
    }
    Ok(())
}

fn make_folder(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    folder: &SysPath,
    mode: u32,
) -> Result<(), ChangeError> {
    let at = there(sysroot, sysroot.link(folder)?, folder)?;
    disk.make_folder(&at, mode).map_err(ChangeError::io("make", at.path()))
}

/// An entry of a folder that has to be there by now.
fn there(
    sysroot: &Sysroot,
    at: Option<TargetFile>,
    sys_path: &SysPath,
) -> Result<TargetFile, ChangeError> {
    let missing =
        || ChangeError::io("open the folder of", &sysroot.shown(sys_path))(NotFound.into());
    at.ok_or_else(missing)
}

/// Makes what is at a place this. A link goes before one takes its place, a file is replaced.
pub(super) fn put(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    sys_path: &SysPath,
    content: Option<&Content>,
) -> Result<(), ChangeError> {
    if let Some(Content::File(state)) = content {
        let at = there(sysroot, sysroot.file(sys_path)?, sys_path)?;
        return disk::replace(disk, &at, state, rights(sys_path));
    }
    let Some(at) = sysroot.link(sys_path)? else { return Ok(()) };
    if at.look().map_err(ChangeError::io("look at", at.path()))?.is_some() {
        disk.remove_file(&at).map_err(ChangeError::io("remove", at.path()))?;
    }
    match content {
        Some(Content::Link(to)) => {
            disk.link(to, &at).map_err(ChangeError::io("make the link", at.path()))
        }
        _ => Ok(()),
    }
}

fn rights(sys_path: &SysPath) -> Rights {
    match sys_path.partition {
        Partition::Boot => Rights::AsMounted,
        Partition::Root => Rights::Exact,
    }
}

/// Copies that nobody needs and files that a cut left behind.
pub(super) fn tidy(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    manifest: &Manifest,
) -> Result<(), ChangeError> {
    for entry in &manifest.entries {
        if let Some(at) = sysroot.file(&entry.sys_path)? {
            disk::remove_draft(disk, &at)?;
        }
    }
    let needed = manifest.copies();
    let folder = sysroot.record();
    for name in sysroot.names(&folder)? {
        let is_idle = |name: &str| manifest::is_copy(name) && !needed.contains(name);
        if name.to_str().is_some_and(is_idle) {
            if let Some(at) = sysroot.link(&folder.below(&name))? {
                disk.remove_file(&at).map_err(ChangeError::io("remove", at.path()))?;
            }
        }
    }
    Ok(())
}
