//! Whatever a simulation prints says that it is one: who reads it must not take it for real boards.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clusterhat::shorten;

/// The simulation that this process works with; empty on a machine.
static NAME: OnceLock<String> = OnceLock::new();

/// From here on every JSON document names the simulation.
pub(crate) fn name(name: &str) {
    // A process has one simulation.
    let _ = NAME.set(shorten(name).into_owned());
}

/// Whether people know.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// Says once, to people, that nothing real is switched.
pub(crate) fn announce(program: &str) {
    if IS_TOLD.load(Ordering::Relaxed) {
        return;
    }
    if let Some(line) = notice(program) {
        // Where this cannot be printed, there is nobody to be misled.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// The line that says so.
pub(super) fn notice(program: &str) -> Option<String> {
    let name = current()?;
    IS_TOLD.store(true, Ordering::Relaxed);
    Some(format!("{program}: simulated boards ({name}): no hardware is switched"))
}

/// The simulation's name or file.
pub(super) fn current() -> Option<&'static str> {
    NAME.get().map(String::as_str)
}
