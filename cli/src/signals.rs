//! A signal in the middle of switching: the process ends as it would anyway, between two transfers or
//! in one, but says which state each node is in.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clusterhat::nodes::folded;
use clusterhat::report::NodeState;
use hat_driver::linux::Node;
use hat_driver::power::{Action, ResultingState};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::render::{self, Printout};

/// How long the last words may take, or a report that is being printed already: nobody may read them.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a command may take to notice that it is to stop: it looks ten times a second, unless it waits for a lock or a
/// terminal that takes no output.
const NOTICE: Duration = Duration::from_secs(1);

/// What has been switched so far, reported on interruption.
pub(crate) struct Record {
    switched: Arc<Mutex<Switched>>,
}

/// What has been switched, and whether the command's report is to tell of it.
struct Switched {
    /// The nodes that are to have this power in the end.
    asked: Vec<Node>,
    action: Action,
    /// In the order of their last change.
    nodes: Vec<(Node, Action)>,
    /// The signal that came.
    signal: Option<i32>,
    /// Whether the command has noticed.
    is_noticed: bool,
    is_over: bool,
}

impl Record {
    /// For a command that brings nodes to this power in the end.
    pub(crate) fn new(nodes: &[Node], action: Action) -> Self {
        let switched = Switched {
            asked: nodes.to_vec(),
            action,
            nodes: Vec::new(),
            signal: None,
            is_noticed: false,
            is_over: false,
        };
        Self { switched: Arc::new(Mutex::new(switched)) }
    }

    /// Nodes are about to be switched: what was before is over.
    pub(crate) fn begin(&self, nodes: &[Node], action: Action) {
        let mut switched = lock(&self.switched);
        (switched.asked, switched.action) = (nodes.to_vec(), action);
        switched.nodes.clear();
    }

    /// A node was switched and read back.
    pub(crate) fn add(&self, node: Node, action: Action) {
        let nodes = &mut lock(&self.switched).nodes;
        nodes.retain(|&(other, _)| other != node);
        nodes.push((node, action));
    }

    /// Whether a signal has come: the command ends between two steps then, and its hooks hear of it.
    pub(crate) fn is_stopped(&self) -> bool {
        let mut switched = lock(&self.switched);
        switched.is_noticed |= switched.signal.is_some();
        switched.is_noticed
    }

    /// From here on the command's report tells what was done. Does not return where a signal has come
    /// before: what it has to say is all that is printed.
    pub(crate) fn end(&self, command: &'static str, as_json: bool) {
        let mut switched = lock(&self.switched);
        switched.is_over = true;
        if let Some(signal) = switched.signal {
            say(switched.interrupted(signal), command, as_json);
            std::process::exit(128 + signal)
        }
    }

    /// Starts to wait for signals on a thread of its own. One that comes after [`Self::end`] leaves the
    /// report a moment to be printed; before, the first one stops the command, and the second ends it at once.
    ///
    /// # Errors
    /// Where the kernel gives no thread or no pipe.
    pub(crate) fn watch(&self, command: &'static str, as_json: bool) -> io::Result<()> {
        let mut signals = signals()?;
        let switched = Arc::clone(&self.switched);
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                let end = move |switched: &Switched| -> ! {
                    say(switched.interrupted(signal), command, as_json);
                    std::process::exit(128 + signal)
                };
                let mut now = lock(&switched);
                if now.is_over {
                    drop(now);
                    thread::sleep(PATIENCE);
                    std::process::exit(128 + signal)
                } else if now.signal.replace(signal).is_some() {
                    // Held to the end: nothing more is switched than what was under way.
                    end(&now);
                }
                drop(now);
                let switched = Arc::clone(&switched);
                let unnoticed = thread::Builder::new().spawn(move || {
                    thread::sleep(NOTICE);
                    let now = lock(&switched);
                    if !now.is_noticed && !now.is_over {
                        end(&now);
                    }
                });
                if unnoticed.is_err() {
                    std::process::exit(128 + signal);
                }
            }
        })?;
        Ok(())
    }
}

fn lock(switched: &Mutex<Switched>) -> MutexGuard<'_, Switched> {
    switched.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switched {
    fn interrupted(&self, signal: i32) -> Failure {
        let of = |action| {
            let nodes = self.nodes.iter().filter(|entry| entry.1 == action).map(|entry| entry.0);
            folded(&nodes.collect::<Vec<_>>())
        };
        let state = |&node: &Node| {
            let last = self.nodes.iter().find(|entry| entry.0 == node);
            // What was not switched yet may be just now.
            let (power, resulting) = last.map_or((self.action, ResultingState::Unknown), |entry| {
                (entry.1, ResultingState::New)
            });
            NodeState::new(node, power, resulting)
        };
        let switched = self.asked.iter().map(state).collect();
        Failure::Interrupted { signal, on: of(Action::On), off: of(Action::Off), switched }
    }
}

/// Prints on a thread of its own, since a pipe that nobody reads, or a stopped terminal, takes nothing.
fn say(failure: Failure, command: &'static str, as_json: bool) {
    let (sender, receiver) = channel();
    let printing = thread::Builder::new().spawn(move || {
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
    let heeded = [SIGHUP, SIGINT, SIGTERM].into_iter();
    Signals::new(heeded.filter(|signal| ignored >> (signal - 1) & 1 == 0))
}

/// The signals that this process ignores, signal 1 in bit 0 (proc(5)).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends a reset of hubs between two of them.
pub(crate) fn end_hub_reset(as_json: bool, signal: i32) -> ! {
    say(Failure::HubInterrupted { signal }, "hub", as_json);
    std::process::exit(128 + signal)
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
        let mut signals = signals()?;
        let steps = Self { step: Arc::default(), signal: Arc::default() };
        let (step, came) = (Arc::clone(&steps.step), Arc::clone(&steps.signal));
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                came.store(signal, Ordering::SeqCst);
                // No step begins as long as this is held.
                if let Ok(_between) = step.try_lock() {
                    end(signal);
                }
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
