//! `on`, `off` and `cycle`, and what they would do.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use hat_driver::Positions;
use hat_driver::linux::{Error as DriverError, Event};
use hat_driver::power::Action;

use super::{Outcome, of_boards, present};
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Record;
use crate::nodes::NodeSet;
use crate::progress::Progress;
use crate::report::{NodePower, PlanReport, PlanStep, PowerReport, Report};

/// Switches nodes on or off.
pub(crate) fn switch(
    context: &mut Context,
    set: &NodeSet,
    action: Action,
) -> Result<Outcome, Failure> {
    let (nodes, absent) = present(context, set)?;
    let command = if action == Action::On { "on" } else { "off" };
    let mut session = Session::new(context, command, &nodes, action)?;
    let result = session
        .observe(|context, observer| context.cluster.switch(&nodes, action, observer).map(drop));
    Ok(with_absent(session.outcome(&nodes, action, result.err()), absent))
}

/// Switches nodes off, waits, and switches them on.
pub(crate) fn cycle(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let (nodes, absent) = present(context, set)?;
    let off_time = context.settings.off_time;
    let mut session = Session::new(context, "cycle", &nodes, Action::On)?;
    let result = session
        .observe(|context, observer| context.cluster.cycle(&nodes, off_time, observer).map(drop));
    Ok(with_absent(session.outcome(&nodes, Action::On, result.err()), absent))
}

/// What failed comes before what was absent from the beginning.
fn with_absent(outcome: Outcome, absent: Option<Failure>) -> Outcome {
    Outcome { failure: outcome.failure.or(absent), ..outcome }
}

/// What happened to a node.
#[derive(Clone, Copy, Default)]
struct Past {
    went_off: bool,
    went_on: bool,
    /// What happened last.
    last: Option<Action>,
}

/// One command's switching: what changed, and which boards were initialised.
struct Session<'a> {
    context: &'a mut Context,
    progress: Progress,
    record: Record,
    past: BTreeMap<usize, Past>,
    initialised: Vec<usize>,
}

impl<'a> Session<'a> {
    fn new(
        context: &'a mut Context,
        command: &'static str,
        nodes: &[usize],
        action: Action,
    ) -> io::Result<Self> {
        let progress = Progress::new(context.names.clone());
        let record = Record::new(context.names.clone(), nodes, action);
        record.watch(command, context.json)?;
        Ok(Self { context, progress, record, past: BTreeMap::new(), initialised: Vec::new() })
    }

    /// Lets the driver work, and notes what it tells.
    fn observe<R>(&mut self, act: impl FnOnce(&mut Context, &mut dyn FnMut(Event)) -> R) -> R {
        let Self { context, progress, record, past, initialised } = self;
        let result = act(context, &mut |event| {
            match event {
                Event::Initialised { board } => initialised.push(board),
                Event::Switched { node, action } => {
                    record.add(node, action);
                    let past = past.entry(node).or_default();
                    past.went_on |= action == Action::On;
                    past.went_off |= action == Action::Off;
                    past.last = Some(action);
                }
                _ => {}
            }
            progress.show(&event);
        });
        self.record.end();
        self.progress.clear();
        result
    }

    /// All nodes where all is done; else those whose state is sure, beside the error.
    fn outcome(&self, nodes: &[usize], power: Action, error: Option<DriverError>) -> Outcome {
        let rows = nodes.iter().filter_map(|&node| match &error {
            None => Some(self.row(node, self.past(node).last.unwrap_or(power), false)),
            Some(error) => {
                let (power, undone) = sure(error, &self.context.label(node), self.past(node))?;
                Some(self.row(node, power, undone))
            }
        });
        let names = self.context.board_names();
        let initialised = self.initialised.iter().map(|&board| names[board].clone()).collect();
        let report = Report::Power(PowerReport {
            dry_run: false,
            nodes: rows.collect(),
            initialised,
            beyond_size: Vec::new(),
        });
        Outcome { report, failure: error.map(Failure::from) }
    }

    fn past(&self, node: usize) -> Past {
        self.past.get(&node).copied().unwrap_or_default()
    }

    fn row(&self, node: usize, power: Action, undone: bool) -> NodePower {
        let past = self.past(node);
        NodePower {
            node: self.context.label(node),
            name: self.context.alias(node),
            power,
            undone,
            changed: past.last.is_some(),
            cycled: past.went_off && past.went_on,
        }
    }
}

/// A node's state beside an error, and whether somebody else made it so; the error tells of a node
/// whose state is not as the last command to it.
fn sure(error: &DriverError, node: &String, past: Past) -> Option<(Action, bool)> {
    match error {
        DriverError::Undone { nodes, .. } if nodes.contains(node) => Some((Action::Off, true)),
        DriverError::Cycle { left_off, .. } if left_off.contains(node) => {
            past.last.filter(|last| *last == Action::Off).map(|last| (last, false))
        }
        _ => {
            let done = error.done().filter(|done| done.nodes.contains(node))?;
            past.last.filter(|last| done.on == (*last == Action::On)).map(|last| (last, false))
        }
    }
}

/// What [`switch`] would do. Writes nothing.
pub(crate) fn plan_switch(
    context: &mut Context,
    set: &NodeSet,
    action: Action,
) -> Result<Outcome, Failure> {
    let mut planner = Planner::new(context, set, &[action])?;
    let wait = match action {
        Action::On => planner.rest(),
        Action::Off => Duration::ZERO,
    };
    planner.plan(action, wait)?;
    Ok(planner.report())
}

/// What [`cycle`] would do. Writes nothing.
pub(crate) fn plan_cycle(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let off_time = context.settings.off_time;
    let mut planner = Planner::new(context, set, &[Action::On, Action::Off])?;
    planner.plan(Action::Off, Duration::ZERO)?;
    let off_time = if planner.steps.is_empty() { Duration::ZERO } else { off_time };
    let wait = off_time.max(planner.rest());
    for on in planner.on.iter_mut().flatten() {
        *on = Positions::NONE;
    }
    planner.plan(Action::On, wait)?;
    Ok(planner.report())
}

/// Plans from what the boards say now.
struct Planner<'a> {
    context: &'a mut Context,
    nodes: Vec<usize>,
    absent: Option<Failure>,
    /// The nodes that are on, by board; `None` where the board is left out.
    on: Vec<Option<Positions>>,
    initialise: Vec<String>,
    steps: Vec<PlanStep>,
    /// Why boards are left out.
    errors: Vec<DriverError>,
}

impl<'a> Planner<'a> {
    /// Plans from what the boards say now, for the last of these actions first; none of them may be
    /// refused.
    fn new(context: &'a mut Context, set: &NodeSet, actions: &[Action]) -> Result<Self, Failure> {
        if actions.contains(&Action::On) {
            context.cluster.check_supply()?;
        }
        let (nodes, absent) = present(context, set)?;
        let names = context.board_names();
        let (mut on, mut initialise, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (board, name) in names.into_iter().enumerate() {
            let wanted = context.cluster.on_board(&nodes, board);
            if wanted.is_empty() {
                on.push(None);
                continue;
            }
            on.push(match Self::start(context, board, wanted, actions) {
                Ok((start, is_initialised)) => {
                    if !is_initialised {
                        initialise.push(name);
                    }
                    Some(start)
                }
                Err(error) => {
                    errors.push(error);
                    None
                }
            });
        }
        Ok(Self { context, nodes, absent, on, initialise, steps: Vec::new(), errors })
    }

    /// The nodes of a board that are on where the last of these actions would start, and whether the
    /// board is initialised. What one of them would be refused for is an error.
    fn start(
        context: &mut Context,
        board: usize,
        nodes: Positions,
        actions: &[Action],
    ) -> Result<(Positions, bool), DriverError> {
        let mut start = (Positions::NONE, true);
        for &action in actions {
            start = match context.cluster.starts_from(board, nodes, action)? {
                Some(on) => (on, true),
                None => (context.cluster.status(board)?.on_before(action), false),
            };
        }
        Ok(start)
    }

    /// What the node that went on last still asks for, to the tenth of a second.
    fn rest(&self) -> Duration {
        let tenths = self.context.cluster.rest().as_millis().div_ceil(100);
        Duration::from_millis(u64::try_from(tenths * 100).unwrap_or(u64::MAX))
    }

    fn plan(&mut self, action: Action, mut wait: Duration) -> Result<(), Failure> {
        for board in 0..self.on.len() {
            let Some(on) = self.on[board] else { continue };
            let (steps, wait_after) =
                self.context.cluster.plan(board, &self.nodes, on, action, wait)?;
            wait = wait_after;
            for step in steps {
                let nodes = self.context.cluster.node_numbers(board, step.nodes);
                self.steps.push(PlanStep {
                    wait_s: step.wait.as_secs_f64(),
                    action,
                    nodes: nodes.map(|node| self.context.label(node)).collect(),
                });
            }
        }
        Ok(())
    }

    fn report(self) -> Outcome {
        let Self { initialise, steps, errors, absent, .. } = self;
        let report = Report::Plan(PlanReport { dry_run: true, initialise, steps });
        Outcome { report, failure: of_boards(errors).or(absent) }
    }
}
