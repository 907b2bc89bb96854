//! Whatever a simulation prints says that it is one: who reads it must not take it for real boards.

use std::io::{self, Write};
use std::sync::OnceLock;

use clusterhat::shorten;

/// The world that this process works in; empty on a machine.
static WORLD: OnceLock<String> = OnceLock::new();

/// From here on every JSON document names the world.
pub(crate) fn name(world: &str) {
    // A process has one world.
    let _ = WORLD.set(shorten(world).into_owned());
}

/// Says once, to people, that nothing real is switched.
pub(crate) fn announce(program: &str) {
    if let Some(world) = world() {
        // Where this cannot be printed, there is nobody to be misled.
        let _ = writeln!(
            io::stderr(),
            "{program}: simulated boards ({world}): no hardware is switched"
        );
    }
}

/// The world's name or file.
pub(super) fn world() -> Option<&'static str> {
    WORLD.get().map(String::as_str)
}
