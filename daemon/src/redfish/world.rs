//! What resources are made from: all that the service knows at one moment.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use clusterhat::NodeSet;
use clusterhat::nodes::Names;
use clusterhat::report::{
    BoardEntry, BoardState, BoardStatus, BoardsReport, CtrlState, InventoryNode, InventoryReport,
    NodeStatus, StatusReport, TopNode, TopReport,
};

use super::network::Interface;
use super::subscription::Subscription;
use super::subscriptions::Delivery;
use crate::access::{Account, Caller, Role, Session};
use crate::boards::{Operation, Task};
use crate::consoles::ConsoleSummary;

/// Everything at one moment. What a resource does not need may be left empty.
#[derive(Debug)]
pub(crate) struct World<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The service itself.
    pub service: &'a Facts,
    /// What the boards say.
    pub status: &'a StatusReport,
    /// What the boards are.
    pub boards: &'a BoardsReport,
    /// What the nodes say.
    pub telemetry: &'a TopReport,
    /// Operations, the oldest first.
    pub tasks: &'a [Arc<Task>],
    /// Who may log in.
    pub accounts: &'a [Account],
    /// Who has logged in.
    pub sessions: &'a [Session],
    /// Who is told of events.
    pub subscriptions: &'a [Subscription],
    /// Where nodes are in their network.
    pub network: &'a InventoryReport,
    /// The nodes' consoles.
    pub consoles: &'a [ConsoleSummary],
    /// The controller's network interfaces.
    pub interfaces: &'a [Interface],
    /// How often events are sent.
    pub delivery: Delivery,
    /// Where operations take nodes, once somebody wants to know.
    pub ways: OnceCell<BTreeMap<&'a str, Way>>,
}

/// What does not change while the service runs, but for its settings.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The same after each restart.
    pub uuid: Arc<str>,
    /// The controller's host name.
    pub host: Arc<str>,
    /// What it is, where it says so.
    pub model: Option<Arc<str>>,
    /// Where HTTPS is served; absent where it is not.
    pub https_port: Option<u16>,
    /// How long a session may be unused, in seconds.
    pub session_limit_s: u64,
    /// Whether the boards are simulated.
    pub is_simulated: bool,
}

/// Where an operation takes its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To having power.
    On,
    /// To having none.
    Off,
}

impl<'a> World<'a> {
    /// A node by its `pN`.
    pub(crate) fn node(&self, label: &str) -> Option<&'a NodeStatus> {
        self.status.nodes.iter().find(|node| node.node == label)
    }

    /// What a node's agent says.
    pub(crate) fn telemetry(&self, label: &str) -> Option<&'a TopNode> {
        self.telemetry.nodes.iter().find(|node| node.node == label)
    }

    /// Where a node is in its network.
    pub(crate) fn in_network(&self, label: &str) -> Option<&'a InventoryNode> {
        self.network.nodes.iter().find(|node| node.node == label)
    }

    /// Whether the nodes' network was set up: nodes have their addresses only then.
    pub(crate) const fn has_network(&self) -> bool {
        self.network.is_set_up
    }

    /// What a board is.
    pub(crate) fn board(&self, name: &str) -> Option<&'a BoardEntry> {
        self.boards.boards.iter().find(|board| board.info.name == name)
    }

    /// What a board says.
    pub(crate) fn board_status(&self, name: &str) -> Option<&'a BoardStatus> {
        self.status.boards.iter().find(|board| board.board == name)
    }

    /// What a ClusterCTRL board says.
    pub(crate) fn ctrl(&self, name: &str) -> Option<&'a CtrlState> {
        match self.board_status(name)?.state.as_ref()? {
            BoardState::Ctrl(state) => Some(state),
            BoardState::Hat(_) => None,
        }
    }

    /// A node's place on its board, from 1.
    pub(crate) fn place(&self, node: &NodeStatus) -> Option<usize> {
        let nodes = &self.board(&node.board)?.nodes;
        nodes.iter().position(|label| *label == node.node).map(|index| index + 1)
    }

    /// Where the operation that began last, of those that run, takes a node.
    pub(crate) fn way(&self, label: &str) -> Option<Way> {
        self.ways.get_or_init(|| self.ways()).get(label).copied()
    }

    fn ways(&self) -> BTreeMap<&'a str, Way> {
        let running = self.tasks.iter().filter(|task| !task.is_over());
        let ways = running.filter_map(|task| Some((way_of(task.operation)?, &task.nodes)));
        // Later ones replace those before them.
        ways.flat_map(|(way, words)| self.labels(words).into_iter().map(move |label| (label, way)))
            .collect()
    }

    /// The nodes that words mean; all for none. Words that mean nothing here mean no node.
    fn labels(&self, words: &[String]) -> Vec<&'a str> {
        let nodes = &self.status.nodes;
        let first = nodes.first().and_then(|node| node.node.strip_prefix('p')?.parse().ok());
        let aliases = nodes.iter().enumerate();
        let aliases = aliases.filter_map(|(index, node)| Some((index + 1, node.name.clone()?)));
        let names = Names::new(nodes.len(), first.unwrap_or(1), &aliases.collect());
        let places = match NodeSet::parse(words) {
            _ if words.is_empty() => (1..=nodes.len()).collect(),
            Ok(set) => set.resolve(&names).unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        places
            .iter()
            .filter_map(|place| nodes.get(place - 1))
            .map(|node| node.node.as_str())
            .collect()
    }

    /// How the controller is.
    pub(crate) fn health(&self) -> &'static str {
        if self.status.under_voltage == Some(true) { "Warning" } else { "OK" }
    }

    /// Whether the caller may see an account: their own, or all as an administrator.
    pub(crate) fn may_see(&self, account: &str) -> bool {
        self.caller.role == Role::Administrator || self.caller.name == account
    }
}

const fn way_of(operation: Operation) -> Option<Way> {
    match operation {
        // A node without power that is cycled is about to get it again.
        Operation::On | Operation::Cycle => Some(Way::On),
        Operation::Off | Operation::Shutdown { .. } => Some(Way::Off),
        _ => None,
    }
}
