//! The `clusterhat` command: parse, read the configuration, find the boards, run, print, exit.

mod args;
mod commands;
mod config;
mod context;
mod failure;
mod halves;
mod interrupt;
mod nodes;
mod progress;
mod render;
mod report;
mod shorten;
mod vendor;

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use hat_driver::linux::Output;
use hat_driver::power::Action;

use crate::args::{Cli, Command, HubAction, What};
use crate::commands::{
    Outcome, board, boards, init, inventory, network, outputs, path, power, setup, spare, status,
};
use crate::config::Overrides;
use crate::context::{Context, Ground, Wishes};
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::render::Printout;
use crate::report::{BusUse, Report};
use crate::shorten::shorten;

/// What `--watch` rests at least between two questions.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    if Path::new(&name).file_name().is_some_and(|name| name == "clusterctrl") {
        let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        return vendor::main(&words);
    }
    let mut cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    if let Command::Completions { shell } = cli.command {
        // Into memory first: the generator knows no write that fails.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "clusterhat", &mut script);
        return render::exit_of(ExitCode::SUCCESS, std::io::stdout().write_all(&script));
    }
    if matches!(&cli.command, Command::Inventory(asked) if asked.format == args::Format::Json) {
        cli.global.json = true;
    }
    let mut session = Session { cli, bus: None, warnings: Vec::new() };
    let result = session.run();
    session.finish(result)
}

/// Help is what parsing makes of `--help`, the command `help` too.
fn parse() -> Result<Cli, clap::Error> {
    match Cli::try_parse()? {
        Cli { command: Command::Help { words }, .. } => {
            let words = words.iter().map(String::as_str);
            Cli::try_parse_from(["clusterhat"].into_iter().chain(words).chain(["--help"]))
        }
        cli => Ok(cli),
    }
}

/// Help and versions are no errors; an error goes where the caller reads.
fn refuse(error: &clap::Error) -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let as_json = words.iter().any(|word| word == "--json");
    if !as_json || !error.use_stderr() {
        return print_for_people(error);
    }
    let text = error.to_string();
    // The usage follows after an empty line.
    let message = text.split("\n\n").next().unwrap_or_default();
    let words_of_it: Vec<_> = message.trim_start_matches("error: ").split_whitespace().collect();
    let failure = Failure::Usage(words_of_it.join(" "));
    if let Some(world) = args::simulated(&words) {
        render::simulation::name(&world);
    }
    let output =
        Printout { command: "", report: None, bus: None, warnings: &[], failure: Some(&failure) };
    let _ = render::print(&output, true);
    ExitCode::from(failure.exit_status())
}

/// In colours where a terminal shows them.
fn print_for_people(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    let status = ExitCode::from(error.exit_code() as u8);
    if error.use_stderr() {
        // Nothing is left to tell where this cannot be printed.
        let _ = write!(anstream::stderr(), "{}", shorten(&text));
        return status;
    }
    let mut stdout = anstream::stdout();
    render::exit_of(status, write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// One call of the command.
struct Session {
    cli: Cli,
    bus: Option<BusUse>,
    warnings: Vec<String>,
}

impl Session {
    fn run(&mut self) -> Result<Outcome, Failure> {
        self.cli.global.read_environment()?;
        if let Some(world) = &self.cli.global.sim {
            render::simulation::name(world);
            if !self.cli.global.json {
                render::simulation::announce("clusterhat");
            }
        }
        if let Command::Network(args::Network::Undo(asked)) = &self.cli.command {
            return network::take_back(&network::Ground::new(&self.cli.global)?, asked);
        }
        if let Command::Network(args::Network::Allow) = &self.cli.command {
            return network::allow(&network::Ground::new(&self.cli.global)?);
        }
        if let Command::Setup(asked) = &self.cli.command {
            // Refuses a node, and settings that make no sense, before anything is changed.
            Ground::new(&self.cli.global, &Wishes::default())?;
            return setup::run(&self.cli.global, asked);
        }
        // Words first: a malformed set is refused before any hardware is touched.
        let set = NodeSet::parse(words(&self.cli.command))?;
        let wishes = wishes(&self.cli.command);
        let ground = Ground::new(&self.cli.global, &wishes)?;
        self.warnings = ground.warnings.iter().map(ToString::to_string).collect();
        let machine = ground.machine();
        let mut context = match (ground.open(&wishes), &self.cli.command) {
            (Ok(context), _) => context,
            (Err(failure), Command::Boards(args::Boards { probe: true })) => {
                let report = boards::search(&*machine);
                return Ok(Outcome { report, failure: Some(failure) });
            }
            (Err(failure), _) => return Err(failure),
        };
        self.warnings.extend(context.surplus());
        if switches(&self.cli.command) {
            self.warnings.extend(context.unrecorded());
        }
        let result = self.dispatch(&mut context, &set);
        let (transfers, retries) = context.cluster.transfers();
        self.bus = Some(BusUse { transfers, retries });
        result
    }

    fn dispatch(&self, context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
        match &self.cli.command {
            Command::On(on) if on.stagger.dry_run => power::plan_switch(context, set, Action::On),
            Command::On(_) => power::switch(context, set, Action::On),
            Command::Off(off) if off.dry_run => spare::plan_off(context, set),
            Command::Off(_) => spare::off(context, set),
            Command::Cycle(cycle) if cycle.stagger.dry_run => power::plan_cycle(context, set),
            Command::Cycle(_) => power::cycle(context, set),
            Command::Status(arguments) => match arguments.watch {
                Some(pause) => self.watch(context, set, pause),
                None => status::run(context, set),
            },
            Command::Init => init::run(context),
            Command::Alert(switch) => outputs::set(context, Output::Alert, switch.state.is_on()),
            Command::Led(switch) => outputs::set(context, Output::Led, switch.state.is_on()),
            Command::Wp(switch) => {
                outputs::set(context, Output::WriteProtect, switch.state.is_on())
            }
            Command::Hub(hub) => match hub.action {
                HubAction::On => outputs::set(context, Output::Hub, true),
                HubAction::Off => outputs::set(context, Output::Hub, false),
                HubAction::Reset => outputs::reset_hub(context),
            },
            Command::Fan(fan) => outputs::set_fan(context, fan.state.is_on(), fan.order),
            Command::Act(act) => outputs::set_act(context, act.state.is_on(), act.order),
            Command::Usbboot(boot) => board::usb_boot(context, set, boot.state.is_on()),
            Command::Path(_) => path::run(context, set),
            Command::Board(args::Board::Order(order)) | Command::Setorder(order) => {
                board::order(context, order)
            }
            Command::Board(args::Board::Save(save)) => board::save(context, save),
            Command::Board(args::Board::Reset(reset)) | Command::Reset(reset) => {
                board::reset(context, reset)
            }
            Command::Save(save) => board::save(context, &save.of(What::All)),
            Command::Saveorder(save) => board::save(context, &save.of(What::Order)),
            Command::Saveusbboot(save) => board::save(context, &save.of(What::Usbboot)),
            Command::Savepos(save) => board::save(context, &save.of(What::Power)),
            Command::Savedefaults(save) => board::save(context, &save.of(What::Defaults)),
            Command::Boards(arguments) => boards::run(context, arguments.probe),
            Command::Network(asked) => {
                let ground = network::Ground::new(&self.cli.global)?;
                match asked {
                    // Who cannot count the nodes cannot give them addresses.
                    args::Network::Setup(asked) => match context.uncounted() {
                        None => network::setup(context, &ground, asked),
                        Some(failure) => Err(failure),
                    },
                    args::Network::Allow => network::allow(&ground),
                    args::Network::Status => {
                        Ok(network::status(context, &ground)?.or(context.uncounted()))
                    }
                    args::Network::Undo(asked) => network::take_back(&ground, asked),
                }
            }
            Command::Setup(asked) => setup::run(&self.cli.global, asked),
            Command::Inventory(asked) => {
                // A simulated board has nodes without a network.
                let ground = network::Ground::new(&self.cli.global).ok();
                let uncounted = context.uncounted().filter(|_| set.is_empty());
                Ok(inventory::run(context, ground.as_ref(), set, asked.format)?.or(uncounted))
            }
            Command::Maxpi | Command::Completions { .. } | Command::Help { .. } => {
                let count = Outcome::from(Report::Maxpi { maxpi: context.cluster.nodes() });
                Ok(count.or(context.uncounted()))
            }
        }
    }

    /// Prints the status whenever it differs from the last; ends when it is interrupted.
    fn watch(
        &self,
        context: &mut Context,
        set: &NodeSet,
        pause: Duration,
    ) -> Result<Outcome, Failure> {
        let mut last = None;
        loop {
            let outcome = status::run(context, set)?;
            if last.as_ref() != Some(&outcome.report) {
                let output = Printout {
                    report: Some(&outcome.report),
                    ..self.output(outcome.failure.as_ref())
                };
                if !self.cli.global.json {
                    render::clear_screen()?;
                }
                render::print(&output, self.cli.global.json)?;
                last = Some(outcome.report);
            }
            // Not the simulated clock: the loop must rest in a world without waits too.
            std::thread::sleep(pause.max(SHORTEST_PAUSE));
            // Who names nodes goes on seeing them named so, and their board's absence.
            if set.is_empty() {
                context.rescan()?;
            }
        }
    }

    fn output<'a>(&'a self, failure: Option<&'a Failure>) -> Printout<'a> {
        Printout {
            command: self.cli.command.name(),
            report: None,
            bus: self.bus,
            warnings: &self.warnings,
            failure,
        }
    }

    fn finish(&self, result: Result<Outcome, Failure>) -> ExitCode {
        let (report, failure) = match result {
            Ok(outcome) => (Some(outcome.report), outcome.failure),
            Err(failure) => (None, Some(failure)),
        };
        let output = Printout { report: report.as_ref(), ..self.output(failure.as_ref()) };
        let printed = render::print(&output, self.cli.global.json);
        match (&printed, &failure) {
            (Err(_), Some(failure)) if self.cli.global.json => render::tell(&failure.lines()),
            // Who has closed a pipe has seen enough.
            (Err(error), None)
                if error.kind() != ErrorKind::BrokenPipe && switches(&self.cli.command) =>
            {
                render::tell("all was switched as asked");
            }
            _ => {}
        }
        let status = failure.map_or(ExitCode::SUCCESS, |f| ExitCode::from(f.exit_status()));
        render::exit_of(status, printed)
    }
}

/// The words that name nodes.
fn words(command: &Command) -> &[String] {
    match command {
        Command::On(args::On { nodes, .. })
        | Command::Off(args::Off { nodes, .. })
        | Command::Cycle(args::Cycle { nodes, .. })
        | Command::Status(args::Status { nodes, .. })
        | Command::Usbboot(args::UsbBoot { nodes, .. })
        | Command::Path(args::PathArgs { nodes })
        | Command::Inventory(args::Inventory { nodes, .. }) => nodes,
        _ => &[],
    }
}

/// Whether a command switches nodes' power.
const fn switches(command: &Command) -> bool {
    match command {
        Command::On(args::On { stagger, .. }) | Command::Cycle(args::Cycle { stagger, .. }) => {
            !stagger.dry_run
        }
        Command::Off(off) => !off.dry_run,
        _ => false,
    }
}

/// What a command's flags override in the settings.
fn wishes(command: &Command) -> Wishes {
    let (stagger, off_time) = match command {
        Command::On(on) => (Some(&on.stagger), None),
        Command::Cycle(cycle) => (Some(&cycle.stagger), cycle.off_time),
        _ => (None, None),
    };
    Wishes {
        overrides: Overrides {
            delay: stagger.and_then(|stagger| stagger.delay),
            off_time,
            lock_limit: None,
        },
        ignore_under_voltage: stagger.is_some_and(|stagger| stagger.ignore_undervoltage),
        without_boards: matches!(command, Command::Status(_) | Command::Boards(_) | Command::Init),
    }
}
