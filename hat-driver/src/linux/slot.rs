//! A place in the row of boards: what is known of a board, and the board or why it cannot be used.

use std::sync::Arc;

use super::error::Error;
use super::info::{BoardInfo, Model};
use super::unit::Unit;
use crate::ctrl::device::Description;

/// A board that was found, opened or not.
pub(super) struct Slot {
    pub(super) info: BoardInfo,
    pub(super) unit: Result<Unit, Arc<Error>>,
    /// Whether the last search opened it; otherwise it was open already.
    pub(super) is_fresh: bool,
}

impl Slot {
    pub(super) fn opened(info: BoardInfo, unit: Result<Unit, Error>) -> Self {
        Self { info, unit: unit.map_err(Arc::new), is_fresh: true }
    }

    /// A ClusterCTRL board that could not be asked for its order: it may have any.
    pub(super) const fn is_anywhere(&self) -> bool {
        matches!(self.info.model, Model::Ctrl { order: 0, .. })
    }

    /// Whether a board whose order is not known could come before this one.
    pub(super) const fn could_move(&self) -> bool {
        matches!(self.info.model, Model::Ctrl { order: 2.., .. })
    }

    /// Whether the open board still answers as what it was opened as. Reads only.
    pub(super) fn is_alive(&mut self) -> bool {
        match (&mut self.unit, self.info.model) {
            (Ok(Unit::Hat(hat)), _) => hat.direction().is_ok(),
            (Ok(Unit::Ctrl(device)), Model::Ctrl { order: known, .. }) => {
                let size = device.nodes();
                let same = |told: Description| told.order == known && told.nodes == size;
                device.describe().is_ok_and(same)
            }
            _ => false,
        }
    }
}

/// An open board of a row.
pub(super) fn unit(slots: &mut [Slot], board: usize) -> Result<&mut Unit, Error> {
    let boards = slots.len();
    let slot = slots.get_mut(board).ok_or(Error::NoSuchBoard { board, boards })?;
    slot.unit.as_mut().map_err(|error| not_opened(String::new(), error))
}

/// What is asked of a board that could not be opened; `what` names its nodes.
pub(super) fn not_opened(what: String, error: &Arc<Error>) -> Error {
    Error::NotOpened { what, source: Arc::clone(error) }
}
