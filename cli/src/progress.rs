//! A line that tells what is being waited for: on a terminal only, and gone at the end.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use hat_driver::linux::Event;
use hat_driver::power::Action;
use system_config::changes::{self, LONGEST_WAIT, Places, Wait};

use crate::nodes::Names;

/// Shorter waits need no explanation.
const WORTH_TELLING: Duration = Duration::from_millis(900);

/// The progress of one command.
pub(crate) struct Progress {
    names: Names,
    /// Nodes switched on so far; nothing is shown where this is `None`.
    on: Option<Vec<usize>>,
    /// Whether a wait is being told.
    is_told: bool,
}

impl Progress {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, on: stderr().is_terminal().then(Vec::new), is_told: false }
    }

    pub(crate) fn show(&mut self, event: &Event) {
        let Some(on) = &mut self.on else { return };
        let (what, duration) = match event {
            Event::Switched { node, action: Action::On } => {
                self.is_told = false;
                return on.push(node + 1);
            }
            Event::Waiting { duration } => ("waiting", duration),
            Event::Watching { duration } => ("watching the supply for", duration),
            _ => return,
        };
        self.is_told |= *duration >= WORTH_TELLING;
        if self.is_told {
            let so_far = match on[..] {
                [] => String::new(),
                _ => format!("{} on; ", self.names.fold(on)),
            };
            let seconds = duration.as_secs_f32();
            // A progress line that cannot be written is no reason to stop.
            let _ = write!(stderr(), "\r\x1b[K{so_far}{what} {seconds:.1} s");
        }
    }

    pub(crate) fn clear(&self) {
        if self.on.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// Kept from every other set-up of that system; a wait for one is told.
pub(crate) fn locked(places: Places, limit: Option<Duration>) -> Result<Places, changes::Error> {
    let mut is_told = false;
    let mut tell = |wait: &Wait<'_>| {
        is_told = stderr().is_terminal();
        if is_told {
            let _ = write!(stderr(), "\r\x1b[K{wait}");
        }
    };
    let locked = places.locked_telling(limit.unwrap_or(LONGEST_WAIT), &mut tell);
    if is_told {
        let _ = write!(stderr(), "\r\x1b[K");
    }
    locked
}

/// Tells of one long step while it lasts.
pub(crate) fn during<T>(what: &str, step: impl FnOnce() -> T) -> T {
    let is_shown = stderr().is_terminal();
    if is_shown {
        // A progress line that cannot be written is no reason to stop.
        let _ = write!(stderr(), "\r\x1b[K{what} ...");
    }
    let result = step();
    if is_shown {
        let _ = write!(stderr(), "\r\x1b[K");
    }
    result
}
