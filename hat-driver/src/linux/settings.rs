//! What a ClusterCTRL board alone can do and tell, and where nodes are on the USB.

use super::cluster::Cluster;
use super::error::{ClusterError, Target};
use super::handle::{Board, Node};
use super::info::{BoardInfo, BoardModel};
use super::output::OutputResult;
use super::outputs::ctrl_resulting;
use super::slot::Slot;
use super::unit::{LinuxCtrl, Unit};
use crate::bus_error::BusError;
use crate::ctrl::CtrlError;
use crate::ctrl::device::Save;
use crate::revisions::Wiring;

impl Cluster {
    /// Chooses whether a node boots over USB. [`OutputResult::Unsupported`] where its board cannot choose.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn set_usb_boot(&mut self, node: Node, on: bool) -> Result<OutputResult, ClusterError> {
        let slot = self.ready_slot(node)?;
        let number = node.position() + 1;
        if matches!(self.unit(slot)?, Unit::Hat(_)) {
            return Ok(OutputResult::Unsupported);
        }
        self.on_ctrl(slot, Target::nodes([node]), |device| match device.usb_boot(number)? {
            None => Ok(OutputResult::Unsupported),
            Some(is_on) if is_on == on => Ok(OutputResult::Unchanged),
            Some(_) => device.set_usb_boot(number, on).map(|()| OutputResult::Switched),
        })
    }

    /// Those of the nodes whose HAT is not there, as a ClusterCTRL DA tells. A board that does not
    /// answer is left to whatever is asked of it next.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchNode`].
    pub fn absent(&mut self, nodes: &[Node]) -> Result<Vec<Node>, ClusterError> {
        self.check_nodes(nodes)?;
        let mut absent = Vec::new();
        for slot in 0..self.slots.len() {
            let Slot { board, info, .. } = &self.slots[slot];
            let asked = board.positions(nodes);
            let has_hats =
                matches!(info.model, BoardModel::Ctrl { product, .. } if product.has_hats());
            if !has_hats || asked.is_empty() {
                continue;
            }
            if let Ok(power) = self.on_ctrl(slot, Target::None, |device| device.nodes_power(asked))
            {
                absent.extend(self.first(slot).all_beside(power.absent));
            }
        }
        Ok(absent)
    }

    /// The ClusterCTRL board of an order.
    #[must_use]
    pub fn board_of_order(&self, order: u8) -> Option<Board> {
        let has = |info: &BoardInfo| matches!(info.model, BoardModel::Ctrl { order: o, .. } if o == order);
        self.boards().find(|(_, info)| has(info)).map(|(board, _)| board)
    }

    /// Refuses an order that a ClusterCTRL board may have that could not be asked for its own.
    ///
    /// # Errors
    /// [`ClusterError::OrderUnknown`].
    pub fn check_unasked(&self, order: u8) -> Result<(), ClusterError> {
        let unasked = |info: &&BoardInfo| matches!(info.model, BoardModel::Ctrl { order: 0, .. });
        let boards = self.boards().map(|(_, info)| info).filter(unasked);
        let boards: Vec<_> = boards.map(BoardInfo::label).collect();
        match boards.is_empty() {
            true => Ok(()),
            false => Err(ClusterError::OrderUnknown { boards, order }),
        }
    }

    /// Gives a ClusterCTRL board another order, until its next reset.
    ///
    /// # Errors
    /// As [`Self::set`] and [`Self::check_unasked`].
    pub fn set_order(&mut self, board: Board, order: u8) -> Result<(), ClusterError> {
        if self.board_of_order(order) != Some(board) {
            self.check_unasked(order)?;
        }
        let slot = self.slot(board)?;
        self.on_ctrl(slot, Target::Setting("order"), |device| device.set_order(order))
    }

    /// Writes a ClusterCTRL board's settings to its EEPROM.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn save(&mut self, board: Board, what: Save) -> Result<(), ClusterError> {
        let slot = self.slot(board)?;
        self.on_ctrl(slot, Target::Setting("EEPROM"), |device| device.save(what))
    }

    /// Where a node is on the USB, as sysfs names it: `1-1.2.4`. `None` where that is not known.
    /// Switches nothing: a HAT's hub is found by the gadgets behind it.
    ///
    /// # Errors
    /// As [`Self::set`], for a ClusterCTRL board.
    pub fn usb_path(&mut self, node: Node) -> Result<Option<String>, ClusterError> {
        let slot = self.ready_slot(node)?;
        let info = &self.slots[slot].info;
        if let BoardModel::Hat(revision) = info.model {
            let configured = self.options.v1_hub.clone();
            let configured = configured.filter(|_| revision.wiring == Wiring::Lines);
            let hats =
                self.boards().filter(|(_, info)| matches!(info.model, BoardModel::Hat(_))).count();
            // Nothing tells which of several HATs a hub belongs to.
            let hub = configured.or_else(|| self.platform.hat_hub().filter(|_| hats == 1));
            return Ok(hub.map(|hub| format!("{hub}.{}", revision.hub_port(node.position()))));
        }
        let own_port = info.usb_path.clone();
        let paths = self.on_ctrl(slot, Target::None, |device| {
            let own = device.usb_path(0)?;
            let below = device.usb_path(node.position() + 1)?;
            Ok(own.zip(below))
        })?;
        // The board's own path ends with the ports that it says of itself; the rest leads to the
        // hub that it shares with its nodes.
        Ok(own_port.zip(paths).and_then(|(port, (own, below))| {
            let hub = port.strip_suffix(&format!(".{own}"))?;
            Some(format!("{hub}.{below}"))
        }))
    }

    /// Does something with a ClusterCTRL board under its lock; errors are about `target`.
    ///
    /// # Errors
    /// [`ClusterError::NotCtrl`] for a HAT.
    fn on_ctrl<R>(
        &mut self,
        slot: usize,
        target: Target,
        act: impl FnOnce(&mut LinuxCtrl) -> Result<R, CtrlError<BusError>>,
    ) -> Result<R, ClusterError> {
        let exclusion = self.enter(slot)?;
        let result = match self.slots[slot].unit()? {
            Unit::Ctrl(device) => act(device),
            Unit::Hat(_) => {
                return Err(ClusterError::NotCtrl { board: self.slots[slot].info.label() });
            }
        };
        drop(exclusion);
        result.map_err(|source| {
            let resulting = ctrl_resulting(&source);
            self.failed(slot, target, resulting, source.into())
        })
    }
}
