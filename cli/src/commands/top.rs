//! `top`: the nodes' states and what their agents report, repeatedly.

use std::time::{Duration, Instant};

use clap::Args;
use clusterhat::report::Report;
use clusterhat::telemetry::Gatherer;
use clusterhat::{NodeSet, parse_duration};

use crate::call::{self, Call, Done, Run};

/// The shortest interval between two rounds.
const SHORTEST: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Nodes to show, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    nodes: Vec<String>,
    /// Time between two tables, or two JSON documents (seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2", allow_hyphen_values = true)]
    interval: Duration,
    /// End after this many (default: run until interrupted)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_hyphen_values = true)]
    count: Option<u64>,
}

impl Run for Top {
    fn name(&self) -> &'static str {
        "top"
    }

    fn is_shown_again(&self) -> bool {
        true
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        call.options.without_boards = true;
        let as_json = call.is_json;
        let (cluster, warnings) = call.open_to_repeat()?;
        let mut gatherer = Gatherer::default();
        let mut shown = 0;
        loop {
            let end = Instant::now() + self.interval.max(SHORTEST);
            // The first one is there at once.
            let until = if shown == 0 { Instant::now() } else { end };
            let outcome = gatherer.round(cluster, &nodes, until)?.map(Report::Top);
            shown += 1;
            if self.count.is_some_and(|count| shown >= count) {
                return Ok(outcome);
            }
            call::show(self, outcome, warnings, as_json)?;
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            if nodes.is_empty() {
                cluster.rescan()?;
            }
        }
    }
}
