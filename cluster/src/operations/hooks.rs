//! What every power operation includes: hooks before and after it, and the desired state.

use hat_driver::linux::{ClusterError as DriverError, Done, Node};
use hat_driver::power::{Action, ResultingState};

use crate::chaos::{self, ChaosError, Forgotten};
use crate::cluster::Cluster;
use crate::desired::{AtBoot, BoardId, DesiredError, Document};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::hooks::{HookFailure, Hooks, Operation, Printed, Ran, Reason, Subject, When};
use crate::nodes::label;
use crate::outcome::Outcome;
use crate::report::PowerReport;

impl Operation {
    /// The power that nodes have in the end.
    const fn action(self) -> Action {
        match self {
            Self::On | Self::Cycle => Action::On,
            Self::Off => Action::Off,
        }
    }
}

impl Cluster {
    /// Runs a power operation: hooks may refuse nodes first, the desired state of the others is saved, they are
    /// switched, and hooks run with the result.
    pub(crate) fn commanded(
        &mut self,
        nodes: &[Node],
        operation: Operation,
        reason: Reason,
        observer: &mut Observer<'_>,
        act: impl FnOnce(&mut Self, &[Node], &mut Observer<'_>) -> Outcome<PowerReport>,
    ) -> Outcome<PowerReport> {
        let action = operation.action();
        let hooks = self.look_for_hooks();
        let before = self.run_hooks(hooks.as_ref(), nodes, (operation, reason), observer, |_| {
            Some(When::Before)
        });
        if before.is_stopped {
            return self.interrupted(hooks.as_ref(), nodes, before, (operation, reason), observer);
        }
        let refusals = before.failures;
        let refusal = |node| refusals.iter().find(|refusal| refusal.node == node);
        let left: Vec<_> = nodes.iter().copied().filter(|&node| refusal(node).is_none()).collect();
        let (outcome, is_stopped) = match left.is_empty() && !refusals.is_empty() {
            true => (PowerReport::default().into(), false),
            false => self.recorded(&left, action, reason, observer, act),
        };
        let when = |node| {
            Some(match refusal(node) {
                Some(refusal) => When::Refused { hook: refusal.hook.clone() },
                None if is_done(&outcome.report, node, action) => When::Done,
                None if is_stopped => When::Interrupted { last: None },
                None => When::Failed,
            })
        };
        let after = self.run_hooks(hooks.as_ref(), nodes, (operation, reason), observer, when);
        self.warn_of(after);
        if refusals.is_empty() {
            return outcome;
        }
        let vetoed = Error::Vetoed { action, refusals };
        if outcome.error.is_some() {
            // The operation's own failure comes first.
            self.warnings.push(vetoed.message());
        }
        outcome.or(Some(vetoed))
    }

    /// Switches nodes, with the desired state saved before, and adjusted to the outcome after. Returns also whether the caller
    /// stopped it.
    fn recorded(
        &mut self,
        nodes: &[Node],
        action: Action,
        reason: Reason,
        observer: &mut Observer<'_>,
        act: impl FnOnce(&mut Self, &[Node], &mut Observer<'_>) -> Outcome<PowerReport>,
    ) -> (Outcome<PowerReport>, bool) {
        let mut is_stopped = false;
        let forgotten = self.forget_chaos(nodes);
        let places = self.board_ids().into_iter().map(|(board, id)| (id, board.positions(nodes)));
        self.losses.begin(places.collect());
        let before = self.save_asked(nodes, action, reason);
        let outcome = act(self, nodes, &mut |event| {
            let verdict = observer(event);
            is_stopped |= verdict.is_break();
            verdict
        });
        let lost = self.losses.end();
        // While the desired state still tells this request from later ones.
        self.remember_chaos(forgotten, nodes, action, before.as_ref(), &outcome);
        self.take_back(nodes, action, before, &lost, &outcome);
        (outcome, is_stopped)
    }

    /// The caller stopped it before anything was switched: the hooks that were started are run once more.
    fn interrupted(
        &mut self,
        hooks: Option<&Hooks>,
        nodes: &[Node],
        before: Ran,
        what: (Operation, Reason),
        observer: &mut Observer<'_>,
    ) -> Outcome<PowerReport> {
        let when = |node| {
            let refusal = before.failures.iter().find(|refusal| refusal.node == node);
            let last = before.last.iter().find(|(of, _)| *of == node);
            match refusal {
                Some(refusal) => Some(When::Refused { hook: refusal.hook.clone() }),
                None => last.map(|(_, hook)| When::Interrupted { last: Some(hook.clone()) }),
            }
        };
        let after = self.run_hooks(hooks, nodes, what, observer, when);
        self.warn_of(after);
        let left = nodes.into();
        let stopped = DriverError::Stopped { left, done: Done::default() };
        Outcome { report: PowerReport::default(), error: Some(stopped.into()) }
    }

    fn look_for_hooks(&mut self) -> Option<Hooks> {
        let (hooks, warnings) = self.hooks.as_ref()?.look();
        for warning in warnings {
            // Once only, also if an operation has two parts.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Some(hooks)
    }

    /// Runs the hooks of the nodes for which `when` returns a point in time.
    fn run_hooks(
        &self,
        hooks: Option<&Hooks>,
        nodes: &[Node],
        (operation, reason): (Operation, Reason),
        observer: &mut Observer<'_>,
        when: impl Fn(Node) -> Option<When>,
    ) -> Ran {
        let Some(hooks) = hooks else { return Ran::default() };
        let subject = |&node: &Node| {
            let (label, name) = (label(node), self.alias(node));
            Some(Subject { node, label, name, when: when(node)? })
        };
        let subjects: Vec<_> = nodes.iter().filter_map(subject).collect();
        let action = operation.action();
        hooks.run(&subjects, operation, reason, &mut |printed| match printed {
            Some(Printed { node, hook, line }) => observer(Event::Hook { node: *node, hook, line }),
            None => observer(Event::Hooks { nodes, action }),
        })
    }

    fn warn_of(&mut self, after: Ran) {
        let warning =
            |failure: HookFailure| format!("a hook failed after the operation: {failure}");
        self.warnings.extend(after.failures.into_iter().map(warning));
    }

    /// Notes that nodes that are off are to be off: in the desired state, and for `chaos`.
    pub(super) fn stay_off(&mut self, nodes: &[Node]) {
        if !nodes.is_empty() {
            self.forget_chaos(nodes);
            self.save_asked(nodes, Action::Off, Reason::Request);
        }
    }

    /// Saves the desired state before nodes are switched, so that a start that a loss of power interrupts is completed
    /// afterwards. Returns the state that was saved before.
    fn save_asked(&mut self, nodes: &[Node], action: Action, reason: Reason) -> Option<Document> {
        let boards = self.board_ids();
        let result = self.desired.as_ref()?.change(|document| {
            for (board, id) in &boards {
                let positions = board.positions(nodes);
                if !positions.is_empty() {
                    document.ask(id, positions, action);
                    // If this process is killed during a restore, the next one completes it.
                    document.set_due(id, positions, reason == Reason::Restore);
                }
            }
        });
        self.or_warn(result)
    }

    /// Reverts the desired state of nodes that were not switched after all. They are to be restored where their board had lost
    /// its power.
    fn take_back(
        &mut self,
        nodes: &[Node],
        action: Action,
        before: Option<Document>,
        lost: &[BoardId],
        outcome: &Outcome<PowerReport>,
    ) {
        let (Some(store), Some(before), Some(error)) = (&self.desired, before, &outcome.error)
        else {
            return;
        };
        let untouched =
            |node: &&Node| !is_done(&outcome.report, **node, action) && is_untouched(error, **node);
        let nodes: Vec<_> = nodes.iter().copied().filter(|node| untouched(&node)).collect();
        if nodes.is_empty() {
            return;
        }
        let boards = self.board_ids();
        let is_restored = |node: &Node| self.at_boot(*node) != AtBoot::Keep;
        let restored: Vec<_> = nodes.iter().copied().filter(is_restored).collect();
        let result = store.change(|document| {
            for (board, id) in &boards {
                for position in board.positions(&nodes).iter() {
                    document.take_back(id, position, &before);
                }
                if lost.contains(id) {
                    document.set_due(id, board.positions(&restored), true);
                }
            }
        });
        self.or_warn(result);
    }

    /// Removes nodes from the note of `chaos`, which does not restore what another command has switched. Without a desired
    /// state, as for `chaos` itself, the note stays.
    fn forget_chaos(&mut self, nodes: &[Node]) -> Forgotten {
        if self.desired.is_none() {
            return Forgotten::default();
        }
        chaos::forget(self, nodes).unwrap_or_else(|error| self.warn_of_note(error))
    }

    /// Notes nodes for `chaos` again that were not switched after all, unless another command has decided otherwise meanwhile.
    fn remember_chaos(
        &mut self,
        forgotten: Forgotten,
        nodes: &[Node],
        action: Action,
        before: Option<&Document>,
        outcome: &Outcome<PowerReport>,
    ) {
        if forgotten.is_empty() {
            return;
        }
        let now = self.desired.as_ref().and_then(|store| store.read().ok());
        let boards = self.board_ids();
        let has_later_request = |node: Node| {
            let (Some(now), Some(before)) = (&now, before) else { return false };
            let id = boards.iter().find(|(board, _)| *board == node.board()).map(|(_, id)| id);
            id.is_some_and(|id| {
                let position = node.position();
                now.is_asked_since(id, position, before) && now.last(id, position) != Some(action)
            })
        };
        let is_left = |node: &Node| {
            let is_done = is_done(&outcome.report, *node, action);
            !is_done && !is_undone(&outcome.report, *node) && !has_later_request(*node)
        };
        let nodes: Vec<_> = nodes.iter().copied().filter(is_left).collect();
        chaos::remember(self, forgotten, &nodes).unwrap_or_else(|error| self.warn_of_note(error));
    }

    fn warn_of_note<T: Default>(&mut self, error: ChaosError) -> T {
        let error = Error::Chaos(error).message();
        self.warnings.push(format!("`chaos` may switch these nodes again: {error}"));
        T::default()
    }

    /// The boards, with the keys of their nodes in the desired state.
    pub(super) fn board_ids(&self) -> Vec<(hat_driver::linux::Board, BoardId)> {
        self.driver.boards().map(|(board, info)| (board, BoardId::of(info))).collect()
    }

    /// Turns an error of the desired state into a warning: power is switched regardless.
    pub(crate) fn or_warn<T>(&mut self, result: Result<T, DesiredError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let fix = if error.is_denied() {
                    "; `systemd-tmpfiles --create` gives the groups i2c and gpio access"
                } else {
                    ""
                };
                let error = Error::Desired(error).message();
                self.warnings.push(format!(
                    "the nodes' desired state is not saved: {error}; after a loss of power they may not be \
                     restored as they are now{fix}"
                ));
                None
            }
        }
    }
}

fn is_done(report: &PowerReport, node: Node, action: Action) -> bool {
    let label = label(node);
    report.nodes.iter().any(|row| row.node == label && row.power == action && !row.undone)
}

/// Whether another process has switched a node off since it was switched on.
fn is_undone(report: &PowerReport, node: Node) -> bool {
    let label = label(node);
    report.nodes.iter().any(|row| row.node == label && row.undone)
}

/// Whether an operation that failed left a node as it was before.
fn is_untouched(error: &Error, node: Node) -> bool {
    let error = match error {
        // A node that is not shut down keeps its power.
        Error::NotShutDown { .. } | Error::Wanted(_) => return true,
        Error::Driver(error) => error,
        _ => return false,
    };
    let results = error.done().map_or(&[][..], |done| &done.results);
    let of_node = results.iter().find(|result| result.node == node);
    of_node.is_none_or(|result| result.resulting == ResultingState::Old)
}
