//! The `clusterhat` command: parse, read the configuration, find the boards, run, print, exit.

mod advice;
mod args;
mod call;
mod commands;
mod console;
mod failure;
mod global;
mod interruption;
mod progress;
mod render;
mod service;
mod signals;
mod vendor;
mod watch;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches as _, Parser};
use node_link::text::{nearest, usage_error, usage_message};

use crate::args::{Cli, Task};
use crate::call::Call;
use crate::failure::Failure;
use crate::render::Printout;

fn main() -> ExitCode {
    signals::survive_file_limit();
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    if Path::new(&name).file_name().is_some_and(|name| name == "clusterctrl") {
        let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        return vendor::main(&words);
    }
    let Cli { global, command } = match parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match command.task() {
        Task::Run(command) => Call::execute(&global, &*command),
        Task::Completions(shell) => {
            // Into memory first: the generator knows no write that fails.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "clusterhat", &mut script);
            render::exit_of(ExitCode::SUCCESS, std::io::stdout().write_all(&script))
        }
        // Help is what parsing makes of `--help`.
        Task::Help(words) => {
            let words = words.iter().map(String::as_str);
            let words = ["clusterhat"].into_iter().chain(words).chain(["--help"]);
            Cli::try_parse_from(words).map_or_else(|error| refuse(&error), |_| ExitCode::SUCCESS)
        }
    }
}

/// As [`Cli::try_parse`], but for what that does at its end.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let parsed = parsed.map_err(|mut error| {
        suggest_nearest(&mut error);
        error.format(&mut command)
    });
    // Freeing what describes every option of every command would take a tenth of a `status`; the process
    // ends with it.
    std::mem::forget(command);
    parsed
}

/// Of several commands that a word resembles, only the nearest is meant.
fn suggest_nearest(error: &mut clap::Error) {
    let (Some(ContextValue::String(word)), Some(ContextValue::Strings(similar))) =
        (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::SuggestedSubcommand))
    else {
        return;
    };
    if let Some(near) = nearest(word, similar) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
    }
}

/// Help and versions are no errors; an error goes where the caller reads.
fn refuse(error: &clap::Error) -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let as_json = words.iter().any(|word| word == "--json");
    if !as_json || !error.use_stderr() {
        return print_for_people(error);
    }
    let failure = Failure::Usage(usage_message(&error.to_string()));
    if let Some(name) = global::simulated(&words) {
        render::simulation::name(&name);
    }
    let command = command_of(&words);
    let printed = render::print(&Printout::of_failure(&command, &failure), true);
    if printed.is_err() {
        render::tell(&failure.lines());
    }
    render::exit_of(ExitCode::from(failure.exit_status()), printed)
}

/// The command that a command line names although it cannot be parsed; empty where it names none.
fn command_of(words: &[OsString]) -> String {
    let mut command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from_mut(words);
    let name = matches.ok().and_then(|matches| matches.subcommand_name().map(str::to_owned));
    // The hidden ones are the vendor's names for parts of `board`.
    let is_hidden =
        |name: &String| command.find_subcommand(name).is_some_and(|one| one.is_hide_set());
    name.map_or_else(String::new, |name| if is_hidden(&name) { "board".to_owned() } else { name })
}

/// In colours where a terminal shows them.
fn print_for_people(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    let status = ExitCode::from(error.exit_code() as u8);
    if error.use_stderr() {
        // Nothing is left to tell where this cannot be printed.
        let _ = write!(anstream::stderr(), "{}", usage_error("clusterhat", &text));
        return status;
    }
    let mut stdout = anstream::stdout();
    render::exit_of(status, write!(stdout, "{text}").and_then(|()| stdout.flush()))
}
