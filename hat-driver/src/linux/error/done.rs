//! What a failed operation has done all the same.

use super::super::handle::Node;
use crate::positions::Positions;
use crate::power::{Action, ResultingState};

/// What a failed operation has done all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// The nodes that it had switched before it failed.
    pub nodes: Box<[Node]>,
    /// Whether they were switched on.
    pub on: bool,
    /// Every node that was asked for.
    pub results: Box<[NodeResult]>,
}

impl Done {
    /// The nodes that it left as they are, since somebody asked for their power in the meantime, as
    /// [`Switched::kept`](super::super::Switched::kept). Not those whose board has gone with their power.
    #[must_use]
    pub fn kept(&self) -> Vec<Node> {
        self.results.iter().filter(|result| result.is_kept).map(|result| result.node).collect()
    }
}

/// What is known of a node after an operation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeResult {
    /// The node.
    pub node: Node,
    /// What was done to it last, or was to be done.
    pub action: Action,
    /// Whether it is as it was before that, or as it was to become, as a node is that was so already.
    pub resulting: ResultingState,
    /// Whether it was left as it was since somebody asked for its power in the meantime.
    pub is_kept: bool,
}

/// Places of a HAT beyond its configured size.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SparePlaces {
    /// The board's name.
    pub board: String,
    /// The positions: 0 for P1.
    pub places: Positions,
}

/// `hat1:P3 hat1:P4`.
impl std::fmt::Display for SparePlaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, place) in self.places.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{}:{}", self.board, Positions::one(place))?;
        }
        Ok(())
    }
}
