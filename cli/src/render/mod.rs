//! From reports to what is printed. Nothing else prints.

mod doctor;
mod events;
mod files;
pub(crate) mod inventory;
mod json;
mod lines;
mod network;
mod power;
mod printout;
mod restore;
mod setup;
mod shutdown;
pub(crate) mod simulation;
mod state;
mod table;
pub(crate) mod text;
mod top;
mod wait;
mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clusterhat::report::BusUse;
use clusterhat::shorten;

pub(crate) use lines::Lines;
pub(crate) use printout::Printout;

/// Prints to standard output; for people, warnings and errors go to standard error. Where those cannot
/// be printed, the report is unchanged, and the exit status shows an error.
pub(crate) fn print(output: &Printout<'_>, as_json: bool) -> io::Result<()> {
    if as_json {
        return json::print(output);
    }
    let mut stderr = anstream::stderr().lock();
    let mut tell = |line: &str| drop(writeln!(stderr, "clusterhat: {line}"));
    for warning in output.warnings {
        tell(&format!("warning: {}", shorten(warning)));
    }
    let printed = output.report.map_or(Ok(()), |report| print_text(&(output.text)(report)));
    if let Some(BusUse { retries: retries @ 1.., .. }) = output.bus {
        tell(&format!("warning: {retries} bus transfers failed and were repeated"));
    }
    if let Some(failure) = output.failure {
        tell(&failure.lines());
    }
    printed
}

fn print_text(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    write!(stdout, "{text}")?;
    stdout.flush()
}

/// A line beside the report, for people.
pub(crate) fn tell(line: &str) {
    // Nothing is left to tell where this cannot be printed.
    let _ = writeln!(anstream::stderr(), "clusterhat: {line}");
}

/// Empties the line of the cursor, where standard error is a terminal.
pub(crate) fn clear_line() {
    if io::stderr().is_terminal() {
        // Nothing is left to tell where this cannot be printed.
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

/// Text on a terminal that is raw: it has its own line ends.
pub(crate) fn say(text: &str) {
    // Nothing is left to tell where this cannot be printed.
    let _ = write!(io::stderr(), "{text}");
}

/// The exit status of a run whose output may not have been written. That of a failure says more than the loss.
pub(crate) fn exit_of(status: ExitCode, printed: io::Result<()>) -> ExitCode {
    match printed {
        Ok(()) => status,
        // The reader has seen enough, as `head` does; what was asked for is done.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => status,
        Err(error) => {
            // Where this cannot be written either, the exit status has to do.
            let _ = writeln!(io::stderr(), "clusterhat: cannot write the output: {error}");
            if status == ExitCode::SUCCESS { ExitCode::FAILURE } else { status }
        }
    }
}

/// Empties the screen, where standard output is one.
pub(crate) fn clear_screen() -> io::Result<()> {
    if shows_on_screen() {
        write!(io::stdout(), "\x1b[H\x1b[2J")?;
        if let Some(notice) = simulation::notice("clusterhat") {
            writeln!(io::stdout(), "{notice}")?;
        }
        writeln!(io::stdout(), "Ctrl-C ends")?;
    }
    Ok(())
}

/// Whether standard output is a screen that can be emptied.
pub(crate) fn shows_on_screen() -> bool {
    io::stdout().is_terminal()
}
