//! What is there before anything is changed: all that planning looks at.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Error, Places, Spot};

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
    /// `/etc/modules` also where that is not there.
    ///
    /// # Errors
    /// As [`Self::add_file`].
    pub fn add_files(&mut self, folder: &Spot, ending: &str) -> Result<(), Error> {
        for name in self.names(folder)? {
            let spot = folder.below(name);
            if spot.path.to_string_lossy().ends_with(ending) && self.places.file(&spot)?.exists() {
                self.add_file(spot)?;
            }
        }
        Ok(())
    }

    /// The names in a folder, sorted; none if it is absent.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn names(&self, folder: &Spot) -> Result<Vec<String>, Error> {
        let path = self.places.file(folder)?;
        let found = match fs::read_dir(&path) {
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            found => found.map_err(Error::io("list", &path))?,
        };
        let mut names = Vec::new();
        for entry in found {
            let name = entry.map_err(Error::io("list", &path))?.file_name();
            // No name that matters here is anything but text.
            names.extend(name.into_string());
        }
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
        if self.places.file(&spot)?.exists() {
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
    let path = places.file(spot)?;
    match fs::symlink_metadata(&path) {
        // A link to nowhere says that the file is wanted in a place of which nothing is known.
        Err(error) if is_absence(&error) => match fs::symlink_metadata(places.link(spot)?) {
            Ok(_) => Err(Error::NotAFile(places.shown(spot))),
            Err(_) => Ok(None),
        },
        found => {
            let found = found.map_err(Error::io("look at", &path))?;
            found.is_file().then_some(()).ok_or_else(|| Error::NotAFile(places.shown(spot)))?;
            state(&path, &found).map(Some)
        }
    }
}

/// What is at a place: a link is one.
pub(super) fn read_content(places: &Places, spot: &Spot) -> Result<Option<Content>, Error> {
    let path = places.link(spot)?;
    let found = match fs::symlink_metadata(&path) {
        Err(error) if is_absence(&error) => return Ok(None),
        found => found.map_err(Error::io("look at", &path))?,
    };
    if found.is_symlink() {
        let target = fs::read_link(&path).map_err(Error::io("read", &path))?;
        Ok(Some(Content::Link(target)))
    } else if found.is_file() {
        Ok(Some(Content::File(state(&path, &found)?)))
    } else {
        Err(Error::NotAFile(places.shown(spot)))
    }
}

fn state(path: &Path, found: &Metadata) -> Result<FileState, Error> {
    Ok(FileState {
        bytes: fs::read(path).map_err(Error::io("read", path))?,
        mode: found.mode() & 0o7777,
        owner: Some(Owner { uid: found.uid(), gid: found.gid() }),
    })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
