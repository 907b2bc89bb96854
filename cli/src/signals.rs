//! A signal in the middle of switching: the process ends as it would anyway, between two transfers or
//! in one, but says which state each node is in.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clusterhat::Error;
use hat_driver::power::Action;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::interruption::{Doing, SoFar};
use crate::render::{self, Printout};

/// The signals that end a command.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// How long the last words may take, or a report that is being printed already: nobody may read them.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a command may take to notice that it is to stop: it looks ten times a second, unless it waits for a lock or a
/// terminal that takes no output.
const NOTICE: Duration = Duration::from_secs(1);

/// What has been done so far, reported on interruption.
pub(crate) struct Record {
    state: Arc<Mutex<State>>,
}

/// What has been done, and whether the command's report is to tell of it.
struct State {
    so_far: SoFar,
    /// The signal that came.
    signal: Option<i32>,
    /// Whether the command has noticed.
    is_noticed: bool,
    is_over: bool,
}

impl Record {
    pub(crate) fn new(so_far: SoFar) -> Self {
        let state = State { so_far, signal: None, is_noticed: false, is_over: false };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// For a command that does nothing but wait: from here on it ends by a signal with a report of that.
    pub(crate) fn of_wait(command: &'static str, as_json: bool) -> Self {
        let record = Self::new(SoFar::new(&[], Action::On, Doing::Waiting(Vec::new())));
        record.watch(command, as_json);
        record
    }

    /// What the command does next: what was before is over.
    pub(crate) fn begin(&self, so_far: SoFar) {
        lock(&self.state).so_far = so_far;
    }

    /// Takes note of what the command does.
    pub(crate) fn note(&self, change: impl FnOnce(&mut SoFar)) {
        change(&mut lock(&self.state).so_far);
    }

    /// Whether nothing is being switched.
    pub(crate) fn is_idle(&self) -> bool {
        lock(&self.state).so_far.is_idle()
    }

    /// Whether a signal has come: the command ends between two steps then, and its hooks hear of it.
    pub(crate) fn is_stopped(&self) -> bool {
        let mut state = lock(&self.state);
        state.is_noticed |= state.signal.is_some();
        state.is_noticed
    }

    /// From here on the command's report tells what was done. Does not return where a signal has come
    /// before: what it has to say is all that is printed, after `learn`.
    pub(crate) fn end(&self, command: &'static str, as_json: bool, learn: impl FnOnce(&mut SoFar)) {
        let mut state = lock(&self.state);
        state.is_over = true;
        if let Some(signal) = state.signal {
            learn(&mut state.so_far);
            say(state.so_far.interrupted(signal), command, as_json);
            std::process::exit(128 + signal)
        }
    }

    /// Starts to wait for signals on a thread of its own. One that comes after [`Self::end`] leaves the
    /// report a moment to be printed; before, the first one stops the command, and the second ends it at once, as
    /// the first does where nothing would be left half done.
    pub(crate) fn watch(&self, command: &'static str, as_json: bool) {
        let state = Arc::clone(&self.state);
        // Without a thread for them, signals end the process as ever: no reason to leave on what is to be switched off.
        let _ = hear(move |signal| {
            let end = move |state: &State| -> ! {
                say(state.so_far.interrupted(signal), command, as_json);
                std::process::exit(128 + signal)
            };
            let mut now = lock(&state);
            if now.is_over {
                drop(now);
                thread::sleep(PATIENCE);
                std::process::exit(128 + signal)
            } else if now.signal.replace(signal).is_some() || now.so_far.is_idle() {
                // Held to the end: nothing more is switched than what was under way.
                end(&now);
            }
            drop(now);
            let state = Arc::clone(&state);
            let unnoticed = thread::Builder::new().spawn(move || {
                thread::sleep(NOTICE);
                let now = lock(&state);
                if !now.is_noticed && !now.is_over {
                    end(&now);
                }
            });
            if unnoticed.is_err() {
                std::process::exit(128 + signal);
            }
        });
    }
}

/// Has each signal heard on a thread of its own.
///
/// # Errors
/// Where the kernel gives no thread or no pipe: signals end the process as ever then.
fn hear(mut heard: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let (sender, receiver) = channel::<Signals>();
    thread::Builder::new().spawn(move || {
        if let Ok(mut signals) = receiver.recv() {
            signals.forever().for_each(&mut heard);
        }
    })?;
    // Caught only once somebody is there to hear of them.
    let _ = sender.send(signals()?);
    Ok(())
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints on a thread of its own, since a pipe that nobody reads, or a stopped terminal, takes nothing.
fn say(failure: Failure, command: &'static str, as_json: bool) {
    let (sender, receiver) = channel();
    let printing = thread::Builder::new().spawn(move || {
        // Where a line of progress is.
        render::clear_line();
        // Nothing is left to tell where this cannot be printed.
        let _ = render::print(&Printout::of_failure(command, &failure), as_json);
        let _ = sender.send(());
    });
    if printing.is_ok() {
        let _ = receiver.recv_timeout(PATIENCE);
    }
}

/// The signals that end a command, as they come. What the caller has set to be ignored stays so, as
/// nohup(1) wants it.
///
/// # Errors
/// Where the kernel gives no pipe.
pub(crate) fn signals() -> io::Result<Signals> {
    let ignored = ignored();
    Signals::new(ENDING.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0))
}

/// The signals that this process ignores, signal 1 in bit 0 (proc(5)).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The last words after a signal may take a moment from here on: nobody may read them.
pub(crate) fn limit_last_words(signal: i32) {
    let limit = thread::Builder::new().spawn(move || {
        thread::sleep(PATIENCE);
        std::process::exit(128 + signal);
    });
    if limit.is_err() {
        std::process::exit(128 + signal);
    }
}

/// Ends a reset of hubs between two of them.
pub(crate) fn end_hub_reset(as_json: bool, signal: i32) -> ! {
    say(Failure::PutBack { signal, error: Error::HubResetStopped }, "hub", as_json);
    std::process::exit(128 + signal)
}

/// From here on none of these signals ends the process: for what has to come to its end or be put
/// back.
///
/// # Errors
/// Where the kernel refuses a handler.
pub(crate) fn ignore() -> io::Result<()> {
    for signal in ENDING {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

/// From here on a file that has reached its limit (setrlimit(2), `RLIMIT_FSIZE`) is an error of the write, as a full disk is: the
/// kernel's signal would end the process, and leave nodes off that are to come on again.
pub(crate) fn survive_file_limit() {
    // Without a handler it is as before, which is no reason not to switch.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// A row of steps that no signal cuts in two: a hub that was switched off is switched on again first.
/// SIGKILL cannot be held off.
pub(crate) struct WholeSteps {
    step: Arc<Mutex<()>>,
    /// The signal that came, or 0.
    signal: Arc<AtomicI32>,
}

impl WholeSteps {
    /// From here on a signal that comes between two steps ends the process through `end`; one that
    /// comes in a step is told afterwards.
    ///
    /// # Errors
    /// Where the kernel gives no thread or no pipe.
    pub(crate) fn watch(end: impl Fn(i32) + Send + 'static) -> io::Result<Self> {
        let steps = Self { step: Arc::default(), signal: Arc::default() };
        let (step, came) = (Arc::clone(&steps.step), Arc::clone(&steps.signal));
        hear(move |signal| {
            came.store(signal, Ordering::SeqCst);
            // No step begins as long as this is held.
            if let Ok(_between) = step.try_lock() {
                end(signal);
            }
        })?;
        Ok(steps)
    }

    /// Begins a step, which lasts until the guard is dropped.
    pub(crate) fn begin(&self) -> MutexGuard<'_, ()> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signal that came in a step, which is for the caller to obey.
    pub(crate) fn signal(&self) -> Option<i32> {
        let signal = self.signal.load(Ordering::SeqCst);
        (signal != 0).then_some(signal)
    }
}
