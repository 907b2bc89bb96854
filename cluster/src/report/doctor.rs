//! What `doctor` tells.

use serde::Serialize;

use crate::doctor::{DoctorFinding, FixDone};

/// `doctor`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorReport {
    /// What was found, the worst first; after fixing, what is left.
    pub findings: Vec<DoctorFinding>,
    /// The checks that could not be made, and why.
    pub not_made: Vec<CheckNotMade>,
    /// The checks that found nothing.
    pub passed: Vec<&'static str>,
    /// What was fixed; absent where nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<FixDone>,
}

/// A check that could not be made.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckNotMade {
    /// The check.
    pub check: &'static str,
    /// Why.
    pub reason: String,
}

impl DoctorReport {
    pub(crate) fn not_made(&mut self, check: &'static str, reason: String) {
        self.not_made.push(CheckNotMade { check, reason });
    }
}
