//! `setup` and `undo`, on a card.

use std::path::Path;

use gadget_config::NodeFile;
use gadget_config::node_file::NODE_FILE;
use node_link::Subnet;
use system_config::card::{self, Error as CardError, Request};
use system_config::changes::{
    Changed, LONGEST_WAIT, Places, Plan, Snapshot, Spot, plan_undo, undo as take_back,
};

use crate::args::{SetupArgs, UndoArgs};
use crate::error::NodeError;
use crate::render::ProgressLine;
use crate::report::{SetupReport, UndoReport};

/// Prepares a card, or works out how.
///
/// # Errors
/// The machine is not a Zero, `node.toml` has an error, or the card cannot be prepared.
pub(crate) fn setup(asked: &SetupArgs, root: Option<&Path>) -> Result<SetupReport, NodeError> {
    let places = card::places(root, asked.boot_dir.as_deref())?;
    if root.is_none() {
        card::check_model()?;
    }
    let places = if asked.dry_run { places } else { locked(places)? };
    let plan = plan(asked, &card::read(&places, &[NODE_FILE])?)?;
    if !asked.dry_run {
        plan.apply(&places).map_err(CardError::from)?;
    }
    Ok(SetupReport::new(asked.id.get(), &plan, asked.dry_run))
}

/// What is not asked for stays in `node.toml` as it is.
fn plan(asked: &SetupArgs, card: &Snapshot) -> Result<Plan, NodeError> {
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

/// Undoes a set-up, or works out how. What was edited since stays, and is the report's error.
///
/// # Errors
/// The card cannot be put back.
pub(crate) fn undo(asked: &UndoArgs, root: Option<&Path>) -> Result<UndoReport, NodeError> {
    let places = card::places(root, asked.boot_dir.as_deref())?;
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    if asked.dry_run {
        let plan = plan_undo(&places, changed).map_err(CardError::from)?;
        return Ok(UndoReport::planned(&plan));
    }
    let undone = take_back(&locked(places)?, changed).map_err(CardError::from)?;
    Ok(UndoReport::done(undone))
}

/// Locked against every other set-up; a terminal shows what is waited for.
fn locked(places: Places) -> Result<Places, CardError> {
    let mut line = ProgressLine::default();
    Ok(places.locked_telling(LONGEST_WAIT, &mut |wait| line.show(wait))?)
}
