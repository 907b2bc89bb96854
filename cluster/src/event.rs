//! What an operation tells while it lasts.

use std::ops::ControlFlow;

pub use hat_driver::linux::Verdict;
use hat_driver::linux::{Node, PowerEvent};
use hat_driver::power::Action;
use system_config::changes::Wait;

/// What happens while an operation lasts.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The nodes that are switched from here on, and the state that they have in the end. Nothing was
    /// switched yet: who stops here has changed nothing.
    Begun {
        /// The nodes.
        nodes: &'a [Node],
        /// On or off.
        action: Action,
    },
    /// The driver initialised, switched or waits.
    Power(PowerEvent),
    /// Another process sets this system up, and is waited for.
    Locked(&'a Wait<'a>),
    /// A task that takes seconds begins. It does not end half-way: stopping takes effect after it.
    Started(Task),
    /// That task is over.
    Finished(Task),
}

/// A task of seconds that tells nothing while it lasts.
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

/// Whoever watches an operation. May stop it at any event by [`ControlFlow::Break`].
pub(crate) type Observer<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// Tells of one task while it lasts; the second value is what the observer wanted at its end.
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
