//! Why a node's agent is not reached, way by way.

use serde::Serialize;

use crate::agent::{AgentError, Transport};
use crate::ports::PortError;

/// A way to a node's agent that does not lead there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoAgent {
    /// The way; absent where the agent was reached by it, and then fell silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Transport>,
    /// Why, in a word.
    pub why: NoAgentReason,
    /// The process that has the serial port, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its command line, where it may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Why, in a sentence.
    pub message: String,
}

/// Why a node's agent is not reached by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoAgentReason {
    /// The node is starting: its agent is not to be expected yet.
    Starting,
    /// There is no second serial port: its gadget has none.
    NoPort,
    /// Another process has the serial port.
    Busy,
    /// No answer.
    Silent,
    /// ssh does not get there, or there is none.
    NoSsh,
    /// Another machine answers.
    AnotherNode,
    /// The agent and this program are more than one version of the protocol apart.
    Version,
    /// The connection ended.
    Closed,
    /// Anything else, as the message says.
    Other,
}

impl NoAgent {
    /// Each way, by what went wrong. That a simulated node has no network is no news.
    pub(crate) fn of(error: &AgentError) -> Vec<Self> {
        match error {
            AgentError::Unreachable { serial, ssh, .. } => {
                let ways = [(Transport::Serial, serial), (Transport::Ssh, ssh)].into_iter();
                ways.filter(|(_, error)| !matches!(***error, AgentError::Simulated))
                    .map(|(by, error)| Self::new(Some(by), error))
                    .collect()
            }
            error => vec![Self::new(None, error)],
        }
    }

    /// Of a node that is starting.
    pub(crate) fn starting() -> Self {
        let message = "the node is starting".to_owned();
        Self { by: None, why: NoAgentReason::Starting, pid: None, command: None, message }
    }

    fn new(by: Option<Transport>, error: &AgentError) -> Self {
        let holder = match error {
            AgentError::Port(PortError::Busy { holder, .. }) => holder.as_ref(),
            _ => None,
        };
        Self {
            by,
            why: NoAgentReason::of(error),
            pid: holder.map(|holder| holder.pid),
            command: holder.and_then(|holder| holder.command.clone()),
            message: error.to_string(),
        }
    }
}

impl NoAgentReason {
    fn of(error: &AgentError) -> Self {
        match error {
            AgentError::Port(PortError::Absent { .. } | PortError::NoNetworkPlace { .. }) => {
                Self::NoPort
            }
            AgentError::Port(PortError::Busy { .. }) => Self::Busy,
            AgentError::Silent => Self::Silent,
            AgentError::Ssh(_) | AgentError::NoSsh(_) => Self::NoSsh,
            AgentError::AnotherNode { .. } => Self::AnotherNode,
            AgentError::Version { .. } => Self::Version,
            AgentError::Closed => Self::Closed,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn unreachable(serial: AgentError, ssh: AgentError) -> Vec<NoAgent> {
        NoAgent::of(&AgentError::Unreachable {
            node: "p1".to_owned(),
            serial: Box::new(serial),
            ssh_name: "p1".to_owned(),
            ssh: Box::new(ssh),
        })
    }

    #[test]
    fn each_way_has_its_reason() {
        let path = PathBuf::from("/dev/ttypi1a");
        let absent = AgentError::Port(PortError::Absent { path: path.clone() });
        let ways = unreachable(absent, AgentError::Ssh("Connection refused".into()));
        let told: Vec<_> = ways.iter().map(|way| (way.by, way.why, &*way.message)).collect();
        assert_eq!(told[0].0, Some(Transport::Serial));
        assert_eq!(told[0].1, NoAgentReason::NoPort);
        assert_eq!(told[1], (Some(Transport::Ssh), NoAgentReason::NoSsh, "Connection refused"));
        let busy = AgentError::Port(PortError::Busy { path, holder: None });
        let ways = unreachable(busy, AgentError::Simulated);
        assert_eq!((ways.len(), ways[0].why, ways[0].pid), (1, NoAgentReason::Busy, None));
        let lost = NoAgent::of(&AgentError::Silent);
        assert_eq!((lost[0].by, lost[0].why), (None, NoAgentReason::Silent));
    }
}
