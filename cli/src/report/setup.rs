//! What `setup` tells.

use std::path::PathBuf;

use serde::Serialize;
use system_config::changes::Edited;
use system_config::controller::Membership;

/// What was changed, or put back, or would be.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SetupReport {
    pub(crate) undo: bool,
    pub(crate) dry_run: bool,
    pub(crate) changed: Vec<PathBuf>,
    /// Users who became members, or who no longer are.
    pub(crate) groups: Vec<Membership>,
    pub(crate) notes: Vec<String>,
    /// What somebody edited since, and was left as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) edited: Vec<Edited>,
    /// Whether some of it takes effect at the next boot only.
    pub(crate) reboot: bool,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
}
