//! Putting back what was there before the set-up.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::apply::{make_folders, rights};
use super::disk::{self, Disk, LinuxDisk};
use super::manifest::{self, Kept, Manifest};
use super::places::STATE;
use super::snapshot::{read_content, read_file};
use super::{Change, Content, Error, Places, Plan, Spot};

/// What becomes of files that somebody changed after the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Nothing is touched at all.
    Refuse,
    /// The old ones are put back; the changes are lost.
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
}

/// Puts a system back; one that was not changed stays as it is.
///
/// # Errors
/// Changed files, or the first step that fails. Doing it again goes on from there.
pub fn undo(places: &Places, changed: Changed) -> Result<Undone, Error> {
    undo_with(places, changed, &mut LinuxDisk)
}

/// What [`undo`] would do, in the order in which it does it.
///
/// # Errors
/// What cannot be read.
pub fn plan_undo(places: &Places) -> Result<Plan, Error> {
    let mut changes = Vec::new();
    for entry in Manifest::load(places)?.unwrap_or_default().entries.into_iter().rev() {
        let before = now(places, &entry)?;
        let after = entry.put_back(before.as_ref());
        if before != after {
            let path = places.shown(&entry.spot);
            changes.push(Change { spot: entry.spot, path, before, after, block: None });
        }
    }
    Ok(Plan::of(changes))
}

/// The same on any disk.
///
/// # Errors
/// As [`undo`].
pub fn undo_with(places: &Places, changed: Changed, disk: &mut dyn Disk) -> Result<Undone, Error> {
    let mut undone = Undone::default();
    let found = Manifest::load(places)?;
    let was_cut = found.is_none();
    let manifest = found.unwrap_or_default();
    if changed == Changed::Refuse {
        refuse_changed(places, &manifest)?;
    }
    for entry in manifest.entries.iter().rev() {
        restore(places, disk, entry, &mut undone)?;
    }
    let (of_state, others): (Vec<_>, Vec<_>) = manifest
        .folders
        .iter()
        .rev()
        .partition(|folder| places.record().path.starts_with(&folder.path));
    for folder in others {
        remove_folder(places, disk, folder, &mut undone)?;
    }
    let had_state = remove_state(places, disk)?;
    for folder in of_state {
        remove_folder(places, disk, folder, &mut undone)?;
    }
    if was_cut && had_state {
        // Left by a first run that was cut before its manifest, or an undoing that was after.
        remove_folder(places, disk, &Spot::root(STATE), &mut Undone::default())?;
    }
    Ok(undone)
}

fn now(places: &Places, entry: &Kept) -> Result<Option<Content>, Error> {
    if entry.is_link() {
        read_content(places, &entry.spot)
    } else {
        Ok(read_file(places, &entry.spot)?.map(Content::File))
    }
}

fn refuse_changed(places: &Places, manifest: &Manifest) -> Result<(), Error> {
    let mut changed = Vec::new();
    for entry in &manifest.entries {
        if !entry.is_known(now(places, entry)?.as_ref()) {
            changed.push(places.shown(&entry.spot));
        }
    }
    if changed.is_empty() { Ok(()) } else { Err(Error::ChangedSince(changed)) }
}

fn restore(
    places: &Places,
    disk: &mut dyn Disk,
    entry: &Kept,
    undone: &mut Undone,
) -> Result<(), Error> {
    let now = now(places, entry)?;
    let shown = places.shown(&entry.spot);
    let path =
        if entry.is_link() { places.link(&entry.spot)? } else { places.file(&entry.spot)? };
    match entry.put_back(now.as_ref()) {
        was if was == now => {}
        Some(Content::File(was)) => {
            make_folders(places, disk, &entry.spot)?;
            disk::replace(disk, &path, &was, rights(&entry.spot))?;
            undone.restored.push(shown);
        }
        Some(Content::Link(target)) => {
            make_folders(places, disk, &entry.spot)?;
            if now.is_some() {
                disk.remove_file(&path).map_err(Error::io("remove", &path))?;
            }
            disk.link(&target, &path).map_err(Error::io("make the link", &path))?;
            undone.restored.push(shown);
        }
        None => {
            disk.remove_file(&path).map_err(Error::io("remove", &path))?;
            undone.removed.push(shown);
        }
    }
    if path.parent().is_some_and(std::path::Path::is_dir) {
        disk::remove_draft(disk, &path)?;
    }
    Ok(())
}

fn remove_folder(
    places: &Places,
    disk: &mut dyn Disk,
    folder: &Spot,
    undone: &mut Undone,
) -> Result<(), Error> {
    let path = places.file(folder)?;
    match disk.remove_folder(&path) {
        Ok(()) => undone.removed.push(places.shown(folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            undone.kept.push(places.shown(folder));
        }
        Err(error) => return Err(Error::io("remove", &path)(error)),
    }
    Ok(())
}

/// The manifest first: without it there is nothing to undo. Says whether there was anything.
fn remove_state(places: &Places, disk: &mut dyn Disk) -> Result<bool, Error> {
    let folder = places.file(&places.record())?;
    let Ok(found) = fs::read_dir(&folder) else { return Ok(false) };
    let mut names: Vec<_> = found.flatten().map(|entry| entry.file_name()).collect();
    names.sort_by_key(|name| (name != manifest::FILE, name.clone()));
    for name in names {
        let path = folder.join(name);
        disk.remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    disk.remove_folder(&folder).map_err(Error::io("remove", &folder))?;
    Ok(true)
}
