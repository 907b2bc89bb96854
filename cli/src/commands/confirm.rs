//! Asks before something dangerous.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::str;

use crate::failure::Failure;

/// Whether somebody is there to answer, though one of the outputs may lead elsewhere.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && (io::stderr().is_terminal() || io::stdout().is_terminal())
}

/// Asks on a terminal; a script says so beforehand.
pub(super) fn confirm(yes: bool, danger: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !can_ask() || ask(danger).is_err() {
        let refusal = format!("{danger}; add --yes to confirm; nothing was done");
        return Err(Failure::NotConfirmed(refusal));
    }
    let mut answer = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut answer)?;
    let declined = match str::from_utf8(&answer).map(str::trim) {
        Ok("y" | "Y" | "yes") => return Ok(()),
        Ok(_) => "not confirmed; nothing was done",
        Err(_) => "not confirmed, as the answer is not text; nothing was done",
    };
    Err(Failure::Declined(declined))
}

/// Where somebody sees it, even if the errors lead elsewhere.
fn ask(danger: &str) -> io::Result<()> {
    let question = format!("{danger}. Continue? [y/N] ");
    if io::stderr().is_terminal() {
        return io::stderr().write_all(question.as_bytes());
    }
    OpenOptions::new().write(true).open("/dev/tty")?.write_all(question.as_bytes())
}
