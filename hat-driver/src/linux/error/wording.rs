//! What a program contributes to the text of an error: its names of nodes and its advice.

use super::super::handle::Node;
use super::ClusterError;

/// A program's contributions to the text of an error.
pub trait Wording {
    /// What these nodes (at least one) are called.
    fn nodes(&self, nodes: &[Node]) -> String;

    /// What to do about an error, in the program's own words. It is asked for each error by itself,
    /// also for those inside others, and follows that error's text after a semicolon.
    fn advice(&self, error: &ClusterError) -> Option<String> {
        let _ = error;
        None
    }
}

/// "node 5", "nodes 5 6", and no advice.
pub(super) struct ByNumber;

impl Wording for ByNumber {
    fn nodes(&self, nodes: &[Node]) -> String {
        let numbers: Vec<_> = nodes.iter().map(|node| node.number().to_string()).collect();
        format!("{} {}", if nodes.len() == 1 { "node" } else { "nodes" }, numbers.join(" "))
    }
}
