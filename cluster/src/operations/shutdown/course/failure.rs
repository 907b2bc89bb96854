//! Why a node is not shut down, and how that reads.

use std::time::Duration;

use crate::agent::Transport;

/// Why a node is not shut down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It cannot be asked, or refuses.
    NotAccepted { why: String, is_timeout: bool },
    /// It is not on the USB, so nobody can see it halt.
    Unseen,
    /// It starts again instead.
    Restarts,
    /// It did not answer, or did not halt, in time.
    TimedOut,
    /// It has left the USB without a sign that its system ends.
    Lost,
    /// The caller has stopped waiting.
    Stopped,
    /// Somebody else has switched it in the meantime.
    Switched { is_off: bool },
    /// Somebody else has asked for its power in the meantime.
    Wanted { has_halted: bool },
    /// Its power could not be cut, for this reason.
    NotCut(String),
}

impl Failure {
    /// For reports and errors, with the time limit of the shutdown and how the node was asked.
    pub(super) fn text(&self, limit: Duration, transport: Option<Transport>) -> String {
        match self {
            Self::NotAccepted { why, .. } => why.clone(),
            Self::Unseen => {
                "shuts down, but is not on the USB, so its halt cannot be observed".to_owned()
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
            Self::Stopped => "not waited for any longer".to_owned(),
            Self::Switched { is_off: true } => {
                "was switched off by another command before it was seen to halt".to_owned()
            }
            Self::Switched { is_off: false } => {
                "was switched by another command while it shut down".to_owned()
            }
            Self::Wanted { has_halted: true } => {
                "has halted, but keeps its power, as another command has requested it since"
                    .to_owned()
            }
            Self::Wanted { has_halted: false } => {
                "keeps its power, as another command has requested it since".to_owned()
            }
            Self::NotCut(why) => format!("its power could not be cut: {why}"),
        }
    }
}
