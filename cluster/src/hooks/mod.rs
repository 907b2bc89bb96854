//! Hooks: the owner's programs, run before and after a power operation on a node.
//!
//! They are the executables in `/etc/clusterhat/hooks.d`, one after the other in the order of their names;
//! several nodes' run at the same time. Each gets as arguments, and in the environment:
//!
//! | argument | variable | |
//! |---|---|---|
//! | 1 | `CLUSTERHAT_HOOK` | `before` or `after` |
//! | 2 | `CLUSTERHAT_ACTION` | `on`, `off` or `cycle` |
//! | 3 | `CLUSTERHAT_NODE` | `p3` |
//! | 4 | `CLUSTERHAT_REASON` | `request`, or `restore` after a loss of power |
//! | 5 | `CLUSTERHAT_RESULT` | `done`, `failed`, `refused` or `interrupted`; after only |
//! | | `CLUSTERHAT_NAME` | the node's configured name; absent where it has none |
//!
//! A hook that fails before the operation refuses its node. The hooks that ran before it are then run once more, as after an operation, so that they can
//! undo what they did. If the caller stops the operation, hooks that run before it are stopped, and all that were started are run once more; hooks
//! after the operation are not stopped. No board is locked while hooks run, and they inherit no open files. What others ask of a node while they run
//! before the operation comes later than it, and wins; so does what a hook asks itself.

mod call;
mod find;
mod journal;
mod lines;
mod run;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use hat_driver::linux::Node;

pub(crate) use call::{MARK, Operation, Reason, Subject, When};
use find::Hook;
use journal::Journal;

/// Nodes whose hooks run at the same time.
const AT_ONCE: usize = 8;

/// The interval at which the caller is asked whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// A hook that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFailure {
    /// The node that it ran for.
    pub node: Node,
    /// The hook's file name.
    pub hook: String,
    /// How it ended, with the last line that it printed.
    pub problem: String,
}

/// `p2 (hook 50-slurm: exit status 1: jobs are running)`.
impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{} (hook {}: {})", self.node.number(), self.hook, self.problem)
    }
}

/// The result of a run of hooks.
#[derive(Default)]
pub(crate) struct Ran {
    pub(crate) failures: Vec<HookFailure>,
    /// For each node with any, the last hook that was started.
    pub(crate) last: Vec<(Node, String)>,
    /// Whether the caller stopped it.
    pub(crate) is_stopped: bool,
}

/// A line that a hook printed, where there is no journal.
pub(crate) struct Printed {
    pub(crate) node: Node,
    pub(crate) hook: String,
    pub(crate) line: String,
}

/// A system's hooks.
pub(crate) struct Hooks {
    hooks: Vec<Hook>,
    journal: Option<Journal>,
    limit: Duration,
}

/// Where a system's hooks are, and the time limit of each.
#[derive(Clone, Debug)]
pub(crate) struct HookFolder {
    root: PathBuf,
    limit: Duration,
}

impl HookFolder {
    /// The hooks of a system below a root.
    pub(crate) fn new(root: &Path, limit: Duration) -> Self {
        Self { root: root.to_owned(), limit }
    }

    /// The present hooks, and warnings about those that are not run.
    pub(crate) fn look(&self) -> (Hooks, Vec<String>) {
        let (hooks, warnings) = find::hooks(&self.root);
        let journal = if hooks.is_empty() { None } else { Journal::open(&self.root) };
        (Hooks { hooks, journal, limit: self.limit }, warnings)
    }
}

impl Hooks {
    /// Runs the hooks of all nodes, of several at once. Before the operation, a failure ends the hooks of its node; afterwards,
    /// all hooks run. `watch` is called at least ten times a second, and may stop hooks that run before the operation.
    pub(crate) fn run(
        &self,
        subjects: &[Subject],
        operation: Operation,
        reason: Reason,
        watch: &mut dyn FnMut(Option<&Printed>) -> ControlFlow<()>,
    ) -> Ran {
        if self.hooks.is_empty() {
            return Ran::default();
        }
        let is_before = subjects.iter().any(|subject| subject.when == When::Before);
        if watch(None).is_break() && is_before {
            return Ran { is_stopped: true, ..Ran::default() };
        }
        let (next, stop) = (Mutex::new(subjects.iter()), AtomicBool::new(false));
        let turns = thread::scope(|scope| {
            let (printed, lines) = channel();
            let turn = Turn { hooks: self, operation, reason, printed, next: &next, stop: &stop };
            let threads: Vec<_> = (0..AT_ONCE.min(subjects.len()))
                .map(|_| turn.clone())
                .map(|turn| scope.spawn(move || turn.run()))
                .collect();
            drop(turn);
            pass_on(&lines, watch, is_before.then_some(&stop));
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .flatten()
                .collect::<Vec<_>>()
        });
        let mut ran = Ran { is_stopped: stop.into_inner(), ..Ran::default() };
        for (failures, last) in turns {
            ran.failures.extend(failures);
            ran.last.extend(last);
        }
        ran.failures.sort_by_key(|failure| failure.node);
        ran
    }
}

/// Passes on what hooks print until the last of them has ended. Where `watch` says so, sets `stop`.
fn pass_on(
    lines: &Receiver<Printed>,
    watch: &mut dyn FnMut(Option<&Printed>) -> ControlFlow<()>,
    stop: Option<&AtomicBool>,
) {
    loop {
        let verdict = match lines.recv_timeout(LOOK) {
            Ok(line) => watch(Some(&line)),
            Err(RecvTimeoutError::Timeout) => watch(None),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let (Some(stop), true) = (stop, verdict.is_break()) {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

/// One thread's part of a run: the hooks of one node after the other.
#[derive(Clone)]
struct Turn<'a> {
    hooks: &'a Hooks,
    operation: Operation,
    reason: Reason,
    printed: Sender<Printed>,
    next: &'a Mutex<slice::Iter<'a, Subject>>,
    stop: &'a AtomicBool,
}

/// The failures of one node's hooks, and the last hook that was started.
type NodeResult = (Vec<HookFailure>, Option<(Node, String)>);

impl<'a> Turn<'a> {
    fn run(&self) -> Vec<NodeResult> {
        std::iter::from_fn(|| self.next()).map(|subject| self.run_for(subject)).collect()
    }

    fn next(&self) -> Option<&'a Subject> {
        let is_stopped = self.stop.load(Ordering::Relaxed);
        if is_stopped { None } else { self.next.lock().ok()?.next() }
    }

    fn run_for(&self, subject: &Subject) -> NodeResult {
        let (mut failures, mut last) = (Vec::new(), None);
        for hook in due(&self.hooks.hooks, &subject.when) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            last = Some((subject.node, hook.name.clone()));
            let result = self.run_one(subject, hook);
            let is_before = subject.when == When::Before;
            if let Err(problem) = result {
                // Stopped rather than failed.
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
                let (node, hook) = (subject.node, hook.name.clone());
                failures.push(HookFailure { node, hook, problem });
                if is_before {
                    break;
                }
            }
        }
        (failures, last)
    }

    fn run_one(&self, subject: &Subject, hook: &Hook) -> Result<(), String> {
        let mut command = hook.command();
        call::describe(&mut command, subject, self.operation, self.reason);
        let mut tell = |line: &str| match &self.hooks.journal {
            Some(journal) if journal.send(&hook.name, &subject.label, line) => {}
            _ => {
                let (node, hook) = (subject.node, hook.name.clone());
                // The receiver is gone only if the caller has panicked.
                let _ = self.printed.send(Printed { node, hook, line: line.to_owned() });
            }
        };
        run::run(&mut command, self.hooks.limit, self.stop, &mut tell)
    }
}

/// The hooks that run at this point.
fn due<'a>(hooks: &'a [Hook], when: &When) -> &'a [Hook] {
    let place = |name: &String| hooks.iter().position(|hook| hook.name == *name);
    let count = match when {
        When::Refused { hook } => place(hook),
        When::Interrupted { last: Some(last) } => place(last).map(|place| place + 1),
        _ => None,
    };
    &hooks[..count.unwrap_or(hooks.len())]
}
