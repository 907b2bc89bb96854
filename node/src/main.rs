//! `clusterhat-node`: puts a node of a Cluster HAT on the USB.
//!
//! Parse, resolve the settings, run, report, render: each stage takes the value of the one before.

mod args;
mod card;
mod commands;
mod failure;
mod getty;
mod render;
mod report;
mod settings;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;

use args::{Cli, Command};
use failure::Failure;
use render::Text;

/// For a status that is not "up"; the same as for something that did not come in time.
const NOT_UP: u8 = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = run(&cli).unwrap_or_else(|failure| fail(&failure, cli.json));
    ExitCode::from(outcome)
}

/// Runs the command and prints its report; gives the exit status.
fn run(cli: &Cli) -> Result<u8, Failure> {
    let root = cli.root.as_deref().unwrap_or(Path::new("/"));
    match &cli.command {
        Command::Up(up) => {
            let (settings, warnings) = settings::resolve(root, &up.identity)?;
            warn(&warnings);
            print(&commands::up(&settings, up.wait)?, cli.json)?;
            Ok(0)
        }
        Command::Down(down) => {
            print(&commands::down(down.wait)?, cli.json)?;
            Ok(0)
        }
        Command::Status => {
            let (settings, warnings) = settings::if_configured(root)?;
            warn(&warnings);
            let report = commands::status(settings.as_ref())?;
            print(&report, cli.json)?;
            Ok(if report.is_up() { 0 } else { NOT_UP })
        }
        Command::Setup(asked) => {
            print(&card::setup(asked, cli.root.as_deref())?, cli.json)?;
            Ok(0)
        }
        Command::Undo(asked) => {
            let report = card::undo(asked, cli.root.as_deref())?;
            print(&report, cli.json)?;
            // What was left is told beside what was done.
            Ok(report.failure().map_or(0, |error| tell(&error)))
        }
    }
}

fn print<R: Serialize + Text>(report: &R, json: bool) -> Result<(), Failure> {
    let text = if json { render::json(report) } else { report.text() };
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        // Nothing is left to be done where standard error is closed.
        let _ = writeln!(io::stderr(), "clusterhat-node: warning: {warning}");
    }
}

fn fail(failure: &Failure, json: bool) -> u8 {
    if json {
        let _ = io::stdout().write_all(render::json(&failure.report()).as_bytes());
    }
    tell(failure)
}

fn tell(failure: &Failure) -> u8 {
    let _ = writeln!(io::stderr(), "clusterhat-node: {}", failure.chain());
    failure.exit_status()
}
