//! A dialogue with a node's console.

use serde::Serialize;

/// What a node's console was asked for.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ConsoleReport {
    /// The node.
    pub node: String,
    /// The text that matched what was expected; absent where nothing was, or nothing did. The node's own: it
    /// may hold control characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
}

impl ConsoleReport {
    /// Of a node, by its name.
    #[must_use]
    pub const fn new(node: String, matched: Option<String>) -> Self {
        Self { node, matched }
    }
}
