//! Taking back what a setup did.

use std::io;
use std::path::PathBuf;

use super::apply::{make_folders, put, tidy};
use super::disk::{self, Disk, LinuxDisk};
use super::kept::{Back, Kept};
use super::lock::LONGEST_WAIT;
use super::manifest::{self, Manifest};
use super::plan::Part;
use super::preflight::check;
use super::sysroot::STATE;
use super::{Change, ChangeError, ChangePlan, Content, Edited, Partition, SysPath, Sysroot};

/// What becomes of a file in which somebody changed what the setup had written. What else others wrote
/// stays in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// If there is one, nothing is touched at all.
    Refuse,
    /// It stays, and so does the record of it; the others are undone.
    Leave,
    /// Those changes are lost.
    Overwrite,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// Files with their old content.
    pub restored: Vec<PathBuf>,
    /// Files, links and folders that were not there before.
    pub removed: Vec<PathBuf>,
    /// Folders of ours in which somebody has put something.
    pub kept: Vec<PathBuf>,
    /// What was left as it is: [`Changed::Leave`].
    pub edited: Vec<Edited>,
    /// What of ours stays because others rely on it, one line each.
    pub notes: Vec<String>,
}

/// Puts a system back; one that was not changed stays as it is.
///
/// # Errors
/// Changed files, or the first step that fails. Doing it again goes on from there.
pub fn undo(sysroot: &Sysroot, changed: Changed) -> Result<Undone, ChangeError> {
    undo_with(sysroot, changed, &mut LinuxDisk)
}

/// What [`undo`] would do, in the order in which it does it. What it would leave is a note.
///
/// # Errors
/// What cannot be read.
pub fn plan_undo(sysroot: &Sysroot, changed: Changed) -> Result<ChangePlan, ChangeError> {
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    let manifest = Manifest::load(sysroot)?.unwrap_or_default();
    check_boot(sysroot, &manifest, changed)?;
    for entry in manifest.entries.into_iter().rev() {
        let before = entry.now(sysroot)?;
        let path = sysroot.shown(&entry.sys_path);
        let after = match entry.taken_back(before.as_ref()) {
            Back::To(after) => after,
            Back::Edited { lost, .. } if changed == Changed::Overwrite => lost,
            Back::Edited { lines, .. } => {
                notes.push(ChangeError::ChangedSince(vec![Edited { path, lines }]).to_string());
                continue;
            }
        };
        notes.extend(relied_on(sysroot, &entry, before.as_ref()));
        if before != after {
            let part = Part::default();
            changes.push(Change { sys_path: entry.sys_path, path, before, after, part });
        }
    }
    Ok(ChangePlan::of(changes, notes))
}

/// Puts a system back on any disk.
///
/// # Errors
/// As [`undo`].
pub fn undo_with(
    sysroot: &Sysroot,
    changed: Changed,
    disk: &mut dyn Disk,
) -> Result<Undone, ChangeError> {
    let sysroot = &sysroot.clone().locked(LONGEST_WAIT)?;
    let Some(mut manifest) = Manifest::load(sysroot)? else {
        let mut undone = Undone::default();
        if remove_state(sysroot, disk)? {
            // Left by a first run that was cut before its manifest, or an undoing that was after.
            remove_folder(sysroot, disk, &SysPath::root(STATE), &mut undone)?;
        }
        // Without a record nobody knows whose a folder is that is not empty.
        return Ok(Undone { kept: Vec::new(), ..undone });
    };
    check_boot(sysroot, &manifest, changed)?;
    check(sysroot, concerned(sysroot, &manifest)?.into_iter())?;
    let (mut undone, left) = take_in(sysroot, &mut manifest, changed)?;
    // From here on what is there is known, whenever this is cut.
    manifest.save_if_changed(sysroot, disk)?;
    take_away(sysroot, disk, &mut manifest, &left, &mut undone)
        .map_err(|error| ChangeError::Stopped(error.into()))?;
    Ok(undone)
}

/// A boot partition without anything of what was written there is another card's, as far as one can see: cards
/// of one image are the same before their first boot.
fn check_boot(sysroot: &Sysroot, manifest: &Manifest, changed: Changed) -> Result<(), ChangeError> {
    let mut first = None;
    for entry in manifest.entries.iter().filter(|one| one.sys_path.partition == Partition::Boot) {
        if changed == Changed::Overwrite || !entry.has_vanished(entry.now(sysroot)?.as_ref()) {
            return Ok(());
        }
        first = first.or(Some(&entry.sys_path));
    }
    first.map_or(Ok(()), |sys_path| Err(ChangeError::Vanished(sysroot.shown(sys_path))))
}

/// The places in which there is, or will be, anything: of the others their folders may be gone, too.
fn concerned<'a>(
    sysroot: &Sysroot,
    manifest: &'a Manifest,
) -> Result<Vec<&'a SysPath>, ChangeError> {
    let mut sys_paths = Vec::new();
    for entry in &manifest.entries {
        if entry.before.is_some() || entry.now(sysroot)?.is_some() {
            sys_paths.push(&entry.sys_path);
        }
    }
    Ok(sys_paths)
}

fn take_away(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    manifest: &mut Manifest,
    left: &[SysPath],
    undone: &mut Undone,
) -> Result<(), ChangeError> {
    for entry in manifest.entries.iter().rev().filter(|entry| !left.contains(&entry.sys_path)) {
        restore(sysroot, disk, entry, undone)?;
    }
    if left.is_empty() {
        return remove_record(sysroot, disk, manifest, undone);
    }
    manifest.entries.retain(|entry| left.contains(&entry.sys_path));
    manifest.save(sysroot, disk)?;
    tidy(sysroot, disk, manifest)
}

/// What others wrote since becomes part of what is put back. What somebody changed of ours, and the places
/// of that, are told.
fn take_in(
    sysroot: &Sysroot,
    manifest: &mut Manifest,
    changed: Changed,
) -> Result<(Undone, Vec<SysPath>), ChangeError> {
    let (mut undone, mut left) = (Undone::default(), Vec::new());
    for entry in &mut manifest.entries {
        let now = entry.now(sysroot)?;
        let then = match entry.taken_back(now.as_ref()) {
            Back::To(then) => then,
            Back::Edited { lost, .. } if changed == Changed::Overwrite => lost,
            Back::Edited { lines, .. } => {
                undone.edited.push(Edited { path: sysroot.shown(&entry.sys_path), lines });
                left.push(entry.sys_path.clone());
                continue;
            }
        };
        undone.notes.extend(relied_on(sysroot, entry, now.as_ref()));
        manifest.is_changed |= entry.lead_back_to(now.as_ref(), then) | entry.is_made;
        entry.is_made = false;
    }
    if undone.edited.is_empty() || changed == Changed::Leave {
        Ok((undone, left))
    } else {
        Err(ChangeError::ChangedSince(undone.edited))
    }
}

/// What of ours stays in a file that is put back.
fn relied_on(sysroot: &Sysroot, entry: &Kept, now: Option<&Content>) -> Vec<String> {
    let path = sysroot.shown(&entry.sys_path);
    let note = |line: String| {
        format!(
            "{}: {line} stays, since lines that were added behind it rely on it",
            path.display()
        )
    };
    entry.relied_on(now).into_iter().map(note).collect()
}

fn restore(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    entry: &Kept,
    undone: &mut Undone,
) -> Result<(), ChangeError> {
    let now = entry.now(sysroot)?;
    let shown = sysroot.shown(&entry.sys_path);
    let then = match entry.taken_back(now.as_ref()) {
        Back::To(then) => then,
        Back::Edited { .. } => return Err(ChangeError::ChangedDuringSetup(shown)),
    };
    if then != now {
        if then.is_some() {
            make_folders(sysroot, disk, &entry.sys_path)?;
        }
        put(sysroot, disk, &entry.sys_path, then.as_ref())?;
        if then.is_some() { &mut undone.restored } else { &mut undone.removed }.push(shown);
    }
    if let Some(at) = sysroot.file(&entry.sys_path)? {
        disk::remove_draft(disk, &at)?;
    }
    Ok(())
}

fn remove_record(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    manifest: &Manifest,
    undone: &mut Undone,
) -> Result<(), ChangeError> {
    let is_state = |folder: &&SysPath| sysroot.record().path.starts_with(&folder.path);
    let (of_state, others): (Vec<_>, Vec<_>) = manifest.folders.iter().rev().partition(is_state);
    for folder in others {
        remove_folder(sysroot, disk, folder, undone)?;
    }
    manifest.emptied().save(sysroot, disk)?;
    remove_state(sysroot, disk)?;
    for folder in of_state {
        remove_folder(sysroot, disk, folder, undone)?;
    }
    Ok(())
}

fn remove_folder(
    sysroot: &Sysroot,
    disk: &mut dyn Disk,
    folder: &SysPath,
    undone: &mut Undone,
) -> Result<(), ChangeError> {
    // A link in its place is somebody else's, and so is the folder that it leads to.
    let Some(at) = sysroot.link(folder)? else { return Ok(()) };
    match disk.remove_folder(&at) {
        Ok(()) => undone.removed.push(sysroot.shown(folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if is_others(&error) => undone.kept.push(sysroot.shown(folder)),
        Err(error) => return Err(ChangeError::io("remove", at.path())(error)),
    }
    Ok(())
}

/// Somebody has put something into a folder of ours, or in its place.
fn is_others(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory)
}

/// The manifest last: copies without it are those of a damaged record. Says whether there was anything.
fn remove_state(sysroot: &Sysroot, disk: &mut dyn Disk) -> Result<bool, ChangeError> {
    let folder = sysroot.record();
    let Some(at) = sysroot.link(&folder)? else { return Ok(false) };
    if at.look().map_err(ChangeError::io("look at", at.path()))?.is_none() {
        return Ok(false);
    }
    let mut names = sysroot.names(&folder)?;
    names.sort_by_key(|name| (name == manifest::FILE, name.clone()));
    for name in names.iter().filter(|name| name.to_str().is_some_and(manifest::is_of_record)) {
        if let Some(at) = sysroot.link(&folder.below(name))? {
            disk.remove_file(&at).map_err(ChangeError::io("remove", at.path()))?;
        }
    }
    match disk.remove_folder(&at) {
        // Somebody put something there: it is in nobody's way.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(true),
        removed => removed.map(|()| true).map_err(ChangeError::io("remove", at.path())),
    }
}
