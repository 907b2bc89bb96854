//! Errors of the library in the words of the command line: its options, and what to do about them.

use std::path::Path;

use clusterhat::config::ConfigError;
use clusterhat::ports::PortError;
use clusterhat::{Error, NodesLeft};
use hat_driver::linux::lock::Holder;
use system_config::network::NetworkError;

use crate::advice::{OPTIONS, network, sentences};

/// What the command's user can do about an error, beyond what its text says.
pub(super) fn advice(error: &Error) -> String {
    let text = match error {
        Error::Files(error) => return OPTIONS.advice(error).unwrap_or_default(),
        Error::Network(error) => return network(error).unwrap_or_default(),
        Error::FactoryOrderTaken { .. } => {
            "; give it a free one first with `clusterhat board order 20 NEW`, and save that"
        }
        Error::Vetoed { .. } => "; --no-hooks switches without asking them",
        Error::BootLoop(_) => ", then run `clusterhat restore --again`",
        Error::NotRestarted { off, starting, .. } => {
            let on = format!("; `clusterhat on {}` starts {}", off.join(" "), them(off.len()));
            return format!("{}{}", later(starting), if off.is_empty() { "" } else { &on });
        }
        Error::NotShutDown { failures, left, .. } => {
            let NodesLeft { wanted, halted, unknown, starting, misplaced, is_forced, .. } = &**left;
            let kept = failures.iter().map(|(node, _)| &**node);
            // Nothing is to be cut where another command wants the power, or another node has it; a board that does not answer
            // cuts none.
            let others = wanted.iter().chain(unknown).chain(misplaced);
            let is_left = |node: &&str| others.clone().any(|one| one == node);
            let kept: Vec<_> = kept.filter(|node| !is_left(node)).collect();
            return match (&kept[..], &halted[..]) {
                ([], []) => String::new(),
                ([], nodes) => format!(
                    "; `clusterhat cycle {}` starts {} again",
                    nodes.join(" "),
                    them(nodes.len())
                ),
                // Always with their names: `off` of no node in particular is all.
                (nodes, _) => format!(
                    "{}; cut {} power with `clusterhat off --immediate {}`{}",
                    later(starting),
                    if nodes.len() == 1 { "its" } else { "their" },
                    nodes.join(" "),
                    if *is_forced { "" } else { ", or use --force" }
                ),
            };
        }
        Error::NotRoot => " (with sudo)",
        Error::NotRunning(_) => ": use --root /",
        _ => "",
    };
    text.to_owned()
}

const fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// How to wait for nodes that are too early in their starts to be asked anything.
fn later(starting: &[String]) -> String {
    if starting.is_empty() {
        return String::new();
    }
    format!("; try again after `clusterhat wait {} --for agent`", starting.join(" "))
}

/// An error in the words of the command line, where the library's know none of it.
pub(super) fn reworded(error: &Error) -> Option<String> {
    match error {
        Error::NoSystem => {
            let text = "--sim simulates a board, not a system: pass --root DIR, with the system's root as DIR, \
                        such as --root / for this one (with --dry-run to preview)";
            Some(text.to_owned())
        }
        Error::Network(NetworkError::Blocked(findings)) => {
            Some(sentences(findings).collect::<Vec<_>>().join("; "))
        }
        Error::Port(PortError::Busy { path, holder: Some(holder) }) if shares_consoles(holder) => {
            Some(format!(
                "{} is in use by {holder}, which shares it: set CLUSTERHAT_SOCKET to its socket (clusterhatd --socket PATH)",
                path.display()
            ))
        }
        _ => None,
    }
}

/// Whether a process is a `clusterhatd`, which gives a console to any number of commands.
fn shares_consoles(holder: &Holder) -> bool {
    let program = holder.command.as_deref().and_then(|command| command.split(' ').next());
    program.is_some_and(|program| Path::new(program).file_name() == Some("clusterhatd".as_ref()))
}

/// The option that an error is about.
pub(super) fn option(error: &Error) -> &'static str {
    match error {
        Error::Config(ConfigError::Override { .. }) => "--",
        Error::NoRoot(_) => "--root ",
        Error::Simulation(_) => "--sim ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `off --immediate` of a node that is not in its position would take the power from the one that is there.
    #[test]
    fn nobody_is_told_to_cut_the_power_of_another_node_or_to_use_force_again() {
        let names = |nodes: &[&str]| nodes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told = |failed: &[&str], is_forced| {
            let failures = names(failed).into_iter().map(|node| (node, "why".to_owned()));
            let mut left = NodesLeft::default();
            (left.misplaced, left.is_forced) = (names(&["p1"]), is_forced);
            advice(&Error::NotShutDown {
                failures: failures.collect(),
                fixes: Box::default(),
                timed_out: false,
                left: Box::new(left),
            })
        };
        assert_eq!(told(&["p1"], false), "");
        let cut = "; cut its power with `clusterhat off --immediate p2`";
        assert_eq!(told(&["p1", "p2"], false), format!("{cut}, or use --force"));
        assert_eq!(told(&["p1", "p2"], true), cut);
    }

    #[test]
    fn several_nodes_are_not_one() {
        for (nodes, text) in [
            (&["p1"][..], "; `clusterhat cycle p1` starts it again"),
            (&["p1", "p2"], "; `clusterhat cycle p1 p2` starts them again"),
        ] {
            let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            let failures = names.iter().map(|node| (node.clone(), "has halted".to_owned()));
            let mut left = NodesLeft::default();
            (left.wanted, left.halted) = (names.clone(), names.clone());
            let error = Error::NotShutDown {
                failures: failures.collect(),
                fixes: Box::default(),
                timed_out: false,
                left: Box::new(left),
            };
            assert_eq!(advice(&error), text);
        }
    }
}
