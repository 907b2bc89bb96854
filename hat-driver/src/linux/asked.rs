//! What an operation asks of one board, and which of it others have taken back since it began.

use super::handle::Node;
use super::ledger::{Ledger, Offs};
use crate::positions::Positions;

/// The nodes that an operation asks for on one board.
pub(super) struct Asked {
    /// The board's slot.
    pub(super) slot: usize,
    /// The board's first node.
    pub(super) first: Node,
    /// The board's name in the record.
    pub(super) place: String,
    pub(super) nodes: Positions,
    /// How often they had been asked to be off when the operation began; absent where the record
    /// could not be read.
    offs: Option<Offs>,
}

impl Asked {
    pub(super) const fn new(slot: usize, first: Node, place: String, nodes: Positions) -> Self {
        Self { slot, first, place, nodes, offs: None }
    }

    /// Remembers what the record says as the operation begins.
    pub(super) fn note(&mut self, ledger: Option<&Ledger>) {
        self.offs = ledger.map(|ledger| ledger.offs(&self.place));
    }

    /// The operation itself has asked for its nodes to be off.
    pub(super) fn note_own(&mut self) {
        if let Some(offs) = &mut self.offs {
            offs.ask(self.nodes);
        }
    }

    /// The nodes that somebody else asked to be off since.
    pub(super) fn withdrawn(&self, now: &Ledger) -> Positions {
        let Some(before) = &self.offs else { return Positions::NONE };
        let now = now.offs(&self.place);
        let is_asked_again = |&position: &u8| before.of(position) != now.of(position);
        self.nodes.iter().filter(is_asked_again).collect()
    }
}
