//! The boards of a controller with their nodes' names and settings.

use hat_driver::linux::{Cluster as Driver, Error as DriverError, Model};

use crate::config::Settings;
use crate::error::Error;
use crate::nodes::{Names, NodeSet};
use crate::report::BusUse;

/// The boards of a controller, every operation on them, and their nodes' names and settings. Keeps no
/// copy of their state. May move to another thread.
pub struct Cluster {
    pub(crate) driver: Driver,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
}

impl Cluster {
    /// Looks for boards that came or went, and numbers their nodes anew.
    ///
    /// # Errors
    /// [`Error::Driver`] where looking for them fails.
    pub fn rescan(&mut self) -> Result<(), Error> {
        if !self.driver.rescan()?.is_empty() {
            let Settings { first, names, .. } = &self.settings;
            self.names = Names::new(self.driver.nodes(), *first, names);
        }
        Ok(())
    }

    /// The nodes, counted from 0, that a set means; all for no words.
    ///
    /// # Errors
    /// [`Error::Nodes`]: a name that nothing has, or a node beyond the last.
    pub fn nodes(&self, set: &NodeSet) -> Result<Vec<usize>, Error> {
        if set.is_empty() {
            return Ok((0..self.driver.nodes()).collect());
        }
        let numbers = set.resolve(&self.names)?;
        Ok(numbers.into_iter().map(|number| number - 1).collect())
    }

    /// The nodes, counted from 0, whose boards can be asked, and why the others' cannot.
    pub fn ready(&self, nodes: Vec<usize>) -> (Vec<usize>, Vec<DriverError>) {
        let mut errors = Vec::new();
        let mut ready = nodes.clone();
        for board in 0..self.driver.boards().count() {
            let wanted = self.driver.on_board(&nodes, board);
            let result =
                if wanted.is_empty() { Ok(()) } else { self.driver.check_ready(board, wanted) };
            if let Err(error) = result {
                ready.retain(|&node| self.driver.on_board(&[node], board).is_empty());
                errors.push(error);
            }
        }
        (ready, errors)
    }

    /// A node's `pN` name; nodes count from 0.
    #[must_use]
    pub fn label(&self, node: usize) -> String {
        self.names.label(node + 1)
    }

    /// Where a node, counted from 0, is on the USB: as configured, else as it can be told.
    ///
    /// # Errors
    /// What asking its board failed with.
    pub fn usb_path(&mut self, node: usize) -> Result<Option<String>, DriverError> {
        match self.settings.usb_paths.get(&(node + 1)) {
            Some(path) => Ok(Some(path.clone())),
            None => self.driver.usb_path(node),
        }
    }

    /// The boards' names in their order.
    #[must_use]
    pub fn board_names(&self) -> Vec<String> {
        self.driver.boards().map(|info| info.name.clone()).collect()
    }

    /// Why nobody can tell how many nodes there are, where that is so.
    #[must_use]
    pub fn uncounted(&self) -> Option<Error> {
        let boards = self.driver.boards().enumerate();
        let mut unknown = boards.filter(|(_, info)| info.size == 0).map(|(board, _)| board);
        unknown.next().and_then(|board| Some(self.driver.not_opened(board)?.into()))
    }

    /// What the configuration says of nodes that are not there.
    #[must_use]
    pub fn surplus(&self) -> Option<String> {
        if self.uncounted().is_some() {
            return None;
        }
        let count = self.names.count();
        let Settings { names, node_delay, usb_paths, .. } = &self.settings;
        let configured = names.keys().chain(node_delay.keys()).chain(usb_paths.keys());
        let mut surplus: Vec<_> = configured.copied().filter(|&node| node > count).collect();
        surplus.sort_unstable();
        surplus.dedup();
        let last = self.names.label(count);
        (!surplus.is_empty()).then(|| {
            let nodes = self.names.fold(&surplus);
            format!("the configuration describes {nodes}, but the last node here is {last}")
        })
    }

    /// What other calls do not get to know of nodes that are switched here, and why.
    #[must_use]
    pub fn unrecorded(&self) -> Option<String> {
        let (path, result) = self.driver.check_record();
        let error = result.err()?;
        Some(format!(
            "cannot use the record {}: {error}; other calls do not wait for the delay of nodes that are \
             switched on here, and an `off` may not stop an `on` that runs; remove it, or make it writable",
            path.display()
        ))
    }

    /// A node's configured name; nodes count from 0.
    #[must_use]
    pub fn alias(&self, node: usize) -> Option<String> {
        self.settings.names.get(&(node + 1)).cloned()
    }

    /// The settings that are in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the nodes are called.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// How many nodes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.driver.nodes()
    }

    /// The boards themselves, for what no operation here does.
    #[must_use]
    pub const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The same for what switches.
    pub const fn driver_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Transfers made on all I2C buses so far.
    pub fn bus_use(&mut self) -> BusUse {
        let (transfers, retries) = self.driver.transfers();
        BusUse { transfers, retries }
    }

    /// The nodes of a set whose HAT is there, and what is to be said of the others: nothing where all
    /// nodes are meant.
    pub(crate) fn present(&mut self, set: &NodeSet) -> Result<(Vec<usize>, Option<Error>), Error> {
        let mut nodes = self.nodes(set)?;
        let absent = self.driver.absent(&nodes);
        let asked_for_all = nodes.len() == self.driver.nodes();
        nodes.retain(|node| !absent.contains(node));
        let names = || absent.iter().map(|&node| self.label(node)).collect();
        let error = (!absent.is_empty() && !asked_for_all).then(|| Error::Absent(names()));
        Ok((nodes, error))
    }

    /// The ClusterCTRL boards, counted from 0 among all boards.
    pub(crate) fn ctrl_boards(&self) -> Vec<usize> {
        let boards = self.driver.boards().enumerate();
        let is_ctrl = |model| matches!(model, Model::Ctrl { .. });
        boards.filter(|(_, info)| is_ctrl(info.model)).map(|(board, _)| board).collect()
    }

    /// The ClusterCTRL board of an order, counted from 0 among all boards.
    pub(crate) fn ctrl_board(&self, order: u8) -> Result<usize, Error> {
        self.driver.board_of_order(order).ok_or_else(|| {
            let orders = self.driver.boards().filter_map(|info| match info.model {
                Model::Ctrl { order, .. } => Some(order),
                _ => None,
            });
            Error::NoSuchOrder { order, connected: orders.collect() }
        })
    }
}
