//! The answer to a call under the vendor's name.

use clusterhat::Error;
use hat_driver::linux::ClusterError as DriverError;

use crate::advice::Words;
use crate::failure::Failure;

/// What a call prints, and its exit status.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) status: u8,
}

impl Answer {
    pub(super) fn new(text: impl Into<String>, status: u8) -> Self {
        Self { text: text.into(), status }
    }

    pub(super) fn nothing() -> Self {
        Self::new("", 0)
    }

    pub(super) fn failed(error: &Failure) -> Self {
        Self::new(format!("ERROR: {}\n", error.message()), 1)
    }

    /// Two boards of one order, as the vendor's tool says it.
    pub(super) fn duplicate_order(order: u8, buses: &[u32]) -> Self {
        let mut text = "ERROR: Duplicate ClusterCTRL 'order' found\n".to_owned();
        text.extend(buses.iter().map(|bus| format!("I2C Bus: {bus} Order: {order}\n")));
        Self::new(text, 1)
    }

    /// What was left out comes first: scripts read the last lines, and pick others by their key.
    pub(super) fn but(self, errors: &[DriverError]) -> Self {
        if errors.is_empty() {
            return self;
        }
        let lines: String =
            errors.iter().map(|e| format!("ERROR: {}\n", e.describe(&Words))).collect();
        Self::new(lines + &self.text, 1)
    }
}

/// A driver error where the vendor's tool knows none.
pub(super) fn or_failed(result: Result<Answer, impl Into<Error>>) -> Answer {
    result.unwrap_or_else(|error| match error.into() {
        Error::Driver(error) => Answer::new(format!("ERROR: {}\n", error.describe(&Words)), 1),
        error => Answer::failed(&Failure::Cluster(error)),
    })
}
