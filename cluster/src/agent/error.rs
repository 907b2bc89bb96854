//! Why an agent does not do what it is asked.

use std::io;
use std::time::Duration;

use node_link::NodeId;
use node_link::agent::{OLDEST, Printable, VERSION};

use crate::ports::PortError;

/// Why an agent cannot be reached, or does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// It can be reached neither by the serial port nor by ssh.
    #[error("no agent on {node}: serial port: {serial}; ssh {ssh_name}: {ssh}")]
    Unreachable {
        /// The node.
        node: String,
        /// Why not by the serial port.
        serial: Box<Self>,
        /// Whom ssh was to log in to.
        ssh_name: String,
        /// Why not by ssh.
        ssh: Box<Self>,
    },
    /// The serial port cannot be opened.
    #[error("{}", node_link::text::chain(.0))]
    Port(#[from] PortError),
    /// ssh ended without reaching the agent; this is what it said.
    #[error("{0}")]
    Ssh(Printable),
    /// ssh cannot be started.
    #[error("cannot start ssh: {0}")]
    NoSsh(io::Error),
    /// A simulated node has no network.
    #[error("a simulated node has no network")]
    Simulated,
    /// No reply in time.
    #[error("no answer")]
    Silent,
    /// The connection ended.
    #[error("the connection was closed")]
    Closed,
    /// A reply of another kind than the request asks for.
    #[error("the reply does not match the request")]
    Nonsense,
    /// The agent refuses the request, with its reason.
    #[error("refused: {0}")]
    Refused(Printable),
    /// The two programs are more than one version apart.
    #[error(
        "its agent speaks protocol version {oldest} to {newest}, and this program {OLDEST} to {VERSION}: update the older of the two"
    )]
    Version {
        /// The oldest that the agent speaks.
        oldest: u32,
        /// The newest.
        newest: u32,
    },
    /// The connection leads to another machine.
    #[error("it reaches {}, not {}", other(*.found), .expected.label())]
    AnotherNode {
        /// The node that was meant.
        expected: NodeId,
        /// The one that answers; none where it is no node.
        found: Option<NodeId>,
    },
    /// The kernel cannot wait for it, or pass bytes.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// How long a connection by the serial port may take before ssh is tried: an agent answers in milliseconds, a Zero under full load
/// in a second.
pub(super) const SERIAL_LIMIT: Duration = Duration::from_secs(3);

impl AgentError {
    /// What can be done about it, where its text does not say.
    #[must_use]
    pub fn fix(&self) -> Option<&'static str> {
        let Self::Unreachable { serial, .. } = self else { return None };
        match **serial {
            _ if serial.is_silence() => {
                Some("look at its console: its system hangs, or its agent does not run")
            }
            Self::Port(PortError::Busy { .. }) | Self::Version { .. } | Self::Refused(_) => None,
            _ => Some("install clusterhat-node on it, or set up its network and ssh key"),
        }
    }

    /// Whether it is what a node gives rise to that starts: its serial port is not there, or nothing answers there yet.
    pub(crate) fn is_usual_in_a_start(&self) -> bool {
        // A connection that stood: the node has started again meanwhile.
        let Self::Unreachable { serial, ssh, .. } = self else { return self.is_silence() };
        let is_serial =
            matches!(**serial, Self::Port(PortError::Absent { .. })) || serial.is_silence();
        is_serial && matches!(**ssh, Self::Ssh(_) | Self::NoSsh(_) | Self::Simulated | Self::Silent)
    }

    /// Whether a way to it is there, and no agent at its end.
    pub(crate) const fn is_silence(&self) -> bool {
        matches!(self, Self::Silent | Self::Closed | Self::Nonsense)
    }

    /// The text, and what can be done about it.
    pub(crate) fn with_fix(&self) -> String {
        match self.fix() {
            Some(fix) => format!("{self}; {fix}"),
            None => self.to_string(),
        }
    }

    /// Whether it is a timeout: of an agent that may exist, as on a node that hangs.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Unreachable { serial, ssh, .. } => serial.is_timeout() || ssh.is_timeout(),
            _ => false,
        }
    }
}

fn other(found: Option<NodeId>) -> String {
    found.map_or_else(|| "a machine that is not set up as a node".to_owned(), NodeId::label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_in_a_start() {
        let unreachable = |serial: AgentError, ssh: AgentError| AgentError::Unreachable {
            node: "p1".to_owned(),
            serial: Box::new(serial),
            ssh_name: "p1".to_owned(),
            ssh: Box::new(ssh),
        };
        let path = || "/dev/ttypi1a".into();
        let absent = || AgentError::Port(PortError::Absent { path: path() });
        let no_route = || AgentError::Ssh(Printable::new("No route to host"));
        for usual in [
            unreachable(absent(), no_route()),
            unreachable(AgentError::Silent, AgentError::Simulated),
            // A console that prints before the agent has the port.
            unreachable(AgentError::Nonsense, no_route()),
            AgentError::Closed,
            AgentError::Silent,
        ] {
            assert!(usual.is_usual_in_a_start(), "{usual}");
        }
        let another =
            || AgentError::AnotherNode { expected: NodeId::from_number(1).unwrap(), found: None };
        let busy = AgentError::Port(PortError::Busy { path: path(), holder: None });
        for unusual in [
            unreachable(busy, no_route()),
            unreachable(another(), no_route()),
            unreachable(absent(), another()),
            AgentError::Refused(Printable::new("no")),
        ] {
            assert!(!unusual.is_usual_in_a_start(), "{unusual}");
        }
    }
}
