//! `restore`: nodes get the power back that they had before a loss of power, as `at-boot` says.

use hat_driver::Positions;
use hat_driver::hat::PinSetup;
use hat_driver::linux::{Board, BoardReading, Node};
use hat_driver::power::Action;

use super::power::switch_nodes;
use crate::cluster::Cluster;
use crate::desired::{AtBoot, Document, Known, Why, decide};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer, Verdict};
use crate::hooks::Reason;
use crate::nodes::{NodeSet, label};
use crate::outcome::Outcome;
use crate::report::{PowerReport, RestoreNode, RestoreReport};

/// Which nodes are restored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restore {
    /// Also those whose boards kept their power.
    pub all: bool,
    /// Also after two starts in a row that were cut short: they are forgotten.
    pub again: bool,
}

impl Cluster {
    /// Switches the nodes whose boards have lost their power since the last call as the configuration's
    /// `at-boot` says; an empty set means all nodes. Whatever initialises a board
    /// notes that it had lost its power. Before the first node
    /// goes on, and until the last one has been on for a while, the file says that a start is under way:
    /// after two starts in a row that did not come to their end, nothing is switched on.
    ///
    /// # Errors
    /// [`Error::Nodes`]; [`Error::Desired`] if the desired state cannot be read: nothing is
    /// switched then. What boards fail with is the outcome's error.
    pub fn restore<V: Verdict>(
        &mut self,
        set: &NodeSet,
        restore: Restore,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<RestoreReport>, Error> {
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        if restore.again {
            self.change_desired(Document::forget_starts);
        }
        let boards: Vec<_> = self.driver.boards().map(|(board, _)| board).collect();
        boards.into_iter().for_each(|board| self.note_due(board));
        let Plan { nodes, rows, left_out, error } = self.plan_of(set, restore)?;
        let with = |action| -> Vec<Node> {
            let rows = nodes.iter().zip(&rows);
            rows.filter(|(_, row)| row.action == Some(action)).map(|(&node, _)| node).collect()
        };
        let (off, on) = (with(Action::Off), with(Action::On));
        let mut outcomes = Vec::new();
        if !off.is_empty() {
            outcomes.push(switch_nodes(self, &off, Action::Off, Reason::Restore, observer));
        }
        if !on.is_empty() {
            outcomes.push(self.start(&on, observer));
        }
        let mut report = RestoreReport { nodes: rows, ..RestoreReport::default() };
        let errors = outcomes.into_iter().map(|outcome| add(&mut report, outcome));
        let failure = errors.fold(None, Option::or);
        self.end_restore(&nodes, &report);
        Ok(Outcome { report, error: failure }.or(error).beside(left_out))
    }

    /// What [`Self::restore`] would do. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::restore`].
    pub fn plan_restore(
        &mut self,
        set: &NodeSet,
        restore: Restore,
    ) -> Result<Outcome<RestoreReport>, Error> {
        let Plan { rows, left_out, error, .. } = self.plan_of(set, restore)?;
        let report = RestoreReport { dry_run: true, nodes: rows, initialised: Vec::new() };
        Ok(Outcome { report, error }.beside(left_out))
    }

    fn plan_of(&mut self, set: &NodeSet, restore: Restore) -> Result<Plan, Error> {
        let (nodes, left_out) = self.present(set)?;
        // At a start, a board's driver may not be bound yet: that is no failure of those that can be restored.
        let left_out = match left_out {
            Some(error) if set.is_all() => {
                if self.restores_any() {
                    self.warnings.push(error.message());
                }
                None
            }
            left_out => left_out,
        };
        let document = self.desired.as_ref().map_or(Ok(Document::default()), |d| d.read())?;
        let is_boot_loop = !restore.again && document.is_boot_loop(&self.boot());
        let boards = self.board_ids();
        let ctrls = self.ctrl_boards();
        let fresh = self.fresh_boards(&nodes);
        let row = |&node: &Node| {
            let id = boards.iter().find(|(board, _)| *board == node.board()).map(|(_, id)| id);
            let position = node.position();
            let known = Known {
                policy: self.at_boot(node),
                last: id.and_then(|id| document.last(id, position)),
                is_due: restore.all
                    || fresh.contains(&node.board())
                    || id.is_some_and(|id| document.is_due(id, position)),
                is_ctrl: ctrls.contains(&node.board()),
                is_boot_loop,
            };
            let (action, why) = decide(known);
            let Known { policy: at_boot, last, .. } = known;
            let (node, name) = (label(node), self.alias(node));
            RestoreNode { node, name, at_boot, last, action, why, done: false }
        };
        let rows: Vec<_> = nodes.iter().map(row).collect();
        let held = rows.iter().filter(|row| row.why == Why::BootLoop);
        let held: Vec<_> = held.map(|row| row.node.clone()).collect();
        let error = (!held.is_empty()).then_some(Error::BootLoop(held));
        Ok(Plan { nodes, rows, left_out, error })
    }

    /// Switches nodes on; the file records the start while it is under way.
    fn start(&mut self, nodes: &[Node], observer: &mut Observer<'_>) -> Outcome<PowerReport> {
        let boot = self.boot();
        self.change_desired(|document| document.begin_start(&boot));
        let outcome = switch_nodes(self, nodes, Action::On, Reason::Restore, observer);
        let kind = outcome.error.as_ref().map(Error::kind);
        self.change_desired(|document| document.end_start(kind == Some(ErrorKind::UnderVoltage)));
        outcome
    }

    /// Clears the mark of nodes that were restored, or are never restored.
    fn end_restore(&mut self, nodes: &[Node], report: &RestoreReport) {
        let is_over = |row: &RestoreNode| {
            row.done || matches!(row.why, Why::Keep | Why::NeverAsked | Why::NotDue)
        };
        let over = nodes.iter().zip(&report.nodes).filter(|(_, row)| is_over(row));
        let over: Vec<_> = over.map(|(&node, _)| node).collect();
        let boards = self.board_ids();
        self.change_desired(|document| {
            for (board, id) in &boards {
                for position in board.positions(&over).iter() {
                    if document.is_due(id, position) {
                        document.set_due(id, Positions::one(position), false);
                    }
                }
            }
        });
    }

    /// Notes that a board's nodes are to be restored, where it was not initialised since power-up: before it
    /// is initialised, since that hides the loss of power. Reads the board only where `at-boot` asks for it.
    pub(super) fn note_due(&mut self, board: Board) {
        let nodes = self.driver.nodes().filter(|node| node.board() == board);
        let nodes: Vec<_> = nodes.filter(|&node| self.at_boot(node) != AtBoot::Keep).collect();
        if self.fresh_boards(&nodes).is_empty() {
            return;
        }
        let boards = self.board_ids();
        let id = boards.iter().find(|(of, _)| *of == board).map(|(_, id)| id);
        let Some(id) = id else { return };
        self.change_desired(|document| document.set_due(id, board.positions(&nodes), true));
    }

    /// Notes that nodes, which were on and are off now, are to be restored at the next start, where `at-boot` has nodes switched on.
    /// With `at-boot = "keep"` nothing is ever switched at a start.
    pub(super) fn note_due_at_next_start(&mut self, nodes: &[Node]) {
        let comes_back = |node: &&Node| matches!(self.at_boot(**node), AtBoot::Last | AtBoot::On);
        let nodes: Vec<_> = nodes.iter().filter(comes_back).copied().collect();
        let boards = self.board_ids();
        self.change_desired(|document| {
            for (board, id) in boards {
                document.set_due_on(&id, board.positions(&nodes));
            }
        });
    }

    /// The HATs that were not initialised since power-up, of those that any of these nodes is restored on.
    /// A board that does not answer says so when it is initialised.
    fn fresh_boards(&mut self, nodes: &[Node]) -> Vec<Board> {
        let nodes = nodes.iter().filter(|&&node| self.at_boot(node) != AtBoot::Keep);
        let mut boards: Vec<_> = nodes.map(|node| node.board()).collect();
        boards.dedup();
        let ctrls = self.ctrl_boards();
        boards.retain(|&board| {
            !ctrls.contains(&board)
                && matches!(self.driver.status(board), Ok(BoardReading::Hat(status))
                    if status.setup == PinSetup::NeverInitialised)
        });
        boards
    }

    fn change_desired(&mut self, change: impl FnOnce(&mut Document)) {
        if let Some(store) = &self.desired {
            let result = store.change(change);
            self.or_warn(result);
        }
    }

    fn boot(&self) -> String {
        self.driver.platform().moment().boot
    }
}

/// What is to be done.
struct Plan {
    nodes: Vec<Node>,
    /// One for each of the nodes.
    rows: Vec<RestoreNode>,
    left_out: Option<Error>,
    /// Why nodes stay off.
    error: Option<Error>,
}

/// Adds the result of switching some of the nodes, and returns its error.
fn add(report: &mut RestoreReport, outcome: Outcome<PowerReport>) -> Option<Error> {
    for power in &outcome.report.nodes {
        let is_done = |row: &&mut RestoreNode| {
            row.node == power.node && row.action == Some(power.power) && !power.undone
        };
        report.nodes.iter_mut().filter(is_done).for_each(|row| row.done = true);
    }
    report.initialised.extend(outcome.report.initialised);
    outcome.error
}
