//! Switching nodes over all boards: one after the other on, all at once off.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::asked::Asked;
use super::asks::AsksSoFar;
use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, Done, NodeResult, Target};
use super::event::{PowerEvent, Verdict};
use super::exclusion::Stop;
use super::handle::{Board, Node};
use super::platform::Resource;
use super::session::Session;
use super::throttled::UNDER_VOLTAGE_NOW;
use crate::positions::Positions;
use crate::power::{self, Action, Cause, Failure, ResultingState, Step};

/// What an operation on nodes did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switched {
    /// The nodes that changed.
    pub changed: Vec<Node>,
    /// The nodes that were left as they are, since somebody asked for their power in the meantime
    /// ([`Cluster::switch_since`]).
    pub kept: Vec<Node>,
}

/// What a run over all boards came to, also where it failed.
#[derive(Default)]
pub(super) struct Run {
    /// The nodes that changed.
    pub(super) changed: Vec<Node>,
    /// The nodes at which their board failed, and the state that they are in.
    unsure: BTreeMap<Node, ResultingState>,
    /// Why it did not reach its end, or not on every board.
    pub(super) failures: Vec<ClusterError>,
    /// Why it ended before all boards had their turn.
    end: Option<End>,
}

impl Run {
    /// Whether a node that was not switched is sure to be as it was before.
    pub(super) fn left_as_it_was(&self, node: Node) -> bool {
        self.unsure.get(&node).is_none_or(|resulting| *resulting == ResultingState::Old)
    }

    /// Ends it, before these nodes were come to.
    pub(super) fn stop(&mut self, stop: Stop, left: &[Node]) {
        self.end = Some(match stop {
            Stop::UnderVoltage { .. } => End::Supply,
            Stop::Observer => End::Observer,
            _ => End::Other,
        });
        self.failures.push(Cluster::stopped(stop, Done::default(), left));
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The supply sags.
    Supply,
    /// The observer wants no more.
    Observer,
    /// Another caller holds a lock for too long.
    Other,
}

impl Cluster {
    /// Switches nodes: on one after the other, off all at once. A board that has not been initialised
    /// since power-up is initialised first.
    ///
    /// The observer hears what happens, and may stop it: between two nodes, and at least ten times
    /// a second while time passes. Nodes that are on then stay on.
    ///
    /// A board that fails does not keep the others from their turn; a sagging supply, another
    /// process that does not let go, or one that switches off what is switched on here, does.
    ///
    /// # Errors
    /// A [`ClusterError`] that says what was switched all the same and which state results.
    pub fn switch<V: Verdict>(
        &mut self,
        nodes: &[Node],
        action: Action,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Switched, ClusterError> {
        self.switch_after(nodes, action, None, &mut |event| observer(event).control())
    }

    /// As [`Self::switch`], as if it had begun at an earlier moment: what others have asked since then comes
    /// later. A node that somebody has asked to be on since is not switched off ([`Switched::kept`]); what is
    /// switched off here has gone down by itself ([`Self::set_going_down`]), and goes on counting as that.
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub fn switch_since<V: Verdict>(
        &mut self,
        nodes: &[Node],
        action: Action,
        since: &AsksSoFar,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Switched, ClusterError> {
        self.switch_after(nodes, action, Some(since), &mut |event| observer(event).control())
    }

    fn switch_after(
        &mut self,
        nodes: &[Node],
        action: Action,
        since: Option<&AsksSoFar>,
        observer: &mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
    ) -> Result<Switched, ClusterError> {
        self.check_nodes(nodes)?;
        let mut session = self.session(nodes, since, observer);
        if action == Action::On {
            self.begin(&mut session).map_err(|stop| {
                Self::stopped(stop, Self::done(&Run::default(), nodes, action), nodes)
            })?;
        }
        let mut run = self.run(nodes, action, &mut session);
        self.finish(&mut run, &mut session);
        if run.failures.is_empty() {
            return Ok(Switched { changed: run.changed, kept: session.kept });
        }
        let done = Self::done(&run, nodes, action);
        Err(ClusterError::of_boards(run.failures, done))
    }

    /// An operation on nodes, as it begins.
    pub(super) fn session<'a>(
        &self,
        nodes: &[Node],
        since: Option<&AsksSoFar>,
        observer: &'a mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
    ) -> Session<'a> {
        let asked = self.asked(nodes);
        Session::new(Arc::clone(&self.platform), self.options.lock_limit, asked, since, observer)
    }

    /// What is asked of each board for these nodes.
    pub(super) fn asked(&self, nodes: &[Node]) -> Vec<Asked> {
        let asked = self.slots.iter().enumerate().map(|(index, slot)| {
            Asked::new(index, self.first(index), slot.recorded_as(), slot.board.positions(nodes))
        });
        asked.filter(|asked| !asked.nodes.is_empty()).collect()
    }

    /// Keeps others' power-ons away, and makes sure that the supply bears more load.
    pub(super) fn begin(&self, session: &mut Session<'_>) -> Result<(), Stop> {
        session.take_power_on(self.heeds_others())?;
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        session.watch_supply()
    }

    /// Who asks for no delay does not want to wait for others' either.
    fn heeds_others(&self) -> bool {
        let mut delays = self.options.node_delays.values().chain([&self.options.delay]);
        delays.any(|delay| !delay.is_zero())
    }

    /// Has each board's turn.
    pub(super) fn run(&mut self, nodes: &[Node], action: Action, session: &mut Session<'_>) -> Run {
        let mut run = Run::default();
        for slot in 0..self.slots.len() {
            let request = self.slots[slot].board.positions(nodes);
            if request.is_empty() {
                continue;
            }
            if let Err(error) = self.check_slot_ready(slot, request) {
                run.failures.push(error);
                continue;
            }
            match self.run_or_init(slot, request, action, session) {
                Ok(Ok(finished)) => {
                    run.changed.extend(self.first(slot).all_beside(finished.switched));
                }
                Ok(Err(failure)) => self.settle(slot, request, failure, nodes, &mut run),
                // Its initialisation failed: the next board has its turn all the same.
                Err(error) if error.is_of_one_board() => run.failures.push(error),
                Err(error) => {
                    run.failures.push(error);
                    run.end = Some(End::Other);
                }
            }
            if run.end.is_some() {
                break;
            }
        }
        run
    }

    /// Notes what a turn that ended early had switched, and why it ended.
    fn settle(
        &self,
        slot: usize,
        request: Positions,
        failure: Failure<BoardError, Stop>,
        asked: &[Node],
        run: &mut Run,
    ) {
        let Failure { cause, nodes, resulting, done, left } = failure;
        let first = self.first(slot);
        match cause {
            // The board's own lock, which keeps no other board from its turn.
            Cause::Stop(stop @ Stop::Lock { .. }) => {
                run.changed.extend(first.all_beside(done));
                let target = Target::nodes(first.all_beside(left));
                run.failures.push(self.not_entered(slot, target, stop));
            }
            Cause::Stop(stop) => {
                run.changed.extend(first.all_beside(done));
                let is_later = |node: &Node| self.slot(node.board()).is_ok_and(|of| of > slot);
                let later = asked.iter().copied().filter(is_later);
                let left: Vec<_> = first.all_beside(left).chain(later).collect();
                run.stop(stop, &left);
            }
            Cause::Board(source) => {
                let wrong = source.not_following();
                run.changed.extend(first.all_beside(done.without(wrong)));
                // Where no step was reached, none of the nodes asked for was.
                let nodes = match (wrong.is_empty(), nodes.is_empty()) {
                    (false, _) => wrong,
                    (true, true) => request.without(done),
                    (true, false) => nodes,
                };
                let target = Target::nodes(first.all_beside(nodes));
                let error = self.failed(slot, target, resulting, source);
                let resulting = match error {
                    ClusterError::Gone { .. } => ResultingState::Unknown,
                    _ => resulting,
                };
                run.unsure.extend(first.all_beside(nodes).map(|node| (node, resulting)));
                run.failures.push(error);
            }
        }
    }

    /// Lets the supply show what the nodes that were switched on do to it.
    pub(super) fn finish(&self, run: &mut Run, session: &mut Session<'_>) {
        if run.end == Some(End::Observer) {
            return;
        }
        if let Err(stop) = session.finish(run.end != Some(End::Supply)) {
            run.stop(stop, &[]);
        }
    }

    /// The steps that [`Self::switch`] would take on one board, given the nodes that are on now and
    /// what a node on an earlier board still asks for; and what the next board has to wait.
    ///
    /// # Errors
    /// What [`Self::switch`] would refuse these nodes for.
    pub fn plan(
        &self,
        board: Board,
        nodes: &[Node],
        on: Positions,
        action: Action,
        wait: Duration,
    ) -> Result<(Vec<Step>, Duration), ClusterError> {
        self.check_nodes(nodes)?;
        let slot = self.slot(board)?;
        let request = board.positions(nodes);
        if !request.is_empty() {
            self.check_slot_ready(slot, request)?;
        }
        let plan = power::Plan::new(on, request, action, self.delays(slot), wait);
        let wait_after = plan.wait_after();
        Ok((plan.collect(), wait_after))
    }

    /// What the node that somebody switched on last still asks for before the next one.
    #[must_use]
    pub fn rest(&self) -> Duration {
        let mut observer = |_| ControlFlow::Continue(());
        let mut session = self.session(&[], None, &mut observer);
        session.heed_others(self.heeds_others());
        session.rest()
    }

    /// Whether the supply bears more load, as far as the firmware knows.
    ///
    /// # Errors
    /// [`ClusterError::UnderVoltage`].
    pub fn check_supply(&self) -> Result<(), ClusterError> {
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        match self.platform.throttled().unwrap_or(0) & UNDER_VOLTAGE_NOW {
            0 => Ok(()),
            _ => Err(Self::stopped(Stop::UnderVoltage { node: None }, Done::default(), &[])),
        }
    }

    /// Whether other callers can read what is switched here, and the file that it is written to.
    ///
    /// # Errors
    /// Why not. Nodes are switched all the same.
    pub fn check_record(&self) -> (PathBuf, io::Result<()>) {
        let path = self.platform.lock_path(Resource::Record);
        let written = self.platform.record(&mut |text| Some(text.to_owned()));
        (path.unwrap_or_default(), written)
    }

    /// What a run has done to the nodes that were asked for.
    pub(super) fn done(run: &Run, asked: &[Node], action: Action) -> Done {
        let result = |&node: &Node| {
            let resulting = match run.changed.contains(&node) {
                true => ResultingState::New,
                false => run.unsure.get(&node).copied().unwrap_or(ResultingState::Old),
            };
            NodeResult::new(node, action, resulting)
        };
        Done {
            nodes: run.changed.as_slice().into(),
            on: action == Action::On,
            results: asked.iter().map(result).collect(),
        }
    }
}
