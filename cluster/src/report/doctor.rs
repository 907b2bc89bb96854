//! The report of `doctor`.

use std::path::PathBuf;

use serde::Serialize;
use system_config::controller::Membership;

use crate::doctor::DoctorFinding;

/// `doctor`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DoctorReport {
    /// What was found, the worst first; after fixing, what is left.
    pub findings: Vec<DoctorFinding>,
    /// The checks that could not be made, and why.
    pub not_made: Vec<CheckNotMade>,
    /// The checks that found nothing.
    pub passed: Vec<&'static str>,
    /// What was fixed; absent if it was not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<FixDone>,
}

/// A check that could not be made.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CheckNotMade {
    /// The check.
    pub check: &'static str,
    /// Why.
    pub reason: String,
}

/// What fixing did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FixDone {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Files that were changed, or would be; undoing the controller's setup restores them.
    pub changed: Vec<PathBuf>,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Who was added to a group, or would be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Membership>,
    /// Kernel modules that were loaded, or would be, until the next boot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loaded: Vec<String>,
    /// Whether a reboot is needed for it to take effect.
    pub reboot: bool,
    /// What could not be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

impl DoctorReport {
    pub(crate) fn not_made(&mut self, check: &'static str, reason: String) {
        self.not_made.push(CheckNotMade { check, reason });
    }
}
