//! `is-on`: whether nodes have power, as an exit status.

use clap::Args;
use clusterhat::NodeSet;
use clusterhat::report::Report;

use crate::call::{Call, Done, Run};
use crate::failure::Failure;

const AFTER_HELP: &str = "\
Exit status: 0 all of them have power, 1 at least one has none, 2 usage or configuration, 3 timed out, \
4 a board could not be read.";

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
        let nodes = NodeSet::parse(&self.nodes)?;
        let asked = call.open()?.are_on(&nodes)?;
        match asked.error {
            Some(error) => Err(Failure::NotTold(error)),
            None => {
                call.is_no = !asked.report;
                Ok(Report::IsOn { on: asked.report }.into())
            }
        }
    }
}
