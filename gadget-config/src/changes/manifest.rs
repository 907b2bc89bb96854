//! What the system was before, kept below its root until it is undone.
//!
//! Written before the first change, so that whatever is found on a card that lost its power in
//! the middle is known: as it was, or one of the states that we were writing.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::disk::{self, Disk, Rights};
use super::{Change, Content, Error, FileState, Owner, Places, Spot, block};

/// In the record's folder.
pub(super) const FILE: &str = "manifest.json";

/// Of the file's form.
const VERSION: u32 = 1;

/// All that was changed and all that was made.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    pub(super) entries: Vec<Kept>,
    /// Outermost first.
    pub(super) folders: Vec<Spot>,
    next_copy: u32,
}

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) spot: Spot,
    pub(super) before: Option<Copied<Content>>,
    /// What we wrote, or that we removed it; several while a change is under way.
    pub(super) ours: Vec<Option<Copied<Content>>>,
    /// Somebody changed it before we did so again: putting the old one back loses that.
    pub(super) edited: bool,
    /// The name of the lines that are ours, where others write the file too.
    block: Option<String>,
}

/// With the name of its copy, once there is one.
#[derive(Clone, Debug)]
pub(super) struct Copied<T> {
    pub(super) state: T,
    copy: Option<String>,
}

impl<T> Copied<T> {
    fn new(state: T) -> Self {
        Self { state, copy: None }
    }
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    next_copy: u32,
    entries: Vec<Record>,
    folders: Vec<Spot>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    spot: Spot,
    before: Option<ContentRecord>,
    ours: Vec<Option<ContentRecord>>,
    edited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ContentRecord {
    File(FileRecord),
    Link(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    copy: String,
    mode: u32,
    owner: Option<(u32, u32)>,
}

impl Manifest {
    /// Of a card on which only these folders were made.
    pub(super) fn new(folders: Vec<Spot>) -> Self {
        Self { folders, ..Self::default() }
    }

    /// The card's; nothing if it was never set up, or undone.
    pub(super) fn load(places: &Places) -> Result<Option<Self>, Error> {
        let path = places.file(&places.record().below(FILE))?;
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(Error::io("read", &path))?,
        };
        let wrong = |message: String| Error::Manifest { path: path.clone(), message };
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if document.version != VERSION {
            return Err(wrong(format!("version {} is not ours, {VERSION}", document.version)));
        }
        let entries = document.entries.into_iter().map(|record| record.load(places));
        Ok(Some(Self {
            entries: entries.collect::<Result<_, _>>()?,
            folders: document.folders,
            next_copy: document.next_copy,
        }))
    }

    /// Takes in a change that is about to be made.
    pub(super) fn expect(&mut self, change: &Change) {
        let after = change.after.clone().map(Copied::new);
        let known = self.entries.iter_mut().find(|entry| entry.spot == change.spot);
        match known {
            Some(entry) => {
                let now = change.before.as_ref();
                entry.edited |= !entry.is_before(now) && !entry.is_ours(now);
                entry.ours.push(after);
            }
            None => self.entries.push(Kept {
                spot: change.spot.clone(),
                before: change.before.clone().map(Copied::new),
                ours: vec![after],
                edited: false,
                block: change.block.clone(),
            }),
        }
    }

    /// Only what was written last can be there now.
    pub(super) fn settle(&mut self) {
        for entry in &mut self.entries {
            let older = entry.ours.len().saturating_sub(1);
            entry.ours.drain(..older);
        }
    }

    /// Writes the copies that are missing, then the manifest.
    pub(super) fn save(&mut self, places: &Places, disk: &mut dyn Disk) -> Result<(), Error> {
        let mut entries = Vec::new();
        for entry in &mut self.entries {
            let mut copies = Copies { places, disk: &mut *disk, next: &mut self.next_copy };
            let before = match &mut entry.before {
                Some(before) => Some(copies.content(before)?),
                None => None,
            };
            let mut ours = Vec::new();
            for one in &mut entry.ours {
                ours.push(match one {
                    Some(one) => Some(copies.content(one)?),
                    None => None,
                });
            }
            let (spot, block) = (entry.spot.clone(), entry.block.clone());
            entries.push(Record { spot, before, ours, edited: entry.edited, block });
        }
        let folders = self.folders.clone();
        let document = Document { version: VERSION, next_copy: self.next_copy, entries, folders };
        let path = places.file(&places.record().below(FILE))?;
        let mut bytes = serde_json::to_vec_pretty(&document)
            .map_err(|error| Error::Manifest { path: path.clone(), message: error.to_string() })?;
        bytes.push(b'\n');
        disk::replace(disk, &path, &secret(bytes), Rights::Exact)
    }

    /// The names of the copies that it needs.
    pub(super) fn copies(&self) -> BTreeSet<&str> {
        let before = self.entries.iter().filter_map(|entry| entry.before.as_ref()?.copy.as_deref());
        let ours = self.entries.iter().flat_map(|entry| &entry.ours);
        before.chain(ours.filter_map(|one| one.as_ref()?.copy.as_deref())).collect()
    }
}

impl Kept {
    /// Whether the card is as it was here.
    pub(super) fn is_before(&self, now: Option<&Content>) -> bool {
        match (now, &self.before) {
            (None, None) => true,
            (Some(now), Some(before)) => is_same(now, &before.state),
            _ => false,
        }
    }

    /// Whether what is there is what we wrote.
    pub(super) fn is_ours(&self, now: Option<&Content>) -> bool {
        self.ours.iter().any(|one| match (now, one) {
            (None, None) => true,
            (Some(now), Some(ours)) => is_same(now, &ours.state),
            _ => false,
        })
    }

    /// Whether putting back what was there before loses nothing of anybody's.
    pub(super) fn is_known(&self, now: Option<&Content>) -> bool {
        self.block.is_some() || self.is_before(now) || self.is_ours(now) && !self.edited
    }

    /// What has to be there for this to be undone.
    pub(super) fn put_back(&self, now: Option<&Content>) -> Option<Content> {
        match (&self.block, now) {
            (Some(name), Some(Content::File(file))) if self.edited || !self.is_ours(now) => {
                let bytes = block::cut(&file.bytes, name);
                Some(Content::File(FileState { bytes, ..file.clone() }))
            }
            _ => self.before.as_ref().map(|before| before.state.clone()),
        }
    }

    /// Whether it is about a link itself, and not about a file that links may lead to.
    pub(super) fn is_link(&self) -> bool {
        let is_link = |one: &Copied<Content>| matches!(one.state, Content::Link(_));
        self.ours.iter().flatten().chain(&self.before).any(is_link)
    }
}

/// The mode and the owner are the administrator's to change.
fn is_same(a: &Content, b: &Content) -> bool {
    match (a, b) {
        (Content::File(a), Content::File(b)) => a.bytes == b.bytes,
        (Content::Link(a), Content::Link(b)) => a == b,
        _ => false,
    }
}

struct Copies<'a> {
    places: &'a Places,
    disk: &'a mut dyn Disk,
    next: &'a mut u32,
}

impl Copies<'_> {
    fn content(&mut self, one: &mut Copied<Content>) -> Result<ContentRecord, Error> {
        Ok(match &one.state {
            Content::File(state) => ContentRecord::File(self.file(state, &mut one.copy)?),
            Content::Link(target) => ContentRecord::Link(target.clone()),
        })
    }

    fn file(&mut self, state: &FileState, copy: &mut Option<String>) -> Result<FileRecord, Error> {
        let name = match copy {
            Some(name) => name.clone(),
            None => {
                let name = format!("{:04}", self.next);
                *self.next += 1;
                let path = self.places.file(&self.places.record().below(&name))?;
                self.disk
                    .write(&path, &secret(state.bytes.clone()), Rights::Exact)
                    .map_err(Error::io("write", &path))?;
                copy.insert(name).clone()
            }
        };
        let owner = state.owner.map(|owner| (owner.uid, owner.gid));
        Ok(FileRecord { copy: name, mode: state.mode, owner })
    }
}

/// A profile of a network may hold a password.
fn secret(bytes: Vec<u8>) -> FileState {
    FileState { bytes, mode: 0o600, owner: None }
}

impl Record {
    fn load(self, places: &Places) -> Result<Kept, Error> {
        let before = match self.before {
            Some(record) => Some(record.load(places)?),
            None => None,
        };
        let mut ours = Vec::new();
        for record in self.ours {
            ours.push(match record {
                Some(record) => Some(record.load(places)?),
                None => None,
            });
        }
        Ok(Kept { spot: self.spot, before, ours, edited: self.edited, block: self.block })
    }
}

impl ContentRecord {
    fn load(self, places: &Places) -> Result<Copied<Content>, Error> {
        match self {
            Self::Link(target) => Ok(Copied::new(Content::Link(target))),
            Self::File(record) => {
                let Copied { state, copy } = record.load(places)?;
                Ok(Copied { state: Content::File(state), copy })
            }
        }
    }
}

impl FileRecord {
    fn load(self, places: &Places) -> Result<Copied<FileState>, Error> {
        let path = places.file(&places.record().below(&self.copy))?;
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let owner = self.owner.map(|(uid, gid)| Owner { uid, gid });
        let state = FileState { bytes, mode: self.mode, owner };
        Ok(Copied { state, copy: Some(self.copy) })
    }
}
