//! What the agent says.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::line::{self, Head};
use super::{Identity, LineError, Printable, Telemetry};

/// A message of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Message {
    /// Who is there.
    Hello(Identity),
    /// How the node is.
    Status(Telemetry),
    /// The request is carried out, or under way.
    Done,
    /// The request is not carried out.
    Refused {
        /// Why.
        error: Printable,
    },
    /// The agent ends. Sent to whoever has a subscription, or asked for what ends it.
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
    /// The system shuts down and switches its processor off.
    Poweroff,
    /// The system shuts down and halts, switched on.
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
    /// Where systemd is on its way to, by what `systemctl list-jobs --no-legend` prints: a line is the job's number, its unit, what is to be
    /// done and how far it is. [`Self::Stopped`] where the system stays up.
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
    /// The version that it is written in.
    #[serde(rename = "v")]
    pub version: u32,
    /// The number of the request; absent where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What it says.
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
