//! The result of an operation.

use hat_driver::linux::ClusterError as DriverError;

use crate::error::Error;
use crate::nodes::Labels;

/// The result of an operation. If a part of it failed, the report covers the other parts: what could be
/// done was done.
#[derive(Debug)]
#[must_use]
pub struct Outcome<R> {
    /// What was found or done.
    pub report: R,
    /// The first thing that failed, or what several boards failed with.
    pub error: Option<Error>,
}

impl<R> Outcome<R> {
    /// This outcome, with this error where it has none of its own.
    pub fn or(mut self, error: Option<Error>) -> Self {
        self.error = self.error.or(error);
        self
    }

    /// The same with what was left out from the beginning, after what failed: boards' errors stand side by side, and
    /// any other error alone.
    pub(crate) fn beside(mut self, left_out: Option<Error>) -> Self {
        let down = match &mut self.error {
            Some(Error::NotShutDown { fixes, .. } | Error::NotRestarted { fixes, .. }) => {
                Some(fixes)
            }
            _ => None,
        };
        if let (Some(fixes), Some(Error::Driver(left_out))) = (down, &left_out) {
            let more = std::iter::once(left_out.describe(&Labels).to_string());
            *fixes = std::mem::take(fixes).into_iter().chain(more).collect();
            return self;
        }
        self.error = match (self.error, left_out) {
            (Some(Error::Driver(failed)), Some(Error::Driver(left_out))) => {
                Some(Error::Driver(failed.beside(left_out)))
            }
            (failed, left_out) => failed.or(left_out),
        };
        self
    }

    /// This outcome, with another report.
    pub fn map<S>(self, of: impl FnOnce(R) -> S) -> Outcome<S> {
        Outcome { report: of(self.report), error: self.error }
    }

    /// The report where nothing failed.
    ///
    /// # Errors
    /// What failed; the report is lost.
    pub fn into_result(self) -> Result<R, Error> {
        match self.error {
            None => Ok(self.report),
            Some(error) => Err(error),
        }
    }
}

impl<R> From<R> for Outcome<R> {
    fn from(report: R) -> Self {
        Self { report, error: None }
    }
}

/// What several boards failed with, as one error; none for none.
pub(crate) fn of_boards(mut errors: Vec<DriverError>) -> Option<Error> {
    // Boards of one order have one error.
    errors.dedup_by_key(|error| error.describe(&Labels).to_string());
    match errors.len() {
        0 | 1 => errors.pop().map(Error::Driver),
        _ => Some(Error::Driver(DriverError::Boards(errors))),
    }
}
