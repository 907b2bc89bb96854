//! `wait`, and what `on` and `cycle` take to wait.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clusterhat::life::{BOOT_LIMIT, State};
use clusterhat::nodes::label;
use clusterhat::report::Report;
use clusterhat::{Error, Event, NodeSet, Wait as Goal, parse_duration};

use crate::call::{Call, Done, Run};
use crate::failure::Failure;
use crate::watch::Watch;

/// The state that is waited for if none is given.
const DEFAULT_STATE: &str = "reachable";

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Nodes to wait for, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// The state to wait for; a node that is further in its start counts, too
    #[arg(long = "for", value_name = "STATE", value_parser = states(&State::ALL), default_value = DEFAULT_STATE)]
    pub(crate) goal: State,
    /// Stop waiting after this long (seconds; default 120)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
}

/// What `on` and `cycle` take to wait.
#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Wait until the nodes have reached this state, or are further in their start (default: reachable)
    #[arg(long = "wait", value_name = "STATE", value_parser = states(&STARTED), num_args = 0..=1,
          default_missing_value = DEFAULT_STATE, require_equals = true)]
    pub(crate) goal: Option<State>,
    /// Stop waiting after this long; a power cycle restarts the time (seconds; default 120)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "goal",
          allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Power-cycle nodes that are not on the USB by then and wait again, at most N times
    #[arg(
        long,
        value_name = "N",
        requires = "goal",
        default_value_t = 0,
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub(crate) retries: u32,
}

/// What nodes that are switched on come to; without power, or halted or failed, they are not there for anybody.
const STARTED: [State; 6] = [
    State::Powered,
    State::BootRom,
    State::Enumerated,
    State::Link,
    State::Reachable,
    State::Agent,
];

/// By name.
fn states(allowed: &[State]) -> impl clap::builder::TypedValueParser<Value = State> + use<> {
    let names = PossibleValuesParser::new(allowed.iter().copied().map(State::name));
    names.map(|name| State::of_name(&name).unwrap_or(State::Absent))
}

impl Waiting {
    /// What to wait for; `None` without `--wait`.
    pub(crate) fn wait(&self) -> Option<Goal> {
        let limit = Some(self.timeout.unwrap_or(BOOT_LIMIT));
        self.goal.map(|goal| Goal { goal, limit, retries: self.retries })
    }
}

/// Who writes a state as a word of its own has named a node that is not there.
pub(crate) fn with_hint(failure: Failure, option: &'static str) -> Failure {
    match failure {
        Failure::Cluster(Error::Nodes(error))
            if error.unknown_name().is_some_and(|name| State::of_name(name).is_some()) =>
        {
            Failure::NotAState { error, option }
        }
        failure => failure,
    }
}

impl Run for Wait {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        let limit = Some(self.timeout.unwrap_or(BOOT_LIMIT));
        let goal = Goal { goal: self.goal, limit, retries: 0 };
        let as_json = call.is_json;
        let cluster = call.open()?;
        let all = cluster.nodes(&nodes).map_err(|error| with_hint(error.into(), "--for"))?;
        let mut off = OffAtFirst::new(all.len(), self.goal);
        let mut watch = Watch::of_wait(self.name(), as_json);
        let waited = cluster.wait(&nodes, &goal, &mut |event| {
            if let Some(notice) = off.see(&event).filter(|_| !as_json) {
                watch.tell(&notice);
            }
            watch.see(&event)
        });
        let waited = waited.map(|outcome| outcome.map(Report::Wait));
        watch.end(&waited);
        Ok(waited?)
    }
}

/// Which nodes are off when the wait for them begins: somebody has to switch them on.
struct OffAtFirst {
    goal: State,
    /// How many nodes have not been seen.
    left: usize,
    off: Vec<String>,
}

impl OffAtFirst {
    const fn new(nodes: usize, goal: State) -> Self {
        Self { goal, left: nodes, off: Vec::new() }
    }

    /// The notice, once every node was seen and some are off.
    fn see(&mut self, event: &Event<'_>) -> Option<String> {
        let Event::State(node) = event else { return None };
        self.left = self.left.checked_sub(1)?;
        // To switch it on helps where the goal is a state of a start.
        if node.state == State::Off && State::Agent.meets(self.goal) {
            self.off.push(label(node.node));
        }
        let off = self.off.join(" ");
        let are = if self.off.len() == 1 { "is" } else { "are" };
        (self.left == 0 && !self.off.is_empty())
            .then(|| format!("{off} {are} off: `clusterhat on {off}`"))
    }
}
