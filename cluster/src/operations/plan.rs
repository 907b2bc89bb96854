//! What `on`, `off`, `off --graceful` and `cycle` would do. Writes nothing.

use std::time::Duration;

use hat_driver::Positions;
use hat_driver::linux::{Board, ClusterError as DriverError, Node};
use hat_driver::power::Action;

use super::shutdown::Shutdown;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::{NodeSet, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{PlanReport, PlanStep};

impl Cluster {
    /// What [`Self::switch`] would do, from what the boards say now. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub fn plan_switch(
        &mut self,
        set: &NodeSet,
        action: Action,
    ) -> Result<Outcome<PlanReport>, Error> {
        let mut planner = Planner::new(self, set, &[action])?;
        let wait = match action {
            Action::On => planner.rest(),
            Action::Off => Duration::ZERO,
        };
        planner.plan(action, wait)?;
        let mut outcome = planner.report();
        if action == Action::Off && set.is_all() {
            outcome.report.steps.extend(self.steps_beyond());
        }
        Ok(outcome)
    }

    /// What [`Self::shut_down`] would do, from what the boards say now. Asks no node, and writes nothing.
    ///
    /// # Errors
    /// As [`Self::shut_down`].
    pub fn plan_shut_down(
        &mut self,
        set: &NodeSet,
        how: Shutdown,
    ) -> Result<Outcome<PlanReport>, Error> {
        let mut planner = Planner::new(self, set, &[Action::Off])?;
        planner.plan(Action::Off, Duration::ZERO)?;
        // All at the same time, whichever boards they are on.
        let nodes: Vec<_> = planner.steps.drain(..).flat_map(|step| step.nodes).collect();
        if !nodes.is_empty() {
            let step = PlanStep { wait_s: 0.0, action: Action::Off, nodes, shut_down: true };
            planner.steps.push(step);
        }
        let mut outcome = planner.report();
        if how.beyond_size && set.is_all() {
            outcome.report.steps.extend(self.steps_beyond());
        }
        Ok(outcome)
    }

    /// What [`Self::cycle`] would do, from what the boards say now. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::cycle`].
    pub fn plan_cycle(&mut self, set: &NodeSet) -> Result<Outcome<PlanReport>, Error> {
        let off_time = self.settings.off_time;
        let mut planner = Planner::new(self, set, &[Action::On, Action::Off])?;
        planner.plan(Action::Off, Duration::ZERO)?;
        let off_time = if planner.steps.is_empty() { Duration::ZERO } else { off_time };
        let wait = off_time.max(planner.rest());
        for (_, on) in &mut planner.on {
            *on = Positions::NONE;
        }
        planner.plan(Action::On, wait)?;
        Ok(planner.report())
    }
}

/// Plans from what the boards say now.
struct Planner<'a> {
    cluster: &'a mut Cluster,
    nodes: Vec<Node>,
    left_out: Option<Error>,
    /// The boards that take part, each with its nodes that are on.
    on: Vec<(Board, Positions)>,
    initialise: Vec<String>,
    steps: Vec<PlanStep>,
    /// Why boards are left out.
    errors: Vec<DriverError>,
}

impl<'a> Planner<'a> {
    /// Plans from what the boards say now, for the last of these actions first; none of them may be
    /// refused.
    fn new(cluster: &'a mut Cluster, set: &NodeSet, actions: &[Action]) -> Result<Self, Error> {
        if actions.contains(&Action::On) {
            cluster.driver.check_supply()?;
        }
        let (nodes, left_out) = cluster.present(set)?;
        let boards: Vec<_> =
            cluster.driver.boards().map(|(b, info)| (b, info.name.clone())).collect();
        let (mut on, mut initialise, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (board, name) in boards {
            let wanted = board.positions(&nodes);
            if wanted.is_empty() {
                continue;
            }
            match Self::start(cluster, board, wanted, actions) {
                Ok((start, is_initialised)) => {
                    on.push((board, start));
                    initialise.extend((!is_initialised).then_some(name));
                }
                Err(error) => errors.push(error),
            }
        }
        Ok(Self { cluster, nodes, left_out, on, initialise, steps: Vec::new(), errors })
    }

    /// The nodes of a board that are on where the last of these actions would start, and whether the
    /// board is initialised. What one of them would be refused for is an error.
    fn start(
        cluster: &mut Cluster,
        board: Board,
        nodes: Positions,
        actions: &[Action],
    ) -> Result<(Positions, bool), DriverError> {
        let mut start = (Positions::NONE, true);
        for &action in actions {
            start = match cluster.driver.starts_from(board, nodes, action)? {
                Some(on) => (on, true),
                None => (cluster.driver.status(board)?.on_before(action), false),
            };
        }
        Ok(start)
    }

    /// What the node that went on last still asks for, to the tenth of a second.
    fn rest(&self) -> Duration {
        let tenths = self.cluster.driver.rest().as_millis().div_ceil(100);
        Duration::from_millis(u64::try_from(tenths * 100).unwrap_or(u64::MAX))
    }

    fn plan(&mut self, action: Action, mut wait: Duration) -> Result<(), Error> {
        for &(board, on) in &self.on {
            let (steps, wait_after) =
                self.cluster.driver.plan(board, &self.nodes, on, action, wait)?;
            wait = wait_after;
            for step in steps {
                let at = |position| self.cluster.driver.node_at(board, position);
                self.steps.push(PlanStep {
                    wait_s: step.wait.as_secs_f64(),
                    action,
                    nodes: step.nodes.iter().filter_map(at).map(label).collect(),
                    shut_down: false,
                });
            }
        }
        Ok(())
    }

    fn report(self) -> Outcome<PlanReport> {
        let Self { initialise, steps, errors, left_out, .. } = self;
        let report = PlanReport { dry_run: true, initialise, steps };
        Outcome { report, error: of_boards(errors) }.beside(left_out)
    }
}
