//! The reports of switching outputs.

use hat_driver::linux::{Output, OutputResult};
use serde::Serialize;

/// `alert`, `led`, `hub`, `wp` and `fan`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OutputReport {
    /// Which output.
    pub output: Output,
    /// The state asked for: `on`, `off` or `reset`.
    pub state: &'static str,
    /// What each board came to.
    pub boards: Vec<OutputChange>,
    /// Boards that were initialised on the way.
    pub initialised: Vec<String>,
}

/// What an output did on one board, or on the controller.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OutputChange {
    /// The board's name, or the controller's line: `GPIO 18`.
    pub board: String,
    /// `None` where the board failed or was left.
    pub result: Option<OutputResult>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether somebody stopped the operation before the board had its turn.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

/// `usbboot`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UsbBootReport {
    /// The state asked for: `on` or `off`.
    pub state: &'static str,
    /// What each node came to.
    pub nodes: Vec<NodeUsbBoot>,
}

/// One node in `usbboot`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodeUsbBoot {
    /// `pN`.
    pub node: String,
    /// `None` where it failed.
    pub result: Option<OutputResult>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
