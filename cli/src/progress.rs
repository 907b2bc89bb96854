//! A line that tells what is being waited for: on a terminal only, and gone at the end.

use std::collections::BTreeMap;
use std::fmt::Arguments;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use clusterhat::life::{NodeState, State};
use clusterhat::nodes::{folded, label};
use clusterhat::{Action, Event, Task};
use hat_driver::linux::{Node, PowerEvent};

use crate::render;
use crate::signals;

/// Shorter waits need no explanation.
const WORTH_TELLING: Duration = Duration::from_millis(900);

/// The progress of one command.
pub(crate) struct Progress {
    /// Nodes switched on so far; nothing is shown where this is `None`.
    on: Option<Vec<Node>>,
    /// Whether a wait is being told.
    is_told: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { on: stderr().is_terminal().then(Vec::new), is_told: false }
    }

    pub(crate) fn show(&mut self, event: &PowerEvent) {
        let Some(on) = &mut self.on else { return };
        let (what, duration) = match event {
            PowerEvent::Switched { node, action: Action::On } => {
                self.is_told = false;
                return on.push(*node);
            }
            PowerEvent::Waiting { duration } => ("waiting", duration),
            PowerEvent::Watching { duration } => ("watching the supply for", duration),
            _ => return,
        };
        self.is_told |= *duration >= WORTH_TELLING;
        if self.is_told {
            let so_far = match on[..] {
                [] => String::new(),
                _ => format!("{} on; ", folded(on)),
            };
            let seconds = duration.as_secs_f32();
            // A progress line that cannot be written is no reason to stop.
            let _ = write!(stderr(), "\r\x1b[K{so_far}{what} {seconds:.1} s");
        }
    }

    /// Shows a line in place of the last.
    pub(crate) fn tell(&self, line: Arguments<'_>) {
        if self.on.is_some() {
            // A progress line that cannot be written is no reason to stop.
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }

    pub(crate) fn clear(&self) {
        if self.on.is_some() {
            render::clear_line();
        }
    }
}

/// A line for each node that is waited for.
pub(crate) struct Lines {
    /// `None` where nobody sees them.
    nodes: Option<BTreeMap<Node, State>>,
    shown: usize,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self { nodes: stderr().is_terminal().then(BTreeMap::new), shown: 0 }
    }

    pub(crate) fn show(&mut self, node: &NodeState) {
        let Some(nodes) = &mut self.nodes else { return };
        nodes.insert(node.node, node.state);
        let line = |(node, state): (&Node, &State)| format!("\r\x1b[K{}  {state}\n", label(*node));
        let text: String = nodes.iter().map(line).collect();
        let text = format!("{}{text}", up(self.shown));
        self.shown = nodes.len();
        // A progress line that cannot be written is no reason to stop.
        let _ = write!(stderr(), "{text}");
    }

    pub(crate) fn clear(&mut self) {
        if self.shown > 0 {
            let _ = write!(stderr(), "{}\r\x1b[J", up(self.shown));
            self.shown = 0;
        }
    }
}

/// Moves the cursor.
fn up(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A") }
}

/// Tells of a task while it lasts, and of a wait for another setup. What has to come to its end from
/// here on is not ended by a signal.
pub(crate) fn task(event: Event<'_>) {
    if let Event::Started(Task::NetworkUp | Task::NetworkDown) = event {
        // The user's connection may go while the network moves: that is no reason to stop half way.
        // Without a handler a signal may end it all the same, which is better than not to begin.
        let _ = signals::ignore();
    }
    show_task(&event);
}

/// A line that a hook printed.
pub(crate) fn hook(event: &Event<'_>) {
    if let Event::Hook { node, hook, line } = event {
        render::tell(&format!("{}: hook {hook}: {line}", label(*node)));
    }
}

/// Tells of a task while it lasts.
pub(crate) fn show_task(event: &Event<'_>) {
    if !stderr().is_terminal() {
        return;
    }
    // A progress line that cannot be written is no reason to stop.
    let _ = match event {
        Event::Started(task) => write!(stderr(), "\r\x1b[K{} ...", describe(*task)),
        Event::Locked(wait) => write!(stderr(), "\r\x1b[K{wait}"),
        _ => write!(stderr(), "\r\x1b[K"),
    };
}

const fn describe(task: Task) -> &'static str {
    match task {
        Task::BoardReset => "restarting the board",
        Task::HubReset | Task::CtrlHubReset => "USB hub off and on again",
        Task::NetworkUp => "bringing the network up",
        Task::NetworkDown => "taking the network down",
        _ => "working",
    }
}
