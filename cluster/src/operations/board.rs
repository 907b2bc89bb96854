//! What ClusterCTRL boards alone can do: order, saved settings, reset, and how their nodes boot.

use hat_driver::linux::{Board, BoardInfo, BoardModel, ClusterError as DriverError, OutputResult};
use node_link::text::shorten;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::event::{Event, Task, Verdict, during};
use crate::nodes::{Labels, NodeSet, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{BoardDone, BoardReport, BoardSettings, NodeUsbBoot, UsbBootReport};

/// The order of every board that comes from the factory.
const FACTORY_ORDER: u8 = 20;

impl Cluster {
    /// Gives a ClusterCTRL board another order, until its next reset unless it is saved.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`], [`Error::OrderTaken`] or [`Error::Driver`].
    pub fn set_order(&mut self, old: u8, new: u8) -> Result<Outcome<BoardReport>, Error> {
        let board = self.ctrl_board(old)?;
        if old != new && self.driver.board_of_order(new).is_some() {
            return Err(Error::OrderTaken { order: new });
        }
        self.driver.set_order(board, new)?;
        self.board_report(board, BoardDone::Order { old, new })
    }

    /// Whether [`Self::save`] may be asked for. Writes nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`], [`Error::FactoryOrderTaken`] or [`Error::Driver`].
    pub fn check_save(&self, order: u8, what: BoardSettings) -> Result<(), Error> {
        let board = self.ctrl_board(order)?;
        if what != BoardSettings::Defaults {
            return Ok(());
        }
        // After the next reset two boards would have the factory's order, and no command would work any
        // more until one of them is unplugged.
        match self.driver.board_of_order(FACTORY_ORDER) {
            Some(other) if other != board => Err(Error::FactoryOrderTaken { order: FACTORY_ORDER }),
            _ => Ok(self.driver.check_unasked(FACTORY_ORDER)?),
        }
    }

    /// Writes settings to the EEPROM of the ClusterCTRL board of an order. The factory's order is in force from the board's next
    /// reset: until then no command sees it, and another board may get the same.
    ///
    /// # Errors
    /// As [`Self::check_save`].
    pub fn save(&mut self, order: u8, what: BoardSettings) -> Result<Outcome<BoardReport>, Error> {
        self.check_save(order, what)?;
        let board = self.ctrl_board(order)?;
        self.driver.save(board, what.into())?;
        let has_another_order = what == BoardSettings::Defaults && order != FACTORY_ORDER;
        if has_another_order && self.ctrl_boards().len() > 1 {
            let name = self.board_name(board)?;
            self.warnings.push(format!(
                "from its next reset, the order of {name} is {FACTORY_ORDER}: reset it before the defaults of another \
                 board are saved"
            ));
        }
        self.board_report(board, BoardDone::Save { what })
    }

    /// Whether there is a ClusterCTRL board of this order.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`].
    pub fn check_order(&self, order: u8) -> Result<(), Error> {
        self.ctrl_board(order).map(drop)
    }

    /// Restarts the ClusterCTRL board of an order: its nodes get the power that its EEPROM says, and
    /// running ones may lose it.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`] or [`Error::Driver`]. Where the order that its EEPROM says is another board's, too, the outcome's
    /// error is [`DriverError::DuplicateOrder`].
    pub fn reset<V: Verdict>(
        &mut self,
        order: u8,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<BoardReport>, Error> {
        let board = self.ctrl_board(order)?;
        let observer = &mut |event: Event<'_>| observer(event).control();
        let (result, _) = during(Task::BoardReset, observer, || self.driver.reset(board));
        result?;
        Ok(self.board_report(board, BoardDone::Reset)?.or(self.twins_of(board)))
    }

    /// What every command fails with from now on where a board has the order of another. Which order its EEPROM has is not
    /// known before its reset.
    fn twins_of(&self, board: Board) -> Option<Error> {
        let order_of = |info: &BoardInfo| match info.model {
            BoardModel::Ctrl { order, .. } => Some(order),
            _ => None,
        };
        let order = order_of(self.driver.info(board).ok()?)?;
        let twins = self.driver.boards().filter(|(_, info)| order_of(info) == Some(order));
        let mut buses: Vec<_> = twins.filter_map(|(_, info)| info.bus).collect();
        buses.sort_unstable();
        (buses.len() > 1).then(|| DriverError::DuplicateOrder { order, buses }.into())
    }

    /// Chooses whether nodes boot over USB; an empty set means all nodes. A node that fails does not keep the others
    /// from their turn.
    ///
    /// # Errors
    /// [`Error::Nodes`].
    pub fn set_usb_boot(
        &mut self,
        set: &NodeSet,
        on: bool,
    ) -> Result<Outcome<UsbBootReport>, Error> {
        let (mut nodes, mut errors) = (Vec::new(), Vec::new());
        for node in self.nodes(set)? {
            let (result, error) = match self.driver.set_usb_boot(node, on) {
                Ok(result) => (Some(result), None),
                Err(error) => {
                    let text = shorten(&error.describe(&Labels).to_string()).into_owned();
                    errors.push(error);
                    (None, Some(text))
                }
            };
            nodes.push(NodeUsbBoot { node: label(node), result, error });
        }
        let is_unsupported = |node: &NodeUsbBoot| node.result == Some(OutputResult::Unsupported);
        let unsupported = nodes.iter().all(is_unsupported).then_some(Error::NoUsbBoot);
        let state = if on { "on" } else { "off" };
        let error = of_boards(errors).or(unsupported);
        Ok(Outcome { report: UsbBootReport { state, nodes }, error })
    }

    fn board_report(&self, board: Board, done: BoardDone) -> Result<Outcome<BoardReport>, Error> {
        Ok(BoardReport { board: self.board_name(board)?, done }.into())
    }
}
