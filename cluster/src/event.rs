//! What an operation reports while it runs.

use std::ops::ControlFlow;
use std::time::Duration;

pub use hat_driver::linux::Verdict;
use hat_driver::linux::{Node, PowerEvent};
use hat_driver::power::Action;
use system_config::changes::Wait;

use crate::life::NodeState;

/// Progress of an operation.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The nodes that will be switched, and to which state. Nothing has been switched yet: stopping
    /// here changes nothing.
    Begun {
        /// The nodes.
        nodes: &'a [Node],
        /// On or off.
        action: Action,
    },
    /// The driver has initialised a board, has switched nodes, or is waiting.
    Power(PowerEvent),
    /// Hooks run, before these nodes are switched to this state or after it. Comes at least ten times a second. Stopping
    /// here before the operation ends the hooks, and nothing is switched; those after it run to their end.
    Hooks {
        /// The nodes.
        nodes: &'a [Node],
        /// On or off.
        action: Action,
    },
    /// A hook printed a line, on a machine without a journal. Stopping has the same effect as at [`Self::Hooks`].
    Hook {
        /// The node that the hook runs for.
        node: Node,
        /// Its file name.
        hook: &'a str,
        /// The line, without control characters.
        line: &'a str,
    },
    /// A node that is waited for is in another state.
    State(NodeState),
    /// These nodes' agents are asked, or being asked. Comes at least ten times a second.
    Asking {
        /// Those that have not answered yet.
        nodes: &'a [Node],
    },
    /// These nodes are on their way down. Stopping here leaves them their power. Comes at least ten times a second.
    GoingDown {
        /// Those that have not halted yet.
        nodes: &'a [Node],
        /// How long they still have.
        left: Duration,
    },
    /// Waiting for another process that is setting up this system.
    Locked(&'a Wait<'a>),
    /// A task of several seconds begins. It always completes: stopping takes effect after it.
    Started(Task),
    /// That task has ended.
    Finished(Task),
}

/// A task of several seconds that reports no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// A ClusterCTRL board restarts.
    BoardReset,
    /// The USB hub of a HAT goes off and on again.
    HubReset,
    /// The USB hub of a ClusterCTRL board goes off and on again; its firmware does both.
    CtrlHubReset,
    /// The nodes' network comes up.
    NetworkUp,
    /// The nodes' network is taken down.
    NetworkDown,
}

/// A callback for progress. It may stop the operation at any event by returning [`ControlFlow::Break`].
pub(crate) type Observer<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// Runs a task between its two events; the second value is the observer's verdict.
pub(crate) fn during<T>(
    task: Task,
    observer: &mut Observer<'_>,
    work: impl FnOnce() -> T,
) -> (T, ControlFlow<()>) {
    // What stops here stops after the task.
    let before = observer(Event::Started(task));
    let result = work();
    let after = observer(Event::Finished(task));
    (result, if before.is_break() { before } else { after })
}
