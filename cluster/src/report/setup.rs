//! The report of `setup`.

use std::path::PathBuf;

use serde::Serialize;
use system_config::changes::Edited;
use system_config::controller::Membership;

/// What was changed, or put back, or would be.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SetupReport {
    /// Whether it was taken back.
    pub undo: bool,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Files that were changed, put back, or would be.
    pub changed: Vec<PathBuf>,
    /// Those of them that are removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<PathBuf>,
    /// Users who became members, or who no longer are.
    pub groups: Vec<Membership>,
    /// What the owner should know, a sentence each.
    pub notes: Vec<String>,
    /// What was edited since, and was left unchanged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<Edited>,
    /// Whether some of it takes effect at the next boot only.
    pub reboot: bool,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}
