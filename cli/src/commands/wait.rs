//! `wait`, and what `on` and `cycle` take to wait.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clusterhat::life::{BOOT_LIMIT, State};
use clusterhat::report::Report;
use clusterhat::{NodeSet, Wait as Goal, parse_duration};

use crate::call::{Call, Done, Run};
use crate::watch::Watch;

/// The state that is waited for if none is given.
const DEFAULT_STATE: &str = "reachable";

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Nodes to wait for, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// The state to wait for; a node that is further in its start counts, too
    #[arg(long = "for", value_name = "STATE", value_parser = states(), default_value = DEFAULT_STATE)]
    pub(crate) goal: State,
    /// Stop waiting after this long (seconds; default 120)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
}

/// What `on` and `cycle` take to wait.
#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Wait until the nodes have reached this state, or are further in their start (default: reachable)
    #[arg(long = "wait", value_name = "STATE", value_parser = states(), num_args = 0..=1,
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

/// By name.
fn states() -> impl clap::builder::TypedValueParser<Value = State> {
    let names = PossibleValuesParser::new(State::ALL.map(State::name));
    names.map(|name| State::of_name(&name).unwrap_or(State::Absent))
}

impl Waiting {
    /// What to wait for; `None` without `--wait`.
    pub(crate) fn wait(&self) -> Option<Goal> {
        let limit = Some(self.timeout.unwrap_or(BOOT_LIMIT));
        self.goal.map(|goal| Goal { goal, limit, retries: self.retries })
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
        let mut watch = Watch::of_wait(self.name(), as_json)?;
        let waited = cluster.wait(&nodes, &goal, &mut |event| watch.see(&event));
        let waited = waited.map(|outcome| outcome.map(Report::Wait));
        watch.end(&waited)?;
        Ok(waited?)
    }
}
