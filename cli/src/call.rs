//! One invocation of a command, from its options to its output and exit status.

use std::io::ErrorKind;
use std::process::ExitCode;

use clusterhat::report::{BusUse, Report};
use clusterhat::{Cluster, Controller, Options, Outcome};

use crate::failure::Failure;
use crate::global::Global;
use crate::render::{self, Printout, simulation};

/// The result of a command.
pub(crate) type Done = Result<Outcome<Report>, Failure>;

/// A command.
pub(crate) trait Run {
    /// Its name, as in JSON documents.
    fn name(&self) -> &'static str;

    /// Runs it. Node sets are parsed before any board is opened, so that a malformed one is rejected before
    /// any hardware is touched.
    fn run(&self, call: &mut Call) -> Done;

    /// Whether its output is for programs, even without `--json`.
    fn is_for_programs(&self) -> bool {
        false
    }

    /// Whether it shows its report again and again.
    fn is_shown_again(&self) -> bool {
        false
    }

    /// The report as text.
    fn text(&self, report: &Report) -> String {
        render::text::render(report)
    }
}

/// Shows an outcome of a command that goes on, for people in place of the one before. Gives back its report.
pub(crate) fn show(
    command: &dyn Run,
    outcome: Outcome<Report>,
    warnings: &[String],
    as_json: bool,
) -> Result<Report, Failure> {
    if !as_json {
        render::clear_screen()?;
    }
    add(command, outcome, warnings, as_json)
}

/// The same below the one before.
pub(crate) fn add(
    command: &dyn Run,
    outcome: Outcome<Report>,
    warnings: &[String],
    as_json: bool,
) -> Result<Report, Failure> {
    let failure = outcome.error.map(Failure::Cluster);
    let printout = Printout {
        command: command.name(),
        report: Some(&outcome.report),
        text: &|report| command.text(report),
        bus: None,
        warnings,
        failure: failure.as_ref(),
    };
    render::print(&printout, as_json)?;
    Ok(outcome.report)
}

/// One invocation.
#[derive(Default)]
pub(crate) struct Call {
    /// What the options and the environment ask for; a command adds what its own options say.
    pub(crate) options: Options,
    pub(crate) warnings: Vec<String>,
    /// Whether output is for programs.
    pub(crate) is_json: bool,
    /// Whether the exit status is an answer: 1 means no, and nothing else.
    pub(crate) answers: bool,
    /// Whether the answer is no.
    pub(crate) is_no: bool,
    /// The signal that ended it, where its report tells the rest.
    pub(crate) signal: Option<i32>,
    cluster: Option<Cluster>,
    switches: bool,
}

impl Call {
    /// Runs a command, prints what it came to, and says how the process is to end.
    pub(crate) fn execute(global: &Global, command: &dyn Run) -> ExitCode {
        let is_json = global.json || command.is_for_programs();
        let mut call = Self { is_json, ..Self::default() };
        let done = call.run(global, command);
        call.finish(done, command)
    }

    fn run(&mut self, global: &Global, command: &dyn Run) -> Done {
        self.options = global.options()?;
        // Also for commands that reach the service by its socket, and know no controller.
        self.options.check_root()?;
        if let Some(name) = &self.options.simulation {
            simulation::name(name);
            // A screen that is emptied says it above each showing.
            let is_on_screen = command.is_shown_again() && render::shows_on_screen();
            if !(self.is_json || is_on_screen) {
                simulation::announce("clusterhat");
            }
        }
        command.run(self)
    }

    /// The controller and its settings. Touches no board.
    pub(crate) fn controller(&mut self) -> Result<Controller, Failure> {
        let controller = Controller::new(&self.options)?;
        self.warnings = controller.warnings().iter().map(ToString::to_string).collect();
        Ok(controller)
    }

    /// The boards.
    pub(crate) fn open(&mut self) -> Result<&mut Cluster, Failure> {
        let controller = self.controller()?;
        self.open_on(controller)
    }

    /// The boards of this controller.
    pub(crate) fn open_on(&mut self, controller: Controller) -> Result<&mut Cluster, Failure> {
        let cluster = controller.open()?;
        self.warnings.extend(cluster.surplus());
        Ok(self.cluster.insert(cluster))
    }

    /// The boards, for a command that switches nodes.
    pub(crate) fn open_to_switch(&mut self) -> Result<&mut Cluster, Failure> {
        let unrecorded = self.open()?.unrecorded();
        self.warnings.extend(unrecorded);
        self.switches = true;
        self.cluster.as_mut().ok_or_else(|| Failure::Usage("no board was opened".to_owned()))
    }

    /// The boards, for a command that shows them again and again, and the warnings that go with each showing.
    pub(crate) fn open_to_repeat(&mut self) -> Result<(&mut Cluster, &[String]), Failure> {
        self.open()?;
        let cluster = self.cluster.as_mut();
        let cluster = cluster.ok_or_else(|| Failure::Usage("no board was opened".to_owned()))?;
        Ok((cluster, &self.warnings))
    }

    fn finish(mut self, done: Done, command: &dyn Run) -> ExitCode {
        let (report, failure) = match done {
            Ok(outcome) => (Some(outcome.report), outcome.error.map(Failure::Cluster)),
            // Who has closed a pipe has seen enough.
            Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Err(failure) => (None, Some(failure)),
        };
        let failure = match (failure, self.signal) {
            (Some(Failure::Cluster(error)), Some(signal))
                if error.kind() == clusterhat::ErrorKind::Interrupted =>
            {
                Some(Failure::PutBack { signal, error })
            }
            (failure, _) => failure,
        };
        self.warnings.extend(self.cluster.iter_mut().flat_map(Cluster::take_warnings));
        let bus: Option<BusUse> = self.cluster.as_mut().map(Cluster::bus_use);
        let printout = Printout {
            command: command.name(),
            report: report.as_ref(),
            text: &|report| command.text(report),
            bus,
            warnings: &self.warnings,
            failure: failure.as_ref(),
        };
        if !self.is_json {
            simulation::announce("clusterhat");
        }
        let printed = render::print(&printout, self.is_json);
        match (&printed, &failure) {
            (Err(_), Some(failure)) if self.is_json => render::tell(&failure.lines()),
            // Who has closed a pipe has seen enough.
            (Err(error), None) if error.kind() != ErrorKind::BrokenPipe && self.switches => {
                render::tell("everything was switched as requested");
            }
            _ => {}
        }
        let answer = if self.is_no { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        let status = failure.map_or(answer, |f| ExitCode::from(f.exit_status()));
        let is_lost = printed.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe);
        let exit = render::exit_of(status, printed);
        // Whoever has not got the document has no answer.
        if self.answers && is_lost { ExitCode::from(4) } else { exit }
    }
}
