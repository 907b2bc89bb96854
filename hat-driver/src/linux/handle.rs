//! Handles: how a program names a board or a node of a [`Cluster`](super::Cluster) to it.
//!
//! A cluster gives them out ([`Cluster::boards`](super::Cluster::boards),
//! [`Cluster::nodes`](super::Cluster::nodes)); nobody can make one up. A handle of another cluster, or
//! of a board that has gone since, is refused with an error by whatever it is handed to.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::positions::Positions;

/// One board of a cluster. It stays the same board while the cluster knows it, wherever it is plugged
/// in and whatever comes before it; the order of two handles means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Board(u32);

impl Board {
    /// A handle that no board of this process had before.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The positions on this board of those of the nodes that are on it.
    #[must_use]
    pub fn positions(self, nodes: &[Node]) -> Positions {
        nodes.iter().filter(|node| node.board == self).map(|node| node.position).collect()
    }
}

/// One node of a cluster, as it is numbered now. Where boards came or went, so that the node has another
/// number, the handle is no longer one of the cluster's: it is never another node. Nodes are in the
/// order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    number: u32,
    board: Board,
    position: u8,
}

impl Node {
    pub(super) const fn new(number: u32, board: Board, position: u8) -> Self {
        Self { number, board, position }
    }

    /// Its number over all boards, counted from [`Options::first`](super::Options::first).
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Its board.
    #[must_use]
    pub const fn board(self) -> Board {
        self.board
    }

    /// Its position on its board: 0 for P1, at most 31.
    #[must_use]
    pub const fn position(self) -> u8 {
        self.position
    }

    /// The node at another position of the same board.
    pub(super) const fn beside(self, position: u8) -> Self {
        let first = self.number - self.position as u32;
        Self { number: first + position as u32, position, ..self }
    }

    /// The nodes at these positions of the same board.
    pub(super) fn all_beside(self, positions: Positions) -> impl Iterator<Item = Self> {
        positions.iter().map(move |position| self.beside(position))
    }
}

/// "node 5".
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.number)
    }
}
