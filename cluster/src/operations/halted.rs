//! Nodes that `on` finds with power, and whose system has halted or goes down: they have what was asked for, and are
//! of no use.

use hat_driver::linux::Node;
use hat_driver::power::Action;

use crate::cluster::Cluster;
use crate::life::{Snapshot, State};
use crate::nodes::label;
use crate::report::{NodePower, PowerReport, SystemState};

/// Notes it of those that were not switched, by the kernel and the record. Queries no board and no node.
pub(super) fn note(cluster: &mut Cluster, report: &mut PowerReport) {
    let is_left = |row: &NodePower| row.power == Action::On && !row.changed && !row.undone;
    let nodes: Vec<_> = cluster.driver.nodes().collect();
    let rows = report.nodes.iter_mut().filter(|row| is_left(row));
    let mut left: Vec<(Node, &mut NodePower)> = rows
        .filter_map(|row| Some((*nodes.iter().find(|node| label(**node) == row.node)?, row)))
        .collect();
    if left.is_empty() {
        return;
    }
    let nodes: Vec<_> = left.iter().map(|(node, _)| *node).collect();
    let mut snapshot = Snapshot::take(cluster, &nodes);
    for (node, row) in &mut left {
        let state = snapshot.state(cluster, *node, None).map(|state| state.state);
        row.system = match (state, cluster.driver.is_going_down(*node).is_ok_and(|down| down)) {
            (Some(State::Halted), _) => Some(SystemState::Halted),
            (_, false) => None,
            (Some(state), true) if state.is_on_usb() => Some(SystemState::GoingDown),
            // The record alone never says that a node has halted.
            (_, true) => Some(SystemState::MayBeHalted),
        };
    }
}
