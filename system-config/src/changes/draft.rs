//! From the wanted files to a plan.

use std::path::PathBuf;

use super::kept::Back;
use super::manifest::Manifest;
use super::plan::Part;
use super::{
    Change, ChangeError, ChangePlan, Content, Edited, FileState, Snapshot, SysPath, Sysroot, block,
};

/// A plan in the making: what the system shall have, compared with what it has.
#[derive(Debug)]
pub struct Draft<'a> {
    system: &'a Snapshot,
    wanted: Vec<SysPath>,
    changes: Vec<Change>,
    notes: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Without changes.
    #[must_use]
    pub fn new(system: &'a Snapshot) -> Self {
        Self { system, wanted: Vec::new(), changes: Vec::new(), notes: Vec::new() }
    }

    /// A file with new bytes; `mode` is for one that is not there yet.
    pub fn file(&mut self, sys_path: SysPath, bytes: Vec<u8>, mode: u32) {
        let before = self.system.file(&sys_path).cloned();
        let after = match &before {
            Some(before) => FileState { bytes, ..before.clone() },
            None => FileState { bytes, mode, owner: None },
        };
        self.push(sys_path, before.map(Content::File), Some(Content::File(after)));
    }

    /// A file of our own, whose mode counts as much as its bytes.
    pub fn own_file(&mut self, sys_path: SysPath, bytes: Vec<u8>, mode: u32) {
        let before = self.system.file(&sys_path).cloned();
        let owner = before.as_ref().and_then(|before| before.owner);
        let after = FileState { bytes, mode, owner };
        self.push(sys_path.clone(), before.map(Content::File), Some(Content::File(after)));
        self.is_part(&sys_path, &Part::Whole);
    }

    /// Lines of ours in a file that others write too; `name` tells them from other such lines. Those of an earlier setup
    /// whose marks somebody deleted go.
    ///
    /// # Errors
    /// A record of the earlier setup that cannot be read.
    pub fn block(
        &mut self,
        sys_path: SysPath,
        name: &str,
        lines: &str,
        mode: u32,
    ) -> Result<(), ChangeError> {
        let old = self.system.file(&sys_path).map_or(&[][..], |state| &state.bytes);
        let entries = Manifest::load(self.sysroot())?.unwrap_or_default().entries;
        let earlier = entries.iter().find(|entry| entry.sys_path == sys_path);
        let strays = earlier.map(|entry| entry.strays(name, old)).unwrap_or_default();
        let new = block::put(&block::without(old, &strays), name, lines);
        self.file(sys_path.clone(), new, mode);
        self.is_part(&sys_path, &Part::Block(name.to_owned()));
        Ok(())
    }

    fn is_part(&mut self, sys_path: &SysPath, part: &Part) {
        for change in self.changes.iter_mut().filter(|change| change.sys_path == *sys_path) {
            change.part = part.clone();
        }
    }

    /// A link where nothing is, or that same one.
    pub fn link(&mut self, sys_path: SysPath, target: PathBuf) {
        let before = self.system.content(&sys_path).cloned();
        self.push(sys_path, before, Some(Content::Link(target)));
    }

    /// Removes a file or a link.
    pub fn remove(&mut self, sys_path: SysPath) {
        let before = self.system.content(&sys_path).cloned();
        self.push(sys_path, before, None);
    }

    /// Something that the user should know.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Reverts what an earlier setup changed and this one does not.
    ///
    /// # Errors
    /// A file of those that somebody has changed since; what cannot be read.
    pub fn put_back_the_rest(&mut self) -> Result<(), ChangeError> {
        let sysroot = self.system.sysroot();
        let mut changed = Vec::new();
        for entry in Manifest::load(sysroot)?.unwrap_or_default().entries.into_iter().rev() {
            if self.wanted.contains(&entry.sys_path) {
                continue;
            }
            let now = entry.now(sysroot)?;
            match entry.taken_back(now.as_ref()) {
                Back::To(was) => {
                    self.push(entry.sys_path.clone(), now, was);
                    self.is_part(&entry.sys_path, &entry.part);
                }
                Back::Edited { lines, .. } => {
                    changed.push(Edited { path: sysroot.shown(&entry.sys_path), lines });
                }
            }
        }
        if changed.is_empty() { Ok(()) } else { Err(ChangeError::ChangedSince(changed)) }
    }

    /// The plan.
    #[must_use]
    pub fn finish(self) -> ChangePlan {
        ChangePlan::of(self.changes, self.notes)
    }

    /// Where the system is.
    #[must_use]
    pub fn sysroot(&self) -> &Sysroot {
        self.system.sysroot()
    }

    fn push(&mut self, sys_path: SysPath, before: Option<Content>, after: Option<Content>) {
        if before != after {
            let path = self.sysroot().shown(&sys_path);
            let part = Part::default();
            self.changes.push(Change { sys_path: sys_path.clone(), path, before, after, part });
        }
        self.wanted.push(sys_path);
    }
}
