//! What a command does while the library works: shows progress, and answers signals.

use std::ops::ControlFlow;
use std::sync::MutexGuard;

use clusterhat::life::State;
use clusterhat::nodes::folded;
use clusterhat::report::Report;
use clusterhat::{Action, Cluster, Error, Event, Outcome, Task};
use hat_driver::linux::PowerEvent;

use crate::call::{self, Call};
use crate::interruption::{Doing, OperationResult, SoFar};
use crate::progress::{self, Lines, Progress};
use crate::render;
use crate::signals::{Record, WholeSteps};

/// Whether to go on.
pub(crate) type Verdict = ControlFlow<()>;

/// Watches nodes being switched.
pub(crate) struct Watch {
    command: &'static str,
    as_json: bool,
    progress: Progress,
    lines: Lines,
    record: Option<Record>,
}

impl Watch {
    pub(crate) fn new(command: &'static str, as_json: bool) -> Self {
        let (progress, lines) = (Progress::new(), Lines::new());
        Self { command, as_json, progress, lines, record: None }
    }

    /// Watches nodes being waited for, and nothing else.
    pub(crate) fn of_wait(command: &'static str, as_json: bool) -> Self {
        let record = Some(Record::of_wait(command, as_json));
        Self { record, ..Self::new(command, as_json) }
    }

    pub(crate) fn see(&mut self, event: &Event<'_>) -> Verdict {
        match event {
            // Before nodes are switched; those after it are a part of it.
            Event::Hooks { nodes, action } if self.is_idle() => {
                self.begin(SoFar::new(nodes, *action, Doing::Preparing));
            }
            Event::Begun { nodes, action } => {
                self.begin(SoFar::new(nodes, *action, Doing::Switching));
            }
            Event::Asking { nodes } if self.record.is_none() => {
                self.begin(SoFar::new(&[], Action::On, Doing::Restarting(nodes.to_vec())));
            }
            _ => self.note(event),
        }
        self.show(event);
        let is_stopped = self.record.as_ref().is_some_and(Record::is_stopped);
        if is_stopped { Verdict::Break(()) } else { Verdict::Continue(()) }
    }

    fn is_idle(&self) -> bool {
        self.record.as_ref().is_none_or(Record::is_idle)
    }

    /// An operation begins, or its second part.
    fn begin(&mut self, so_far: SoFar) {
        if let Some(record) = &self.record {
            return record.begin(so_far);
        }
        let record = Record::new(so_far);
        record.watch(self.command, self.as_json);
        self.record = Some(record);
    }

    fn note(&self, event: &Event<'_>) {
        let Some(record) = &self.record else { return };
        match event {
            Event::Power(PowerEvent::Switched { node, action }) => {
                record.note(|so_far| so_far.add(*node, *action));
            }
            Event::State(node) => {
                let has_power = !matches!(node.state, State::Off | State::Absent);
                record.note(|so_far| so_far.wait_for(node.node, has_power));
            }
            Event::GoingDown { nodes, .. } => {
                record.note(|so_far| so_far.doing = Doing::ShuttingDown(nodes.to_vec()));
            }
            _ => {}
        }
    }

    /// Prints a line for people.
    pub(crate) fn tell(&mut self, line: &str) {
        self.progress.clear();
        self.lines.clear();
        render::tell(line);
    }

    fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Power(event) => self.progress.show(event),
            Event::Hook { .. } => {
                self.progress.clear();
                progress::hook(event);
            }
            Event::State(node) => {
                self.progress.clear();
                self.lines.show(node);
            }
            Event::Asking { nodes } => self.progress.tell(format_args!("asking {}", folded(nodes))),
            Event::GoingDown { nodes, left } => {
                let seconds = left.as_secs();
                self.progress.tell(format_args!("{} going down; {seconds} s left", folded(nodes)));
            }
            _ => {}
        }
    }

    /// From here on the command's report, which has this result, tells what was done.
    pub(crate) fn end(mut self, result: &OperationResult) {
        if let Some(record) = &self.record {
            record.end(self.command, self.as_json, |so_far| so_far.learn(result));
        }
        self.progress.clear();
        self.lines.clear();
    }
}

/// Switches with a line of progress, and with an answer to signals.
pub(crate) fn watched(
    command: &'static str,
    call: &mut Call,
    switch: impl FnOnce(
        &mut Cluster,
        &mut dyn FnMut(Event<'_>) -> Verdict,
    ) -> Result<Outcome<Report>, Error>,
) -> call::Done {
    let as_json = call.is_json;
    let cluster = call.open_to_switch()?;
    let mut watch = Watch::new(command, as_json);
    let result = switch(cluster, &mut |event| watch.see(&event));
    watch.end(&result);
    Ok(result?)
}

/// Watches USB hubs being reset: no signal comes between a hub's off and its on.
pub(crate) struct HubWatch<'a> {
    steps: &'a WholeSteps,
    step: Option<MutexGuard<'a, ()>>,
}

impl<'a> HubWatch<'a> {
    pub(crate) const fn new(steps: &'a WholeSteps) -> Self {
        Self { steps, step: None }
    }

    pub(crate) fn see(&mut self, event: &Event<'_>) -> Verdict {
        match event {
            Event::Started(Task::HubReset) => self.step = Some(self.steps.begin()),
            Event::Finished(Task::HubReset) => self.step = None,
            _ => {}
        }
        progress::show_task(event);
        match event {
            Event::Finished(Task::HubReset) if self.steps.signal().is_some() => Verdict::Break(()),
            _ => Verdict::Continue(()),
        }
    }
}
