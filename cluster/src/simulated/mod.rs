//! Simulated nodes that live: what has become of one follows from when it got its power, from how it is to
//! behave, and from the time, so that every process that looks at a simulation sees the same, and no process
//! has to run in between.

mod agent;
mod console;
mod node;
mod peer;
mod port;
mod source;
mod timeline;

use std::time::Duration;

use hat_driver::linux::Node;

use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::life::Event;

pub(crate) use node::SimulatedNode;
pub(crate) use port::SimulatedPort;
pub(crate) use source::SimulatedSource;

/// What has happened to these nodes of a simulated cluster up to now, from one look at its simulation.
pub(crate) fn past(cluster: &Cluster, nodes: &[Node]) -> Vec<(Node, Event, Option<Duration>)> {
    let Backend::Simulation(machine) = &cluster.backend else { return Vec::new() };
    let simulation = machine.simulation();
    let nodes = nodes.iter().filter_map(|&node| SimulatedNode::of(cluster, node));
    nodes.flat_map(|node| node.timeline_in(&simulation).dated(node.node)).collect()
}
