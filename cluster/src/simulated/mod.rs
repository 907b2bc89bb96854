//! Simulated nodes that live: what has become of one follows from when it got its power, from how it is to
//! behave, and from the time, so that every process that looks at a simulation sees the same, and no process
//! has to run in between.

mod agent;
mod console;
mod port;
mod source;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::Node;
use hat_driver::sim::{Behaviour, Machine, NodePlace, Simulation};

use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::life::Event;

pub(crate) use port::SimulatedPort;
pub(crate) use source::SimulatedSource;

use timeline::Timeline;

/// What has happened to these nodes of a simulated cluster up to now, from one look at its simulation.
pub(crate) fn past(cluster: &Cluster, nodes: &[Node]) -> Vec<(Node, Event, Option<Duration>)> {
    let Backend::Simulation(machine) = &cluster.backend else { return Vec::new() };
    let world = machine.world();
    let nodes = nodes.iter().filter_map(|&node| SimulatedNode::of(cluster, node));
    nodes.flat_map(|node| node.timeline_in(&world).dated(node.node)).collect()
}

/// A node of a simulation.
#[derive(Clone)]
pub(crate) struct SimulatedNode {
    machine: Machine,
    node: Node,
    place: NodePlace,
}

impl SimulatedNode {
    /// A node of this cluster; `None` where it is none of a simulation.
    pub(crate) fn of(cluster: &Cluster, node: Node) -> Option<Self> {
        let Backend::Simulation(machine) = &cluster.backend else { return None };
        let info = cluster.driver.info(node.board()).ok()?;
        let place = NodePlace { chip: info.bus.zip(info.address), position: node.position() };
        Some(Self { machine: machine.clone(), node, place })
    }

    /// The folder of the simulation's file.
    fn folder(&self) -> Option<PathBuf> {
        self.machine.path()?.parent().map(Path::to_owned)
    }

    /// `p1`.
    fn name(&self) -> String {
        crate::nodes::label(self.node)
    }

    /// What has happened to it and what will, as things are now.
    fn timeline(&self) -> Timeline {
        self.timeline_in(&self.machine.world())
    }

    fn timeline_in(&self, world: &Simulation) -> Timeline {
        let behaviour = self.behaviour_in(world);
        timeline::Life {
            power: world.has_power(self.place),
            record: world.node_record(self.place),
            behaviour,
            boots_over_usb: world.boots_over_usb(self.place),
            has_waits: self.machine.has_waits(),
        }
        .timeline()
    }

    /// How it is to behave.
    fn behaviour(&self) -> Behaviour {
        self.behaviour_in(&self.machine.world())
    }

    fn behaviour_in(&self, world: &Simulation) -> Behaviour {
        world.behaviours.get(&self.name()).copied().unwrap_or_default()
    }
}
