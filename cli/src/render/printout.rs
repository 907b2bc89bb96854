//! What a run prints.

use clusterhat::report::{BusUse, Report};

use super::text;
use crate::failure::Failure;

/// Everything that one run has to say.
pub(crate) struct Printout<'a> {
    pub(crate) command: &'a str,
    pub(crate) report: Option<&'a Report>,
    /// The report for people.
    pub(crate) text: &'a dyn Fn(&Report) -> String,
    pub(crate) bus: Option<BusUse>,
    pub(crate) warnings: &'a [String],
    pub(crate) failure: Option<&'a Failure>,
}

impl<'a> Printout<'a> {
    /// A failure and nothing else.
    pub(crate) fn of_failure(command: &'a str, failure: &'a Failure) -> Self {
        let text = &text::render;
        Self { command, report: None, text, bus: None, warnings: &[], failure: Some(failure) }
    }
}
