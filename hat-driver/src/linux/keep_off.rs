//! Nodes that are off, and are asked to stay so: a shutdown has nothing else to do to them.

use super::asked::Asked;
use super::asks::AsksSoFar;
use super::cluster::Cluster;
use super::error::{ClusterError, Done, Target};
use super::handle::Node;
use super::ledger::change;
use crate::positions::Positions;
use crate::power::{Action, ResultingState};

/// What became of nodes that are to stay off: those of boards that failed are in no group.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct KeptOff {
    /// Those that are off, and are asked to be.
    pub off: Vec<Node>,
    /// Those that are on: nothing is recorded of them.
    pub on: Vec<Node>,
    /// Those that somebody has asked to be on since, whether they are or not: they are left alone.
    pub wanted: Vec<Node>,
    /// Of boards that do not answer, or that somebody else does not let go of.
    pub error: Option<ClusterError>,
}

impl Cluster {
    /// Records that those of the nodes that are off are asked to be off, as [`Self::switch_since`] does before it cuts the others: an
    /// operation that is to switch one of them on is undone. A node that somebody has asked to be on since then is left alone.
    /// Switches nothing.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn keep_off(&mut self, nodes: &[Node], since: &AsksSoFar) -> Result<KeptOff, ClusterError> {
        self.check_nodes(nodes)?;
        let (mut kept, mut failures) = (KeptOff::default(), Vec::new());
        for mut asked in self.asked(nodes) {
            asked.note(since.ledger.as_ref());
            if let Err(error) = self.keep_off_of(&asked, &mut kept) {
                failures.push(error);
            }
        }
        if !failures.is_empty() {
            kept.error = Some(ClusterError::of_boards(failures, Done::default()));
        }
        Ok(kept)
    }

    /// The same on one board.
    fn keep_off_of(&mut self, asked: &Asked, kept: &mut KeptOff) -> Result<(), ClusterError> {
        self.check_slot_ready(asked.slot, asked.nodes)?;
        // Whoever switches one on has done it before, or reads of this first.
        let _exclusion = self.enter(asked.slot)?;
        let on = self.on_now(asked.slot, asked.nodes)?.intersection(asked.nodes);
        // Who cannot read of it behaves as if nobody had asked.
        let mut wanted = Positions::NONE;
        let _ = change(&*self.platform, |ledger| {
            wanted = asked.wanted(ledger);
            ledger.ask_to_stay_off(&asked.place, asked.nodes.without(on).without(wanted));
        });
        kept.off.extend(asked.first.all_beside(asked.nodes.without(on).without(wanted)));
        kept.on.extend(asked.first.all_beside(on.without(wanted)));
        kept.wanted.extend(asked.first.all_beside(wanted));
        Ok(())
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
