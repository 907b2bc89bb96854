//! Ctrl-C and SIGTERM in the middle of switching: the process ends as it would anyway, between two
//! transfers or in one, but says what stands.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use hat_driver::power::Action;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::nodes::Names;
use crate::render::{self, Printout};

/// What has been switched so far, for whoever interrupts.
#[derive(Clone)]
pub(crate) struct Record {
    names: Names,
    switched: Arc<Mutex<Vec<(usize, Action)>>>,
}

impl Record {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, switched: Arc::default() }
    }

    /// A node (from 0) was switched and read back.
    pub(crate) fn add(&self, node: usize, action: Action) {
        let mut switched = self.switched.lock().unwrap_or_else(PoisonError::into_inner);
        switched.retain(|&(other, _)| other != node);
        switched.push((node, action));
    }

    /// Starts to wait for signals on a thread of its own.
    ///
    /// # Errors
    /// Where the kernel gives no thread or no pipe.
    pub(crate) fn watch(&self, command: &'static str, as_json: bool) -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let record = self.clone();
        thread::Builder::new().spawn(move || {
            if let Some(signal) = signals.forever().next() {
                record.end(command, as_json, signal);
            }
        })?;
        Ok(())
    }

    fn end(&self, command: &str, as_json: bool, signal: i32) -> ! {
        let failure =
            Failure::Interrupted { signal, on: self.of(Action::On), off: self.of(Action::Off) };
        let printout =
            Printout { command, report: None, bus: None, warnings: &[], failure: Some(&failure) };
        // Nothing is left to tell where this cannot be printed.
        let _ = render::print(&printout, as_json);
        std::process::exit(failure.exit_status().into())
    }

    fn of(&self, action: Action) -> String {
        let switched = self.switched.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = switched.iter().filter(|entry| entry.1 == action).map(|entry| entry.0 + 1);
        self.names.fold(&nodes.collect::<Vec<_>>())
    }
}

/// From here on a hang-up, Ctrl-C or SIGTERM does not end the process: for what has to come to its
/// end or be put back.
///
/// # Errors
/// Where the kernel refuses a handler.
pub(crate) fn ignore() -> io::Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}
