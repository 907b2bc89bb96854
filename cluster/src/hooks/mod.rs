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
//! A hook that fails before the operation refuses its node. The hooks that ran before it hear of that as of an
//! operation that is over, so that they can take back what they have done. Where the caller stops it, those that run before the
//! operation are stopped, and all that ran or began hear of it; those after it run to their end. No board is locked while hooks run, and none of
//! our files is open in them.

mod find;
mod journal;
mod lines;
mod run;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use hat_driver::linux::Node;

use find::Hook;
use journal::Journal;

/// What a hook's child processes see that call us: they run no hooks again.
pub(crate) const MARK: &str = "CLUSTERHAT_HOOK";

/// Nodes whose hooks run at the same time.
const AT_ONCE: usize = 8;

/// The longest time between two looks at whether a run is to be stopped.
const LOOK: Duration = Duration::from_millis(100);

/// What is done to nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    On,
    Off,
    Cycle,
}

/// Why it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Somebody asks for it.
    Request,
    /// The board has lost its power.
    Restore,
}

/// When a hook runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    /// The node is as it was to become.
    Done,
    /// It is not.
    Failed,
    /// It was not switched, since this hook refused it: for those that ran before that one.
    Refused {
        hook: String,
    },
    /// It was not, since the caller stopped the operation: for all hooks, or for those up to the one that was stopped.
    Interrupted {
        last: Option<String>,
    },
}

/// One node, as its hooks see it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) node: Node,
    pub(crate) label: String,
    pub(crate) name: Option<String>,
    pub(crate) when: When,
}

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

/// What came of a run of hooks.
#[derive(Default)]
pub(crate) struct Ran {
    pub(crate) failures: Vec<HookFailure>,
    /// The last hook that ran or began to, of each node that any did for.
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

/// A folder of hooks, and how long each may take.
#[derive(Clone, Debug)]
pub(crate) struct HookFolder {
    root: PathBuf,
    limit: Duration,
}

impl HookFolder {
    /// That of a system.
    pub(crate) fn new(root: &Path, limit: Duration) -> Self {
        Self { root: root.to_owned(), limit }
    }

    /// The hooks that are there now, and why others are not run.
    pub(crate) fn look(&self) -> (Hooks, Vec<String>) {
        let (hooks, warnings) = find::hooks(&self.root);
        let journal = if hooks.is_empty() { None } else { Journal::open(&self.root) };
        (Hooks { hooks, journal, limit: self.limit }, warnings)
    }
}

impl Hooks {
    /// Runs every node's hooks, several nodes' at once. A node's first failure before the operation ends
    /// its turn; after it, all of them run. `watch` is asked at least ten times a second: what runs before the operation is
    /// stopped where it says so.
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
        let next = Mutex::new(subjects.iter());
        let stop = AtomicBool::new(false);
        let take = || match stop.load(Ordering::Relaxed) {
            true => None,
            false => next.lock().ok()?.next(),
        };
        let mut ran = Ran::default();
        thread::scope(|scope| {
            let (printed, lines) = channel();
            let threads: Vec<_> = (0..AT_ONCE.min(subjects.len()))
                .map(|_| {
                    let turn = Turn {
                        hooks: self,
                        operation,
                        reason,
                        printed: printed.clone(),
                        stop: &stop,
                    };
                    let take = &take;
                    scope.spawn(move || {
                        std::iter::from_fn(take)
                            .map(|subject| turn.run_for(subject))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            drop(printed);
            loop {
                let verdict = match lines.recv_timeout(LOOK) {
                    Ok(line) => watch(Some(&line)),
                    Err(RecvTimeoutError::Timeout) => watch(None),
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                stop.fetch_or(is_before && verdict.is_break(), Ordering::Relaxed);
            }
            for (failures, last) in threads.into_iter().filter_map(|t| t.join().ok()).flatten() {
                ran.failures.extend(failures);
                ran.last.extend(last);
            }
        });
        ran.failures.sort_by_key(|failure| failure.node);
        ran.is_stopped = stop.into_inner();
        ran
    }
}

/// One thread's part of a run.
struct Turn<'a> {
    hooks: &'a Hooks,
    operation: Operation,
    reason: Reason,
    printed: Sender<Printed>,
    stop: &'a AtomicBool,
}

impl Turn<'_> {
    /// The failures, and the last hook that ran or began to.
    fn run_for(&self, subject: &Subject) -> (Vec<HookFailure>, Option<(Node, String)>) {
        let (mut failures, mut last) = (Vec::new(), None);
        for hook in heard(&self.hooks.hooks, &subject.when) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            last = Some((subject.node, hook.name.clone()));
            let result = self.run_one(subject, hook);
            let is_before = subject.when == When::Before;
            if let Err(problem) = result {
                // It did not fail by itself.
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
        describe(&mut command, subject, self.operation, self.reason);
        let mut tell = |line: &str| match &self.hooks.journal {
            Some(journal) if journal.send(&hook.name, &subject.label, line) => {}
            _ => {
                let (node, hook) = (subject.node, hook.name.clone());
                // Nobody listens any more where the caller has panicked.
                let _ = self.printed.send(Printed { node, hook, line: line.to_owned() });
            }
        };
        run::run(&mut command, self.hooks.limit, self.stop, &mut tell)
    }
}

/// Those that are to hear.
fn heard<'a>(hooks: &'a [Hook], when: &When) -> &'a [Hook] {
    let place = |name: &String| hooks.iter().position(|hook| hook.name == *name);
    let count = match when {
        When::Refused { hook } => place(hook),
        When::Interrupted { last: Some(last) } => place(last).map(|place| place + 1),
        _ => None,
    };
    &hooks[..count.unwrap_or(hooks.len())]
}

fn describe(
    command: &mut std::process::Command,
    subject: &Subject,
    operation: Operation,
    reason: Reason,
) {
    let (when, result) = match subject.when {
        When::Before => ("before", None),
        When::Done => ("after", Some("done")),
        When::Failed => ("after", Some("failed")),
        When::Refused { .. } => ("after", Some("refused")),
        When::Interrupted { .. } => ("after", Some("interrupted")),
    };
    let operation = match operation {
        Operation::On => "on",
        Operation::Off => "off",
        Operation::Cycle => "cycle",
    };
    let reason = match reason {
        Reason::Request => "request",
        Reason::Restore => "restore",
    };
    let pairs = [
        (MARK, when),
        ("CLUSTERHAT_ACTION", operation),
        ("CLUSTERHAT_NODE", &subject.label),
        ("CLUSTERHAT_REASON", reason),
    ];
    command.env_remove("CLUSTERHAT_NAME").env_remove("CLUSTERHAT_RESULT");
    command.args(pairs.map(|pair| pair.1)).envs(pairs);
    if let Some(result) = result {
        command.arg(result).env("CLUSTERHAT_RESULT", result);
    }
    if let Some(name) = &subject.name {
        command.env("CLUSTERHAT_NAME", name);
    }
}
