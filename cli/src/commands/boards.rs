//! `boards`: what was found, how, and what is unverified about it.

use clap::Args;
use clusterhat::report::Report;
use clusterhat::{Outcome, search};

use crate::call::{Call, Done, Run};
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(crate) struct Boards {
    /// Also ask the addresses 0x20 to 0x23 of every I2C bus (reads only, but other chips see it)
    #[arg(long)]
    pub(crate) probe: bool,
}

impl Run for Boards {
    fn name(&self) -> &'static str {
        "boards"
    }

    fn run(&self, call: &mut Call) -> Done {
        call.options.without_boards = true;
        let controller = call.controller()?;
        let machine = controller.machine();
        match call.open_on(controller) {
            Ok(cluster) => Ok(cluster.describe(self.probe).map(Report::Boards)),
            Err(Failure::Cluster(error)) if self.probe => {
                Ok(Outcome { report: Report::Boards(search(&*machine)), error: Some(error) })
            }
            Err(failure) => Err(failure),
        }
    }
}
