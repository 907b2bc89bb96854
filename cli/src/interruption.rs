//! What an interrupted command has done, and what its user can do about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clusterhat::nodes::{folded, label};
use clusterhat::report::{Report, ShutdownResult, SwitchedNode};
use clusterhat::{Error, Outcome};
use hat_driver::linux::{ClusterError, Node};
use hat_driver::power::{Action, ResultingState};

use crate::failure::Failure;

/// What the operation of a command came to.
pub(crate) type OperationResult = Result<Outcome<Report>, Error>;

/// What a command is about at the moment.
pub(crate) enum Doing {
    /// Hooks run, before any node is switched.
    Preparing,
    /// Nodes are switched.
    Switching,
    /// These nodes were asked to shut down, and have not halted yet.
    ShuttingDown(Vec<Node>),
    /// These nodes were asked to restart.
    Restarting(Vec<Node>),
    /// It waits, and switches nothing. These nodes have power.
    Waiting(Vec<Node>),
}

/// What has been done to nodes so far.
pub(crate) struct SoFar {
    /// The nodes that are to have this power in the end.
    asked: Vec<Node>,
    action: Action,
    pub(crate) doing: Doing,
    /// In the order of their last change.
    switched: Vec<(Node, Action)>,
    /// What the operation, which has come back, says of those that it has not switched.
    others: Option<BTreeMap<Node, ResultingState>>,
    /// Nodes that were not switched, and of which nobody knows whether they have power, since their board does not answer.
    silent: Vec<Node>,
}

impl SoFar {
    /// Of a command that brings nodes to this power in the end.
    pub(crate) fn new(nodes: &[Node], action: Action, doing: Doing) -> Self {
        let (switched, silent) = (Vec::new(), Vec::new());
        Self { asked: nodes.to_vec(), action, doing, switched, others: None, silent }
    }

    /// A node was switched and read back.
    pub(crate) fn add(&mut self, node: Node, action: Action) {
        self.switched.retain(|&(other, _)| other != node);
        self.switched.push((node, action));
    }

    /// A node that is waited for has power, or not any more.
    pub(crate) fn wait_for(&mut self, node: Node, has_power: bool) {
        if !matches!(self.doing, Doing::Waiting(_)) {
            self.doing = Doing::Waiting(Vec::new());
        }
        if let Doing::Waiting(nodes) = &mut self.doing {
            nodes.retain(|other| *other != node);
            nodes.extend(has_power.then_some(node));
        }
    }

    /// Whether the command may end at any moment: it leaves nothing half done.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.doing, Doing::Waiting(_) | Doing::Restarting(_))
    }

    /// The operation has come back with this.
    pub(crate) fn learn(&mut self, result: &OperationResult) {
        let (report, error) = match result {
            Ok(outcome) => (Some(&outcome.report), outcome.error.as_ref()),
            Err(error) => (None, Some(error)),
        };
        let mut others = BTreeMap::new();
        match error {
            None => others.extend(self.asked.iter().map(|node| (*node, ResultingState::New))),
            // Before anything was switched.
            Some(Error::Driver(ClusterError::Stopped { left, done }))
                if done.results.is_empty() =>
            {
                others.extend(left.iter().map(|node| (*node, ResultingState::Old)));
            }
            Some(error) => {
                let done = match error {
                    Error::Driver(error) => error.done(),
                    _ => None,
                };
                for state in error.report().switched.unwrap_or_default() {
                    match (self.node(&state.node), state.resulting) {
                        // It was so already.
                        (Some(node), ResultingState::New)
                            if state.power == self.action
                                && done.is_some_and(|done| !done.nodes.contains(&node)) =>
                        {
                            others.insert(node, ResultingState::New);
                        }
                        (Some(node), ResultingState::New) => self.add(node, state.power),
                        (Some(node), resulting) => drop(others.insert(node, resulting)),
                        (None, _) => {}
                    }
                }
            }
        }
        if let Some(Report::Shutdown(report)) = report {
            let nodes = |result| {
                let rows = report.nodes.iter().filter(move |row| row.result == result);
                rows.filter_map(|row| self.node(&row.node))
            };
            let still_on = nodes(ShutdownResult::StillOn);
            others.extend(still_on.map(|node| (node, ResultingState::Old)));
            let off = nodes(ShutdownResult::AlreadyOff);
            others.extend(off.map(|node| (node, ResultingState::New)));
            self.silent = nodes(ShutdownResult::Unknown).collect();
        }
        self.others = Some(others);
    }

    fn node(&self, name: &str) -> Option<Node> {
        self.asked.iter().copied().find(|node| label(*node) == name)
    }

    fn state(&self, node: Node) -> SwitchedNode {
        if let Some(&(_, action)) = self.switched.iter().find(|entry| entry.0 == node) {
            return SwitchedNode::new(node, action, ResultingState::New);
        }
        let learned = self.others.as_ref().and_then(|others| others.get(&node).copied());
        let resulting = match &self.doing {
            Doing::Preparing => ResultingState::Old,
            _ if self.silent.contains(&node) => ResultingState::Unknown,
            Doing::Waiting(nodes) if nodes.contains(&node) => ResultingState::New,
            // What was not switched yet may be just now.
            _ => learned.unwrap_or(ResultingState::Unknown),
        };
        SwitchedNode::new(node, self.action, resulting)
    }

    /// How the command ends by this signal.
    pub(crate) fn interrupted(&self, signal: i32) -> Failure {
        let switched: Vec<_> = self.asked.iter().map(|&node| self.state(node)).collect();
        Failure::Interrupted { signal, text: self.text(&switched), switched }
    }

    fn text(&self, states: &[SwitchedNode]) -> String {
        let waiting = if matches!(self.doing, Doing::Waiting(_)) { " while waiting" } else { "" };
        let mut text = format!("interrupted{waiting}");
        let of = |action| {
            let nodes = self.switched.iter().filter(|entry| entry.1 == action);
            nodes.map(|entry| entry.0).collect::<Vec<_>>()
        };
        let (on, off) = (of(Action::On), of(Action::Off));
        for (nodes, power) in [(&on, "on"), (&off, "off")] {
            if !nodes.is_empty() {
                let _ = write!(text, "; switched {power}: {}", folded(nodes));
            }
        }
        let left = states.iter().filter(|state| state.resulting == ResultingState::Old);
        let left: Vec<_> = left.map(|state| &*state.node).collect();
        if matches!(self.doing, Doing::Switching) && !self.switched.is_empty() && !left.is_empty() {
            let _ = write!(text, "; not switched: {}", left.join(" "));
        }
        let is_silent = |node: &str| self.silent.iter().any(|silent| label(*silent) == node);
        let is_sure = |state: &SwitchedNode| {
            state.resulting != ResultingState::Unknown || is_silent(&state.node)
        };
        let is_sure = states.iter().all(is_sure);
        match &self.doing {
            Doing::ShuttingDown(nodes) => text.push_str(&self.going_down(nodes, is_sure)),
            Doing::Restarting(nodes) => {
                let _ = write!(text, "; {} asked to restart and may still do so", were(nodes));
            }
            _ if is_sure && self.switched.is_empty() && !states.is_empty() => {
                text.push_str("; nothing was switched");
            }
            _ => {}
        }
        if !self.silent.is_empty() {
            let (have, board) = match self.silent.len() {
                1 => ("has", "its board does"),
                _ => ("have", "their boards do"),
            };
            let nodes = names(&self.silent);
            let _ =
                write!(text, "; whether {nodes} {have} power is not known, as {board} not answer");
        }
        if !is_sure {
            text.push_str("; a node that was being switched at that moment may be in either state");
        }
        if self.action == Action::On && !off.is_empty() {
            let them = if off.len() == 1 { "it" } else { "them" };
            let _ = write!(text, "; `clusterhat on {}` switches {them} on again", names(&off));
        }
        text
    }

    fn going_down(&self, nodes: &[Node], is_sure: bool) -> String {
        let asked = format!("; {} asked to shut down and may still halt", were(nodes));
        let is_silent = |node: &&Node| self.silent.contains(node);
        let on: Vec<_> = nodes.iter().filter(|node| !is_silent(node)).copied().collect();
        if !is_sure || on.is_empty() {
            return asked;
        }
        let they = if on.len() < nodes.len() { names(&on) } else { pronoun(&on).to_owned() };
        let (keep, them) = if on.len() == 1 { ("keeps its", "it") } else { ("keep their", "them") };
        let names = names(&on);
        format!(
            "{asked}; {they} {keep} power: `clusterhat shutdown {names}` waits for {them} again, \
             `clusterhat off --immediate {names}` cuts it now"
        )
    }
}

const fn pronoun(nodes: &[Node]) -> &'static str {
    if nodes.len() == 1 { "it" } else { "they" }
}

/// `p1 p2 were`.
fn were(nodes: &[Node]) -> String {
    let verb = if nodes.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", names(nodes))
}

/// For a command line.
fn names(nodes: &[Node]) -> String {
    nodes.iter().map(|node| label(*node)).collect::<Vec<_>>().join(" ")
}
