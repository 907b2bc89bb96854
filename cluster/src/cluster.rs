//! The boards of a controller with their nodes' names and settings.

use std::io::{self, ErrorKind};
use std::path::Path;

use hat_driver::Positions;
use hat_driver::linux::{Board, BoardModel, Cluster as Driver, ClusterError as DriverError, Node};

use crate::backend::Backend;
use crate::config::Settings;
use crate::desired::{AtBoot, Store};
use crate::error::Error;
use crate::hooks::HookFolder;
use crate::losses::Losses;
use crate::node_note::{NodeNote, SwitchNotes};
use crate::nodes::{Labels, Names, NodeSet, label};
use crate::outcome::of_boards;
use crate::report::BusUse;

/// The boards of a controller, every operation on them, and their nodes' names and settings. Keeps no
/// copy of their state. May move to another thread.
pub struct Cluster {
    pub(crate) driver: Driver,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
    pub(crate) backend: Backend,
    /// Where the desired state is; a simulation that may only be read has none.
    pub(crate) desired: Option<Store>,
    pub(crate) losses: Losses,
    /// Absent where no hooks are to be run.
    pub(crate) hooks: Option<HookFolder>,
    pub(crate) warnings: Vec<String>,
}

impl Cluster {
    /// Looks for boards that came or went, and numbers their nodes anew. Returns whether any did.
    ///
    /// # Errors
    /// [`Error::Driver`] where looking for them fails.
    pub fn rescan(&mut self) -> Result<bool, Error> {
        let has_changed = !self.driver.rescan()?.is_empty();
        if has_changed {
            let Settings { first, names, .. } = &self.settings;
            self.names = Names::new(self.driver.nodes().count(), *first, names);
        }
        Ok(has_changed)
    }

    /// The nodes that a set means; an empty set means all nodes.
    ///
    /// # Errors
    /// [`Error::Nodes`]: a name that nothing has, or a node beyond the last; where a board cannot say how many nodes it has, its
    /// error.
    pub fn nodes(&self, set: &NodeSet) -> Result<Vec<Node>, Error> {
        let all: Vec<_> = self.driver.nodes().collect();
        if set.is_empty() {
            return Ok(all);
        }
        let places = set.resolve(&self.names).map_err(|error| {
            let uncounted = if error.is_beyond() { self.uncounted() } else { None };
            uncounted.unwrap_or(Error::Nodes(error))
        })?;
        Ok(places.into_iter().filter_map(|place| all.get(place - 1).copied()).collect())
    }

    /// The nodes whose boards can be asked, and why the others' cannot.
    pub fn ready(&self, mut nodes: Vec<Node>) -> (Vec<Node>, Vec<DriverError>) {
        let mut errors = Vec::new();
        for (board, _) in self.driver.boards() {
            let wanted = board.positions(&nodes);
            let result =
                if wanted.is_empty() { Ok(()) } else { self.driver.check_ready(board, wanted) };
            if let Err(error) = result {
                nodes.retain(|node| node.board() != board);
                errors.push(error);
            }
        }
        (nodes, errors)
    }

    /// The nodes whose numbers are sure, and why the others are refused.
    pub(crate) fn certain(&self, mut nodes: Vec<Node>) -> (Vec<Node>, Option<Error>) {
        let uncertain = self.driver.boards().map(|(board, _)| board);
        let mut errors = Vec::new();
        for board in uncertain.filter(|board| !self.driver.is_certain(*board)) {
            let refused = board.positions(&nodes);
            if !refused.is_empty() {
                errors.extend(self.driver.check_ready(board, refused).err());
                nodes.retain(|node| node.board() != board);
            }
        }
        (nodes, of_boards(errors))
    }

    /// Why a node is refused whose number is uncertain.
    pub(crate) fn uncertainty(&self, node: Node) -> Option<String> {
        let position = Positions::one(node.position());
        let is_certain = self.driver.is_certain(node.board());
        let error =
            self.driver.check_ready(node.board(), position).err().filter(|_| !is_certain)?;
        Some(error.describe(&Labels).to_string())
    }

    /// A node's number among all nodes, from 1: what the settings of single nodes are kept by.
    fn ordinal(&self, node: Node) -> usize {
        self.settings.ordinal(node.number())
    }

    /// Where a node is on the USB: as configured, else as it can be found.
    ///
    /// # Errors
    /// What asking its board failed with; a node of another cluster, or of before a rescan, is refused.
    pub fn usb_path(&mut self, node: Node) -> Result<Option<String>, DriverError> {
        match self.configured_usb_path(node) {
            Some(path) => Ok(Some(path)),
            None => self.driver.usb_path(node),
        }
    }

    /// Where a node is on the USB, if the configuration says so.
    pub(crate) fn configured_usb_path(&self, node: Node) -> Option<String> {
        let is_ours = self.driver.node(node.number()) == Some(node);
        self.settings.usb_paths.get(&self.ordinal(node)).filter(|_| is_ours).cloned()
    }

    /// The boards' names in their order.
    #[must_use]
    pub fn board_names(&self) -> Vec<String> {
        self.driver.boards().map(|(_, info)| info.name.clone()).collect()
    }

    /// A board's name.
    pub(crate) fn board_name(&self, board: Board) -> Result<String, DriverError> {
        self.driver.info(board).map(|info| info.name.clone())
    }

    /// Why the number of nodes is unknown, where it is.
    #[must_use]
    pub fn uncounted(&self) -> Option<Error> {
        let unknown = self.driver.boards().filter(|(_, info)| info.size == 0);
        of_boards(unknown.filter_map(|(board, _)| self.driver.check_open(board).err()).collect())
    }

    /// What the configuration, or else a simulation, says of nodes that are not there.
    #[must_use]
    pub fn surplus(&self) -> Option<String> {
        if self.uncounted().is_some() {
            return None;
        }
        let count = self.names.count();
        let Settings { names, node_delay, usb_paths, node_at_boot, .. } = &self.settings;
        let configured = names.keys().chain(node_delay.keys()).chain(usb_paths.keys());
        let configured = configured.chain(node_at_boot.keys());
        let mut surplus: Vec<_> = configured.copied().filter(|&node| node > count).collect();
        surplus.sort_unstable();
        surplus.dedup();
        let last = self.names.label(count);
        if surplus.is_empty() {
            return self.described_in_vain();
        }
        let nodes = self.names.fold(&surplus);
        Some(format!("the configuration describes {nodes}, but the last node here is {last}"))
    }

    fn described_in_vain(&self) -> Option<String> {
        let Backend::Simulation(machine) = &self.backend else { return None };
        let is_here = |name: &String| self.driver.nodes().any(|node| label(node) == *name);
        let described = machine.simulation().behaviours.into_keys();
        let absent: Vec<_> = described.filter(|name| !is_here(name)).collect();
        let names = absent.join(" ");
        (!absent.is_empty())
            .then(|| format!("the simulation describes {names}, but there is no such node here"))
    }

    /// What other calls do not get to know of nodes that are switched here, and why.
    #[must_use]
    pub fn unrecorded(&self) -> Option<String> {
        let (path, result) = self.driver.check_record();
        Some(unusable(&path, &result.err()?, "was damaged and is begun anew"))
    }

    /// What [`Self::unrecorded`] would say. Makes no record, and leaves a damaged one as it is.
    pub(crate) fn would_be_unrecorded(&self) -> Option<String> {
        let (path, result) = self.driver.look_at_record();
        let damaged = "is damaged, and the next command that switches begins it anew";
        Some(unusable(&path, &result.err()?, damaged))
    }

    /// What operations came across so far that did not keep them from their end, a sentence each.
    pub fn take_warnings(&mut self) -> Vec<String> {
        for error in self.losses.take_errors() {
            self.or_warn::<()>(Err(error));
        }
        std::mem::take(&mut self.warnings)
    }

    /// A node's configured name.
    #[must_use]
    pub fn alias(&self, node: Node) -> Option<String> {
        self.settings.names.get(&self.ordinal(node)).cloned()
    }

    /// Whether a node's ssh destination is configured.
    pub(crate) fn has_ssh(&self, node: Node) -> bool {
        self.settings.ssh.contains_key(&self.ordinal(node))
    }

    /// What is known of a node from its switching and its agent alone. For a simulated node, its simulation has it.
    pub(crate) fn note(&self, node: Node) -> Option<NodeNote> {
        let place = self.place_name(node);
        self.backend.root().map(|root| NodeNote::below(root, node.number(), place.as_deref()))
    }

    /// The notes of these nodes, to be written as they are switched.
    pub(crate) fn switch_notes(&self, nodes: &[Node]) -> SwitchNotes {
        SwitchNotes::new(nodes.iter().filter_map(|&node| Some((node, self.note(node)?))))
    }

    /// The ssh destination of a node: as configured, else the node's name, else its name in the nodes' network.
    pub(crate) fn ssh_name(&self, node: Node) -> String {
        let configured = self.settings.ssh.get(&self.ordinal(node)).cloned();
        configured.or_else(|| self.alias(node)).unwrap_or_else(|| label(node))
    }

    /// What becomes of a node after a loss of power.
    pub(crate) fn at_boot(&self, node: Node) -> AtBoot {
        self.settings.at_boot_of(node.number())
    }

    /// Whether any node may be switched after a loss of power.
    pub(crate) fn restores_any(&self) -> bool {
        self.settings.restores_any()
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
        self.driver.nodes().count()
    }

    /// The boards themselves, for what no operation here does.
    #[must_use]
    pub const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The boards themselves, for calls that switch.
    pub const fn driver_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Transfers made on all I2C buses so far.
    pub fn bus_use(&mut self) -> BusUse {
        let (transfers, retries) = self.driver.transfers();
        BusUse { transfers, retries }
    }

    /// The nodes of a set whose HAT is there, and what is left out. Where all nodes are meant, that is no node of an
    /// absent HAT, but the boards that cannot say how many nodes they have.
    pub(crate) fn present(&mut self, set: &NodeSet) -> Result<(Vec<Node>, Option<Error>), Error> {
        let mut nodes = self.nodes(set)?;
        let absent = self.driver.absent(&nodes)?;
        let asked_for_all = nodes.len() == self.count();
        nodes.retain(|node| !absent.contains(node));
        let names = || absent.iter().map(|&node| label(node)).collect();
        let error = (!absent.is_empty() && !asked_for_all).then(|| Error::Absent(names()));
        let uncounted = if set.is_all() { self.uncounted() } else { None };
        Ok((nodes, error.or(uncounted)))
    }

    /// The ClusterCTRL boards.
    pub(crate) fn ctrl_boards(&self) -> Vec<Board> {
        let boards = self.driver.boards();
        let is_ctrl = |model| matches!(model, BoardModel::Ctrl { .. });
        boards.filter(|(_, info)| is_ctrl(info.model)).map(|(board, _)| board).collect()
    }

    /// The ClusterCTRL board of an order. One that could not be asked may have an order that no other has.
    pub(crate) fn ctrl_board(&self, order: u8) -> Result<Board, Error> {
        if let Some(board) = self.driver.board_of_order(order) {
            return Ok(board);
        }
        self.driver.check_unasked(order)?;
        let orders = self.driver.boards().filter_map(|(_, info)| match info.model {
            BoardModel::Ctrl { order, .. } => Some(order),
            _ => None,
        });
        Err(Error::NoSuchOrder { order, connected: orders.collect() })
    }
}

/// Why callers do not hear of each other through their record.
fn unusable(path: &Path, error: &io::Error, damaged: &str) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::InvalidData => format!(
            "the record {path} {damaged}: what other processes have switched or asked for is not known"
        ),
        _ => format!(
            "cannot use the record {path}: {error}; other processes will not honour the delay of nodes switched on \
             here, and `off` may not stop a running `on`; remove it, or make it writable"
        ),
    }
}
