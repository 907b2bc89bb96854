//! `init`: initialises boards that are not initialised since power-up.

use clusterhat::report::Report;

use crate::call::{Call, Done, Run};

/// For `--help` and the manual page.
pub(crate) const AFTER_HELP: &str = "\
ClusterCTRL boards initialise themselves. One that cannot be opened is shown with its error, and does not change the exit status: nothing \
is left out there, and at boot, when clusterhat-init.service runs, its driver may not be bound yet.";

/// `init`.
pub(crate) struct Init;

impl Run for Init {
    fn name(&self) -> &'static str {
        "init"
    }

    fn run(&self, call: &mut Call) -> Done {
        call.options.without_boards = true;
        Ok(call.open()?.init().map(Report::Init))
    }
}
