//! An operation that runs, or has run.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use clusterhat::nodes::{folded, label};
use clusterhat::report::Report;
use clusterhat::{Action, ErrorReport, Event, PowerEvent};
use tokio::sync::watch;

use super::operation::Operation;

/// A task that is over within this time is answered with its result, a longer one with where it is.
pub const DONE_AT_ONCE: Duration = Duration::from_secs(1);

/// How far a task is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TaskState {
    /// It runs.
    Running {
        /// How much of it is done.
        percent: u8,
        /// What it is doing, in words.
        text: String,
    },
    /// All was done.
    Done(Arc<Report>),
    /// Not all was done; the report, where there is one, tells of what was.
    Failed {
        /// What was done.
        report: Option<Arc<Report>>,
        /// Why the rest was not.
        error: Arc<ErrorReport>,
    },
    /// Somebody stopped it; the report tells what was done before.
    Cancelled {
        /// What was done.
        report: Option<Arc<Report>>,
    },
}

impl TaskState {
    /// The word in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Done(_) => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// How much of it is done, in percent.
    #[must_use]
    pub const fn percent(&self) -> u8 {
        match self {
            Self::Running { percent, .. } => *percent,
            _ => 100,
        }
    }
}

/// An operation that runs, or has run.
#[derive(Debug)]
pub struct Task {
    /// Its number since the daemon started, as a word.
    pub id: String,
    /// What was asked.
    pub operation: Operation,
    /// Of which nodes, in the words of who asked; none = all.
    pub nodes: Vec<String>,
    /// Who asked.
    pub by: String,
    /// When it began.
    pub started: SystemTime,
    ended: OnceLock<SystemTime>,
    state: watch::Sender<TaskState>,
    is_cancelled: AtomicBool,
}

impl Task {
    pub(super) fn new(id: u64, operation: Operation, nodes: &[String], by: &str) -> Self {
        let begun = TaskState::Running { percent: 0, text: "waiting for its turn".to_owned() };
        Self {
            id: id.to_string(),
            operation,
            nodes: nodes.to_vec(),
            by: by.to_owned(),
            started: SystemTime::now(),
            ended: OnceLock::new(),
            state: watch::channel(begun).0,
            is_cancelled: AtomicBool::new(false),
        }
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.state.borrow().clone()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !matches!(*self.state.borrow(), TaskState::Running { .. })
    }

    /// Stops it at its next step, as a signal stops the command: what is being switched is switched, and nothing after it.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked it to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    /// Waits for its end.
    pub async fn finished(&self) -> TaskState {
        let mut changes = self.state.subscribe();
        let over = changes.wait_for(|state| !matches!(state, TaskState::Running { .. })).await;
        over.map_or_else(|_| self.state(), |state| state.clone())
    }

    /// Where changes of its state are told.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<TaskState> {
        self.state.subscribe()
    }

    /// When it ended; nothing while it runs.
    #[must_use]
    pub fn ended(&self) -> Option<SystemTime> {
        self.ended.get().copied()
    }

    pub(super) fn set(&self, state: TaskState) {
        if !matches!(state, TaskState::Running { .. }) {
            self.ended.get_or_init(SystemTime::now);
        }
        self.state.send_replace(state);
    }

    /// The nodes in one word.
    #[must_use]
    pub fn nodes_text(&self) -> String {
        if self.nodes.is_empty() { "all".to_owned() } else { self.nodes.join(",") }
    }
}

/// How far an operation is, from what it tells.
#[derive(Default)]
pub(super) struct Progress {
    total: usize,
    done: usize,
    text: String,
    /// Since when it waits between two nodes.
    waits_since: Option<Instant>,
}

impl Progress {
    /// Takes an event into account. Returns how long it has waited since the one before, between two nodes.
    pub(super) fn see(&mut self, event: &Event<'_>, operation: Operation) -> Duration {
        let waited = self.waits_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if let Event::Power(PowerEvent::Waiting { .. }) = event {
            self.waits_since = Some(Instant::now());
        }
        match event {
            Event::Begun { nodes, action } => {
                let steps = if operation == Operation::Cycle { 2 } else { 1 };
                self.total = nodes.len() * steps;
                self.text = format!("switching {} {}", folded(nodes), word(*action));
            }
            Event::Power(PowerEvent::Switched { node, action }) => {
                self.done += 1;
                self.text = format!("switched {} {}", label(*node), word(*action));
            }
            Event::Power(PowerEvent::Waiting { duration }) => {
                self.text = format!("next node in {:.0} s", duration.as_secs_f64().ceil());
            }
            Event::Power(PowerEvent::Watching { .. }) => {
                self.text = "watching the supply".to_owned();
            }
            Event::Asking { nodes } => self.text = format!("asking {}", folded(nodes)),
            Event::GoingDown { nodes, left } => {
                self.text = format!("{} going down; {} s left", folded(nodes), left.as_secs());
            }
            Event::Hook { node, hook, .. } => {
                self.text = format!("hook {hook} of {}", label(*node));
            }
            _ => {}
        }
        waited
    }

    pub(super) fn state(&self) -> TaskState {
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(0).min(99);
        let percent = u8::try_from(percent).unwrap_or(99);
        TaskState::Running { percent, text: self.text.clone() }
    }
}

const fn word(action: Action) -> &'static str {
    match action {
        Action::On => "on",
        Action::Off => "off",
    }
}

/// What the observer of a task says.
pub(super) fn verdict(task: &Task) -> ControlFlow<()> {
    if task.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
