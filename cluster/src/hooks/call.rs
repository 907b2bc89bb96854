//! What a hook is told: its arguments and its environment.

use std::process::Command;

use hat_driver::linux::Node;

/// Set for hooks, so that a call of ours by a hook runs no hooks itself.
pub(crate) const MARK: &str = "CLUSTERHAT_HOOK";

/// The operation, as hooks know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    On,
    Off,
    Cycle,
}

/// The reason of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A request of a user or program.
    Request,
    /// The board has lost its power.
    Restore,
}

/// When a hook runs, and the result so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    /// After: the node has the requested power.
    Done,
    /// After: it has not.
    Failed,
    /// After: this hook refused the node. For the hooks that ran before that one.
    Refused {
        hook: String,
    },
    /// After: the caller stopped the operation. For all hooks, or for those up to the last that was started.
    Interrupted {
        last: Option<String>,
    },
}

/// A node for which hooks run.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) node: Node,
    pub(crate) label: String,
    pub(crate) name: Option<String>,
    pub(crate) when: When,
}

/// Adds the arguments and the environment to a hook's command.
pub(super) fn describe(
    command: &mut Command,
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
