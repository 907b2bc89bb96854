//! `alert`, `led`, `hub`, `wp`, `fan` and `act`: outputs of boards and of the controller.

use std::time::Duration;

use hat_driver::linux::{Change, Event, Model, Output};

use super::{Outcome, ctrl_board, ctrl_boards};
use crate::args::FanTarget;
use crate::context::Context;
use crate::failure::Failure;
use crate::halves::Halves;
use crate::report::{OutputChange, OutputReport, Report};
use crate::{interrupt, progress};

/// How long a reset keeps the hub off, so that it and its devices lose power for sure.
const HUB_OFF: Duration = Duration::from_secs(1);

/// Switches one output on every board.
pub(crate) fn set(context: &mut Context, output: Output, on: bool) -> Result<Outcome, Failure> {
    let all = 0..context.cluster.boards().count();
    Switching::new(context, output, on_off(on)).boards(all, |context, board, observer| {
        context.cluster.set(board, output, on, observer).map_err(Failure::Driver)
    })
}

/// Switches every hub off and on.
pub(crate) fn reset_hub(context: &mut Context) -> Result<Outcome, Failure> {
    let all = 0..context.cluster.boards().count();
    let as_json = context.json;
    let halves = Halves::watch(move |signal| interrupt::end_hub_reset(as_json, signal))?;
    let mut signal = None;
    let switching = Switching::new(context, Output::Hub, "reset");
    let mut outcome = switching.boards(all, |context, board, observer| {
        // What is done is told before the signal is obeyed.
        if let Some(signal) = signal {
            return Err(Failure::HubInterrupted { signal });
        }
        let hat = context.cluster.boards().nth(board).map(|info| info.model);
        let cycle = || context.cluster.cycle_hub(board, HUB_OFF, observer).map_err(Failure::Driver);
        let cycle = || progress::during("USB hub off and on again", cycle);
        let (result, came) = match hat {
            Some(Model::Hat(_)) => halves.whole(cycle),
            // A ClusterCTRL board switches its hub on again by itself.
            _ => (cycle(), None),
        };
        signal = came;
        result
    })?;
    if let Some(signal) = signal {
        outcome.failure.get_or_insert(Failure::HubInterrupted { signal });
    }
    Ok(outcome)
}

/// Switches the ACT LED of one ClusterCTRL board, or of all.
pub(crate) fn set_act(
    context: &mut Context,
    on: bool,
    order: Option<u8>,
) -> Result<Outcome, Failure> {
    let boards = match order {
        Some(order) => vec![ctrl_board(context, order)?],
        None => ctrl_boards(context),
    };
    Switching::new(context, Output::Act, on_off(on)).boards(boards, |context, board, observer| {
        context.cluster.set(board, Output::Act, on, observer).map_err(Failure::Driver)
    })
}

/// Switches the controller's fan, that of one ClusterCTRL board, or all.
pub(crate) fn set_fan(
    context: &mut Context,
    on: bool,
    target: Option<FanTarget>,
) -> Result<Outcome, Failure> {
    let boards: Vec<usize> = match target {
        Some(FanTarget::Controller) => Vec::new(),
        Some(FanTarget::Board(order)) => vec![ctrl_board(context, order)?],
        None => ctrl_boards(context),
    };
    let line = context.settings.fan_gpio;
    let line = line.filter(|_| !matches!(target, Some(FanTarget::Board(_))));
    if line.is_none() && boards.is_empty() {
        return Err(Failure::Usage(
            "no fan of the controller is configured: set fan-gpio in \
             /etc/clusterhat/clusterhat.toml, or FANGPIO in /etc/default/clusterctrl"
                .to_owned(),
        ));
    }
    let mut switching = Switching::new(context, Output::Fan, on_off(on));
    if let Some(line) = line {
        let result = switching.context.cluster.set_line(line, on);
        let changed = |changed| if changed { Change::Switched } else { Change::AlreadySo };
        switching.add(format!("GPIO {line}"), result.map(changed).map_err(Failure::Driver));
    }
    switching.boards(boards, |context, board, observer| {
        context.cluster.set(board, Output::Fan, on, observer).map_err(Failure::Driver)
    })
}

/// One command's switching of one kind of output.
struct Switching<'a> {
    context: &'a mut Context,
    report: OutputReport,
    failure: Option<Failure>,
}

impl<'a> Switching<'a> {
    fn new(context: &'a mut Context, output: Output, state: &'static str) -> Self {
        let report = OutputReport { output, state, boards: Vec::new(), initialised: Vec::new() };
        Self { context, report, failure: None }
    }

    /// A board that fails does not keep the others from their turn.
    fn boards(
        mut self,
        boards: impl IntoIterator<Item = usize>,
        mut act: impl FnMut(&mut Context, usize, &mut dyn FnMut(Event)) -> Result<Change, Failure>,
    ) -> Result<Outcome, Failure> {
        let names = self.context.board_names();
        for board in boards {
            let mut initialised = Vec::new();
            let result = act(self.context, board, &mut |event| {
                if let Event::Initialised { board } = event {
                    initialised.push(names[board].clone());
                }
            });
            self.report.initialised.append(&mut initialised);
            self.add(names[board].clone(), result);
        }
        Ok(self.finish())
    }

    fn add(&mut self, board: String, result: Result<Change, Failure>) {
        let error = result.as_ref().err().map(Failure::message);
        let change = match result {
            Ok(change) => Some(change),
            Err(failure) => {
                self.failure.get_or_insert(failure);
                None
            }
        };
        self.report.boards.push(OutputChange { board, result: change, error });
    }

    /// Asking for what no board has is a failure; what only some have is told board by board.
    fn finish(self) -> Outcome {
        let Self { report, mut failure, .. } = self;
        if report.boards.iter().all(|change| change.result == Some(Change::Unsupported)) {
            failure = Some(Failure::NoSuchOutput(report.output.to_string()));
        }
        Outcome { report: Report::Outputs(report), failure }
    }
}

const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
