//! `on`, `off` and `cycle`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use hat_driver::linux::{Board, ClusterError as DriverError, Done, Node, PowerEvent};
use hat_driver::power::Action;

use super::{beyond, halted};
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer, Verdict};
use crate::hooks::{Operation, Reason};
use crate::nodes::{NodeSet, label};
use crate::outcome::Outcome;
use crate::report::{NodePower, PowerReport};

impl Cluster {
    /// Switches nodes on, one after the other, or off, all at once; an empty set means all nodes. Where all are
    /// switched off, so are the positions of a board that no node is meant to be at.
    ///
    /// The observer may stop it: between two nodes, and at least ten times a second while time passes.
    /// Nodes that are on then stay on, and the outcome's error says what was done.
    ///
    /// # Errors
    /// [`Error::Nodes`]. What boards fail with is the outcome's error.
    pub fn switch<V: Verdict>(
        &mut self,
        set: &NodeSet,
        action: Action,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<PowerReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let outcome = switch(self, set, action, observer);
        if action == Action::Off && set.is_all() && !is_stopped(&outcome) {
            return beyond::off(self, outcome);
        }
        outcome
    }

    /// Switches just these nodes, as [`Self::switch`] does, for callers that have nodes instead of a set.
    pub fn switch_nodes<V: Verdict>(
        &mut self,
        nodes: &[Node],
        action: Action,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Outcome<PowerReport> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        switch_nodes(self, nodes, action, Reason::Request, observer)
    }

    /// Switches nodes off and, after the time that the settings say, on again.
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub fn cycle<V: Verdict>(
        &mut self,
        set: &NodeSet,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<PowerReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let (nodes, left_out) = self.present(set)?;
        let off_time = self.settings.off_time;
        // Before hooks run: what others ask from here on comes later.
        let since = self.driver.ask(&nodes, Action::On)?;
        let cycle = |cluster: &mut Self, nodes: &[Node], observer: &mut Observer<'_>| {
            let mut switching = Switching::new(cluster, nodes, Action::On);
            let result = switching.run(observer, |cluster, observer| {
                cluster.driver.cycle_since(nodes, off_time, &since, observer).map(drop)
            });
            switching.outcome(result.err(), &[])
        };
        let outcome = self.commanded(&nodes, Operation::Cycle, Reason::Request, observer, cycle);
        Ok(outcome.beside(left_out))
    }
}

fn switch(
    cluster: &mut Cluster,
    set: &NodeSet,
    action: Action,
    observer: &mut Observer<'_>,
) -> Result<Outcome<PowerReport>, Error> {
    let (nodes, left_out) = cluster.present(set)?;
    let mut outcome = switch_nodes(cluster, &nodes, action, Reason::Request, observer);
    halted::note(cluster, &mut outcome.report);
    Ok(outcome.beside(left_out))
}

/// Switches just these nodes.
pub(super) fn switch_nodes(
    cluster: &mut Cluster,
    nodes: &[Node],
    action: Action,
    reason: Reason,
    observer: &mut Observer<'_>,
) -> Outcome<PowerReport> {
    let operation = match action {
        Action::On => Operation::On,
        Action::Off => Operation::Off,
    };
    // Before hooks run: what others ask from here on comes later.
    let since = match cluster.driver.ask(nodes, action) {
        Ok(since) => since,
        Err(error) => return Outcome { report: PowerReport::default(), error: Some(error.into()) },
    };
    let act = |cluster: &mut Cluster, nodes: &[Node], observer: &mut Observer<'_>| {
        let mut switching = Switching::new(cluster, nodes, action);
        let mut kept = Vec::new();
        let result = switching.run(observer, |cluster, observer| {
            kept = cluster.driver.switch_since(nodes, action, &since, observer)?.kept;
            Ok(())
        });
        switching.outcome(result.err(), &kept)
    };
    let outcome = cluster.commanded(nodes, operation, reason, observer, act);
    if action == Action::Off {
        // Hooks may have refused some. They are nodes of this cluster, as above.
        let _ = cluster.driver.take_back(nodes);
    }
    outcome
}

fn is_stopped(outcome: &Result<Outcome<PowerReport>, Error>) -> bool {
    let error = outcome.as_ref().ok().and_then(|outcome| outcome.error.as_ref());
    error.is_some_and(|error| error.kind() == ErrorKind::Stopped)
}

/// What happened to a node since the operation began.
#[derive(Clone, Copy, Default)]
struct History {
    went_off: bool,
    went_on: bool,
    /// What happened last.
    last: Option<Action>,
}

/// One operation's switching: what changed, and which boards were initialised.
struct Switching<'a> {
    cluster: &'a mut Cluster,
    nodes: &'a [Node],
    action: Action,
    history: BTreeMap<Node, History>,
    initialised: Vec<Board>,
}

impl<'a> Switching<'a> {
    /// Of nodes that have this power in the end.
    fn new(cluster: &'a mut Cluster, nodes: &'a [Node], action: Action) -> Self {
        let history = BTreeMap::new();
        Self { cluster, nodes, action, history, initialised: Vec::new() }
    }

    /// Runs the driver, and records its events.
    fn run(
        &mut self,
        observer: &mut Observer<'_>,
        act: impl FnOnce(
            &mut Cluster,
            &mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
        ) -> Result<(), DriverError>,
    ) -> Result<(), DriverError> {
        let Self { cluster, nodes, action, history, initialised } = self;
        let notes = cluster.switch_notes(nodes);
        if observer(Event::Begun { nodes, action: *action }).is_break() {
            let left = (*nodes).into();
            return Err(DriverError::Stopped { left, done: Done::default() });
        }
        act(cluster, &mut |event| {
            match event {
                PowerEvent::Initialised { board } => initialised.push(board),
                PowerEvent::Switched { node, action } => {
                    let history = history.entry(node).or_default();
                    history.went_on |= action == Action::On;
                    history.went_off |= action == Action::Off;
                    history.last = Some(action);
                    notes.record(node, action);
                }
                _ => {}
            }
            observer(Event::Power(event))
        })
    }

    /// All nodes where all is done; else those whose state is sure, beside the error. Those that keep their power are on;
    /// an error has them itself.
    fn outcome(&self, error: Option<DriverError>, kept: &[Node]) -> Outcome<PowerReport> {
        let beside_error = error.as_ref().and_then(DriverError::done).map(Done::kept);
        let kept = beside_error.as_deref().unwrap_or(kept);
        let rows = self.nodes.iter().filter_map(|&node| match &error {
            _ if kept.contains(&node) => Some(self.row(node, Action::On, false)),
            None => Some(self.row(node, self.history(node).last.unwrap_or(self.action), false)),
            Some(error) => {
                let (power, undone) = sure(error, node, self.history(node))?;
                Some(self.row(node, power, undone))
            }
        });
        let initialised = self.initialised.iter();
        let initialised = initialised.filter_map(|&board| self.cluster.board_name(board).ok());
        let report = PowerReport {
            dry_run: false,
            nodes: rows.collect(),
            initialised: initialised.collect(),
            beyond_size: Vec::new(),
        };
        let wanted = kept.iter().copied().map(label).collect();
        let wanted = (!kept.is_empty()).then_some(Error::Wanted(wanted));
        Outcome { report, error: error.map(Error::from).or(wanted) }
    }

    fn history(&self, node: Node) -> History {
        self.history.get(&node).copied().unwrap_or_default()
    }

    fn row(&self, node: Node, power: Action, undone: bool) -> NodePower {
        let history = self.history(node);
        NodePower {
            node: label(node),
            name: self.cluster.alias(node),
            power,
            undone,
            changed: history.last.is_some(),
            cycled: history.went_off && history.went_on,
            system: None,
        }
    }
}

/// A node's state beside an error, and whether another process caused it; the error is about a node
/// whose state is not as the last command to it.
fn sure(error: &DriverError, node: Node, history: History) -> Option<(Action, bool)> {
    match error {
        DriverError::Undone { nodes, .. } if nodes.contains(&node) => Some((Action::Off, true)),
        DriverError::Cycle { left_off, .. } if left_off.contains(&node) => {
            history.last.filter(|last| *last == Action::Off).map(|last| (last, false))
        }
        _ => {
            let done = error.done().filter(|done| done.nodes.contains(&node))?;
            history.last.filter(|last| done.on == (*last == Action::On)).map(|last| (last, false))
        }
    }
}
