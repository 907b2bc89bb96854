//! Carrying out a plan.

use std::ffi::OsString;
use std::io::ErrorKind::NotFound;
use std::path::Path;

use rustix::fs::{FileType, StatVfsMountFlags, fstatvfs};

use super::disk::{self, Disk, LinuxDisk, Rights};
use super::kept::Kept;
use super::lock::LONGEST_WAIT;
use super::manifest::{self, Manifest};
use super::places::STATE;
use super::snapshot::read_file;
use super::{
    Base, Change, Content, Error, FileState, Places, Plan, Spot, Target, boot, mount, target,
};

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
        let places = &places.clone().locked(LONGEST_WAIT)?;
        check(places, self.changes().iter().map(|change| &change.spot))?;
        for change in self.changes() {
            is_to_do(places, change)?;
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
        self.make(places, disk, &mut manifest).map_err(|error| Error::Stopped(error.into()))
    }

    /// What was there is recorded.
    fn make(
        &self,
        places: &Places,
        disk: &mut dyn Disk,
        manifest: &mut Manifest,
    ) -> Result<(), Error> {
        for change in self.changes() {
            make_folders(places, disk, &change.spot)?;
            if is_to_do(places, change)? {
                put(places, disk, &change.spot, change.after.as_ref())?;
            }
        }
        manifest.settle();
        manifest.save(places, disk)?;
        tidy(places, disk, manifest)
    }
}

/// Edits a file whose change is not recorded, as another program would: it keeps its mode and owner. One
/// that is not there stays so.
///
/// # Errors
/// What cannot be read or replaced.
pub fn rewrite(
    places: &Places,
    spot: &Spot,
    edit: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<(), Error> {
    let places = &places.clone().locked(LONGEST_WAIT)?;
    let Some(state) = read_file(places, spot)? else { return Ok(()) };
    let bytes = edit(&state.bytes);
    if bytes == state.bytes {
        return Ok(());
    }
    check(places, [spot].into_iter())?;
    let content = Content::File(FileState { bytes, ..state });
    put(places, &mut LinuxDisk, spot, Some(&content))
}

/// All that is about to be written lasts, and is of this card.
pub(super) fn check<'a>(
    places: &Places,
    spots: impl Iterator<Item = &'a Spot>,
) -> Result<(), Error> {
    boot::check_lasts(places)?;
    check_writable(places, &places.record())?;
    check_draft(places, &places.record().below(manifest::FILE))?;
    let mut needs_boot = false;
    for spot in spots {
        needs_boot |= spot.base == Base::Boot;
        check_writable(places, spot)?;
        check_draft(places, spot)?;
    }
    if needs_boot {
        places.clone().with_boot(None)?;
    }
    Ok(())
}

/// A change that is refused half way leaves what nobody asked for.
fn check_writable(places: &Places, spot: &Spot) -> Result<(), Error> {
    let mut at = spot.folder();
    let folder = loop {
        let path = at.as_ref().map_or(Path::new(""), |folder| &*folder.path);
        match (places.folder(spot.base, path)?, at) {
            (Some(folder), found) => {
                at = found;
                break folder;
            }
            // The base itself was opened.
            (None, None) => return Ok(()),
            (None, Some(missing)) => {
                check_free(places, &missing)?;
                at = missing.folder();
            }
        }
    };
    let shown = places.shown(&at.unwrap_or_else(|| Spot { path: "".into(), ..spot.clone() }));
    let found = fstatvfs(folder).map_err(|error| Error::io("look at", &shown)(error.into()))?;
    let is_fixed = found.f_flag.contains(StatVfsMountFlags::RDONLY);
    let mount = || mount::of(&shown).unwrap_or_else(|| shown.clone());
    if is_fixed { Err(Error::ReadOnly { mount: mount(), path: shown }) } else { Ok(()) }
}

/// A folder can be made there: nothing has that name, not even a link to nowhere.
fn check_free(places: &Places, folder: &Spot) -> Result<(), Error> {
    let Some(at) = places.link(folder)? else { return Ok(()) };
    match at.look().map_err(Error::io("look at", at.path()))? {
        Some(_) => Err(Error::InTheWay(places.shown(folder))),
        None => Ok(()),
    }
}

/// Whatever else has a draft's name can be removed.
fn check_draft(places: &Places, spot: &Spot) -> Result<(), Error> {
    let Some(at) = places.file(spot)? else { return Ok(()) };
    let draft = at.draft().map_err(Error::io("look beside", at.path()))?;
    let found = draft.look().map_err(Error::io("look at", draft.path()))?;
    let is_folder = |mode| FileType::from_raw_mode(mode) == FileType::Directory;
    match found.is_some_and(|found| is_folder(found.st_mode)) {
        true => Err(Error::InTheWay(draft.path().to_owned())),
        false => Ok(()),
    }
}

/// Whether what is there is what the change starts from, and not yet what it leads to, as where one file
/// has two names.
fn is_to_do(places: &Places, change: &Change) -> Result<bool, Error> {
    let entry = Kept::new(change);
    let now = entry.now(places)?;
    if entry.is_before(now.as_ref()) {
        Ok(true)
    } else if entry.is_ours(now.as_ref()) {
        Ok(false)
    } else {
        Err(Error::Moved(change.path.clone()))
    }
}

/// A new manifest and the folder for it.
fn begin(places: &Places, disk: &mut dyn Disk) -> Result<Manifest, Error> {
    let folder = places.record();
    let mut folders = missing_folders(places, &folder)?;
    // A folder of ours with no manifest is from a run that was cut: it made the one above too,
    // if nothing else is in that.
    let state = Spot::root(STATE);
    let was_cut = is_folder(places, &folder)?;
    if was_cut && holds_at_most(places, &state, &folder)? {
        folders.push(state);
    }
    make_folders(places, disk, &folder)?;
    if !was_cut {
        make_folder(places, disk, &folder, 0o700)?;
    }
    Ok(Manifest::new(folders))
}

fn is_folder(places: &Places, spot: &Spot) -> Result<bool, Error> {
    Ok(places.folder(spot.base, &spot.path)?.is_some())
}

fn holds_at_most(places: &Places, folder: &Spot, only: &Spot) -> Result<bool, Error> {
    let names = names_in(places, folder)?;
    Ok(names.iter().all(|name| only.path.ends_with(name)))
}

/// None where the folder is not there.
pub(super) fn names_in(places: &Places, folder: &Spot) -> Result<Vec<OsString>, Error> {
    let open = places.folder(folder.base, &folder.path)?;
    let names = open.map(target::names).transpose();
    Ok(names.map_err(Error::io("list", &places.shown(folder)))?.unwrap_or_default())
}

/// Outermost first.
fn missing_folders(places: &Places, spot: &Spot) -> Result<Vec<Spot>, Error> {
    let mut missing = Vec::new();
    let mut at = spot.folder();
    while let Some(folder) = at {
        if is_folder(places, &folder)? {
            break;
        }
        at = folder.folder();
        missing.insert(0, folder);
    }
    Ok(missing)
}

pub(super) fn make_folders(places: &Places, disk: &mut dyn Disk, spot: &Spot) -> Result<(), Error> {
    for folder in missing_folders(places, spot)? {
        make_folder(places, disk, &folder, 0o755)?;
    }
    Ok(())
}

fn make_folder(
    places: &Places,
    disk: &mut dyn Disk,
    folder: &Spot,
    mode: u32,
) -> Result<(), Error> {
    let at = there(places, places.link(folder)?, folder)?;
    disk.make_folder(&at, mode).map_err(Error::io("make", at.path()))
}

/// An entry of a folder that has to be there by now.
fn there(places: &Places, at: Option<Target>, spot: &Spot) -> Result<Target, Error> {
    let missing = || Error::io("open the folder of", &places.shown(spot))(NotFound.into());
    at.ok_or_else(missing)
}

/// Makes what is at a place this. A link goes before one takes its place, a file is replaced.
pub(super) fn put(
    places: &Places,
    disk: &mut dyn Disk,
    spot: &Spot,
    content: Option<&Content>,
) -> Result<(), Error> {
    if let Some(Content::File(state)) = content {
        let at = there(places, places.file(spot)?, spot)?;
        return disk::replace(disk, &at, state, rights(spot));
    }
    let Some(at) = places.link(spot)? else { return Ok(()) };
    if at.look().map_err(Error::io("look at", at.path()))?.is_some() {
        disk.remove_file(&at).map_err(Error::io("remove", at.path()))?;
    }
    match content {
        Some(Content::Link(to)) => {
            disk.link(to, &at).map_err(Error::io("make the link", at.path()))
        }
        _ => Ok(()),
    }
}

fn rights(spot: &Spot) -> Rights {
    match spot.base {
        Base::Boot => Rights::AsMounted,
        Base::Root => Rights::Exact,
    }
}

/// Copies that nobody needs and files that a cut left behind.
pub(super) fn tidy(places: &Places, disk: &mut dyn Disk, manifest: &Manifest) -> Result<(), Error> {
    for entry in &manifest.entries {
        if let Some(at) = places.file(&entry.spot)? {
            disk::remove_draft(disk, &at)?;
        }
    }
    let needed = manifest.copies();
    let folder = places.record();
    for name in names_in(places, &folder)? {
        let is_idle = |name: &str| manifest::is_copy(name) && !needed.contains(name);
        if name.to_str().is_some_and(is_idle) {
            if let Some(at) = places.link(&folder.below(&name))? {
                disk.remove_file(&at).map_err(Error::io("remove", at.path()))?;
            }
        }
    }
    Ok(())
}
