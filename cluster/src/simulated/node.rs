//! A node of a simulation.

use std::io;
use std::path::{Path, PathBuf};

use hat_driver::linux::{BoardModel, Node};
use hat_driver::revisions::Revision;
use hat_driver::sim::{Behaviour, Machine, NodePlace, Simulation};

use super::timeline::{Life, Timeline};
use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::life::State;
use crate::nodes::label;

/// It lives as long as it has power.
#[derive(Clone)]
pub(crate) struct SimulatedNode {
    pub(super) machine: Machine,
    pub(super) node: Node,
    pub(super) place: NodePlace,
    /// Of its HAT, which says how its hub is switched.
    revision: Option<&'static Revision>,
}

impl SimulatedNode {
    /// A node of this cluster; `None` where it is none of a simulation.
    pub(crate) fn of(cluster: &Cluster, node: Node) -> Option<Self> {
        let Backend::Simulation(machine) = &cluster.backend else { return None };
        let info = cluster.driver.info(node.board()).ok()?;
        let place = NodePlace { chip: info.bus.zip(info.address), position: node.position() };
        let revision = match info.model {
            BoardModel::Hat(revision) => Some(revision),
            _ => None,
        };
        Some(Self { machine: machine.clone(), node, place, revision })
    }

    /// Makes it hang until its power is switched.
    pub(crate) fn hang(&self) -> io::Result<()> {
        self.machine.change(|simulation| simulation.hang(self.place))
    }

    /// Whether it hangs in this state: it was made to since it got its power, or its behaviour has it hang as soon as its
    /// agent runs.
    pub(super) fn is_hung(&self, state: State) -> bool {
        let simulation = self.machine.simulation();
        let record = simulation.node_record(self.place);
        let was_made_to = record.is_some_and(|record| record.hung().is_some());
        was_made_to || (state == State::Agent && self.behaviour_in(&simulation).hangs)
    }

    /// The folder of the simulation's file.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.machine.path()?.parent().map(Path::to_owned)
    }

    /// `p1`.
    pub(super) fn name(&self) -> String {
        label(self.node)
    }

    /// What has happened to it and what will, as things are now.
    pub(super) fn timeline(&self) -> Timeline {
        self.timeline_in(&self.machine.simulation())
    }

    pub(super) fn timeline_in(&self, simulation: &Simulation) -> Timeline {
        let behaviour = self.behaviour_in(simulation);
        let is_off = |revision| simulation.is_hub_off(self.place, revision);
        Life {
            is_hub_off: self.revision.is_some_and(is_off),
            power: simulation.has_power(self.place),
            record: simulation.node_record(self.place),
            behaviour,
            boots_over_usb: simulation.boots_over_usb(self.place),
            has_waits: self.machine.has_waits(),
        }
        .timeline()
    }

    fn behaviour_in(&self, simulation: &Simulation) -> Behaviour {
        simulation.behaviours.get(&self.name()).copied().unwrap_or_default()
    }
}
