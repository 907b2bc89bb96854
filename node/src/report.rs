//! What the commands found or did: one type each, from which text and JSON are made.

use std::path::PathBuf;

use gadget_config::{Applied, GadgetAction, GadgetState, GadgetStatus, Profile, Udc, UdcOwner};
use node_link::{End, Mac};
use serde::Serialize;
use system_config::card::CardError;
use system_config::changes::{self, ChangePlan, Edited, Undone};

use crate::error::{NodeError, NodeErrorReport};

#[cfg(test)]
mod tests;

/// The version of the JSON documents: incremented when a key is removed or its meaning changes.
pub(crate) const SCHEMA: u32 = 1;

/// One JSON document, the same on success and on failure.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    /// The version of the documents: incremented when a key is removed or its meaning changes.
    pub(crate) schema: u32,
    /// The command's word; empty if the command line could not be parsed.
    pub(crate) command: &'a str,
    /// Its keys are merged into this object.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<&'a Report>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<NodeErrorReport>,
}

/// How a command ended: an undo that left something has both.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) report: Option<Report>,
    pub(crate) error: Option<NodeError>,
}

impl From<NodeError> for Outcome {
    fn from(error: NodeError) -> Self {
        Self { report: None, error: Some(error) }
    }
}

impl Outcome {
    /// For a gadget that is not up, the same as for one that did not come up in time.
    const NOT_UP: u8 = 3;

    pub(crate) fn exit_status(&self) -> u8 {
        match (&self.error, &self.report) {
            (Some(error), _) => error.exit_status(),
            (None, Some(Report::Status(status))) if status.state != "up" => Self::NOT_UP,
            (None, _) => 0,
        }
    }
}

/// What a command found or did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum Report {
    Up(UpReport),
    Down(DownReport),
    Status(GadgetReport),
    Setup(CardReport),
    Undo(UndoReport),
}

/// What `up` did, or would.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpReport {
    pub(crate) dry_run: bool,
    /// `none`, `made`, `bound` or `remade`.
    pub(crate) action: &'static str,
    /// The difference because of which the gadget was made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<String>,
    #[serde(flatten)]
    pub(crate) identity: Identity,
    pub(crate) udc: String,
    /// The network interface, once the kernel has made it.
    pub(crate) network: Option<String>,
    /// The serial ports' devices, the console first.
    pub(crate) ttys: Vec<String>,
    /// Whether the second serial port is configured and missing.
    pub(crate) without_second_port: bool,
    /// Why the kernel refused the second serial port, if it did so just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// What `down` did, or would.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DownReport {
    pub(crate) dry_run: bool,
    /// Whether there was a gadget.
    pub(crate) removed: bool,
}

/// The state of the gadget.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GadgetReport {
    /// `up`, `unbound`, `differs` or `down`.
    pub(crate) state: &'static str,
    /// The first difference from the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) difference: Option<String>,
    /// As configured; none without a `node.toml`.
    #[serde(flatten)]
    pub(crate) identity: Option<Identity>,
    /// The USB device controller that the gadget is bound to.
    pub(crate) udc: Option<Udc>,
    pub(crate) network: Option<String>,
    pub(crate) ttys: Vec<String>,
    /// Whether the second serial port is configured and missing.
    pub(crate) without_second_port: bool,
    /// Every USB device controller.
    pub(crate) udcs: Vec<Udc>,
    pub(crate) others: Vec<OtherUse>,
}

/// A USB device controller that somebody else uses.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OtherUse {
    pub(crate) udc: String,
    pub(crate) owner: String,
}

/// What a node shows of itself on the USB.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Identity {
    #[serde(flatten)]
    pub(crate) profile: Profile,
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) host_mac: Mac,
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) node_mac: Mac,
}

/// What `setup` changed, or would.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CardReport {
    pub(crate) id: u8,
    pub(crate) dry_run: bool,
    pub(crate) changed: Vec<PathBuf>,
    pub(crate) notes: Vec<String>,
    /// Only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
}

/// What `undo` put back, or would.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UndoReport {
    pub(crate) dry_run: bool,
    pub(crate) restored: Vec<PathBuf>,
    pub(crate) removed: Vec<PathBuf>,
    /// Folders of ours with files of others in them.
    pub(crate) kept: Vec<PathBuf>,
    /// Files of ours that were edited since and were left as they are.
    pub(crate) edited: Vec<Edited>,
    pub(crate) notes: Vec<String>,
    /// Only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
}

impl Identity {
    pub(crate) fn of(profile: &Profile) -> Self {
        Self {
            host_mac: profile.mac(End::Host),
            node_mac: profile.mac(End::Node),
            profile: profile.clone(),
        }
    }
}

impl UpReport {
    pub(crate) fn new(
        profile: &Profile,
        applied: Applied,
        status: GadgetStatus,
        dry_run: bool,
    ) -> Self {
        let (action, because) = match applied.action {
            GadgetAction::None => ("none", None),
            GadgetAction::Made => ("made", None),
            GadgetAction::Bound => ("bound", None),
            GadgetAction::Remade(difference) => ("remade", Some(difference.to_string())),
        };
        Self {
            dry_run,
            action,
            because,
            identity: Identity::of(profile),
            udc: applied.udc,
            network: status.network,
            ttys: status.ttys,
            without_second_port: status.without_second_port,
            refused: applied.without_second_port,
        }
    }
}

impl GadgetReport {
    pub(crate) fn new(profile: Option<&Profile>, status: GadgetStatus) -> Self {
        let (state, difference) = match status.state {
            GadgetState::Up => ("up", None),
            GadgetState::Unbound => ("unbound", None),
            GadgetState::Differs(difference) => ("differs", Some(difference.to_string())),
            GadgetState::Down => ("down", None),
        };
        let other = |(udc, owner): (String, UdcOwner)| OtherUse { udc, owner: owner.to_string() };
        Self {
            state,
            difference,
            identity: profile.map(Identity::of),
            udc: status.udc,
            network: status.network,
            ttys: status.ttys,
            without_second_port: status.without_second_port,
            udcs: status.udcs,
            others: status.others.into_iter().map(other).collect(),
        }
    }
}

impl CardReport {
    pub(crate) fn new(id: u8, plan: &ChangePlan, dry_run: bool) -> Self {
        Self {
            id,
            dry_run,
            changed: plan.paths(),
            notes: plan.notes().to_vec(),
            diff: dry_run.then(|| plan.diff()),
        }
    }
}

impl UndoReport {
    /// What would be undone.
    pub(crate) fn planned(plan: &ChangePlan) -> Self {
        let (restored, removed): (Vec<_>, Vec<_>) =
            plan.changes().iter().partition(|change| change.after.is_some());
        let paths = |changes: Vec<&changes::Change>| {
            changes.into_iter().map(|change| change.path.clone()).collect()
        };
        Self {
            dry_run: true,
            restored: paths(restored),
            removed: paths(removed),
            kept: Vec::new(),
            edited: Vec::new(),
            notes: plan.notes().to_vec(),
            diff: Some(plan.diff()),
        }
    }

    /// What was undone.
    pub(crate) fn done(undone: Undone) -> Self {
        let Undone { restored, removed, kept, edited, notes, .. } = undone;
        let (dry_run, diff) = (false, None);
        Self { dry_run, restored, removed, kept, edited, notes, diff }
    }

    /// What could not be undone.
    pub(crate) fn error(&self) -> Option<NodeError> {
        let left = changes::ChangeError::ChangedSince(self.edited.clone());
        (!self.edited.is_empty()).then(|| CardError::from(left).into())
    }
}
