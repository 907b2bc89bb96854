//! The ways to one node's agent, which can be tried apart from the cluster: nodes are asked at the same time.

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

/// How often a port that another process holds is tried again: nobody tells when it is free, and who only listens lets go of it at the
/// first try.
const BUSY_STEP: Duration = Duration::from_millis(50);

/// How long another process may hold a port: `top` and the fan's unit have it for the time of an answer.
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

/// The ways to a node's agent.
pub(crate) struct Endpoint {
    node: String,
    id: Option<NodeId>,
    place: Result<Place, PortError>,
    busy_limit: Duration,
    /// Where the agent's end is written down; nowhere for a simulated node, whose states all see.
    note: Option<NodeNote>,
    /// Whom ssh logs in to; nobody where the node is simulated.
    ssh: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(cluster: &Cluster, node: Node) -> Self {
        let is_real = cluster.backend.root().is_some();
        // A simulated node has no network; one that is configured may be tried all the same.
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

    /// The same, with more patience for whoever holds the serial port.
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

/// Opens a port, and waits for whoever holds it until then.
fn open_when_free(place: &Place, until: Instant) -> Result<OwnedFd, PortError> {
    loop {
        match place.open() {
            Err(PortError::Busy { .. }) if Instant::now() < until => thread::sleep(BUSY_STEP),
            port => return port,
        }
    }
}

/// A name may lead to another machine, which is not to be shut down in the node's place.
fn check(agent: Agent, expected: Option<NodeId>) -> Result<Agent, AgentError> {
    let found = agent.identity().node;
    match expected {
        Some(expected) if found != Some(expected) => {
            Err(AgentError::AnotherNode { expected, found })
        }
        _ => Ok(agent),
    }
}
