//! `setup` and `undo`, on a card.

use std::path::Path;

use gadget_config::NodeFile;
use gadget_config::node_file::NODE_FILE;
use node_link::Subnet;
use system_config::card::{self, CardError, CardRequest};
use system_config::changes::{
    ChangePlan, Changed, LONGEST_WAIT, Snapshot, SysPath, Sysroot, plan_undo, undo as take_back,
};

use crate::args::{SetupArgs, UndoArgs};
use crate::error::NodeError;
use crate::render::ProgressLine;
use crate::report::{CardReport, UndoReport};

/// Prepares a card, or works out how.
///
/// # Errors
/// The machine is not a Zero, `node.toml` has an error, or the card cannot be prepared.
pub(crate) fn setup(asked: &SetupArgs, root: Option<&Path>) -> Result<CardReport, NodeError> {
    let sysroot = card::sysroot(root, asked.boot_dir.as_deref())?;
    if root.is_none() {
        card::check_model()?;
    }
    let sysroot = if asked.dry_run { sysroot } else { locked(sysroot)? };
    let plan = plan(asked, &card::read(&sysroot, &[NODE_FILE])?)?;
    if !asked.dry_run {
        plan.apply(&sysroot).map_err(CardError::from)?;
    }
    Ok(CardReport::new(asked.id.get(), &plan, asked.dry_run))
}

/// What is not asked for stays in `node.toml` as it is.
fn plan(asked: &SetupArgs, card: &Snapshot) -> Result<ChangePlan, NodeError> {
    let sys_path = SysPath::root(NODE_FILE);
    let old = card.file(&sys_path).map(|file| &*file.bytes);
    let (file, text) = NodeFile::edit(old, &card.sysroot().shown(&sys_path), |file| {
        file.id = Some(asked.id);
        file.cluster = asked.cluster.clone().or(file.cluster.take());
        file.subnet = asked.subnet.or(file.subnet);
    })?;
    let request = CardRequest::new(asked.id)
        .with_file(NODE_FILE, text)
        .with_subnet(file.subnet.unwrap_or(Subnet::VENDOR))
        .with_hostname(asked.hostname.clone());
    Ok(card::plan(&request, card)?)
}

/// Undoes a setup, or works out how. What was edited since stays, and is the report's error.
///
/// # Errors
/// The card cannot be put back.
pub(crate) fn undo(asked: &UndoArgs, root: Option<&Path>) -> Result<UndoReport, NodeError> {
    let sysroot = card::sysroot(root, asked.boot_dir.as_deref())?;
    let changed = if asked.force { Changed::Overwrite } else { Changed::Leave };
    if asked.dry_run {
        let plan = plan_undo(&sysroot, changed).map_err(CardError::from)?;
        return Ok(UndoReport::planned(&plan));
    }
    let undone = take_back(&locked(sysroot)?, changed).map_err(CardError::from)?;
    Ok(UndoReport::done(undone))
}

/// Locked against every other setup; a terminal shows what is waited for.
fn locked(sysroot: Sysroot) -> Result<Sysroot, CardError> {
    let mut line = ProgressLine::default();
    Ok(sysroot.locked_telling(LONGEST_WAIT, &mut |wait| line.show(wait))?)
}
