//! `on`, `off` and `cycle`, and what they would do.

use std::io;
use std::time::Duration;

use hat_driver::Positions;
use hat_driver::linux::{Error as DriverError, Event, Switched};
use hat_driver::power::Action;

use super::{Outcome, of_boards};
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
    let nodes = context.nodes(set)?;
    let command = if action == Action::On { "on" } else { "off" };
    let mut session = Session::new(context, command)?;
    session.switch(&nodes, action)?;
    Ok(session.report(&nodes, action, &[]))
}

/// Switches nodes off, waits, and switches them on.
pub(crate) fn cycle(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let nodes = context.nodes(set)?;
    let off_time = context.settings.off_time;
    // Better not begun than left off.
    context.cluster.check_supply()?;
    let mut session = Session::new(context, "cycle")?;
    let off = session.switch(&nodes, Action::Off)?;
    if !off.is_empty() {
        session.progress.show(&Event::Waiting { duration: off_time });
        session.context.cluster.platform().sleep(off_time);
    }
    match session.switch(&nodes, Action::On) {
        Ok(_) => Ok(session.report(&nodes, Action::On, &off)),
        Err(Failure::Driver(source)) => Err(session.incomplete(&off, source)),
        Err(failure) => Err(failure),
    }
}

/// One command's switching: what changed, and which boards were initialised.
struct Session<'a> {
    context: &'a mut Context,
    progress: Progress,
    record: Record,
    changed: Vec<usize>,
    undone: Vec<usize>,
    initialised: Vec<usize>,
}

impl<'a> Session<'a> {
    fn new(context: &'a mut Context, command: &'static str) -> io::Result<Self> {
        let progress = Progress::new(context.names.clone());
        let record = Record::new(context.names.clone());
        record.watch(command, context.json)?;
        let (changed, undone, initialised) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { context, progress, record, changed, undone, initialised })
    }

    fn switch(&mut self, nodes: &[usize], action: Action) -> Result<Vec<usize>, Failure> {
        let Self { context, progress, record, initialised, .. } = self;
        let result = context.cluster.switch(nodes, action, &mut |event| {
            match event {
                Event::Initialised { board } => initialised.push(board),
                Event::Switched { node, action } => record.add(node, action),
                _ => {}
            }
            progress.show(&event);
        });
        self.progress.clear();
        let Switched { changed, undone, .. } = result?;
        self.changed.extend(&changed);
        self.undone = undone;
        Ok(changed)
    }

    /// The second half of a cycle failed: the nodes that the first half switched off, but for those
    /// that are on again, are off still.
    fn incomplete(&self, off: &[usize], source: DriverError) -> Failure {
        let on_again = source.done().map(|done| done.nodes.clone()).unwrap_or_default();
        let names = off.iter().map(|&node| self.context.label(node));
        let nodes: Vec<_> = names.filter(|name| !on_again.contains(name)).collect();
        if nodes.is_empty() {
            return source.into();
        }
        Failure::CycleIncomplete { nodes, source: Box::new(source) }
    }

    fn report(&self, nodes: &[usize], power: Action, cycled: &[usize]) -> Outcome {
        let entry = |&node: &usize| NodePower {
            node: self.context.label(node),
            name: self.context.alias(node),
            power: if self.undone.contains(&node) { opposite(power) } else { power },
            undone: self.undone.contains(&node),
            changed: self.changed.contains(&node),
            cycled: cycled.contains(&node),
        };
        let names = self.context.board_names();
        let initialised = self.initialised.iter().map(|&board| names[board].clone()).collect();
        Report::Power(PowerReport {
            dry_run: false,
            nodes: nodes.iter().map(entry).collect(),
            initialised,
            beyond_size: Vec::new(),
        })
        .into()
    }
}

const fn opposite(action: Action) -> Action {
    match action {
        Action::On => Action::Off,
        Action::Off => Action::On,
    }
}

/// What [`switch`] would do. Writes nothing.
pub(crate) fn plan_switch(
    context: &mut Context,
    set: &NodeSet,
    action: Action,
) -> Result<Outcome, Failure> {
    let mut planner = Planner::new(context, set, action)?;
    planner.plan(action, Duration::ZERO)?;
    Ok(planner.report())
}

/// What [`cycle`] would do. Writes nothing.
pub(crate) fn plan_cycle(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let off_time = context.settings.off_time;
    let mut planner = Planner::new(context, set, Action::Off)?;
    planner.plan(Action::Off, Duration::ZERO)?;
    let wait = if planner.steps.is_empty() { Duration::ZERO } else { off_time };
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
    /// The nodes that are on, by board; `None` where the board is left out.
    on: Vec<Option<Positions>>,
    initialise: Vec<String>,
    steps: Vec<PlanStep>,
    /// Why boards are left out.
    errors: Vec<DriverError>,
}

impl<'a> Planner<'a> {
    /// Plans from what the boards say now, for `action` first.
    fn new(context: &'a mut Context, set: &NodeSet, action: Action) -> Result<Self, Failure> {
        let nodes = context.nodes(set)?;
        let names = context.board_names();
        let (mut on, mut initialise, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (board, name) in names.into_iter().enumerate() {
            let wanted = context.cluster.on_board(&nodes, board);
            if wanted.is_empty() {
                on.push(None);
                continue;
            }
            let ready = context.cluster.check_ready(board, wanted);
            on.push(match ready.and_then(|()| context.cluster.status(board)) {
                Ok(status) => {
                    if status.needs_init() {
                        initialise.push(name);
                    }
                    Some(status.on_before(action))
                }
                Err(error) => {
                    errors.push(error);
                    None
                }
            });
        }
        Ok(Self { context, nodes, on, initialise, steps: Vec::new(), errors })
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
        let Self { initialise, steps, errors, .. } = self;
        let report = Report::Plan(PlanReport { dry_run: true, initialise, steps });
        Outcome { report, failure: of_boards(errors) }
    }
}
