//! What is there before anything is changed: all that planning looks at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustix::fs::{FileType, Stat};

use super::target::names;
use super::{Error, Places, Spot, Target};

/// User and group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User ID.
    pub uid: u32,
    /// Group ID.
    pub gid: u32,
}

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Whose; nothing for a new file, which belongs to the one who makes it.
    pub owner: Option<Owner>,
}

/// What a set-up writes and what it finds in that place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File(FileState),
    /// A symbolic link, as it stands there.
    Link(PathBuf),
}

/// A thing of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file that was read, or a link that was not followed.
    Content(Content),
    /// It is there; nobody asked what is in it.
    There,
}

/// Everything that planning looks at. An absent key is an absent file.
#[derive(Clone, Debug)]
pub struct Snapshot {
    places: Places,
    entries: BTreeMap<Spot, Entry>,
}

impl Snapshot {
    /// Of a system of which nothing was looked at yet.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        Self { places: places.clone(), entries: BTreeMap::new() }
    }

    /// Takes in the files of a folder whose names end so. A link to nowhere is none: Debian has one to
    /// `/etc/modules` also where that is not there. Nor is one to `/dev/null`, which masks another file.
    ///
    /// # Errors
    /// As [`Self::add_file`].
    pub fn add_files(&mut self, folder: &Spot, ending: &str) -> Result<(), Error> {
        for name in self.names(folder)? {
            let spot = folder.below(name);
            if !spot.path.to_string_lossy().ends_with(ending) || !self.places.has(&spot)? {
                continue;
            }
            match read_content(&self.places, &spot) {
                Ok(Some(Content::Link(target))) if target.as_os_str() == "/dev/null" => {}
                _ => self.add_file(spot)?,
            }
        }
        Ok(())
    }

    /// The names in a folder, sorted; none if it is absent.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn names(&self, folder: &Spot) -> Result<Vec<String>, Error> {
        let Some(open) = self.places.folder(folder.base, &folder.path)? else {
            return Ok(Vec::new());
        };
        let found = names(open).map_err(Error::io("list", &self.places.shown(folder)))?;
        // No name that matters here is anything but text.
        let mut names: Vec<_> =
            found.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Takes in a file, through links.
    ///
    /// # Errors
    /// A file that cannot be read, or is no file.
    pub fn add_file(&mut self, spot: Spot) -> Result<(), Error> {
        if let Some(state) = read_file(&self.places, &spot)? {
            self.entries.insert(spot, Entry::Content(Content::File(state)));
        }
        Ok(())
    }

    /// Takes in a file or a link, as it stands there.
    ///
    /// # Errors
    /// As [`Self::add_file`].
    pub fn add_link(&mut self, spot: Spot) -> Result<(), Error> {
        if let Some(content) = read_content(&self.places, &spot)? {
            self.entries.insert(spot, Entry::Content(content));
        }
        Ok(())
    }

    /// Takes in that something is there.
    ///
    /// # Errors
    /// Links that form a loop.
    pub fn add_mark(&mut self, spot: Spot) -> Result<(), Error> {
        if self.places.has(&spot)? {
            self.entries.insert(spot, Entry::There);
        }
        Ok(())
    }

    /// Where the system is.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Whether something is there, of what was looked at.
    #[must_use]
    pub fn has(&self, spot: &Spot) -> bool {
        self.entries.contains_key(spot)
    }

    /// The file or link at a place.
    #[must_use]
    pub fn content(&self, spot: &Spot) -> Option<&Content> {
        match self.entries.get(spot) {
            Some(Entry::Content(content)) => Some(content),
            _ => None,
        }
    }

    /// The file at a place.
    #[must_use]
    pub fn file(&self, spot: &Spot) -> Option<&FileState> {
        match self.content(spot) {
            Some(Content::File(state)) => Some(state),
            _ => None,
        }
    }

    /// The files and links right in a folder.
    pub fn within<'a>(&'a self, folder: &'a Spot) -> impl Iterator<Item = (&'a Spot, &'a Entry)> {
        self.entries.iter().filter(move |(spot, _)| spot.folder().as_ref() == Some(folder))
    }

    /// All that was found.
    pub fn spots(&self) -> impl Iterator<Item = &Spot> {
        self.entries.keys()
    }
}

/// What is at a place, following links.
pub(super) fn read_file(places: &Places, spot: &Spot) -> Result<Option<FileState>, Error> {
    if let Some(at) = places.file(spot)? {
        if let Some(found) = look(&at)? {
            return state(places, spot, &at, &found).map(Some);
        }
    }
    // A link to nowhere says that the file is wanted in a place of which nothing is known.
    match places.link(spot)? {
        Some(at) if look(&at)?.is_some() => Err(Error::NotAFile(places.shown(spot))),
        _ => Ok(None),
    }
}

/// What is at a place: a link is one.
pub(super) fn read_content(places: &Places, spot: &Spot) -> Result<Option<Content>, Error> {
    let Some(at) = places.link(spot)? else { return Ok(None) };
    let Some(found) = look(&at)? else { return Ok(None) };
    if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
        let target = at.read_link().map_err(Error::io("read", at.path()))?;
        return Ok(Some(Content::Link(target)));
    }
    Ok(Some(Content::File(state(places, spot, &at, &found)?)))
}

fn look(at: &Target) -> Result<Option<Stat>, Error> {
    at.look().map_err(Error::io("look at", at.path()))
}

fn state(places: &Places, spot: &Spot, at: &Target, found: &Stat) -> Result<FileState, Error> {
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(Error::NotAFile(places.shown(spot)));
    }
    Ok(FileState {
        bytes: at.read().map_err(Error::io("read", at.path()))?,
        mode: found.st_mode & 0o7777,
        owner: Some(Owner { uid: found.st_uid, gid: found.st_gid }),
    })
}
