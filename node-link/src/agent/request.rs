//! Requests from the controller to the agent.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::LineError;
use super::line::{self, Head};

/// A request to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Request {
    /// Identify the node and the agent's versions: [`Message::Hello`](super::Message::Hello). Understood in every version.
    Hello,
    /// Report the telemetry once: [`Message::Status`](super::Message::Status).
    Status,
    /// Send [`Message::Status`](super::Message::Status) whenever it changes, or stop doing so. A subscription lapses when no request arrives for
    /// [`SUBSCRIPTION`](super::SUBSCRIPTION), so that the agent is idle without a listener; repeat the request to keep it.
    Subscribe {
        /// Whether to send.
        on: bool,
    },
    /// Power the node off. The reply comes when the shutdown has begun.
    Poweroff,
    /// Reboot the node. The reply comes when the reboot has begun.
    Reboot,
    /// Blink the ACT LED.
    Identify {
        /// Duration; 0 stops blinking.
        seconds: u16,
    },
}

/// A line to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The protocol version of the line.
    #[serde(rename = "v")]
    pub version: u32,
    /// Its number, which the reply repeats.
    pub id: u32,
    /// The request.
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
    /// [`LineError`], with the request's number if it could be parsed, for a refusal.
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
