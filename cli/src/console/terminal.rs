//! The user's terminal, in raw mode while a console is open.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGCONT;

use crate::signals;

/// The terminal's original settings, while it is in raw mode.
struct Settings {
    /// To be put back.
    before: Termios,
    raw: Termios,
}

static SETTINGS: Mutex<Option<Settings>> = Mutex::new(None);

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
        signals.add_signal(SIGCONT)?;
        *lock() = Some(Settings { before, raw });
        let guard = Self;
        set_raw()?;
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                if signal == SIGCONT {
                    // Whoever had the terminal meanwhile, a shell above all, has set it as it likes it. Without a terminal, the
                    // console ends by itself.
                    let _ = set_raw();
                } else {
                    restore();
                    std::process::exit(128 + signal);
                }
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

/// Where a console has the terminal.
fn set_raw() -> io::Result<()> {
    if let Some(settings) = &*lock() {
        tcsetattr(io::stdin(), OptionalActions::Now, &settings.raw)?;
    }
    Ok(())
}

fn restore() {
    // A terminal that is gone has no settings.
    if let Some(Settings { before, .. }) = lock().take() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<Settings>> {
    SETTINGS.lock().unwrap_or_else(PoisonError::into_inner)
}
