//! A slot in the list of boards: what is known of a board, and the board or why it cannot be used.

use std::sync::Arc;

use super::error::{ClusterError, Target};
use super::handle::Board;
use super::info::{BoardInfo, BoardModel};
use super::unit::Unit;
use crate::ctrl::device::Description;

/// A board that was found, opened or not.
pub(super) struct Slot {
    /// Its handle.
    pub(super) board: Board,
    pub(super) info: BoardInfo,
    pub(super) unit: Result<Unit, Arc<ClusterError>>,
    /// Whether the last search opened it; otherwise it was open already.
    pub(super) is_fresh: bool,
}

impl Slot {
    pub(super) fn opened(info: BoardInfo, unit: Result<Unit, ClusterError>) -> Self {
        Self { board: Board::new(), info, unit: unit.map_err(Arc::new), is_fresh: true }
    }

    /// The board's name in the record. The number of a ClusterCTRL board's bus is another one each time that it is
    /// plugged in; its order stays.
    pub(super) fn recorded_as(&self) -> String {
        match self.info.model {
            BoardModel::Ctrl { .. } => self.info.name.clone(),
            _ => self.info.place().replace(' ', ":"),
        }
    }

    /// The open board.
    pub(super) fn unit(&mut self) -> Result<&mut Unit, ClusterError> {
        let unit = self.unit.as_mut();
        unit.map_err(|error| ClusterError::NotOpened {
            target: Target::None,
            source: Arc::clone(error),
        })
    }

    /// Refuses what is asked of a board that could not be opened.
    pub(super) fn check_open(&self, target: Target) -> Result<(), ClusterError> {
        match &self.unit {
            Ok(_) => Ok(()),
            Err(source) => Err(ClusterError::NotOpened { target, source: Arc::clone(source) }),
        }
    }

    /// A ClusterCTRL board that could not be asked for its order: it may have any.
    pub(super) const fn is_anywhere(&self) -> bool {
        matches!(self.info.model, BoardModel::Ctrl { order: 0, .. })
    }

    /// Whether a board whose order is not known could come before this one.
    pub(super) const fn could_move(&self) -> bool {
        matches!(self.info.model, BoardModel::Ctrl { order: 2.., .. })
    }

    /// Whether the open board still answers as what it was opened as. Reads only.
    pub(super) fn is_alive(&mut self) -> bool {
        match (&mut self.unit, self.info.model) {
            (Ok(Unit::Hat(hat)), _) => hat.direction().is_ok(),
            (Ok(Unit::Ctrl(device)), BoardModel::Ctrl { order: known, .. }) => {
                let size = device.nodes();
                let same = |told: Description| told.order == known && told.nodes == size;
                device.describe().is_ok_and(same)
            }
            _ => false,
        }
    }
}
