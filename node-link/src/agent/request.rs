//! What the controller asks.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::LineError;
use super::line::{self, Head};

/// A request to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Request {
    /// Who is there: [`Message::Hello`](super::Message::Hello). Understood in every version.
    Hello,
    /// How the node is now: [`Message::Status`](super::Message::Status).
    Status,
    /// Send [`Message::Status`](super::Message::Status) whenever it has changed, or stop that. Ends when the agent hears nothing for
    /// [`SUBSCRIPTION`](super::SUBSCRIPTION), so that it rests where nobody listens any more: ask again before.
    Subscribe {
        /// Whether to send.
        on: bool,
    },
    /// Shut the node down and switch its processor off. Done means: under way.
    Poweroff,
    /// Restart the node. Done means: under way.
    Reboot,
    /// Blink the ACT LED.
    Identify {
        /// For how long; 0 ends it.
        seconds: u16,
    },
}

/// A line to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The version that it is written in.
    #[serde(rename = "v")]
    pub version: u32,
    /// Its number, which the reply repeats.
    pub id: u32,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

impl Call {
    /// The line with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        line::write(self)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// [`LineError`], with the line's number wherever it can be told, so that it can be refused.
    pub fn from_line(line: &[u8]) -> Result<Self, LineError> {
        let head = Head::read(line)?;
        let request = match (head.check_version(), head.body(line)) {
            (_, Ok(Request::Hello)) => Request::Hello,
            (version, request) => version.and(request)?,
        };
        let no_id = || LineError::Unknown { id: None, message: "no id".into() };
        Ok(Self { version: head.version, id: head.id.ok_or_else(no_id)?, request })
    }
}
