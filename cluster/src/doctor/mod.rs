//! The checks of `doctor`: what commonly keeps a cluster from working, why it matters, and its fix.
//!
//! Facts are read first: of the boards, of the system below a root, and of its USB. Each check is a
//! pure function of them ([`checks`]); none switches or writes anything. A check that cannot be made says why.

mod agents;
mod boards;
mod facts;
mod finding;
mod fix;
mod i2c;
mod network;
mod nodes;
mod rights;
mod services;
mod supply;
mod system;
mod usb;
mod usb_checks;

use hat_driver::linux::Wording;
use system_config::{LinuxTools, Tools};

use crate::controller::Options;
use crate::error::Error;
use crate::nodes::{Labels, NodeSet};
use crate::outcome::Outcome;
use crate::report::DoctorReport;

pub use finding::{DoctorFinding, Fix, Severity};
pub use fix::{FixDone, fix};

use facts::Facts;
use finding::{Checked, Found, NotMade};

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// A stable word for it: the `kind` of what it finds.
    pub name: &'static str,
    /// What it looks for, in a clause.
    pub looks_for: &'static str,
    /// What that leads to.
    pub why: &'static str,
    make: fn(&Facts) -> Checked,
}

const FAMILIES: [&[Check]; 9] = [
    boards::CHECKS,
    i2c::CHECKS,
    rights::CHECKS,
    services::CHECKS,
    usb_checks::CHECKS,
    nodes::CHECKS,
    agents::CHECKS,
    supply::CHECKS,
    network::CHECKS,
];

/// All checks, in the order in which they are made.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    FAMILIES.into_iter().flatten()
}

/// Whom a check-up is about.
pub struct Subject<'a> {
    /// The machine and its configuration.
    pub options: &'a Options,
    /// The nodes that are looked at; all for none.
    pub nodes: &'a NodeSet,
    /// Who is to work without root.
    pub users: &'a [String],
    /// The programs of the running system; none where the system does not run.
    pub tools: Option<&'a dyn Tools>,
    /// What a program's user can do about an error of the boards.
    pub wording: &'a dyn Wording,
}

impl<'a> Subject<'a> {
    /// All nodes of a machine; its system's programs are asked if it runs here.
    #[must_use]
    pub fn new(options: &'a Options, nodes: &'a NodeSet) -> Self {
        let is_here = options.simulation.is_none()
            && options.root.as_deref().is_none_or(|root| root == std::path::Path::new("/"));
        let tools: Option<&dyn Tools> = if is_here { Some(&LinuxTools) } else { None };
        Self { options, nodes, users: &[], tools, wording: &Labels }
    }
}

/// Makes every check. Switches and writes nothing.
///
/// # Errors
/// [`Error::Nodes`], or what keeps anything from being looked at: [`Error::NoRoot`], [`Error::Simulation`],
/// [`Error::NotController`]. Findings that need doing are the outcome's error, [`Error::ProblemsFound`].
pub fn examine(subject: &Subject<'_>) -> Result<Outcome<DoctorReport>, Error> {
    let facts = Facts::gather(subject)?;
    let mut report = DoctorReport::default();
    for check in checks() {
        match (check.make)(&facts) {
            Ok(found) if found.is_empty() => report.passed.push(check.name),
            Ok(found) => {
                report.findings.extend(found.into_iter().map(|found| check.finding(found)))
            }
            Err(NotMade(reason)) => report.not_made(check.name, reason),
        }
    }
    // The sort is stable: within a severity the checks keep their order.
    report.findings.sort_by_key(|finding| finding.severity);
    let count = report.findings.iter().filter(|one| one.severity != Severity::Note).count();
    Ok(Outcome { report, error: (count > 0).then_some(Error::ProblemsFound(count)) })
}

impl Check {
    fn finding(&self, found: Found) -> DoctorFinding {
        let Found { severity, nodes, what, fix } = found;
        let fixable = fix.is_safe();
        DoctorFinding { kind: self.name, severity, nodes, what, why: self.why, fix, fixable }
    }
}
