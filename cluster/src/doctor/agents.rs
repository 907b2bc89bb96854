//! Whether the agents on nodes can be reached, and their programs are as new as this one.

use super::agent_facts::{AgentFacts, Silence};
use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};
use super::states::hidden;
use crate::report::NodeStatus;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "agent-version",
        looks_for: "a node whose agent is older than this program",
        why: "it may not support the requests of newer commands",
        make: version,
    },
    Check {
        name: "agent-port",
        looks_for: "another program on a node's second serial port",
        why: "the node's agent cannot be reached there: no shutdown request, no readings",
        make: port,
    },
    Check {
        name: "agent-silent",
        looks_for: "a node whose second serial port is there, and whose agent does not answer",
        why: "a node whose agent does not answer cannot be shut down, only cut off",
        make: silent,
    },
];

/// This program's version, which the agent's program has too.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// What can be done about a node that starts.
const LATER: &str = "look again in 2 minutes";

fn version(facts: &Facts) -> Checked {
    let mut found = Vec::new();
    let mut unknown = None;
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
            Err(Silence::Unreachable(error) | Silence::Silent(error)) => {
                unknown.get_or_insert_with(|| unreached(facts, node, error));
                continue;
            }
            Err(Silence::Busy(holder)) => {
                unknown.get_or_insert_with(|| {
                    NotMade::because(format!("{holder} has the second serial port of {node}"))
                });
                continue;
            }
        };
        found.push(Found::warning(what, fix).of_nodes(vec![node.clone()]));
    }
    told(facts, found, unknown)
}

fn port(facts: &Facts) -> Checked {
    let found = facts.agents.iter().filter_map(|AgentFacts { node, answer }| {
        let Err(Silence::Busy(holder)) = answer else { return None };
        let fix = Fix::Text(format!("end process {}", holder.pid));
        let what = format!("{holder} has the second serial port of {node}");
        Some(Found::warning(what, fix).of_nodes(vec![node.clone()]))
    });
    told(facts, found.collect(), first_unreached(facts))
}

fn silent(facts: &Facts) -> Checked {
    let found = facts.agents.iter().filter_map(|AgentFacts { node, answer }| {
        let Err(Silence::Silent(_)) = answer else { return None };
        let fix = format!("look at its console; power-cycle {node} if its system hangs");
        let found = match is_starting(facts, node) {
            true => Found::note(may_be_starting(node), Fix::Text(LATER.to_owned())),
            false => Found::warning(format!("no agent answers on {node}"), Fix::Text(fix)),
        };
        Some(found.of_nodes(vec![node.clone()]))
    });
    told(facts, found.collect(), first_unreached(facts))
}

/// What was found, or why nothing was: nobody who was not reached is well.
fn told(facts: &Facts, found: Vec<Found>, unknown: Option<NotMade>) -> Checked {
    if facts.agents.is_empty() {
        return Err(facts.no_power());
    }
    match unknown {
        Some(unknown) if found.is_empty() => Err(unknown),
        _ => Ok(found),
    }
}

fn first_unreached(facts: &Facts) -> Option<NotMade> {
    facts.agents.iter().find_map(|AgentFacts { node, answer }| {
        let Err(Silence::Unreachable(error)) = answer else { return None };
        Some(unreached(facts, node, error))
    })
}

fn unreached(facts: &Facts, node: &str, error: &str) -> NotMade {
    match facts.is_hidden(node) {
        true => NotMade::because(hidden(node)),
        false if is_starting(facts, node) => {
            NotMade::because(format!("{}: {LATER}", may_be_starting(node)))
        }
        false => NotMade::because(error),
    }
}

fn is_starting(facts: &Facts, node: &str) -> bool {
    let row = facts.states.iter().find(|row| row.node == node);
    row.is_some_and(NodeStatus::is_starting)
}

fn may_be_starting(node: &str) -> String {
    format!("no agent answers on {node}, which may still be starting")
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
    use clusterhat_tests::command::World;
    use hat_driver::linux::Moment;
    use hat_driver::linux::lock::Holder;
    use node_link::agent::Printable;
    use rustix::fs::{FlockOperation, flock};

    use super::super::finding::Severity;
    use super::super::subject::Subject;
    use super::*;
    use crate::controller::Options;
    use crate::life::{BOOT_LIMIT, State};
    use crate::nodes::NodeSet;
    use crate::report::Since;

    fn facts(answer: Result<Option<Printable>, Silence>) -> Facts {
        let board = World::builtin("v2.5");
        let simulation = board.path().to_str().map(str::to_owned);
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
    fn another_program_on_the_port_is_found() {
        let file = tempfile::tempfile().expect("a file");
        flock(&file, FlockOperation::LockExclusive).expect("nobody else has it");
        let holder = Holder::of(&file).expect("this process");
        let pid = holder.pid;
        let facts = facts(Err(Silence::Busy(holder)));
        let found = port(&facts).expect("it can be told");
        assert!(found[0].what.ends_with("has the second serial port of p1"), "{found:?}");
        assert_eq!(found[0].fix, Fix::Text(format!("end process {pid}")));
        assert!(version(&facts).is_err(), "nothing is known of its version");
        let unreached = Silence::Unreachable("no agent on p1".to_owned());
        assert!(port(&self::facts(Err(unreached))).is_err(), "nobody has looked");
    }

    #[test]
    fn a_node_that_starts_is_no_problem_yet() {
        let mut mute = facts(Err(Silence::Silent("no agent on p1".to_owned())));
        let now = Moment::now().uptime;
        for (state, since, severity) in [
            (State::Link, Some(now), Severity::Note),
            (State::Link, now.checked_sub(BOOT_LIMIT), Severity::Warning),
            (State::Link, None, Severity::Warning),
            (State::Agent, Some(now), Severity::Warning),
        ] {
            mute.states = vec![NodeStatus {
                node: "p1".to_owned(),
                name: None,
                board: "hat1".to_owned(),
                uncertain: false,
                commanded: Some(true),
                seen: Some(true),
                absent: false,
                state: Some(state),
                since: since.map(Since),
            }];
            let found = silent(&mute).expect("it can be told");
            assert_eq!(found[0].severity, severity, "{state:?} {since:?}");
            // Seen: "install clusterhat-node on it", of a node that had just been switched on.
            let mut unreached = facts(Err(Silence::Unreachable("no agent on p1".to_owned())));
            unreached.states = std::mem::take(&mut mute.states);
            let why = version(&unreached).expect_err("it cannot be told").0;
            let may_start = why.contains("which may still be starting: look again");
            assert_eq!(may_start, severity == Severity::Note, "{state:?} {since:?}: {why}");
        }
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
