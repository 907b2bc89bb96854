//! What the system was before, kept below its root until it is undone.
//!
//! Written before the first change, so that whatever is found on a card that lost its power in
//! the middle is known: as it was, or one of the states that we were writing. It is there before the first
//! copy and goes after the last, so that copies without it mean that it was lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{self, Disk, Rights};
use super::kept::{self, Copied, Kept};
use super::plan::Part;
use super::snapshot::read_content;
use super::{Change, ChangeError, Content, FileState, Owner, SysPath, Sysroot, TargetFile};

/// In the record's folder.
pub(super) const FILE: &str = "manifest.json";

/// Of the file's form.
const VERSION: u32 = 1;

/// All that was changed and all that was made.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    pub(super) entries: Vec<Kept>,
    /// Outermost first.
    pub(super) folders: Vec<SysPath>,
    next_copy: u32,
    /// Since it was read.
    pub(super) is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    next_copy: u32,
    entries: Vec<Record>,
    folders: Vec<SysPath>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    sys_path: SysPath,
    before: Option<ContentRecord>,
    ours: Vec<Option<ContentRecord>>,
    edited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<String>,
    /// Older records do not say, and are taken for one that was cut.
    #[serde(default, rename = "made")]
    is_made: bool,
    /// Whether all of the file is ours; older records do not say.
    #[serde(default)]
    whole: Option<bool>,
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
    /// Of the copy; older records do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crc32: Option<String>,
    mode: u32,
    owner: Option<(u32, u32)>,
}

impl Manifest {
    /// Of a card on which only these folders were made.
    pub(super) fn new(folders: Vec<SysPath>) -> Self {
        Self { folders, ..Self::default() }
    }

    /// Of the same folders, with nothing left to put back.
    pub(super) fn emptied(&self) -> Self {
        Self { entries: Vec::new(), is_changed: false, ..self.clone() }
    }

    /// The card's; nothing if it was never set up, or undone.
    pub(super) fn load(sysroot: &Sysroot) -> Result<Option<Self>, ChangeError> {
        let sys_path = sysroot.record().below(FILE);
        let path = sysroot.shown(&sys_path);
        let Some(bytes) = read(sysroot, &sys_path)? else {
            // None is there without it, whenever a setup or an undoing is cut.
            let names = sysroot.names(&sysroot.record())?;
            let is_lost = names.iter().any(|name| name.to_str().is_some_and(is_copy));
            let folder = sysroot.shown(&sysroot.record());
            return if is_lost { Err(ChangeError::NoManifest { path, folder }) } else { Ok(None) };
        };
        let folder = sysroot.shown(&sysroot.record());
        let wrong = |message: String| ChangeError::Manifest {
            path: path.clone(),
            message,
            folder: folder.clone(),
        };
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if document.version != VERSION {
            return Err(wrong(format!(
                "it has version {}, and this program knows version {VERSION}",
                document.version
            )));
        }
        let entries = document.entries.into_iter().map(|record| record.load(sysroot));
        Ok(Some(Self {
            entries: entries.collect::<Result<_, _>>()?,
            folders: document.folders,
            next_copy: document.next_copy,
            is_changed: false,
        }))
    }

    /// Takes in a change that is about to be made.
    pub(super) fn expect(&mut self, change: &Change) {
        let known = self.entries.iter_mut().find(|entry| entry.sys_path == change.sys_path);
        match known {
            Some(entry) => entry.expect(change),
            None => self.entries.push(Kept::new(change)),
        }
    }

    /// Only what was written last can be there now.
    pub(super) fn settle(&mut self) {
        for entry in &mut self.entries {
            let older = entry.ours.len().saturating_sub(1);
            entry.ours.drain(..older);
            entry.is_made = true;
        }
    }

    /// Saves it, if it is another than the one on the disk.
    pub(super) fn save_if_changed(
        &mut self,
        sysroot: &Sysroot,
        disk: &mut dyn Disk,
    ) -> Result<(), ChangeError> {
        if self.is_changed { self.save(sysroot, disk) } else { Ok(()) }
    }

    /// Writes the copies that are missing, then the manifest.
    pub(super) fn save(
        &mut self,
        sysroot: &Sysroot,
        disk: &mut dyn Disk,
    ) -> Result<(), ChangeError> {
        let mut entries = Vec::new();
        for entry in &mut self.entries {
            let mut copies = Copies { sysroot, disk: &mut *disk, next: &mut self.next_copy };
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
            entries.push(Record::new(entry, before, ours));
        }
        let folders = self.folders.clone();
        let document = Document { version: VERSION, next_copy: self.next_copy, entries, folders };
        let sys_path = sysroot.record().below(FILE);
        let path = sysroot.shown(&sys_path);
        let folder = sysroot.shown(&sysroot.record());
        let mut bytes = serde_json::to_vec_pretty(&document).map_err(|error| {
            ChangeError::Manifest { path: path.clone(), message: error.to_string(), folder }
        })?;
        bytes.push(b'\n');
        disk::replace(disk, &target(sysroot, &sys_path)?, &secret(bytes), Rights::Exact)
    }

    /// The names of the copies that it needs.
    pub(super) fn copies(&self) -> BTreeSet<&str> {
        let before = self.entries.iter().filter_map(|entry| entry.before.as_ref()?.copy.as_deref());
        let ours = self.entries.iter().flat_map(|entry| &entry.ours);
        before.chain(ours.filter_map(|one| one.as_ref()?.copy.as_deref())).collect()
    }
}

struct Copies<'a> {
    sysroot: &'a Sysroot,
    disk: &'a mut dyn Disk,
    next: &'a mut u32,
}

impl Copies<'_> {
    fn content(&mut self, one: &mut Copied<Content>) -> Result<ContentRecord, ChangeError> {
        Ok(match &one.state {
            Content::File(state) => ContentRecord::File(self.file(state, &mut one.copy)?),
            Content::Link(target) => ContentRecord::Link(target.clone()),
        })
    }

    fn file(
        &mut self,
        state: &FileState,
        copy: &mut Option<String>,
    ) -> Result<FileRecord, ChangeError> {
        let name = match copy {
            Some(name) => name.clone(),
            None => {
                let name = format!("{:04}", self.next);
                *self.next += 1;
                let at = target(self.sysroot, &self.sysroot.record().below(&name))?;
                self.disk
                    .write(&at, &secret(state.bytes.clone()), Rights::Exact)
                    .map_err(ChangeError::io("write", at.path()))?;
                copy.insert(name).clone()
            }
        };
        let owner = state.owner.map(|owner| (owner.uid, owner.gid));
        let (length, crc32) = summary(&state.bytes);
        let (length, crc32) = (Some(length), Some(crc32));
        Ok(FileRecord { copy: name, length, crc32, mode: state.mode, owner })
    }
}

/// What tells a copy from a damaged one.
fn summary(copy: &[u8]) -> (u64, String) {
    (copy.len() as u64, format!("{:08x}", crc32fast::hash(copy)))
}

/// Whether we made a file of this name in the record's folder.
pub(super) fn is_of_record(name: &str) -> bool {
    let draft = name.strip_prefix('.').and_then(|name| name.strip_suffix(".clusterhat-new"));
    is_copy(name) || draft.unwrap_or(name) == FILE
}

/// Of what is kept in the record's folder, all but the manifest.
pub(super) fn is_copy(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// A file of the record, where a link is none.
fn read(sysroot: &Sysroot, sys_path: &SysPath) -> Result<Option<Vec<u8>>, ChangeError> {
    Ok(match read_content(sysroot, sys_path)? {
        None => None,
        Some(Content::File(state)) => Some(state.bytes),
        Some(Content::Link(_)) => return Err(ChangeError::NotAFile(sysroot.shown(sys_path))),
    })
}

/// An entry of the record's folder, which is there.
fn target(sysroot: &Sysroot, sys_path: &SysPath) -> Result<TargetFile, ChangeError> {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    sysroot
        .link(sys_path)?
        .ok_or_else(|| ChangeError::io("open", &sysroot.shown(sys_path))(missing()))
}

/// A profile of a network may hold a password.
fn secret(bytes: Vec<u8>) -> FileState {
    FileState { bytes, mode: 0o600, owner: None }
}

impl Record {
    fn new(entry: &Kept, before: Option<ContentRecord>, ours: Vec<Option<ContentRecord>>) -> Self {
        let block = match &entry.part {
            Part::Block(name) => Some(name.clone()),
            _ => None,
        };
        let whole = Some(entry.part == Part::Whole);
        let Kept { sys_path, edited, is_made, .. } = entry;
        let (sys_path, edited, is_made) = (sys_path.clone(), *edited, *is_made);
        Self { sys_path, before, ours, edited, block, is_made, whole }
    }

    fn load(self, sysroot: &Sysroot) -> Result<Kept, ChangeError> {
        let of = sysroot.shown(&self.sys_path);
        let before = match self.before {
            Some(record) => Some(record.load(sysroot, &of)?),
            None => None,
        };
        let mut ours = Vec::new();
        for record in self.ours {
            ours.push(match record {
                Some(record) => Some(record.load(sysroot, &of)?),
                None => None,
            });
        }
        let part = match (self.block, self.whole) {
            (Some(name), _) => Part::Block(name),
            (None, Some(true)) => Part::Whole,
            (None, Some(false)) => Part::Lines,
            (None, None) => kept::part_of_old(&self.sys_path, before.is_some()),
        };
        let Self { sys_path, edited, is_made, .. } = self;
        Ok(Kept { sys_path, before, ours, edited, part, is_made })
    }
}

impl ContentRecord {
    fn load(self, sysroot: &Sysroot, of: &Path) -> Result<Copied<Content>, ChangeError> {
        match self {
            Self::Link(target) => Ok(Copied::new(Content::Link(target))),
            Self::File(record) => {
                let Copied { state, copy } = record.load(sysroot, of)?;
                Ok(Copied { state: Content::File(state), copy })
            }
        }
    }
}

impl FileRecord {
    /// `of` is the file that it is a copy of.
    fn load(self, sysroot: &Sysroot, of: &Path) -> Result<Copied<FileState>, ChangeError> {
        let sys_path = sysroot.record().below(&self.copy);
        let wrong = |what| ChangeError::Copy {
            path: sysroot.shown(&sys_path),
            what,
            of: of.to_owned(),
            folder: sysroot.shown(&sysroot.record()),
        };
        if !is_copy(&self.copy) {
            return Err(wrong("is not the name of a copy"));
        }
        let bytes = read(sysroot, &sys_path)?.ok_or_else(|| wrong("is missing"))?;
        let (length, crc32) = summary(&bytes);
        let is_same = self.length.is_none_or(|recorded| recorded == length)
            && self.crc32.is_none_or(|recorded| recorded == crc32);
        if !is_same {
            return Err(wrong("is damaged: it is not what was recorded"));
        }
        let owner = self.owner.map(|(uid, gid)| Owner { uid, gid });
        let state = FileState { bytes, mode: self.mode, owner };
        Ok(Copied { state, copy: Some(self.copy) })
    }
}
