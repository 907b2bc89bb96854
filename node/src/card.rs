//! `setup` and `undo`: what they do to a card, and what they tell of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gadget_config::NodeFile;
use gadget_config::node_file::NODE_FILE;
use node_link::Subnet;
use serde::Serialize;
use system_config::card::{self, Request};
use system_config::changes::{
    self, Changed, Edited, LONGEST_WAIT, Places, Plan, Snapshot, Spot, Undone,
};

use crate::args::{Setup, Undo};
use crate::failure::Failure;
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
    pub(crate) fn failure(&self) -> Option<Failure> {
        let left = changes::Error::ChangedSince(self.edited.clone());
        (!self.edited.is_empty()).then(|| card::Error::from(left).into())
    }
}

pub(crate) fn setup(asked: &Setup, root: Option<&Path>) -> Result<SetupReport, Failure> {
    let places = card::places(root, asked.boot_dir.as_deref())?;
    if root.is_none() {
        card::check_model()?;
    }
    let places = if asked.dry_run { places } else { locked(places)? };
    let plan = plan(asked, &card::read(&places, &[NODE_FILE])?)?;
    if !asked.dry_run {
        plan.apply(&places).map_err(card::Error::from)?;
    }
    Ok(SetupReport {
        id: asked.id.get(),
        dry_run: asked.dry_run,
        changed: plan.changes().iter().map(|change| change.path.clone()).collect(),
        notes: plan.notes().to_vec(),
        diff: asked.dry_run.then(|| plan.diff()),
    })
}

/// What of `node.toml` was not asked for stays as it is.
fn plan(asked: &Setup, card: &Snapshot) -> Result<Plan, Failure> {
    let spot = Spot::root(NODE_FILE);
    let old = card.file(&spot).map(|file| &*file.bytes);
    let (file, text) = NodeFile::edit(old, &card.places().shown(&spot), |file| {
        file.id = Some(asked.id);
        file.cluster = asked.cluster.clone().or(file.cluster.take());
        file.subnet = asked.subnet.or(file.subnet);
    })?;
    let request = Request::new(asked.id)
        .with_file(NODE_FILE, text)
        .with_subnet(file.subnet.unwrap_or(Subnet::VENDOR))
        .with_hostname(asked.hostname.clone());
    Ok(card::plan(&request, card)?)
}

/// Kept from every other set-up; a wait for one is told on a terminal while it lasts.
fn locked(places: Places) -> Result<Places, card::Error> {
    let mut line = ProgressLine::default();
    Ok(places.locked_telling(LONGEST_WAIT, &mut |wait| line.show(wait))?)
}

pub(crate) fn undo(asked: &Undo, root: Option<&Path>) -> Result<UndoReport, Failure> {
    let places = card::places(root, asked.boot_dir.as_deref())?;
    let places = locked(places)?;
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    let Undone { restored, removed, kept, edited, .. } =
        changes::undo(&places, changed).map_err(card::Error::from)?;
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
