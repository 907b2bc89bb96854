//! Nodes that are off, and are asked to stay so: a shutdown has nothing else to do to them.

use super::asked::Asked;
use super::asks::AsksSoFar;
use super::cluster::Cluster;
use super::error::{ClusterError, Done, Target};
use super::handle::Node;
use super::ledger::change;
use crate::positions::Positions;
use crate::power::{Action, ResultingState};

impl Cluster {
    /// Records that those of the nodes that are off are asked to be off, as [`Self::switch_since`] does before it cuts the others: an
    /// operation that is to switch one of them on is undone. A node that somebody has asked to be on since then is left alone.
    /// Switches nothing. Returns the nodes that are not off: nothing is recorded of them.
    ///
    /// # Errors
    /// Of boards that do not answer, or that somebody else does not let go of; the nodes of the others are recorded.
    pub fn keep_off(
        &mut self,
        nodes: &[Node],
        since: &AsksSoFar,
    ) -> Result<Vec<Node>, ClusterError> {
        self.check_nodes(nodes)?;
        let (mut on, mut failures) = (Vec::new(), Vec::new());
        for mut asked in self.asked(nodes) {
            asked.note(since.ledger.as_ref());
            match self.keep_off_of(&asked) {
                Ok(places) => on.extend(asked.first.all_beside(places)),
                Err(error) => failures.push(error),
            }
        }
        if failures.is_empty() {
            return Ok(on);
        }
        Err(ClusterError::of_boards(failures, Done::default()))
    }

    /// The same on one board.
    fn keep_off_of(&mut self, asked: &Asked) -> Result<Positions, ClusterError> {
        self.check_slot_ready(asked.slot, asked.nodes)?;
        // Whoever switches one on has done it before, or reads of this first.
        let _exclusion = self.enter(asked.slot)?;
        let on = self.on_now(asked.slot, asked.nodes)?.intersection(asked.nodes);
        // Who cannot read of it behaves as if nobody had asked.
        let _ = change(&*self.platform, |ledger| {
            let off = asked.nodes.without(on).without(asked.wanted(ledger));
            ledger.ask_to_stay_off(&asked.place, off);
        });
        Ok(on)
    }

    /// The nodes that switching off would find on.
    fn on_now(&mut self, slot: usize, nodes: Positions) -> Result<Positions, ClusterError> {
        if let Some(on) = self.start(slot, nodes, Action::Off)? {
            return Ok(on);
        }
        // Before its initialisation, what its pins show counts.
        self.unit(slot)?.status().map(|reading| reading.on_before(Action::Off)).map_err(|source| {
            let target = Target::nodes(self.first(slot).all_beside(nodes));
            self.failed(slot, target, ResultingState::Old, source)
        })
    }
}
