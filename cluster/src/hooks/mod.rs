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
//! | 5 | `CLUSTERHAT_RESULT` | `done`, `failed` or `refused`; after only |
//! | | `CLUSTERHAT_NAME` | the node's configured name; absent where it has none |
//!
//! A hook that fails before the operation refuses its node. The hooks that ran before it hear of that as of an
//! operation that is over, so that they can take back what they have done. No board is locked while hooks run, and none of
//! our files is open in them.

mod find;
mod journal;
mod lines;
mod run;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use hat_driver::linux::Node;

use find::Hook;
use journal::Journal;

/// What a hook's child processes see that call us: they run no hooks again.
pub(crate) const MARK: &str = "CLUSTERHAT_HOOK";

/// Nodes whose hooks run at the same time.
const AT_ONCE: usize = 8;

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
    /// its turn; after it, all of them run.
    pub(crate) fn run(
        &self,
        subjects: &[Subject],
        operation: Operation,
        reason: Reason,
        print: &mut dyn FnMut(&Printed),
    ) -> Vec<HookFailure> {
        if self.hooks.is_empty() {
            return Vec::new();
        }
        let next = Mutex::new(subjects.iter());
        let take = || next.lock().ok()?.next();
        let mut failures = thread::scope(|scope| {
            let (printed, lines) = channel();
            let threads: Vec<_> = (0..AT_ONCE.min(subjects.len()))
                .map(|_| {
                    let (printed, take) = (printed.clone(), &take);
                    scope.spawn(move || {
                        let run = |subject| self.run_for(subject, operation, reason, &printed);
                        std::iter::from_fn(take).flat_map(run).collect::<Vec<_>>()
                    })
                })
                .collect();
            drop(printed);
            lines.iter().for_each(|line| print(&line));
            let failures = threads.into_iter().filter_map(|thread| thread.join().ok());
            failures.flatten().collect::<Vec<_>>()
        });
        failures.sort_by_key(|failure| failure.node);
        failures
    }

    fn run_for(
        &self,
        subject: &Subject,
        operation: Operation,
        reason: Reason,
        printed: &Sender<Printed>,
    ) -> Vec<HookFailure> {
        let mut failures = Vec::new();
        let refused_by = match &subject.when {
            When::Refused { hook } => Some(hook),
            _ => None,
        };
        for hook in self.hooks.iter().take_while(|hook| Some(&hook.name) != refused_by) {
            let mut command = hook.command();
            describe(&mut command, subject, operation, reason);
            let mut tell = |line: &str| match &self.journal {
                Some(journal) if journal.send(&hook.name, &subject.label, line) => {}
                _ => {
                    let (node, hook) = (subject.node, hook.name.clone());
                    // Nobody listens any more where the caller has panicked.
                    let _ = printed.send(Printed { node, hook, line: line.to_owned() });
                }
            };
            if let Err(problem) = run::run(&mut command, self.limit, &mut tell) {
                let (node, hook) = (subject.node, hook.name.clone());
                failures.push(HookFailure { node, hook, problem });
                if subject.when == When::Before {
                    break;
                }
            }
        }
        failures
    }
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
