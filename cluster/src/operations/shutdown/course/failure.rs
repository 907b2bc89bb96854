//! Why a node is not shut down, and how that reads.

use std::time::Duration;

use crate::agent::{AgentError, Transport};
use crate::life::State;
use crate::operations::hub::HUB_OFF;
use crate::report::STAYS_IN_BOOT_ROM;

/// Why nothing is seen of a node that may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// The USB hub of its board is off.
    HubOff,
    /// Its board does not answer, so that it may be off, too.
    BoardSilent,
}

impl Hidden {
    const fn why(self) -> &'static str {
        match self {
            Self::HubOff => HUB_OFF,
            Self::BoardSilent => "its board does not answer, so whether it has power is not known",
        }
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::HubOff => "switch the hub on first (`hub on`)",
            Self::BoardSilent => "check that the board is seated properly and has power",
        }
    }
}

/// What can be done about nodes that are not in their places.
pub(super) const OWN_PLACE: &str = "put each card into the position of its ID, once its system is shut down from within and the position off (`off`); \
    where the positions are right, correct usb-path in [nodes.pN]";

/// Why a node is not shut down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It cannot be asked, or refuses.
    NotAccepted { why: String, fix: Option<&'static str>, is_timeout: bool, is_starting: bool },
    /// Another node is in its place on the USB, or it is in another one, as this tells.
    Misplaced { has_halted: bool, why: String },
    /// It is not on the USB, so nobody can see it halt.
    Unseen,
    /// Somebody else was told before that it goes down, and it is not on the USB: nobody has seen whether it has halted, or starts.
    MayRun,
    /// It starts again instead.
    Restarts,
    /// It did not answer, or did not halt, in time.
    TimedOut,
    /// It has left the USB without a sign that its system ends.
    Lost,
    /// The caller has stopped waiting.
    Stopped,
    /// Somebody else has switched it off in the meantime.
    SwitchedOff,
    /// Somebody else has switched it off and on in the meantime: it starts anew.
    StartsAnew,
    /// It has halted, and has power again, or still.
    OnAgain,
    /// Its board is not there any more.
    Absent,
    /// Somebody else has asked for its power in the meantime.
    Wanted { has_halted: bool },
    /// Its power could not be cut, for this reason.
    NotCut { has_halted: bool, why: String },
}

impl Failure {
    /// What became of asking a node, which may be this far in its start, or hidden.
    pub(super) fn not_accepted(
        error: &AgentError,
        start: Option<State>,
        hidden: Option<Hidden>,
    ) -> Self {
        let is_timeout = error.is_timeout();
        if let Some(hidden) = hidden.filter(|_| error.is_usual_in_a_start()) {
            let why = format!("{}: {error}", hidden.why());
            return Self::NotAccepted {
                why,
                fix: Some(hidden.fix()),
                is_timeout,
                is_starting: false,
            };
        }
        match start.filter(|_| error.is_usual_in_a_start()) {
            None => Self::NotAccepted {
                why: error.to_string(),
                fix: error.fix(),
                is_timeout,
                is_starting: false,
            },
            Some(state) => {
                let so_far = format!("still starting ({state})");
                let why = match state {
                    // It has neither a port nor a network then.
                    State::Powered => so_far,
                    State::BootRom => STAYS_IN_BOOT_ROM.to_owned(),
                    _ => format!("{so_far}: {error}"),
                };
                // No time helps a node that has nothing to start from.
                let is_starting = state != State::BootRom;
                Self::NotAccepted { why, fix: None, is_timeout, is_starting }
            }
        }
    }

    /// For reports and errors, with the time limit of the shutdown and how the node was asked.
    pub(super) fn text(&self, limit: Duration, transport: Option<Transport>) -> String {
        match self {
            Self::NotAccepted { why, .. } | Self::Misplaced { has_halted: false, why } => why.clone(),
            Self::Misplaced { has_halted: true, why } => {
                format!("has halted, but its power was not cut: {why}")
            }
            Self::Unseen => {
                "shuts down, but is not on the USB, so its halt cannot be observed".to_owned()
            }
            Self::MayRun => {
                "has accepted an earlier shutdown, and is not on the USB: it has halted, or has been started again"
                    .to_owned()
            }
            Self::Restarts => "restarts instead of halting".to_owned(),
            Self::TimedOut => format!("not halted after {} s", limit.as_secs_f64()),
            Self::Lost if transport == Some(Transport::Ssh) => {
                "left the USB before its ssh session ended: its cable is loose, its system has crashed, or it ends sessions last \
                 (install libpam-systemd there)"
                    .to_owned()
            }
            Self::Lost => {
                "left the USB without a goodbye: its cable is loose, or its system has crashed"
                    .to_owned()
            }
            Self::Stopped => "no longer waited for".to_owned(),
            Self::SwitchedOff => {
                "was switched off by another command before it had halted; it may have lost data"
                    .to_owned()
            }
            Self::StartsAnew => {
                "was switched off and on by another command before it had halted, and starts anew"
                    .to_owned()
            }
            Self::OnAgain => {
                "has halted, but has power: another command has switched it on again".to_owned()
            }
            Self::Absent => "its board is not connected or does not answer any more".to_owned(),
            Self::Wanted { has_halted: true } => {
                "has halted, but keeps its power, as another command has requested it since"
                    .to_owned()
            }
            Self::Wanted { has_halted: false } => {
                "keeps its power, as another command has requested it since".to_owned()
            }
            Self::NotCut { has_halted: true, why } => {
                format!("has halted, but its power could not be cut: {why}")
            }
            Self::NotCut { has_halted: false, why } => format!("its power could not be cut: {why}"),
        }
    }
}
