//! `init`: initialises boards that are not initialised since power-up.

use clusterhat::report::Report;

use super::{Done, Run};
use crate::call::Call;

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
