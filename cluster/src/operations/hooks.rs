//! What goes with every power operation: hooks before and after it, and the desired state.

use hat_driver::linux::Node;
use hat_driver::power::{Action, ResultingState};

use crate::cluster::Cluster;
use crate::desired::{BoardId, DesiredError, Document};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::hooks::{HookFailure, Hooks, Operation, Printed, Reason, Subject, When};
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
    /// Runs a power operation as every caller has it: hooks may refuse nodes first, what is asked of the
    /// others is saved, they are switched, and hooks hear how it ended.
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
        let refusals = hooks.as_ref().map_or_else(Vec::new, |hooks| {
            let subjects = self.subjects(nodes, |_| When::Before);
            hooks.run(&subjects, operation, reason, &mut |line| tell(observer, line))
        });
        let refusal = |node| refusals.iter().find(|refusal| refusal.node == node);
        let left = nodes.iter().copied().filter(|&node| refusal(node).is_none());
        let left: Vec<_> = left.collect();
        let outcome = if left.is_empty() && !refusals.is_empty() {
            PowerReport::default().into()
        } else {
            let before = self.save_asked(&left, action, reason);
            let outcome = act(self, &left, observer);
            self.take_back(&left, action, before, &outcome);
            outcome
        };
        if let Some(hooks) = hooks {
            let when = |node| match refusal(node) {
                Some(refusal) => When::Refused { hook: refusal.hook.clone() },
                None if is_done(&outcome.report, node, action) => When::Done,
                None => When::Failed,
            };
            let subjects = self.subjects(nodes, when);
            self.run_after(&hooks, &subjects, (operation, reason), observer);
        }
        if refusals.is_empty() {
            return outcome;
        }
        let vetoed = Error::Vetoed { action, refusals };
        if outcome.error.is_some() {
            // What failed by itself comes first.
            self.warnings.push(vetoed.message());
        }
        outcome.or(Some(vetoed))
    }

    fn look_for_hooks(&mut self) -> Option<Hooks> {
        let (hooks, warnings) = self.hooks.as_ref()?.look();
        for warning in warnings {
            // Said once, also where an operation has two parts.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Some(hooks)
    }

    fn subjects(&self, nodes: &[Node], when: impl Fn(Node) -> When) -> Vec<Subject> {
        let subject = |&node: &Node| Subject {
            node,
            label: label(node),
            name: self.alias(node),
            when: when(node),
        };
        nodes.iter().map(subject).collect()
    }

    fn run_after(
        &mut self,
        hooks: &Hooks,
        subjects: &[Subject],
        (operation, reason): (Operation, Reason),
        observer: &mut Observer<'_>,
    ) {
        let failures = hooks.run(subjects, operation, reason, &mut |line| tell(observer, line));
        let warning =
            |failure: HookFailure| format!("a hook failed after the operation: {failure}");
        self.warnings.extend(failures.into_iter().map(warning));
    }

    /// Saves what is asked of nodes before it is done: who loses power in the middle of a start gets all of
    /// it back. Returns what was saved before.
    fn save_asked(&mut self, nodes: &[Node], action: Action, reason: Reason) -> Option<Document> {
        let boards = self.board_ids();
        let result = self.desired.as_ref()?.change(|document| {
            for (board, id) in &boards {
                let positions = board.positions(nodes);
                if !positions.is_empty() {
                    document.ask(id, positions, action);
                    // Whoever is killed in the middle of a start leaves the rest to the next one.
                    document.set_due(id, positions, reason == Reason::Restore);
                }
            }
        });
        self.or_warn(result)
    }

    /// Nodes that were not switched are as nobody had asked: they were refused, or not come to.
    fn take_back(
        &mut self,
        nodes: &[Node],
        action: Action,
        before: Option<Document>,
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
        let result = store.change(|document| {
            for (board, id) in &boards {
                for position in board.positions(&nodes).iter() {
                    document.take_back(id, position, action, &before);
                }
            }
        });
        self.or_warn(result);
    }

    /// The boards, by what their nodes are kept by.
    pub(super) fn board_ids(&self) -> Vec<(hat_driver::linux::Board, BoardId)> {
        self.driver.boards().map(|(board, info)| (board, BoardId::of(info))).collect()
    }

    /// Power is switched whatever becomes of the file.
    pub(super) fn or_warn<T>(&mut self, result: Result<T, DesiredError>) -> Option<T> {
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

fn tell(observer: &mut Observer<'_>, printed: &Printed) {
    let Printed { node, hook, line } = printed;
    // A hook ends by itself, or at the end of its time.
    let _ = observer(Event::Hook { node: *node, hook, line });
}

fn is_done(report: &PowerReport, node: Node, action: Action) -> bool {
    let label = label(node);
    report.nodes.iter().any(|row| row.node == label && row.power == action && !row.undone)
}

/// Whether an operation that failed left a node as it was before.
fn is_untouched(error: &Error, node: Node) -> bool {
    let error = match error {
        // A node that is not shut down keeps its power.
        Error::NotShutDown { .. } => return true,
        Error::Driver(error) => error,
        _ => return false,
    };
    let results = error.done().map_or(&[][..], |done| &done.results);
    let of_node = results.iter().find(|result| result.node == node);
    of_node.is_none_or(|result| result.resulting == ResultingState::Old)
}
