//! `is-on`: whether nodes have power, by the exit status.

use clap::Args;
use clusterhat::NodeSet;
use clusterhat::report::Report;

use crate::call::{Call, Done, Run};
use crate::failure::Failure;

/// What the exit status says, for `--help`.
const AFTER_HELP: &str = "\
Exit status: 0 all of them have power, 1 one of them has none, 2 usage or configuration, 3 timed out, \
4 a board does not say.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct IsOn {
    /// The node; of several, all have to have power
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
