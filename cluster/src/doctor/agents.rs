//! The agents on nodes, and whether their programs are as new as this one.

use std::thread;
use std::time::Duration;

use hat_driver::linux::Node;
use node_link::agent::{Identity, Printable};

use super::facts::Facts;
use super::finding::{Checked, Found, NotMade};
use super::{Check, Fix};
use crate::agent::{AgentError, Endpoint};
use crate::cluster::Cluster;
use crate::nodes::label;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "agent-version",
    looks_for: "a node whose agent is older than this program",
    why: "it may not understand what newer commands ask of it",
    make: version,
}];

/// How long an agent may take: what is not answered in this time says nothing of versions.
const LIMIT: Duration = Duration::from_secs(3);

/// This program's version, which the agent's program has too.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// What a node's agent says of itself.
pub(super) struct AgentFacts {
    pub(super) node: String,
    pub(super) answer: Result<Option<Printable>, Silence>,
}

/// Why an agent tells no version.
pub(super) enum Silence {
    /// It speaks other versions of the protocol.
    Protocol(String),
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
        let is_version = |error: &AgentError| matches!(error, AgentError::Version { .. });
        match &error {
            AgentError::Unreachable { serial, .. } if is_version(serial) => {
                Self::Protocol(serial.to_string())
            }
            AgentError::Unreachable { ssh, .. } if is_version(ssh) => {
                Self::Protocol(ssh.to_string())
            }
            error => Self::Unreachable(error.to_string()),
        }
    }
}

fn version(facts: &Facts) -> Checked {
    let mut found = Vec::new();
    let mut unreachable = None;
    for AgentFacts { node, answer } in &facts.agents {
        let fix = Fix::Text(format!(
            "update clusterhat-node on {node}, as the package or from the same release"
        ));
        let what = match answer {
            Ok(Some(version)) if is_older(version.as_str(), OWN) => {
                format!("{node} runs clusterhat-node {version}, and this is {OWN}")
            }
            Ok(_) => continue,
            Err(Silence::Protocol(error)) => format!("{node}: {error}"),
            Err(Silence::Unreachable(error)) => {
                unreachable.get_or_insert(error);
                continue;
            }
        };
        found.push(Found::warning(what, fix).of_nodes(vec![node.clone()]));
    }
    let is_told =
        facts.agents.iter().any(|agent| !matches!(agent.answer, Err(Silence::Unreachable(_))));
    match (is_told, unreachable) {
        (true, _) => Ok(found),
        (false, Some(error)) => Err(NotMade::because(error)),
        (false, None) => Err(NotMade::because("none of these nodes has power")),
    }
}

/// By the numbers of a semantic version; what is none is not older.
fn is_older(version: &str, than: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u64>> {
        let release = version.split(['-', '+']).next()?;
        release.split('.').map(|number| number.parse().ok()).collect()
    };
    matches!((numbers(version), numbers(than)), (Some(version), Some(than)) if version < than)
}

#[cfg(test)]
mod tests {
    use super::super::Subject;
    use super::*;
    use crate::controller::Options;
    use crate::nodes::NodeSet;

    fn facts(answer: Result<Option<Printable>, Silence>) -> Facts {
        let world = tempfile::NamedTempFile::new().expect("a file");
        let text = hat_driver::sim::builtin::simulation("v2.5").expect("a board").to_text();
        std::fs::write(world.path(), text).expect("it can be written");
        let simulation = world.path().to_str().map(str::to_owned);
        let options = Options { simulation, ..Options::default() };
        let all = NodeSet::parse::<&str>(&[]).expect("a set");
        let mut facts = Facts::gather(&Subject::new(&options, &all)).expect("a board");
        facts.agents = vec![AgentFacts { node: "p1".to_owned(), answer }];
        facts
    }

    #[test]
    fn an_older_agent_is_found() {
        let said = |version: &str| version_of(Ok(Some(Printable::new(version))));
        let found = said("0.0.9").expect("it can be told");
        assert!(
            found[0].what.starts_with("p1 runs clusterhat-node 0.0.9, and this is "),
            "{found:?}"
        );
        for other in [OWN, "99.0.0", "my own build"] {
            assert_eq!(said(other).expect("it can be told").len(), 0, "{other}");
        }
        let error = "its agent speaks protocol version 8 to 9";
        let found = version_of(Err(Silence::Protocol(error.to_owned()))).expect("it can be told");
        assert!(found[0].what.ends_with(error), "{found:?}");
    }

    fn version_of(answer: Result<Option<Printable>, Silence>) -> Checked {
        version(&facts(answer))
    }

    /// Nobody who does not answer is up to date.
    #[test]
    fn a_silent_agent_is_no_new_one() {
        let silent = version_of(Err(Silence::Unreachable("no agent on p1".to_owned())));
        assert_eq!(silent.expect_err("it cannot be told"), NotMade::because("no agent on p1"));
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        for (version, than, older) in [
            ("0.9.0", "0.10.0", true),
            ("0.10.0", "0.9.0", false),
            ("1.2.3", "1.2.3", false),
            ("1.2.3-rc.1", "1.2.4", true),
            ("", "1.0.0", false),
        ] {
            assert_eq!(is_older(version, than), older, "{version} and {than}");
        }
    }
}
