//! The changes of a setup, worked out before anything is written.

use std::path::PathBuf;

use super::{Content, SysPath, diff};

/// One file or link that becomes another.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// Where in the system.
    pub sys_path: SysPath,
    /// Where on this machine.
    pub path: PathBuf,
    /// What is there; nothing if nothing is.
    pub before: Option<Content>,
    /// What will be there; nothing if it goes.
    pub after: Option<Content>,
    /// What of it is ours.
    pub(super) part: Part,
}

/// What of a file is ours, and is to be taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The lines that were changed.
    #[default]
    Lines,
    /// Lines between marks of this name.
    Block(String),
    /// All of it: what others wrote into it makes no sense without the rest.
    Whole,
}

/// The changes in the order in which they are made.
#[derive(Clone, Debug, Default)]
pub struct ChangePlan {
    changes: Vec<Change>,
    notes: Vec<String>,
}

impl ChangePlan {
    pub(super) const fn of(changes: Vec<Change>, notes: Vec<String>) -> Self {
        Self { changes, notes }
    }

    /// What it changes; nothing on a system that is set up already.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Where its files and links are on this machine.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.changes.iter().map(|change| change.path.clone()).collect()
    }

    /// Those of its files and links that go.
    #[must_use]
    pub fn removed(&self) -> Vec<PathBuf> {
        let going = self.changes.iter().filter(|change| change.after.is_none());
        going.map(|change| change.path.clone()).collect()
    }

    /// What the user should know beside it, one line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What takes these changes back, and these only.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let back = |change: &Change| Change {
            before: change.after.clone(),
            after: change.before.clone(),
            ..change.clone()
        };
        Self::of(self.changes.iter().rev().map(back).collect(), Vec::new())
    }

    /// The changes as a unified diff; empty if there are none.
    #[must_use]
    pub fn diff(&self) -> String {
        let diff =
            |change: &Change| diff::of(&change.path, change.before.as_ref(), change.after.as_ref());
        self.changes.iter().map(diff).collect()
    }
}
