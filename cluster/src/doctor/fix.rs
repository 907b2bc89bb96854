//! The safe fixes: what they change can be undone, or ends with the next boot, and no node's power is touched.

use std::io;

use node_link::UsbId;

use super::examine::examine;
use super::finding::{DoctorFinding, Fix};
use super::subject::Subject;
use crate::error::Error;
use crate::event::{Event, Verdict};
use crate::operations::setup::Setup;
use crate::outcome::Outcome;
use crate::report::{DoctorReport, FixDone};
use crate::system::System;

/// Does what is safe about the findings, and makes every check again. What is left is the report.
///
/// # Errors
/// As [`examine`]. What could not be done is told in the report.
pub fn fix<V: Verdict>(
    subject: &Subject<'_>,
    dry_run: bool,
    observer: &mut dyn FnMut(Event<'_>) -> V,
) -> Result<Outcome<DoctorReport>, Error> {
    let found = examine(subject)?;
    let mut done = FixDone { dry_run, ..FixDone::default() };
    let wanted: Vec<_> = found.report.findings.iter().filter(|finding| finding.fixable).collect();
    if wanted.is_empty() {
        return Ok(with(found, done));
    }
    if let Err(error) = set_up(subject, &wanted, &mut done, observer) {
        done.failed.push(error.message());
    }
    load_modules(subject, &wanted, &mut done);
    let left = if dry_run { found } else { examine(subject)? };
    Ok(with(left, done))
}

fn with(outcome: Outcome<DoctorReport>, done: FixDone) -> Outcome<DoctorReport> {
    outcome.map(|report| DoctorReport { fixed: Some(done), ..report })
}

fn set_up<V: Verdict>(
    subject: &Subject<'_>,
    wanted: &[&DoctorFinding],
    done: &mut FixDone,
    observer: &mut dyn FnMut(Event<'_>) -> V,
) -> Result<(), Error> {
    let mut asked = Setup { dry_run: done.dry_run, ..Setup::default() };
    let mut is_wanted = false;
    for finding in wanted {
        match &finding.fix {
            Fix::SetUp { users, .. } => {
                is_wanted = true;
                asked.users.extend(
                    users
                        .iter()
                        .filter(|user| !asked.users.contains(user))
                        .cloned()
                        .collect::<Vec<_>>(),
                );
            }
            Fix::NotStorage(ids) => {
                is_wanted = true;
                asked.not_storage.extend(
                    ids.iter()
                        .filter(|id| !asked.not_storage.contains(id))
                        .copied()
                        .collect::<Vec<UsbId>>(),
                );
            }
            _ => {}
        }
    }
    if !is_wanted {
        return Ok(());
    }
    let outcome = System::new(subject.options)?.set_up(&asked, observer)?;
    let report = outcome.report;
    done.changed = report.changed;
    done.diff = report.diff;
    done.groups = report.groups;
    done.reboot = report.reboot;
    outcome.error.map_or(Ok(()), Err)
}

fn load_modules(subject: &Subject<'_>, wanted: &[&DoctorFinding], done: &mut FixDone) {
    let mut modules: Vec<&str> = Vec::new();
    for finding in wanted {
        if let Fix::LoadModules(names) = &finding.fix {
            modules.extend(
                names.iter().filter(|name| !modules.contains(name)).copied().collect::<Vec<_>>(),
            );
        }
    }
    // The kernel of a system that does not run loads nothing.
    let Some(tools) = subject.tools.filter(|_| !modules.is_empty()) else { return };
    if !done.dry_run {
        let words: Vec<_> = ["-a", "--"].into_iter().chain(modules.iter().copied()).collect();
        let loaded = tools.run("modprobe", &words).and_then(|printed| match printed.success {
            true => Ok(()),
            false => Err(io::Error::other(printed.stderr.trim().to_owned())),
        });
        if let Err(error) = loaded {
            return done.failed.push(format!("modprobe {}: {error}", modules.join(" ")));
        }
    }
    done.loaded = modules.into_iter().map(str::to_owned).collect();
}
