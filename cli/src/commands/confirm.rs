//! Asks before something dangerous.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Whether somebody is there to answer.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on a terminal; a script says so beforehand.
pub(super) fn confirm(yes: bool, danger: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !can_ask() {
        return Err(Failure::NotConfirmed(format!("{danger}; add --yes to confirm")));
    }
    write!(io::stderr(), "{danger}. Continue? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed("not confirmed".to_owned())),
    }
}
