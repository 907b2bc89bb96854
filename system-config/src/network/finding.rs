//! A problem of the nodes' network, and what fixes it.

use std::fmt;

use serde::Serialize;

use super::Fix;

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Finding {
    /// A stable word that tells programs what it is, such as `address-clash`.
    pub kind: &'static str,
    /// Whether it prevents the setup.
    pub blocks: bool,
    /// Whether it could not be determined for certain.
    #[serde(rename = "doubtful")]
    pub is_doubtful: bool,
    /// The problem, in a clause.
    pub what: String,
    /// What fixes it. `cure` in JSON, as it was called first.
    #[serde(rename = "cure")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub fix: Fix,
}

impl Finding {
    pub(super) fn blocking(kind: &'static str, what: String, fix: Fix) -> Self {
        Self { kind, blocks: true, is_doubtful: false, what, fix }
    }

    pub(super) fn warning(kind: &'static str, what: String, fix: Fix) -> Self {
        Self { kind, blocks: false, is_doubtful: false, what, fix }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.fix)
    }
}
