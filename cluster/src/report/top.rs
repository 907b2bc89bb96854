//! The reports of `top` and `fan auto`.

use node_link::agent::Telemetry;
use serde::Serialize;

use super::NoAgent;
use crate::agent::Transport;
use crate::life::State;

/// `top`: one look at every node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopReport {
    /// The controller's own temperature in degrees Celsius, if known.
    pub controller_c: Option<f64>,
    /// The highest temperature of all, the controller's among them.
    pub hottest_c: Option<f64>,
    /// By number.
    pub nodes: Vec<TopNode>,
}

/// One node in `top`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopNode {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// How far it has come; absent where its board does not answer. A node whose agent is not reached counts as powered.
    pub state: Option<State>,
    /// By what its agent is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Whether its readings are made up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// What it said last. The node's own words are bounded and harmless to a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<Telemetry>,
    /// Why its agent is not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same, way by way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_agent: Vec<NoAgent>,
}

/// `fan auto`: a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FanReport {
    /// Whether the fans are to run.
    pub fan: bool,
    /// The highest temperature in degrees Celsius; absent if none is known.
    pub hottest_c: Option<f64>,
    /// Whose it is: `controller`, or `pN`.
    pub whose: Option<String>,
}
