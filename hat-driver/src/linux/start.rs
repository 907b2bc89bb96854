//! Where switching a board's nodes starts from: asked before anything is switched, by a cycle and by
//! whoever plans.

use super::cluster::Cluster;
use super::error::{BoardError, Error};
use super::slot;
use super::unit::Unit;
use crate::positions::Positions;
use crate::power::{Action, Stands, Switchable as _};

impl Cluster {
    /// The nodes of a board that are on where [`Self::switch`] would start with these nodes of it, by
    /// position; `None` where it would initialise the board first. Switches nothing: a HAT is only
    /// read, without any lock.
    ///
    /// # Errors
    /// What [`Self::switch`] would refuse the nodes for, or as [`Self::status`].
    pub fn starts_from(
        &mut self,
        board: usize,
        nodes: Positions,
        action: Action,
    ) -> Result<Option<Positions>, Error> {
        self.check_ready(board, nodes)?;
        let _exclusion = match self.unit(board)? {
            Unit::Hat(_) => None,
            Unit::Ctrl(_) => Some(self.enter(board)?),
        };
        self.start(board, nodes, action)
    }

    /// The same on a board that is kept from others.
    pub(super) fn start(
        &mut self,
        board: usize,
        nodes: Positions,
        action: Action,
    ) -> Result<Option<Positions>, Error> {
        let unit = slot::unit(&mut self.slots, board)?;
        match unit.state(nodes, action) {
            Ok(state) => Ok(Some(unit.on(state))),
            Err(BoardError::Hat(crate::Error::NotInitialised)) => Ok(None),
            Err(source) => Err(self.failed(board, self.names(board, nodes), Stands::Old, source)),
        }
    }
}
