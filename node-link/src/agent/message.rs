//! Messages from the agent to the controller.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::line::{self, Head};
use super::{Identity, LineError, Printable, Telemetry};

/// A message of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Message {
    /// The reply to [`Request::Hello`](super::Request::Hello).
    Hello(Identity),
    /// The reply to [`Request::Status`](super::Request::Status), and what a subscriber is sent.
    Status(Telemetry),
    /// The request has been carried out, or is in progress.
    Done,
    /// The request is not carried out.
    Refused {
        /// Why.
        error: Printable,
    },
    /// The agent is about to end. Sent to a subscriber, and to a controller that has requested a shutdown or a restart.
    Goodbye {
        /// Why.
        reason: Goodbye,
    },
}

/// Why an agent ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Goodbye {
    /// The system powers off.
    Poweroff,
    /// The system halts without powering off.
    Halt,
    /// The system restarts.
    Reboot,
    /// Only the agent is stopped.
    Stopped,
    /// Another reason, of a newer version.
    #[serde(other)]
    Other,
}

impl Goodbye {
    /// The reason according to systemd's job queue, as printed by `systemctl list-jobs --no-legend`: each line has a job's number, unit, type
    /// and state. [`Self::Stopped`] if the system stays up.
    #[must_use]
    pub fn of_jobs(jobs: &str) -> Self {
        let reason = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            match (words.next()?, words.next()?) {
                ("poweroff.target", "start") => Some(Self::Poweroff),
                ("halt.target", "start") => Some(Self::Halt),
                ("reboot.target" | "kexec.target" | "soft-reboot.target", "start") => {
                    Some(Self::Reboot)
                }
                _ => None,
            }
        };
        jobs.lines().find_map(reason).unwrap_or(Self::Stopped)
    }
}

/// A line from the agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reply {
    /// The protocol version of the line.
    #[serde(rename = "v")]
    pub version: u32,
    /// The number of the request that it replies to; absent for unsolicited messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

impl Reply {
    /// The line with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        line::write(self)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// [`LineError`]: a reader ignores [`LineError::Noise`].
    pub fn from_line(line: &[u8]) -> Result<Self, LineError> {
        let head = Head::read(line)?;
        let message = match (head.check_version(), head.body(line)) {
            (_, Ok(Message::Hello(identity))) => Message::Hello(identity),
            (version, message) => version.and(message)?,
        };
        Ok(Self { version: head.version, id: head.id, message })
    }
}
