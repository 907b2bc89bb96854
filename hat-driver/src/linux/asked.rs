//! What an operation asks of one board, and what others have asked of the same nodes since.

use super::handle::Node;
use super::ledger::{Asks, Ledger, NodeAsks};
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
    /// What had been asked of them when the operation began; absent where the record could not be read.
    before: Option<Asks>,
    /// Whether the operation has asked for them to be on itself.
    pub(super) has_asked_on: bool,
}

impl Asked {
    pub(super) const fn new(slot: usize, first: Node, place: String, nodes: Positions) -> Self {
        Self { slot, first, place, nodes, before: None, has_asked_on: false }
    }

    /// Remembers what the record says as the operation begins.
    pub(super) fn note(&mut self, ledger: Option<&Ledger>) {
        self.before = ledger.map(|ledger| ledger.asks(&self.place));
    }

    /// The operation itself has asked for these of its nodes to be off.
    pub(super) fn note_own(&mut self, nodes: Positions) {
        if let Some(before) = &mut self.before {
            before.off(nodes);
        }
    }

    /// The nodes that somebody else asked to be off since.
    pub(super) fn withdrawn(&self, now: &Ledger) -> Positions {
        self.differing(now, |node| node.off)
    }

    /// The nodes that somebody has begun to switch off since, unless that is over.
    pub(super) fn to_be_off(&self, now: &Ledger) -> Positions {
        let asks = now.asks(&self.place);
        let begun = self.differing(now, |node| node.announced);
        begun.iter().filter(|position| asks.of(*position).is_to_be_off()).collect()
    }

    /// The nodes that somebody asked to be on since.
    pub(super) fn wanted(&self, now: &Ledger) -> Positions {
        self.differing(now, |node| node.on)
    }

    fn differing(&self, now: &Ledger, count: impl Fn(NodeAsks) -> u16) -> Positions {
        let Some(before) = &self.before else { return Positions::NONE };
        let now = now.asks(&self.place);
        let is_asked_again = |&position: &u8| count(before.of(position)) != count(now.of(position));
        self.nodes.iter().filter(is_asked_again).collect()
    }
}
