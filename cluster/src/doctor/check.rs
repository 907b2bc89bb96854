//! A check: its name, its reason, and the function that makes it.

use super::facts::Facts;
use super::finding::{Checked, DoctorFinding, Found};

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// A stable word for it: the `kind` of what it finds.
    pub name: &'static str,
    /// What it looks for, in a clause.
    pub looks_for: &'static str,
    /// What that leads to.
    pub why: &'static str,
    pub(super) make: fn(&Facts) -> Checked,
}

impl Check {
    pub(super) fn finding(&self, found: Found) -> DoctorFinding {
        let Found { severity, nodes, what, fix } = found;
        let fixable = fix.is_safe();
        DoctorFinding { kind: self.name, severity, nodes, what, why: self.why, fix, fixable }
    }
}
