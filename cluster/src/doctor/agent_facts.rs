//! What the agents on nodes say of themselves.

use std::thread;
use std::time::Duration;

use hat_driver::linux::Node;
use hat_driver::linux::lock::Holder;
use node_link::agent::{Identity, Printable};

use crate::agent::{AgentError, Endpoint};
use crate::cluster::Cluster;
use crate::nodes::label;
use crate::ports::PortError;

/// How long an agent may take: what is not answered in this time says nothing of versions.
const LIMIT: Duration = Duration::from_secs(3);

/// What a node's agent says of itself.
pub(super) struct AgentFacts {
    pub(super) node: String,
    pub(super) answer: Result<Option<Printable>, Silence>,
}

/// Why an agent tells no version.
pub(super) enum Silence {
    /// It speaks other versions of the protocol.
    Protocol(String),
    /// Another program than ours has its serial port.
    Busy(Holder),
    /// Its serial port is there, and nothing answers on it, nor by ssh.
    Silent(String),
    /// It is not reached.
    Unreachable(String),
}

/// Asks nodes that have power, all at once.
pub(super) fn ask(cluster: &Cluster, nodes: &[Node]) -> Vec<AgentFacts> {
    let endpoints = nodes.iter().map(|&node| (label(node), Endpoint::new(cluster, node)));
    let endpoints: Vec<_> = endpoints.collect();
    thread::scope(|scope| {
        let asked = endpoints.into_iter().map(|(node, endpoint)| {
            (
                node,
                scope.spawn(move || endpoint.connect(LIMIT).map(|agent| agent.identity().clone())),
            )
        });
        let asked: Vec<_> = asked.collect();
        let answer = |(node, asked): (String, thread::ScopedJoinHandle<'_, _>)| AgentFacts {
            node,
            answer: asked.join().map_or_else(
                |_| Err(Silence::Unreachable("it was not asked".to_owned())),
                |answer: Result<Identity, AgentError>| {
                    answer.map(|found| found.agent).map_err(Silence::of)
                },
            ),
        };
        asked.into_iter().map(answer).collect()
    })
}

impl Silence {
    fn of(error: AgentError) -> Self {
        if let Some(holder) = foreign_holder(&error) {
            return Self::Busy(holder.clone());
        }
        let is_version = |error: &AgentError| matches!(error, AgentError::Version { .. });
        match &error {
            AgentError::Unreachable { serial, .. } if is_version(serial) => {
                Self::Protocol(serial.to_string())
            }
            AgentError::Unreachable { ssh, .. } if is_version(ssh) => {
                Self::Protocol(ssh.to_string())
            }
            AgentError::Unreachable { serial, .. } if serial.is_silence() => {
                Self::Silent(error.with_fix())
            }
            error => Self::Unreachable(error.with_fix()),
        }
    }
}

/// Our own programs give a port back.
fn foreign_holder(error: &AgentError) -> Option<&Holder> {
    let AgentError::Unreachable { serial, .. } = error else { return None };
    let AgentError::Port(PortError::Busy { holder: Some(holder), .. }) = &**serial else {
        return None;
    };
    let program = holder.command.as_deref().unwrap_or_default().split(' ').next()?;
    let name = program.rsplit('/').next()?;
    (!name.starts_with("cluster")).then_some(holder)
}
