//! `alert`, `led`, `hub`, `wp`, `fan` and `act`: outputs of boards and of the controller.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use hat_driver::linux::{
    Board, BoardModel, ClusterError as DriverError, Node, Output, OutputResult, PowerEvent,
};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::event::{Event, Observer, Task, Verdict, during};
use crate::nodes::NodeSet;
use crate::outcome::{Outcome, of_boards};
use crate::report::{OutputChange, OutputReport};

/// How long a reset keeps the hub off, so that it and its devices lose power for sure.
const HUB_OFF: Duration = Duration::from_secs(1);

/// Which fans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fan {
    /// The controller's own and those of all ClusterCTRL boards.
    #[default]
    All,
    /// The controller's own, on one of its GPIO lines.
    Controller,
    /// That of the ClusterCTRL board of this order.
    Board(u8),
}

impl Cluster {
    /// Switches one output on every board. A board that fails does not affect the others.
    pub fn set_output(&mut self, output: Output, on: bool) -> Outcome<OutputReport> {
        let all: Vec<_> = self.driver.boards().map(|(board, _)| board).collect();
        Switching::new(self, output, on_off(on)).set(all, on)
    }

    /// Switches one output on the boards of these nodes alone; on every board for an empty set.
    ///
    /// # Errors
    /// [`Error::Nodes`].
    pub fn set_output_of(
        &mut self,
        set: &NodeSet,
        output: Output,
        on: bool,
    ) -> Result<Outcome<OutputReport>, Error> {
        if set.is_empty() {
            return Ok(self.set_output(output, on));
        }
        let boards: BTreeSet<_> = self.nodes(set)?.into_iter().map(Node::board).collect();
        Ok(Switching::new(self, output, on_off(on)).set(boards, on))
    }

    /// Switches every USB hub off, and on again after a second. An observer can stop it
    /// between two hubs, never while one is off; a ClusterCTRL board switches its hub on without help.
    pub fn reset_hubs<V: Verdict>(
        &mut self,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Outcome<OutputReport> {
        let all: Vec<_> = self.driver.boards().map(|(board, _)| board).collect();
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| observer(event).control();
        let mut verdict = ControlFlow::Continue(());
        let switching = Switching::new(self, Output::Hub, "reset");
        let outcome = switching.boards(all, |cluster, board, initialised| {
            // What is done is reported before the stop takes effect.
            if verdict.is_break() {
                return Err(Error::HubResetStopped);
            }
            let task = match cluster.driver.info(board)?.model {
                BoardModel::Hat(_) => Task::HubReset,
                _ => Task::CtrlHubReset,
            };
            let cycle = || cluster.driver.cycle_hub(board, HUB_OFF, initialised);
            let (result, wanted) = during(task, observer, cycle);
            verdict = wanted;
            result.map_err(Error::Driver)
        });
        outcome.or(verdict.is_break().then_some(Error::HubResetStopped))
    }

    /// Switches the ACT LED of the ClusterCTRL board of an order, or of all.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`].
    pub fn set_act(&mut self, on: bool, order: Option<u8>) -> Result<Outcome<OutputReport>, Error> {
        let boards = match order {
            Some(order) => vec![self.ctrl_board(order)?],
            None => self.ctrl_boards(),
        };
        Ok(Switching::new(self, Output::Act, on_off(on)).set(boards, on))
    }

    /// Switches fans.
    ///
    /// # Errors
    /// [`Error::NoSuchOrder`] or [`Error::NoFan`].
    pub fn set_fan(&mut self, on: bool, fan: Fan) -> Result<Outcome<OutputReport>, Error> {
        let boards: Vec<Board> = match fan {
            Fan::Controller => Vec::new(),
            Fan::Board(order) => vec![self.ctrl_board(order)?],
            Fan::All => self.ctrl_boards(),
        };
        let line = self.settings.fan_gpio.filter(|_| !matches!(fan, Fan::Board(_)));
        if line.is_none() && boards.is_empty() {
            return Err(Error::NoFan);
        }
        let mut switching = Switching::new(self, Output::Fan, on_off(on));
        if let Some(line) = line {
            let result = switching.cluster.driver.set_line(line, on);
            let changed =
                |changed| if changed { OutputResult::Switched } else { OutputResult::Unchanged };
            switching.add(format!("GPIO {line}"), result.map(changed).map_err(Error::Driver));
        }
        Ok(switching.set(boards, on))
    }
}

/// One operation's switching of one kind of output.
struct Switching<'a> {
    cluster: &'a mut Cluster,
    report: OutputReport,
    errors: Vec<DriverError>,
    /// What else went wrong.
    error: Option<Error>,
}

impl<'a> Switching<'a> {
    fn new(cluster: &'a mut Cluster, output: Output, state: &'static str) -> Self {
        let report = OutputReport { output, state, boards: Vec::new(), initialised: Vec::new() };
        Self { cluster, report, errors: Vec::new(), error: None }
    }

    fn set(self, boards: impl IntoIterator<Item = Board>, on: bool) -> Outcome<OutputReport> {
        let output = self.report.output;
        self.boards(boards, |cluster, board, initialised| {
            cluster.driver.set(board, output, on, initialised).map_err(Error::Driver)
        })
    }

    /// A board that fails does not affect the others.
    fn boards(
        mut self,
        boards: impl IntoIterator<Item = Board>,
        mut act: impl FnMut(
            &mut Cluster,
            Board,
            &mut dyn FnMut(PowerEvent),
        ) -> Result<OutputResult, Error>,
    ) -> Outcome<OutputReport> {
        for board in boards {
            let Ok(name) = self.cluster.board_name(board) else { continue };
            let mut is_initialised = false;
            let result = act(self.cluster, board, &mut |event| {
                is_initialised |= matches!(event, PowerEvent::Initialised { .. });
            });
            self.report.initialised.extend(is_initialised.then(|| name.clone()));
            self.add(name, result);
        }
        self.finish()
    }

    fn add(&mut self, board: String, result: Result<OutputResult, Error>) {
        let left = matches!(result, Err(Error::HubResetStopped));
        let error = result.as_ref().err().filter(|_| !left).map(Error::message);
        let change = match result {
            Ok(change) => Some(change),
            Err(Error::Driver(error)) => {
                self.errors.push(error);
                None
            }
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        };
        self.report.boards.push(OutputChange { board, result: change, error, left });
    }

    /// Asking for what no board has is an error; what only some have is reported board by board.
    fn finish(self) -> Outcome<OutputReport> {
        let Self { report, errors, error, .. } = self;
        let mut error = of_boards(errors).or(error);
        if report.boards.iter().all(|change| change.result == Some(OutputResult::Unsupported)) {
            error = Some(Error::NoSuchOutput(report.output));
        }
        Outcome { report, error }
    }
}

const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
