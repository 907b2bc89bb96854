//! What waiting for nodes comes to.

use serde::Serialize;

use super::{PowerReport, Since};
use crate::life::State;

/// `wait`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitReport {
    /// The state that was waited for.
    pub goal: State,
    /// In the order of asking.
    pub nodes: Vec<WaitNode>,
}

/// `on` and `cycle` with `--wait`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StartReport {
    /// The switching.
    #[serde(flatten)]
    pub power: PowerReport,
    /// The waiting for those nodes that were switched on.
    pub wait: WaitReport,
}

/// How far a node has come.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitNode {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// Its state at the end.
    pub state: State,
    /// Since when; `None` where nobody saw it happen.
    pub since: Option<Since>,
    /// Whether it is what was waited for, or beyond it.
    pub reached: bool,
    /// How often its power was cycled because it was not on the USB.
    pub cycles: u32,
    /// Why it did not get there, most likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
}

const NO_AGENT: &str = "no agent answers: it is not installed or not running";

/// Why a node in a state is not in the one that was waited for, most likely.
pub(crate) const fn likely_cause(state: State, goal: State) -> &'static str {
    match state {
        State::Enumerated | State::Link | State::Reachable | State::Agent
            if matches!(goal, State::Halted) =>
        {
            "it is still running"
        }
        // Its second serial port needs no network.
        State::Enumerated | State::Link if matches!(goal, State::Agent) => NO_AGENT,
        State::Absent => "its board is not connected or does not answer",
        State::Off => "it has no power",
        State::Powered | State::Failed => {
            "it never appeared on the USB: check its card, its image and the power supply"
        }
        State::BootRom => "it stays in its boot ROM: no bootable card",
        State::Enumerated => "its network interface is not up",
        State::Link => "its link has no address: check the network on the node and here",
        State::Reachable => NO_AGENT,
        State::Agent => "it is still running",
        State::Halted => "it has powered off: cycle its power",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_depends_on_what_was_waited_for() {
        let network = "its network interface is not up";
        assert_eq!(likely_cause(State::Enumerated, State::Link), network);
        assert_eq!(likely_cause(State::Enumerated, State::Agent), NO_AGENT);
        assert_eq!(likely_cause(State::Reachable, State::Agent), NO_AGENT);
        for state in [State::Enumerated, State::Agent] {
            assert_eq!(likely_cause(state, State::Halted), "it is still running");
        }
    }
}
