//! The reports of shutting nodes down and restarting them.

use serde::Serialize;

use super::BeyondSize;
use crate::agent::Transport;

/// `shutdown`, and `off` where it shuts down first.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ShutdownReport {
    /// In the order of asking.
    pub nodes: Vec<NodeShutdown>,
    /// What was switched off although no node is meant to be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond_size: Vec<BeyondSize>,
}

/// One node after `shutdown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodeShutdown {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// What became of it.
    pub result: ShutdownResult,
    /// How its agent was reached; absent if it could not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Why it was not shut down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of a node that was to be shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ShutdownResult {
    /// It had no power before.
    AlreadyOff,
    /// It halted, and then lost its power.
    ShutDown,
    /// It did not halt, and lost its power because that was asked for.
    Forced,
    /// Another command switched it off before it had halted.
    SwitchedOff,
    /// It has power, and may be running.
    StillOn,
    /// Its board does not answer, or its number is uncertain, so whether it has power is not known.
    Unknown,
}

/// `reboot`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RebootReport {
    /// In the order of asking.
    pub rebooting: Vec<NodeReboot>,
}

/// One node after `reboot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodeReboot {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// By what it was asked; absent where it does not restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Why it does not restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
