//! The reports of restoring nodes.

use hat_driver::power::Action;
use serde::Serialize;

use crate::desired::{AtBoot, Why};

/// `restore`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RestoreReport {
    /// Whether nothing was switched.
    pub dry_run: bool,
    /// In the order of their numbers.
    pub nodes: Vec<RestoreNode>,
    /// Boards that were initialised on the way.
    pub initialised: Vec<String>,
}

/// One node.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RestoreNode {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// What the configuration says of it.
    pub at_boot: AtBoot,
    /// What it was last asked to be; absent if it was not requested.
    pub last: Option<Action>,
    /// What is done to it; absent where it is left as it is.
    pub action: Option<Action>,
    /// Why.
    pub why: Why,
    /// Whether that was done and read back; false in a dry run.
    pub done: bool,
}
