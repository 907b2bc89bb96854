//! `init`: initialises boards that are not initialised since power-up.

use clusterhat::report::Report;

use crate::call::{Call, Done, Run};

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
