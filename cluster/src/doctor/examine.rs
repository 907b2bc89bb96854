//! Makes all checks.

use super::check::Check;
use super::facts::Facts;
use super::finding::{NotMade, Severity};
use super::subject::Subject;
use super::{agents, boards, i2c, network, nodes, rights, services, states, supply, usb_checks};
use crate::error::Error;
use crate::outcome::Outcome;
use crate::report::DoctorReport;

const FAMILIES: [&[Check]; 10] = [
    boards::CHECKS,
    i2c::CHECKS,
    rights::CHECKS,
    services::CHECKS,
    usb_checks::CHECKS,
    nodes::CHECKS,
    states::CHECKS,
    agents::CHECKS,
    supply::CHECKS,
    network::CHECKS,
];

/// All checks, in the order in which they are made.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    FAMILIES.into_iter().flatten()
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
