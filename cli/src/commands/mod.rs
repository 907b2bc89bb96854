//! One file a command: each takes an opened cluster and returns a report.

pub(crate) mod boards;
pub(crate) mod init;
pub(crate) mod outputs;
pub(crate) mod power;
pub(crate) mod status;

use crate::failure::Failure;
use crate::report::Report;

/// What a command came to. A report can come with a failure: what could be done was done.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) failure: Option<Failure>,
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Self { report, failure: None }
    }
}
