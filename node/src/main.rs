//! `clusterhat-node`: the USB gadget of a Cluster HAT node, and cards prepared as nodes.
//!
//! Parse, resolve the settings, run, report, render: each stage takes the value of the one before.

mod agent;
mod args;
mod card;
mod error;
mod gadget;
mod getty;
mod render;
mod report;
mod settings;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use args::{Cli, Command};
use error::NodeError;
use node_link::text::{usage_error, usage_message};
use report::{Outcome, Report};

fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let mut warnings = Vec::new();
    let outcome = run(&cli, &mut warnings).unwrap_or_else(Outcome::from);
    render::finish(cli.command.name(), &outcome, &warnings, cli.json)
}

/// The command line. `help` is what parsing makes of `--help`.
fn parse() -> Result<Cli, clap::Error> {
    match Cli::try_parse()? {
        Cli { command: Command::Help { words }, .. } => {
            let words = words.iter().map(String::as_str);
            Cli::try_parse_from(["clusterhat-node"].into_iter().chain(words).chain(["--help"]))
        }
        cli => Ok(cli),
    }
}

/// Help and the version are not errors. An error is printed where the caller reads.
fn refuse(error: &clap::Error) -> ExitCode {
    let as_json = std::env::args_os().any(|word| word == "--json");
    if !error.use_stderr() {
        return render::exit_of(error.exit_code() as u8, error.print());
    }
    if as_json {
        let message = usage_message(&error.to_string());
        return render::finish(&command(), &NodeError::Usage(message).into(), &[], true);
    }
    let text = usage_error("clusterhat-node", &error.render().ansi().to_string());
    // Nothing is left to report to where this cannot be printed.
    let _ = write!(anstream::stderr(), "{text}");
    ExitCode::from(error.exit_code() as u8)
}

/// The command that the command line names although it cannot be parsed; empty where it names none.
fn command() -> String {
    let parsed = Cli::command().ignore_errors(true).try_get_matches();
    let name = parsed.ok().and_then(|words| words.subcommand_name().map(str::to_owned));
    name.unwrap_or_default()
}

/// Runs the command; what it did may be incomplete, and then the outcome has an error too.
fn run(cli: &Cli, warnings: &mut Vec<String>) -> Result<Outcome, NodeError> {
    let root = cli.root.as_deref().unwrap_or(Path::new("/"));
    let report = match &cli.command {
        Command::Up(asked) => {
            let settings = settings::resolve(root, &asked.settings, warnings)?;
            Report::Up(match asked.dry_run {
                true => gadget::plan_up(&settings, asked.wait)?,
                false => gadget::up(&settings, asked.wait)?,
            })
        }
        Command::Down(asked) => Report::Down(match asked.dry_run {
            true => gadget::plan_down()?,
            false => gadget::down(asked.wait)?,
        }),
        Command::Status => {
            let settings = settings::if_configured(root, warnings)?;
            Report::Status(gadget::status(settings.as_ref())?)
        }
        Command::Setup(asked) => Report::Setup(card::setup(asked, cli.root.as_deref())?),
        Command::Agent(asked) => {
            let node = settings::if_configured(root, warnings)?.map(|settings| settings.profile.id);
            agent::run(root, node, asked.stdio, &asked.port)?;
            return Ok(Outcome { report: None, error: None });
        }
        // Parsing has printed it.
        Command::Help { .. } => return Ok(Outcome { report: None, error: None }),
        Command::Undo(asked) => {
            let report = card::undo(asked, cli.root.as_deref())?;
            let error = report.error();
            return Ok(Outcome { report: Some(Report::Undo(report)), error });
        }
    };
    Ok(Outcome { report: Some(report), error: None })
}
