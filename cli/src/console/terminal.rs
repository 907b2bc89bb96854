//! The user's terminal, raw for as long as a console has it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGQUIT;

use crate::signals;

/// The settings to be put back, where the terminal is raw.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal on standard input, raw until this is dropped or the process is ended by a signal.
pub(super) struct Raw;

impl Raw {
    /// Makes the terminal raw: every key goes to the node, Ctrl-C too.
    ///
    /// # Errors
    /// Where the terminal or the signals refuse it; the terminal is as it was.
    pub(super) fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        // From here on a signal waits for the thread, which finds the terminal as it is to be left.
        let mut signals = signals::signals()?;
        signals.add_signal(SIGQUIT)?;
        *lock() = Some(before);
        let guard = Self;
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        thread::Builder::new().spawn(move || {
            if let Some(signal) = signals.forever().next() {
                restore();
                std::process::exit(128 + signal);
            }
        })?;
        Ok(guard)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    // A terminal that is gone has no settings.
    if let Some(before) = lock().take() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
