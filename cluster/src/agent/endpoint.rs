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
use crate::nodes::label;
use crate::ports::{self, Port, PortError};

/// How often a port that another process holds is tried again: nobody tells when it is free.
const BUSY_STEP: Duration = Duration::from_millis(50);

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
    port: Result<OwnedFd, AgentError>,
    /// Whom ssh logs in to; nobody where the node is simulated.
    ssh: Option<String>,
}

impl Endpoint {
    /// Opens the node's serial port already, which takes no time.
    pub(crate) fn new(cluster: &Cluster, node: Node) -> Self {
        // A simulated node has no network; one that is configured may be tried all the same.
        let by_ssh = cluster.backend.root().is_some() || cluster.has_ssh(node);
        Self {
            node: label(node),
            id: NodeId::from_number(node.number()).ok(),
            port: ports::open(cluster, node, Port::Agent).map_err(AgentError::from),
            ssh: by_ssh.then(|| cluster.ssh_name(node)),
        }
    }

    /// The same, once whoever holds the serial port has let go of it, or this time has come. Readings of the nodes take a moment only.
    pub(crate) fn when_free(cluster: &Cluster, node: Node, until: Instant) -> Self {
        loop {
            let endpoint = Self::new(cluster, node);
            let is_busy = matches!(&endpoint.port, Err(AgentError::Port(PortError::Busy { .. })));
            if !is_busy || Instant::now() >= until {
                return endpoint;
            }
            thread::sleep(BUSY_STEP);
        }
    }

    /// Connects by the serial port, else by ssh.
    pub(crate) fn connect(self, limit: Duration) -> Result<Agent, AgentError> {
        let deadline = Instant::now() + limit;
        let serial = match self.port {
            Ok(port) => {
                let deadline = deadline.min(Instant::now() + SERIAL_LIMIT);
                Agent::greet(Transport::Serial, Line::new(port), None, deadline)
            }
            Err(error) => Err(error),
        };
        let serial = match serial.and_then(|agent| check(agent, self.id)) {
            Err(error) => Box::new(error),
            agent => return agent,
        };
        let ssh = match &self.ssh {
            Some(name) => ssh::connect(name, deadline).and_then(|agent| check(agent, self.id)),
            None => Err(AgentError::Simulated),
        };
        ssh.map_err(|error| AgentError::Unreachable {
            serial,
            ssh_name: self.ssh.unwrap_or_else(|| self.node.clone()),
            ssh: Box::new(error),
            node: self.node,
        })
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
