//! What is said about a shared console, as JSON.

use serde::{Deserialize, Serialize};

/// What a client wants beside sending bytes: `{"write": "request"}`, `{"break": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Control {
    /// To write, or to do so no longer. Bytes of who does not write go nowhere.
    Write(WriteWish),
    /// To send a break.
    Break(bool),
}

/// Whether a client wants to be the one who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WriteWish {
    /// If nobody else does, or who does has sent nothing for a minute.
    Request,
    /// Whoever else does, who is told.
    TakeOver,
    /// No longer.
    Release,
}

/// What the service tells a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Notice {
    /// Whether the node shows its console. The first notice.
    Port {
        /// Whether the port is open.
        open: bool,
        /// Why it cannot be opened although it is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// Who writes. The second notice, and again at each change.
    Writer {
        /// Who; none for nobody.
        name: Option<String>,
        /// Whether it is this client.
        you: bool,
    },
    /// The client reads more slowly than the node prints.
    Lost {
        /// How many bytes it missed at this place.
        bytes: u64,
    },
    /// A wish was not granted.
    Refused {
        /// Why.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, do not change the test: other versions' clients speak so.
    #[test]
    fn the_words_stay() {
        let controls = [
            (Control::Write(WriteWish::Request), r#"{"write":"request"}"#),
            (Control::Write(WriteWish::TakeOver), r#"{"write":"take-over"}"#),
            (Control::Write(WriteWish::Release), r#"{"write":"release"}"#),
            (Control::Break(true), r#"{"break":true}"#),
        ];
        for (control, text) in controls {
            assert_eq!(serde_json::to_string(&control).unwrap(), text);
            assert_eq!(serde_json::from_str::<Control>(text).unwrap(), control);
        }
        let notices = [
            (Notice::Port { open: true, error: None }, r#"{"notice":"port","open":true}"#),
            (
                Notice::Writer { name: Some("pi".to_owned()), you: false },
                r#"{"notice":"writer","name":"pi","you":false}"#,
            ),
            (Notice::Lost { bytes: 7 }, r#"{"notice":"lost","bytes":7}"#),
            (Notice::Refused { reason: "no".to_owned() }, r#"{"notice":"refused","reason":"no"}"#),
        ];
        for (notice, text) in notices {
            assert_eq!(serde_json::to_string(&notice).unwrap(), text);
            assert_eq!(serde_json::from_str::<Notice>(text).unwrap(), notice);
        }
    }
}
