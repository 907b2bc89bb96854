//! How one node's agent is reached, independent of the cluster, so that nodes can be contacted in parallel.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::NodeId;

use super::connection::{Agent, Transport};
use super::error::{AgentError, SERIAL_LIMIT};
use super::line::Line;
use super::ssh;
use crate::cluster::Cluster;
use crate::node_note::NodeNote;
use crate::nodes::label;
use crate::ports::{Place, Port, PortError};

/// The interval of attempts to open a busy port: there is no event when it becomes free, and a process that merely listens releases it
/// after the first attempt.
const BUSY_STEP: Duration = Duration::from_millis(50);

/// How long to wait for a busy port: `top` and the fan's unit hold it for the time of one reply.
const BUSY_LIMIT: Duration = Duration::from_secs(1);

impl Cluster {
    /// Connects to a node's agent, within the limit: by the serial port, else by ssh.
    ///
    /// # Errors
    /// [`AgentError::Unreachable`] with why neither way works.
    pub fn agent(&self, node: Node, limit: Duration) -> Result<Agent, AgentError> {
        Endpoint::new(self, node).connect(limit)
    }
}

/// How a node's agent is reached.
pub(crate) struct Endpoint {
    node: String,
    id: Option<NodeId>,
    place: Result<Place, PortError>,
    busy_limit: Duration,
    /// Where the agent's goodbye is recorded; absent for a simulated node, whose state is in its file.
    note: Option<NodeNote>,
    /// The destination for ssh; absent for a simulated node.
    ssh: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(cluster: &Cluster, node: Node) -> Self {
        let is_real = cluster.backend.root().is_some();
        // A simulated node has no network, but a configured destination is used.
        let by_ssh = is_real || cluster.has_ssh(node);
        Self {
            node: label(node),
            id: NodeId::from_number(node.number()).ok(),
            place: Place::of(cluster, node, Port::Agent),
            busy_limit: BUSY_LIMIT,
            note: cluster.note(node),
            ssh: by_ssh.then(|| cluster.ssh_name(node)),
        }
    }

    /// Waits longer for a busy serial port.
    pub(crate) fn with_busy_limit(self, busy_limit: Duration) -> Self {
        Self { busy_limit, ..self }
    }

    /// Connects by the serial port, else by ssh.
    pub(crate) fn connect(self, limit: Duration) -> Result<Agent, AgentError> {
        let deadline = Instant::now() + limit;
        let port = self.place.map_err(AgentError::from).and_then(|place| {
            Ok(open_when_free(&place, deadline.min(Instant::now() + self.busy_limit))?)
        });
        let serial = port.and_then(|port| {
            let deadline = deadline.min(Instant::now() + SERIAL_LIMIT);
            Agent::greet(Transport::Serial, Line::new(port), None, deadline)
        });
        let serial = match serial.and_then(|agent| check(agent, self.id)) {
            Err(error) => Box::new(error),
            Ok(agent) => return Ok(agent.noting(self.note)),
        };
        let ssh = match &self.ssh {
            Some(name) => ssh::connect(name, deadline).and_then(|agent| check(agent, self.id)),
            None => Err(AgentError::Simulated),
        };
        ssh.map(|agent| agent.noting(self.note)).map_err(|error| AgentError::Unreachable {
            serial,
            ssh_name: self.ssh.unwrap_or_else(|| self.node.clone()),
            ssh: Box::new(error),
            node: self.node,
        })
    }
}

/// Opens a port, and waits until the deadline while it is busy.
fn open_when_free(place: &Place, until: Instant) -> Result<OwnedFd, PortError> {
    loop {
        match place.open() {
            Err(PortError::Busy { .. }) if Instant::now() < until => thread::sleep(BUSY_STEP),
            port => return port,
        }
    }
}

/// A host name may lead to another machine, which must not be shut down in the node's place.
fn check(agent: Agent, expected: Option<NodeId>) -> Result<Agent, AgentError> {
    let found = agent.identity().node;
    match expected {
        Some(expected) if found != Some(expected) => {
            Err(AgentError::AnotherNode { expected, found })
        }
        _ => Ok(agent),
    }
}
