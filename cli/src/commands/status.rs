//! `status`: what is commanded and what the pins show.

use std::time::{Duration, Instant};

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{NodeSet, parse_duration};

use crate::call::{self, Call, Done, Run};

/// What `--watch` rests at least between two questions.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// For `--help` and the manual page.
const AFTER_HELP: &str = "\
Nothing is sent to the nodes. The state agent means that a node's agent was last heard on the node's second serial port. Agents that are \
reached by ssh alone are not followed: such a node is shown as reachable, and top queries its agent.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Status {
    /// Nodes to show, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    pub(crate) nodes: Vec<String>,
    /// Show every change of a node's state as it happens, until interrupted; with TIME, poll the boards
    /// this often (seconds) too, and show changes of outputs, voltages and what other programs switch
    // The expander's interrupt line is not wired to the header: for these, asking is the only way.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, num_args = 0..=1,
          require_equals = true)]
    pub(crate) watch: Option<Option<Duration>>,
}

impl Run for Status {
    fn name(&self) -> &'static str {
        "status"
    }

    fn is_shown_again(&self) -> bool {
        self.watch.is_some()
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        call.options.without_boards = true;
        match self.watch {
            Some(pause) => self.watch(call, &nodes, pause),
            None => Ok(call.open()?.status(&nodes)?.map(Report::Status)),
        }
    }
}

impl Status {
    /// Prints the status whenever it differs from the last; ends when it is interrupted.
    fn watch(&self, call: &mut Call, nodes: &NodeSet, pause: Option<Duration>) -> Done {
        let as_json = call.is_json;
        let (cluster, warnings) = call.open_to_repeat()?;
        let mut watch = cluster.follow(nodes)?;
        let mut last = None;
        loop {
            let mut outcome = cluster.status(nodes)?;
            outcome.report.follow(watch.states());
            let outcome = outcome.map(Report::Status);
            if last.as_ref() != Some(&outcome.report) {
                last = Some(call::show(self, outcome, warnings, as_json)?);
            }
            let next = pause.map(|pause| Instant::now() + pause.max(SHORTEST_PAUSE));
            watch.wake(next)?;
            // Who names nodes goes on seeing them named so, and their board's absence.
            if nodes.is_empty() && cluster.rescan()? {
                watch = cluster.follow(nodes)?;
            }
        }
    }
}
