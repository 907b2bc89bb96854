//! How far a node has come, in a word.

use std::fmt;

use serde::Serialize;

/// How far a node has come. The text is the same in JSON, in `status` and in `wait --for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Its HAT is not connected, or its board does not say whether it gives the node power.
    Absent,
    /// Its board gives it no power. What the USB still shows does not count: the kernel notices a device
    /// that lost its power up to some tenths of a second later.
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
    /// Its agent answers.
    Agent,
    /// It has power, announced that it powers off, and then left the USB.
    Halted,
    /// It has had power for longer than a boot takes ([`BOOT_LIMIT`](super::BOOT_LIMIT)), and is not on the USB.
    Failed,
}

impl State {
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

    /// Whether who waits for `goal` need not wait any longer: the node is there, or further in its start.
    /// States in which a node does not start are met by themselves alone.
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
