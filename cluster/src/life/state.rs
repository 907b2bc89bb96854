//! The states of a node.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::BOOT_LIMIT;

/// The state of a node. Its name is the same in JSON, in `status` and in `wait --for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Its HAT is not connected, or its board cannot be read.
    Absent,
    /// Its board gives it no power. Its devices on the USB do not count: the kernel notices the loss of a
    /// device up to a few tenths of a second later.
    Off,
    /// It has power, and is not on the USB.
    Powered,
    /// Its boot ROM is on the USB and waits for boot files (0a5c:2763, 0a5c:2764): there is no bootable card.
    BootRom,
    /// Its gadget is on the USB.
    Enumerated,
    /// Its network interface, `ethpiN` or `ethupiN`, has a carrier.
    Link,
    /// It answers on the network: the kernel has its link-layer address and found it valid.
    Reachable,
    /// Its agent was last heard on its second serial port. One that is reached by ssh alone is not followed.
    Agent,
    /// It has power, and has left the USB after its agent announced that it powers off.
    Halted,
    /// It has had power for longer than a boot takes ([`BOOT_LIMIT`](super::BOOT_LIMIT)), and is not on the USB.
    Failed,
}

impl State {
    /// Whether a node that has been in it for this long is booting; `None` = nobody knows how long.
    pub(crate) fn is_starting(self, age: Option<Duration>) -> bool {
        match self {
            // After BOOT_LIMIT it is Failed, where that is known.
            Self::Powered => age.is_none_or(|age| age < BOOT_LIMIT),
            Self::BootRom | Self::Enumerated | Self::Link => {
                age.is_some_and(|age| age < BOOT_LIMIT)
            }
            _ => false,
        }
    }

    /// Whether its gadget is on the USB.
    pub(crate) const fn is_on_usb(self) -> bool {
        matches!(self, Self::Enumerated | Self::Link | Self::Reachable | Self::Agent)
    }

    /// Every state, in the order in which a node that starts passes through them; the last two end a start.
    pub const ALL: [Self; 10] = [
        Self::Absent,
        Self::Off,
        Self::Powered,
        Self::BootRom,
        Self::Enumerated,
        Self::Link,
        Self::Reachable,
        Self::Agent,
        Self::Halted,
        Self::Failed,
    ];

    /// The word: `boot-rom`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Off => "off",
            Self::Powered => "powered",
            Self::BootRom => "boot-rom",
            Self::Enumerated => "enumerated",
            Self::Link => "link",
            Self::Reachable => "reachable",
            Self::Agent => "agent",
            Self::Halted => "halted",
            Self::Failed => "failed",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a wait for `goal` is over: the node is in that state, or further in its start. States that are
    /// not part of a start are met only by themselves.
    #[must_use]
    pub fn meets(self, goal: Self) -> bool {
        let starts = |state| (Self::Powered..=Self::Agent).contains(&state);
        self == goal || starts(self) && starts(goal) && self >= goal
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_in_text_and_json() {
        for state in State::ALL {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
            assert_eq!(State::of_name(state.name()), Some(state));
        }
        assert_eq!(State::of_name("booting"), None);
    }

    #[test]
    fn a_goal_is_met_by_what_lies_beyond_it_in_a_start() {
        assert!(State::Reachable.meets(State::Link) && State::Link.meets(State::Link));
        assert!(!State::Link.meets(State::Reachable));
        for state in [State::Absent, State::Off, State::Halted, State::Failed] {
            for other in State::ALL.into_iter().filter(|&other| other != state) {
                assert!(!state.meets(other) && !other.meets(state), "{state} {other}");
            }
        }
    }
}
