//! One file a command: its words, and what it asks of the library.
//!
//! A new command is a file here with its arguments and their [`Run`], and its line in
//! [`Command`](crate::args::Command) and in `Command::task`. A report of its own is a type in the library
//! and a line in [`render::text`](crate::render::text).

pub(crate) mod board;
pub(crate) mod boards;
pub(crate) mod init;
pub(crate) mod inventory;
pub(crate) mod maxpi;
pub(crate) mod network;
pub(crate) mod outputs;
pub(crate) mod path;
pub(crate) mod power;
pub(crate) mod setup;
pub(crate) mod status;

use clusterhat::Outcome;
use clusterhat::report::Report;

use crate::call::Call;
use crate::failure::Failure;
use crate::render;

/// What a command came to.
pub(crate) type Done = Result<Outcome<Report>, Failure>;

/// A command.
pub(crate) trait Run {
    /// Its word, as documents have it.
    fn name(&self) -> &'static str;

    /// Runs it. Words are read before any board is opened: a malformed set is refused before any
    /// hardware is touched.
    fn run(&self, call: &mut Call) -> Done;

    /// Whether its output is for programs, even without `--json`.
    fn is_for_programs(&self) -> bool {
        false
    }

    /// The report for people.
    fn text(&self, report: &Report) -> String {
        render::text::render(report)
    }
}
