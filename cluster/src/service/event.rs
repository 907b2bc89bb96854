//! What happened, as clusterhatd reports it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::life::State;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Its number; a later event has a higher one, also after a restart.
    pub id: u64,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A node is in another state.
    State {
        /// `pN`.
        node: String,
        /// Its state now.
        state: State,
        /// Since when, in milliseconds since 1970-01-01 UTC, and never after `at`; absent where nobody saw it happen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
    },
    /// A node has power, or has none any more.
    Power {
        /// `pN`.
        node: String,
        /// Whether it has power.
        on: bool,
    },
    /// A task began, came on, or ended.
    Task {
        /// Its ID.
        task: String,
        /// The operation's word.
        operation: String,
        /// Its nodes, folded.
        nodes: String,
        /// `running`, `done`, `failed` or `cancelled`.
        state: String,
        /// How much of it is done, in percent.
        percent: u8,
    },
    /// A node's agent is reached, or is not any more.
    Agent {
        /// `pN`.
        node: String,
        /// Whether it is reached.
        reached: bool,
    },
    /// The controller's supply sags, or has recovered.
    UnderVoltage {
        /// Whether it sags now.
        now: bool,
    },
    /// Something about a node's console.
    Console {
        /// `pN`.
        node: String,
        /// `opened`, `closed`, `writer`.
        what: String,
        /// Who has the keyboard, where somebody has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<String>,
    },
    /// Somebody logged in or out, or an account or token changed.
    Access {
        /// Who.
        who: String,
        /// What was done.
        what: String,
    },
    /// Boards came or went.
    Boards {
        /// The boards that are there.
        boards: Vec<String>,
    },
}

impl EventKind {
    /// The node that it is about, if it is about one.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::State { node, .. }
            | Self::Power { node, .. }
            | Self::Agent { node, .. }
            | Self::Console { node, .. } => Some(node),
            Self::Task { .. }
            | Self::UnderVoltage { .. }
            | Self::Access { .. }
            | Self::Boards { .. } => None,
        }
    }

    /// The word in documents and in `event:` of a stream.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Power { .. } => "power",
            Self::Task { .. } => "task",
            Self::Agent { .. } => "agent",
            Self::UnderVoltage { .. } => "under-voltage",
            Self::Console { .. } => "console",
            Self::Access { .. } => "access",
            Self::Boards { .. } => "boards",
        }
    }
}

/// The time now as events have it: in milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn unix_millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
