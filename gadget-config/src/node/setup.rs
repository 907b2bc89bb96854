//! `setup` and `undo`: what they do to a card, and what they tell of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gadget_config::changes::{self, Changed, Edited, LONGEST_WAIT, Places, Undone};
use gadget_config::setup::{self, Error, Request};
use serde::Serialize;

use crate::args::{Setup, Undo};
use crate::render::{ProgressLine, Text};

/// What `setup` changed, or would.
#[derive(Debug, Serialize)]
pub(crate) struct SetupReport {
    id: u8,
    dry_run: bool,
    changed: Vec<PathBuf>,
    notes: Vec<String>,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
}

/// What `undo` put back.
#[derive(Debug, Serialize)]
pub(crate) struct UndoReport {
    restored: Vec<PathBuf>,
    removed: Vec<PathBuf>,
    kept: Vec<PathBuf>,
    /// Left as it is.
    edited: Vec<Edited>,
}

impl UndoReport {
    /// What was not undone.
    pub(crate) fn failure(&self) -> Option<Error> {
        let left = changes::Error::ChangedSince(self.edited.clone());
        (!self.edited.is_empty()).then(|| left.into())
    }
}

pub(crate) fn setup(asked: &Setup, root: Option<&Path>) -> Result<SetupReport, Error> {
    let places = setup::places(root, asked.boot_dir.as_deref())?;
    if root.is_none() {
        setup::check_model()?;
    }
    let places = if asked.dry_run { places } else { locked(places)? };
    let request = Request::new(asked.id)
        .with_hostname(asked.hostname.clone())
        .with_cluster(asked.cluster.clone())
        .with_subnet(asked.subnet);
    let plan = setup::plan(&request, &setup::read(&places)?)?;
    if !asked.dry_run {
        plan.apply(&places)?;
    }
    Ok(SetupReport {
        id: asked.id.get(),
        dry_run: asked.dry_run,
        changed: plan.changes().iter().map(|change| change.path.clone()).collect(),
        notes: plan.notes().to_vec(),
        diff: asked.dry_run.then(|| plan.diff()),
    })
}

/// Kept from every other set-up; a wait for one is told on a terminal while it lasts.
fn locked(places: Places) -> Result<Places, changes::Error> {
    let mut line = ProgressLine::default();
    places.locked_telling(LONGEST_WAIT, &mut |wait| line.show(wait))
}

pub(crate) fn undo(asked: &Undo, root: Option<&Path>) -> Result<UndoReport, Error> {
    let places = setup::places(root, asked.boot_dir.as_deref())?;
    let places = locked(places)?;
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    let Undone { restored, removed, kept, edited, .. } = changes::undo(&places, changed)?;
    Ok(UndoReport { restored, removed, kept, edited })
}

impl Text for SetupReport {
    fn text(&self) -> String {
        let mut text = self.diff.clone().unwrap_or_default();
        if self.diff.is_none() {
            text += &lines("changed", &self.changed);
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        let id = self.id;
        text += &match (self.changed.is_empty(), self.dry_run) {
            (true, _) => format!("node {id} is set up already: nothing to change\n"),
            (false, true) => "nothing was changed: this was a dry run\n".to_owned(),
            (false, false) => format!("node {id} is set up: it comes up so at its next boot\n"),
        };
        text
    }
}

impl Text for UndoReport {
    fn text(&self) -> String {
        let end = match (&*self.edited, [&self.restored, &self.removed, &self.kept]) {
            ([], paths) if paths.iter().all(|paths| paths.is_empty()) => "nothing to undo\n",
            ([], _) => "the set-up is undone: it takes effect at the next boot\n",
            _ => "",
        };
        lines("restored", &self.restored)
            + &lines("removed", &self.removed)
            + &lines("kept, as something else is in it:", &self.kept)
            + end
    }
}

fn lines(what: &str, paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("{what} {}\n", path.display())).collect()
}
