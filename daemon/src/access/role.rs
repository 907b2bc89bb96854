//! What a caller may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller may do: each role also what those before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    ReadOnly,
    /// Switches nodes and boards.
    Operator,
    /// Manages accounts, tokens and settings.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::Operator, Self::Administrator];

    /// The word in files and documents: `read-only`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody.
    Open,
    /// At least this role.
    Role(Role),
}

/// By what a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Name and password with the request.
    Basic,
    /// A session's token.
    Session,
    /// A session's cookie: a browser, which others may make send requests.
    Cookie,
    /// An API token.
    Token,
    /// The peer's credentials on the unix socket.
    Peer,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// An account's name, `token:NAME` or `uid:N`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// By what they are known.
    pub by: By,
    /// Where they are: an IP address, or `unix`.
    pub address: String,
    /// The hash of what they are known by: their session's or token's secret, or their account's password. What they have open
    /// ends with it.
    pub known_by: Option<String>,
}
