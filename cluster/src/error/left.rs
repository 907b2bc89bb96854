//! Nodes that were not shut down, by what is known of them.

/// Nodes that were not shut down, by what is known of them: several may apply to one.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NodesLeft {
    /// Those that keep their power since another caller has asked for it.
    pub wanted: Vec<String>,
    /// Those of them that have halted.
    pub halted: Vec<String>,
    /// Those that another caller has switched off before they had halted.
    pub cut: Vec<String>,
    /// Those of which nobody knows whether they have power, since their board does not answer.
    pub unknown: Vec<String>,
    /// Those that could not be asked since they are still starting.
    pub starting: Vec<String>,
    /// Those that are not in their own positions: cutting the power of these would take it from another node.
    pub misplaced: Vec<String>,
    /// Whether the request was to cut the power of nodes that do not halt, so that asking for that again is no help.
    pub is_forced: bool,
}
