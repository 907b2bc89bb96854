//! An error for programs.

use hat_driver::linux::{ClusterError as DriverError, Target};
use hat_driver::power::ResultingState;
use serde::Serialize;

use super::kind::ErrorKind;
use crate::report::SwitchedNode;

/// An error as it is in JSON documents.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ErrorReport {
    /// The category.
    pub kind: ErrorKind,
    /// The text with its causes, on one line.
    pub message: String,
    /// The exit status of the program that prints this; absent if no program ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
    /// The resulting state of a board's outputs, if an operation on it failed.
    #[serde(rename = "stands", skip_serializing_if = "Option::is_none")]
    pub resulting: Option<ResultingState>,
    /// The state of each node that was to be switched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switched: Option<Vec<SwitchedNode>>,
    /// Where boards were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searched: Option<Vec<String>>,
}

impl ErrorReport {
    /// A report of no more than this.
    #[must_use]
    pub const fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message, exit_status: None, resulting: None, switched: None, searched: None }
    }

    /// What the driver says of the state that it left.
    pub(super) fn add(&mut self, error: &DriverError) {
        if let DriverError::NoBoard { searched } = error {
            self.searched = Some(searched.clone());
        }
        let cause = match error.cause() {
            DriverError::Cycle { source, .. } => source.cause(),
            error => error,
        };
        let undone = match cause {
            DriverError::Undone { nodes, .. } => &**nodes,
            _ => &[],
        };
        if let DriverError::Board { resulting, target, .. } = cause {
            self.resulting = (!target.is_none()).then_some(*resulting);
        }
        let states = match cause {
            DriverError::Board {
                target: Target::Beyond { switched_off: Some(places), .. },
                ..
            } => Some(SwitchedNode::of_spare(places)),
            _ => error.done().map(|done| SwitchedNode::of_all(done, undone)),
        };
        self.switched = states.filter(|states| !states.is_empty());
    }
}
