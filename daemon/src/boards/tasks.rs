//! All operations that run or have run lately.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clusterhat::config::{ConfigError, Overrides};
use clusterhat::report::Report;
use clusterhat::{Controller, Error, ErrorKind, Event, NodeSet, Options, Outcome};
use tokio::time::timeout;

use super::broken;
use super::operation::{Observer, Operation};
use super::reader::Boards;
use super::task::{Progress, Task, TaskState, verdict};
use crate::access::{Access, Caller};
use crate::error::{Problem, ProblemKind};
use crate::events::{EventKind, Events};
use crate::metrics::Metrics;

/// That many run at once: the others wait for locks anyway.
const RUNNING: usize = 32;

/// That many are kept, those that have ended among them.
const KEPT: usize = 128;

/// That many bytes of nodes' names a request may have: they are kept with the task and its events.
const WORDS: usize = 16 * 1024;

/// How long those that are cancelled may take when the daemon ends.
const STOP: Duration = Duration::from_secs(5);

/// All operations.
pub struct Tasks {
    boards: Boards,
    events: Arc<Events>,
    access: Arc<Access>,
    metrics: Arc<Metrics>,
    next: AtomicU64,
    kept: Mutex<VecDeque<Arc<Task>>>,
}

impl Tasks {
    /// None yet.
    #[must_use]
    pub fn new(
        boards: Boards,
        events: Arc<Events>,
        access: Arc<Access>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (next, kept) = (AtomicU64::new(1), Mutex::default());
        Self { boards, events, access, metrics, next, kept }
    }

    /// Begins an operation on nodes in these words; none = all.
    ///
    /// # Errors
    /// Words that are no nodes, too many operations at once, or no thread.
    pub fn start(
        self: &Arc<Self>,
        operation: Operation,
        nodes: &[String],
        caller: &Caller,
    ) -> Result<Arc<Task>, Problem> {
        self.start_with(operation, nodes, caller, Overrides::default())
    }

    /// Starts an operation with times of its own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        self: &Arc<Self>,
        operation: Operation,
        nodes: &[String],
        caller: &Caller,
        overrides: Overrides,
    ) -> Result<Arc<Task>, Problem> {
        if nodes.iter().map(|word| word.len() + 1).sum::<usize>() > WORDS {
            let text = format!("nodes: more than {WORDS} bytes; write ranges, as in p[1-4]");
            return Err(Problem::bad_request(text));
        }
        let set = NodeSet::parse(nodes).map_err(|error| Problem::from(&Error::from(error)))?;
        let options = Options { overrides, ..self.boards.options() };
        check(&options)?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let task = Arc::new(Task::new(id, operation, nodes, &caller.name));
        self.keep(&task)?;
        let known = self.boards.numbering();
        let (own, tasks, caller) = (Arc::clone(&task), Arc::clone(self), caller.clone());
        let run = move || {
            let work = |observer: &mut Observer<'_>| {
                let result = own.operation.carry_out(&options, &set, &known, observer);
                // A number that is refused once is not refused for ever: later requests go by the new ones.
                if matches!(result, Err(Error::Renumbered(_))) {
                    tasks.boards.look_again();
                }
                result
            };
            tasks.run(&own, &set, &caller, work);
        };
        let thread = thread::Builder::new().name(format!("task-{id}")).spawn(run);
        if let Err(error) = thread {
            self.kept().retain(|kept| kept.id != task.id);
            return Err(Problem::new(ProblemKind::Internal, format!("no thread: {error}")));
        }
        Ok(task)
    }

    fn keep(&self, task: &Arc<Task>) -> Result<(), Problem> {
        let mut kept = self.kept();
        if kept.iter().filter(|task| !task.is_over()).count() >= RUNNING {
            let text = format!("{RUNNING} operations are under way; wait for one or cancel it");
            let problem = Problem::new(ProblemKind::TooMany, text);
            return Err(Problem { retry_after: Some(1), ..problem });
        }
        if kept.len() >= KEPT {
            let over = kept.iter().position(|task| task.is_over());
            over.map(|place| kept.remove(place));
        }
        kept.push_back(Arc::clone(task));
        Ok(())
    }

    /// Those that are kept, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<Task>> {
        self.kept().iter().cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Task>> {
        self.kept().iter().find(|task| task.id == id).cloned()
    }

    /// Cancels those that run, as a signal does for the command, and waits until it is written down how far they came.
    pub async fn stop(&self) {
        let running = self.list().into_iter().filter(|task| !task.is_over());
        let running: Vec<_> = running.inspect(|task| task.cancel()).collect();
        let ended = async {
            for task in running {
                task.finished().await;
            }
        };
        // One that is stuck ends with the daemon: between two transfers nothing is left half done.
        let _ = timeout(STOP, ended).await;
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Task>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever becomes of the work, the task ends.
    fn run(
        &self,
        task: &Task,
        set: &NodeSet,
        caller: &Caller,
        work: impl FnOnce(&mut Observer<'_>) -> Result<Outcome<Report>, Error>,
    ) {
        let mut progress = Progress::default();
        let (word, nodes) = (task.operation.name(), task.nodes_text());
        // Whoever kills the daemon meanwhile leaves that much of it.
        self.access.audit.note(caller, word, &nodes, "begun");
        self.tell(task);
        let mut see = |event: Event<'_>| {
            self.metrics.has_waited(progress.see(&event, task.operation));
            let state = progress.state();
            let is_step = state.percent() != task.state().percent();
            task.set(state);
            if is_step {
                self.tell(task);
            }
            verdict(task)
        };
        // Nothing of the work is used after it broke off: its boards were its own, and its locks ended with them.
        let state = match catch_unwind(AssertUnwindSafe(|| work(&mut see))) {
            Ok(result) => ended(result, task.is_cancelled()),
            Err(panic) => broken::state(&*panic, &self.boards.options(), set),
        };
        self.metrics.task_ended(task.operation.name(), state.name());
        let result = match &state {
            TaskState::Failed { error, .. } => &error.message,
            state => state.name(),
        };
        self.access.audit.note(caller, word, &nodes, result);
        task.set(state);
        self.tell(task);
    }

    fn tell(&self, task: &Task) {
        let state = task.state();
        self.events.tell(EventKind::Task {
            task: task.id.clone(),
            operation: task.operation.name().to_owned(),
            nodes: task.nodes_text(),
            state: state.name().to_owned(),
            percent: state.percent(),
        });
    }
}

/// What the caller's own times are refused for is the request's fault, and begins nothing. What else is wrong fails the task.
fn check(options: &Options) -> Result<(), Problem> {
    match Controller::new(options) {
        Err(Error::Config(error @ ConfigError::Override { .. })) => {
            Err(Problem::bad_request(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn ended(result: Result<Outcome<Report>, Error>, is_cancelled: bool) -> TaskState {
    let (report, error) = match result {
        Ok(outcome) => (Some(Arc::new(outcome.report)), outcome.error),
        Err(error) => (None, Some(error)),
    };
    // A shutdown that is stopped says of its nodes that they keep their power, and a cycle which ones it leaves off.
    let is_stop = |error: &Error| {
        use ErrorKind::{CycleIncomplete, NotShutDown, Stopped};
        matches!(error.kind(), Stopped | NotShutDown | CycleIncomplete) && is_cancelled
    };
    match (report, error) {
        (report, Some(error)) if is_stop(&error) => TaskState::Cancelled { report },
        (report, Some(error)) => TaskState::Failed { report, error: Arc::new(error.report()) },
        (Some(report), None) => TaskState::Done(report),
        (None, None) => TaskState::Cancelled { report: None },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clusterhat_tests::command::World;

    use super::*;
    use crate::access::{By, Role};
    use crate::state_folder::StateFolder;

    /// Seen: the task stayed one that runs, for ever, and kept one of the places of those that do.
    #[test]
    fn a_task_whose_thread_panics_has_failed_and_says_what_its_nodes_power_is() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::open(folder.path()).unwrap();
        let world = World::builtin("v2.5");
        let options = Options {
            simulation: Some(world.path().display().to_string()),
            without_waits: true,
            ..Options::default()
        };
        let events = Arc::new(Events::default());
        let access = Arc::new(Access::open(&state, Duration::from_secs(60)).unwrap());
        let boards = Boards::start(options, Arc::clone(&events)).unwrap();
        let tasks = Tasks::new(boards, Arc::clone(&events), access, Arc::new(Metrics::new()));
        let task = Task::new(1, Operation::On, &["p3".to_owned(), "p4".to_owned()], "pi");
        let caller = Caller {
            name: "pi".to_owned(),
            role: Role::Operator,
            by: By::Basic,
            address: "::1".to_owned(),
            known_by: None,
        };
        let set = NodeSet::parse(&["p3", "p4"]).unwrap();
        tasks.run(&task, &set, &caller, |_| panic!("of the test"));
        let TaskState::Failed { report: Some(report), error } = task.state() else {
            panic!("{:?}", task.state())
        };
        assert!(matches!(&*report, Report::Status(status) if status.nodes.len() == 2));
        assert_eq!(error.kind, ErrorKind::Internal);
        assert!(
            error.message.contains("(of the test); power now: p3 is off, p4 is off"),
            "{error:?}"
        );
        assert_eq!(events.last().last().unwrap().kind.name(), "task");
        let audit = std::fs::read_to_string(state.path("audit.log")).unwrap();
        assert!(audit.contains("of the test"), "{audit}");
    }
}
