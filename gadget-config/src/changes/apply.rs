//! Carrying out a plan.

use std::fs;
use std::path::Path;

use super::disk::{self, Disk, LinuxDisk, Rights};
use super::manifest::Manifest;
use super::places::STATE;
use super::{Base, Change, Content, Error, Places, Plan, Spot};

impl Plan {
    /// Makes the changes.
    ///
    /// # Errors
    /// The first step that fails. The system then is as before or as asked; doing it again or
    /// undoing it goes on from there.
    pub fn apply(&self, places: &Places) -> Result<(), Error> {
        self.apply_with(places, &mut LinuxDisk)
    }

    /// The same on any disk.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn apply_with(&self, places: &Places, disk: &mut dyn Disk) -> Result<(), Error> {
        if self.changes().is_empty() {
            return Ok(());
        }
        let mut manifest = match Manifest::load(places)? {
            Some(manifest) => manifest,
            None => begin(places, disk)?,
        };
        for change in self.changes() {
            manifest.expect(change);
            for folder in missing_folders(places, &change.spot)? {
                if !manifest.folders.contains(&folder) {
                    manifest.folders.push(folder);
                }
            }
        }
        manifest.save(places, disk)?;
        for change in self.changes() {
            make_folders(places, disk, &change.spot)?;
            write(places, disk, change)?;
        }
        manifest.settle();
        manifest.save(places, disk)?;
        tidy(places, disk, &manifest)
    }
}

/// A new manifest and the folder for it.
fn begin(places: &Places, disk: &mut dyn Disk) -> Result<Manifest, Error> {
    let folder = places.record();
    let mut folders = missing_folders(places, &folder)?;
    // A folder of ours with no manifest is from a run that was cut: it made the one above too,
    // if nothing else is in that.
    let state = Spot::root(STATE);
    let was_cut = places.file(&folder)?.is_dir();
    if was_cut && holds_at_most(&places.file(&state)?, &folder) {
        folders.push(state);
    }
    make_folders(places, disk, &folder)?;
    let path = places.file(&folder)?;
    if !path.is_dir() {
        disk.make_folder(&path, 0o700).map_err(Error::io("make", &path))?;
    }
    Ok(Manifest::new(folders))
}

fn holds_at_most(folder: &Path, only: &Spot) -> bool {
    let is_it = |entry: fs::DirEntry| only.path.ends_with(entry.file_name());
    fs::read_dir(folder).is_ok_and(|found| found.flatten().all(is_it))
}

/// Outermost first.
fn missing_folders(places: &Places, spot: &Spot) -> Result<Vec<Spot>, Error> {
    let mut missing = Vec::new();
    let mut at = spot.folder();
    while let Some(folder) = at {
        if places.file(&folder)?.is_dir() {
            break;
        }
        at = folder.folder();
        missing.insert(0, folder);
    }
    Ok(missing)
}

pub(super) fn make_folders(places: &Places, disk: &mut dyn Disk, spot: &Spot) -> Result<(), Error> {
    for folder in missing_folders(places, spot)? {
        let path = places.file(&folder)?;
        disk.make_folder(&path, 0o755).map_err(Error::io("make", &path))?;
    }
    Ok(())
}

fn write(places: &Places, disk: &mut dyn Disk, change: &Change) -> Result<(), Error> {
    match &change.after {
        None => {
            let path = places.link(&change.spot)?;
            disk.remove_file(&path).map_err(Error::io("remove", &path))
        }
        Some(Content::File(state)) => {
            let path = places.file(&change.spot)?;
            disk::replace(disk, &path, state, rights(&change.spot))
        }
        Some(Content::Link(target)) => {
            let path = places.link(&change.spot)?;
            disk.link(target, &path).map_err(Error::io("make the link", &path))
        }
    }
}

pub(super) fn rights(spot: &Spot) -> Rights {
    match spot.base {
        Base::Boot => Rights::AsMounted,
        Base::Root => Rights::Exact,
    }
}

/// Copies that nobody needs and files that a cut left behind.
fn tidy(places: &Places, disk: &mut dyn Disk, manifest: &Manifest) -> Result<(), Error> {
    for entry in manifest.entries.iter().filter(|entry| !entry.is_link()) {
        disk::remove_draft(disk, &places.file(&entry.spot)?)?;
    }
    let needed = manifest.copies();
    let folder = places.file(&places.record())?;
    let found = fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
    for name in found.flatten().map(|entry| entry.file_name()) {
        let is_copy = name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        if is_copy && !name.to_str().is_some_and(|name| needed.contains(name)) {
            let path = folder.join(name);
            disk.remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}
