//! The thread that follows all nodes through their states and tells of each change. It never polls a board.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use clusterhat::life::{NodeState, State};
use clusterhat::nodes::label;
use clusterhat::report::Since;
use clusterhat::{Controller, Error, NodeSet};

use crate::boards::Boards;
use crate::events::{EventKind, Events, unix_millis};
use crate::log::{self, Level};

/// How soon boards that came or went, and a new configuration, are noticed.
const LOOK: Duration = Duration::from_secs(5);

/// What is told at each change, beside the events.
pub type Told = dyn Fn(&str, State) + Send;

/// Starts the thread. It says so (`begun`) before it looks which nodes there are, at first and whenever they may be others.
///
/// # Errors
/// Where the kernel gives no thread.
pub fn start(
    boards: Boards,
    events: Arc<Events>,
    told: Box<Told>,
    begun: impl Fn() + Send + 'static,
) -> io::Result<()> {
    let work = move || {
        let mut following = Following { boards, events, told, known: BTreeMap::new() };
        let mut last = String::new();
        loop {
            begun();
            // Ends where boards came or went, or where they cannot be followed: then they may be there later.
            if let Err(error) = following.follow() {
                let text = error.message();
                if text != last {
                    log::tell(Level::Warning, &format!("cannot follow the nodes: {text}"), &[]);
                    last = text;
                }
                thread::sleep(LOOK);
            }
        }
    };
    thread::Builder::new().name("watch".to_owned()).spawn(work).map(drop)
}

struct Following {
    boards: Boards,
    events: Arc<Events>,
    told: Box<Told>,
    /// What was told of each node last.
    known: BTreeMap<String, State>,
}

impl Following {
    fn follow(&mut self) -> Result<(), Error> {
        let generation = self.boards.generation();
        let mut cluster = Controller::new(&self.boards.options())?.open()?;
        let mut watch = cluster.follow(&NodeSet::parse::<&str>(&[])?)?;
        self.boards.follow(watch.states());
        let labels: Vec<_> = watch.states().iter().map(|state| label(state.node)).collect();
        self.known.retain(|node, _| labels.contains(node));
        let states = watch.states().to_vec();
        for state in &states {
            self.tell(state);
        }
        while self.boards.generation() == generation {
            if let Some(change) = watch.next(Some(Instant::now() + LOOK))? {
                self.boards.follow(watch.states());
                self.tell(&change);
            }
        }
        Ok(())
    }

    fn tell(&mut self, state: &NodeState) {
        let node = label(state.node);
        let before = self.known.insert(node.clone(), state.state);
        if before == Some(state.state) {
            return;
        }
        // What is so at the start is no change.
        if let Some(before) = before {
            let text = format!("{node}: {before} -> {}", state.state);
            let fields = [("NODE", &*node), ("STATE", state.state.name()), ("WAS", before.name())];
            log::tell(Level::Info, &text, &fields);
            self.tell_power(&node, before, state.state);
            let since = state.since.map(|since| unix_millis().saturating_sub(age_ms(since)));
            self.events.tell(EventKind::State { node: node.clone(), state: state.state, since });
            (self.told)(&node, state.state);
        }
    }

    fn tell_power(&self, node: &str, before: State, now: State) {
        let has = |state| !matches!(state, State::Off | State::Absent);
        if has(before) != has(now) {
            self.events.tell(EventKind::Power { node: node.to_owned(), on: has(now) });
        }
    }
}

/// How long ago this was.
fn age_ms(since: Duration) -> u64 {
    u64::try_from(Since(since).age().as_millis()).unwrap_or(u64::MAX)
}
