//! Nodes and boards by their places in the row, from 0.

// Each test program uses its own part.
#![allow(dead_code)]

use hat_driver::linux::{Board, Cluster, Node};

/// A cluster's handles by their places.
pub(crate) trait Row {
    fn nth(&self, place: usize) -> Node;
    fn board(&self, place: usize) -> Board;

    fn pick(&self, places: &[usize]) -> Vec<Node> {
        places.iter().map(|&place| self.nth(place)).collect()
    }
}

impl Row for Cluster {
    fn nth(&self, place: usize) -> Node {
        self.nodes().nth(place).expect("a node of this place")
    }

    fn board(&self, place: usize) -> Board {
        self.boards().nth(place).expect("a board of this place").0
    }
}

/// The place of a node, where the first one has number 1.
pub(crate) fn place(node: Node) -> usize {
    node.number() as usize - 1
}

pub(crate) fn places(nodes: &[Node]) -> Vec<usize> {
    nodes.iter().copied().map(place).collect()
}
