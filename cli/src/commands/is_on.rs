//! `is-on`: whether nodes have power, as an exit status.

use clap::Args;
use clusterhat::NodeSet;
use clusterhat::report::Report;

use crate::call::{Call, Done, Run};
use crate::failure::Failure;

const AFTER_HELP: &str = "\
Exit status: 0 all of them have power, 1 at least one has none, 2 usage or configuration, 3 unknown: timed out waiting for \
another process, 4 unknown: no board was found, one could not be opened or read, a node's HAT is not connected, its number is uncertain, or \
the output could not be written.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct IsOn {
    /// The nodes, all of which must have power for status 0
    #[arg(value_name = "NODE", required = true)]
    pub(crate) nodes: Vec<String>,
}

impl Run for IsOn {
    fn name(&self) -> &'static str {
        "is-on"
    }

    fn run(&self, call: &mut Call) -> Done {
        call.answers = true;
        let nodes = NodeSet::parse(&self.nodes)?;
        let asked = call.open().and_then(|cluster| Ok(cluster.are_on(&nodes)?.into_result()?));
        let on = asked.map_err(Failure::without_answer)?;
        call.is_no = !on;
        Ok(Report::IsOn { on }.into())
    }
}
