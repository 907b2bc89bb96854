//! The nodes' states at one moment, without following events.

use std::time::Duration;

use hat_driver::linux::{BoardModel, BoardReading, Moment, Node};
use node_link::NodeId;

use super::kernel::Present;
use super::{Dated, Event, Facts, NodeState, State};
use super::{noted, power};
use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::simulated;

/// What is known of nodes at one moment, except for their power, which is read from their boards.
pub(crate) enum Snapshot {
    /// The kernel's part.
    System(Present),
    /// A simulation's part.
    Simulation(Vec<(Node, Event, Option<Duration>)>),
}

impl Snapshot {
    /// Of these nodes, now.
    pub(crate) fn take(cluster: &Cluster, nodes: &[Node]) -> Self {
        match &cluster.backend {
            Backend::System { root } => Self::System(Present::read(root)),
            Backend::Simulation(machine) => {
                let mut events = simulated::past(cluster, nodes);
                if !machine.has_waits() {
                    // With CLUSTERHAT_SIM_NOWAIT=1, events have no time.
                    events.iter_mut().for_each(|(.., since)| *since = None);
                }
                Self::Simulation(events)
            }
        }
    }

    /// The state of a node, given its power; `None` if its board could not be read and the node is not seen
    /// elsewhere.
    pub(crate) fn state(
        &mut self,
        cluster: &mut Cluster,
        node: Node,
        reading: Option<&BoardReading>,
    ) -> Option<NodeState> {
        let power = reading.map(|reading| power::event(reading, node.position()));
        let events = match self {
            Self::System(present) => system(present, cluster, node),
            Self::Simulation(events) => of_node(events, node),
        };
        let state = match self {
            Self::System(_) => with_note(cluster, node, power, events),
            Self::Simulation(_) => {
                let power_on = events.iter().rfind(|(event, _)| *event == Event::PowerOn);
                reduced(node, power, power_on.and_then(|(_, since)| *since), &events)
            }
        };
        let is_seen = !matches!(state.state, State::Powered | State::Failed);
        (power.is_some() || is_seen).then_some(state)
    }
}

/// Adds the node's note if the node is not seen; for one that is, the kernel knows more.
fn with_note(
    cluster: &Cluster,
    node: Node,
    power: Option<Event>,
    mut events: Vec<Dated>,
) -> NodeState {
    let state = reduced(node, power, None, &events);
    let note = cluster.note(node);
    let (Some(power), Some(note), State::Off | State::Powered) = (power, note, state.state) else {
        return state;
    };
    let noted = note.read();
    noted::add_goodbye(noted, &mut events);
    reduced(node, Some(power), noted::since(noted, power), &events)
}

/// The state that follows from a node's power, the time at which it was switched, and all other events.
fn reduced(
    node: Node,
    power: Option<Event>,
    since: Option<Duration>,
    events: &[Dated],
) -> NodeState {
    let (mut facts, mut state) = (Facts::default(), NodeState::new(node));
    // A node that is seen has power, whatever its board says.
    state.take(&mut facts, power.unwrap_or(Event::PowerOn), since);
    state.is_off_since(since);
    let is_power = |event: &Event| matches!(event, Event::PowerOn | Event::PowerOff);
    for &(event, since) in events.iter().filter(|(event, _)| !is_power(event)) {
        state.take(&mut facts, event, since);
    }
    if state.due().is_some_and(|due| due <= Moment::now().uptime) {
        state.take(&mut facts, Event::Overdue, state.due());
    }
    state
}

fn system(present: &mut Present, cluster: &mut Cluster, node: Node) -> Vec<Dated> {
    let has_rom = present.roms().next().is_some();
    let usb_path = if has_rom { usb_path(cluster, node) } else { None };
    present.of(NodeId::from_number(node.number()).ok(), usb_path.as_deref())
}

/// A node's USB path, if it is known without reading a board: a status of all nodes makes no additional
/// transfers for it.
fn usb_path(cluster: &mut Cluster, node: Node) -> Option<String> {
    let info = cluster.driver.info(node.board()).ok()?;
    let is_hat = matches!(info.model, BoardModel::Hat(_));
    match cluster.configured_usb_path(node) {
        None if is_hat => cluster.driver.usb_path(node).ok().flatten(),
        configured => configured,
    }
}

fn of_node(events: &[(Node, Event, Option<Duration>)], node: Node) -> Vec<Dated> {
    let of_node = events.iter().filter(|(of, ..)| *of == node);
    of_node.map(|&(_, event, since)| (event, since)).collect()
}
