//! What waiting for nodes comes to.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use super::{PowerReport, Since};
use crate::life::{BOOT_LIMIT, State};

/// `wait`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct WaitReport {
    /// The state that was waited for.
    pub goal: State,
    /// In the order of asking.
    pub nodes: Vec<WaitNode>,
}

/// `on` and `cycle` with `--wait`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct WaitNode {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// Its state at the end.
    pub state: State,
    /// Since when, in JSON in seconds since 1970-01-01 UTC; `None` if it was not observed.
    pub since: Option<Since>,
    /// Whether it is what was waited for, or beyond it.
    pub reached: bool,
    /// How often its power was cycled because it was not on the USB.
    pub cycles: u32,
    /// Why it did not get there, most likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cow<'static, str>>,
}

/// Of a node with nothing to start from.
pub(crate) const STAYS_IN_BOOT_ROM: &str = "it stays in its boot ROM: no bootable card";

const NO_AGENT: &str = "no agent answers: it is not installed or not running";

/// Added where a boot would have ended within the wait.
const NEVER: &str = ": check its card, its image and the power supply";

/// Why a node in a state is not in the one that was waited for, for at most this long, most likely.
pub(crate) fn likely_cause(
    state: State,
    goal: State,
    limit: Option<Duration>,
) -> Cow<'static, str> {
    Cow::Borrowed(match state {
        state if state.is_on_usb() && matches!(goal, State::Halted | State::Off) => {
            "it is still running"
        }
        // Its second serial port needs no network.
        State::Enumerated | State::Link if matches!(goal, State::Agent) => NO_AGENT,
        State::Absent => "its board is not connected or does not answer",
        State::Off => "it has no power",
        // It may still be booting when a short wait ends.
        State::Powered => match limit {
            None => "not on the USB yet",
            Some(limit) => {
                let cause = if limit < BOOT_LIMIT { "" } else { NEVER };
                return format!("not on the USB within {} s{cause}", limit.as_secs_f64()).into();
            }
        },
        State::Failed => {
            "it never appeared on the USB: check its card, its image and the power supply"
        }
        State::BootRom => STAYS_IN_BOOT_ROM,
        State::Enumerated => "its network interface is not up",
        State::Link => "its link has no address: check the network on the node and here",
        State::Reachable => NO_AGENT,
        State::Agent => "it is still running",
        State::Halted => "it has powered off: cycle its power",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_wait_blames_no_card() {
        let cause = |state, limit| likely_cause(state, State::Agent, limit);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(cause(State::Powered, seconds(8)), "not on the USB within 8 s");
        assert_eq!(
            cause(State::Powered, seconds(120)),
            "not on the USB within 120 s: check its card, its image and the power supply"
        );
        assert_eq!(cause(State::Powered, None), "not on the USB yet");
        assert!(cause(State::Failed, seconds(8)).starts_with("it never appeared on the USB"));
    }

    #[test]
    fn the_cause_depends_on_what_was_waited_for() {
        let likely_cause = |state, goal| likely_cause(state, goal, None);
        let network = "its network interface is not up";
        assert_eq!(likely_cause(State::Enumerated, State::Link), network);
        assert_eq!(likely_cause(State::Enumerated, State::Agent), NO_AGENT);
        assert_eq!(likely_cause(State::Reachable, State::Agent), NO_AGENT);
        for state in [State::Enumerated, State::Agent] {
            assert_eq!(likely_cause(state, State::Halted), "it is still running");
        }
    }
}
