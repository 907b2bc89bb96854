//! What becomes of a node whose board lost its power.

use std::fmt;

use hat_driver::power::Action;
use serde::Serialize;

/// What becomes of a node when its board comes back after a loss of power (`at-boot`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AtBoot {
    /// It is switched off.
    Off,
    /// It gets the power that it was last asked to have.
    Last,
    /// It is switched on.
    On,
    /// It stays as the board's power-on jumper has it.
    #[default]
    Keep,
}

impl AtBoot {
    /// By its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Off, Self::Last, Self::On, Self::Keep].into_iter().find(|at| at.to_string() == name)
    }
}

impl fmt::Display for AtBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Last => "last",
            Self::On => "on",
            Self::Keep => "keep",
        })
    }
}

/// Why a node is switched, or left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Why {
    /// `at-boot` says on or off.
    Policy,
    /// `at-boot` says last, and this was last asked for.
    Last,
    /// `at-boot` says last, and nobody has switched the node yet.
    NeverAsked,
    /// `at-boot` says keep.
    Keep,
    /// Its board kept its power, or the node was restored already.
    NotDue,
    /// A ClusterCTRL board does not tell whether it lost its power, and restores its nodes by its own
    /// settings.
    ByBoard,
    /// Two starts in a row were cut short by under-voltage or a loss of power.
    BootLoop,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "set by at-boot",
            Self::Last => "as last requested",
            Self::NeverAsked => "never switched so far",
            Self::Keep => "at-boot keeps it as it is",
            Self::NotDue => "its board did not lose its power",
            Self::ByBoard => "its board restores it by its own settings",
            Self::BootLoop => "the last two starts were cut short",
        })
    }
}

/// What is known of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) policy: AtBoot,
    /// What was last asked for.
    pub(crate) last: Option<Action>,
    /// Whether it is to be restored.
    pub(crate) is_due: bool,
    /// Whether its board has settings of its own for that.
    pub(crate) is_ctrl: bool,
    /// Whether nothing may be switched on before somebody has looked at the supply.
    pub(crate) is_boot_loop: bool,
}

/// What is done to a node, and why. In a boot loop nothing goes on; what is to be off goes off.
pub(crate) fn decide(known: Known) -> (Option<Action>, Why) {
    let (action, why) = match (known.policy, known.last) {
        (AtBoot::Keep, _) => return (None, Why::Keep),
        _ if !known.is_due && known.is_ctrl => return (None, Why::ByBoard),
        _ if !known.is_due => return (None, Why::NotDue),
        (AtBoot::Last, None) => return (None, Why::NeverAsked),
        (AtBoot::Last, Some(last)) => (last, Why::Last),
        (AtBoot::On, _) => (Action::On, Why::Policy),
        (AtBoot::Off, _) => (Action::Off, Why::Policy),
    };
    match action {
        Action::On if known.is_boot_loop => (None, Why::BootLoop),
        action => (Some(action), why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case() {
        use Action::{Off, On};
        use AtBoot as At;
        let cases = [
            (At::Keep, Some(On), true, false, None, Why::Keep),
            (At::Last, Some(On), true, false, Some(On), Why::Last),
            (At::Last, Some(Off), true, false, Some(Off), Why::Last),
            (At::Last, None, true, false, None, Why::NeverAsked),
            (At::Last, Some(On), false, false, None, Why::NotDue),
            (At::On, Some(Off), true, false, Some(On), Why::Policy),
            (At::On, None, true, false, Some(On), Why::Policy),
            (At::On, None, false, false, None, Why::NotDue),
            (At::Off, Some(On), true, false, Some(Off), Why::Policy),
            (At::On, None, true, true, None, Why::BootLoop),
            (At::Last, Some(On), true, true, None, Why::BootLoop),
            (At::Off, Some(On), true, true, Some(Off), Why::Policy),
        ];
        for (policy, last, is_due, is_boot_loop, action, why) in cases {
            let known = Known { policy, last, is_due, is_ctrl: false, is_boot_loop };
            assert_eq!(decide(known), (action, why), "{known:?}");
            let of_ctrl = if why == Why::NotDue { Why::ByBoard } else { why };
            assert_eq!(decide(Known { is_ctrl: true, ..known }), (action, of_ctrl), "{known:?}");
        }
    }

    #[test]
    fn a_policy_is_read_by_its_name() {
        for policy in [AtBoot::Off, AtBoot::Last, AtBoot::On, AtBoot::Keep] {
            assert_eq!(AtBoot::parse(&policy.to_string()), Some(policy));
        }
        assert_eq!(AtBoot::parse("On"), None);
    }
}
