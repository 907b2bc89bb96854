//! A run over all boards, each of which has its turn, and what it came to.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, Done, NodeResult, Target};
use super::exclusion::Stop;
use super::handle::Node;
use super::session::Session;
use crate::positions::Positions;
use crate::power::{Action, Cause, Failure, ResultingState};

/// What a run over all boards came to, also where it failed.
#[derive(Default)]
pub(super) struct Run {
    /// The nodes that changed.
    pub(super) changed: Vec<Node>,
    /// The nodes that were found as they are to be, where that was seen.
    right: Vec<Node>,
    /// The nodes that were left as they are, since somebody asked for their power in the meantime.
    pub(super) kept: Vec<Node>,
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

    /// Whether a node was as it is to be without being switched.
    pub(super) fn found_right(&self, node: Node) -> bool {
        self.right.contains(&node)
    }

    /// Ends it, before these nodes were come to.
    pub(super) fn stop(&mut self, stop: Stop, left: &[Node]) {
        if let Stop::Undone { nodes } = &stop {
            self.right.retain(|node| !nodes.contains(node));
        }
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
                    let first = self.first(slot);
                    run.changed.extend(first.all_beside(finished.switched));
                    run.right.extend(first.all_beside(request.without(finished.switched)));
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
        let kept = std::mem::take(&mut session.kept);
        run.right.retain(|node| !kept.contains(node));
        run.kept = kept.into_iter().filter(|node| run.left_as_it_was(*node)).collect();
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
        let Failure { cause, nodes, resulting, done, left, untold, .. } = failure;
        let first = self.first(slot);
        run.right.extend(first.all_beside(request.without(left).without(done)));
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
                let untold = untold.intersection(nodes);
                let resulting = match resulting {
                    _ if untold == nodes => ResultingState::Old,
                    ResultingState::New if !untold.is_empty() => ResultingState::Unknown,
                    resulting => resulting,
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

    /// What a run has done to the nodes that were asked for.
    pub(super) fn done(run: &Run, asked: &[Node], action: Action) -> Done {
        let result = |&node: &Node| {
            let resulting = match run.unsure.get(&node) {
                _ if run.changed.contains(&node) => ResultingState::New,
                Some(&resulting) => resulting,
                None if run.found_right(node) => ResultingState::New,
                None => ResultingState::Old,
            };
            NodeResult { node, action, resulting, is_kept: run.kept.contains(&node) }
        };
        Done {
            nodes: run.changed.as_slice().into(),
            on: action == Action::On,
            results: asked.iter().map(result).collect(),
        }
    }
}
