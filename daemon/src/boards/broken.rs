//! An operation that a defect has ended: what is known of its nodes, which may be in the middle of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use clusterhat::report::{NodeStatus, Report, StatusReport};
use clusterhat::{Controller, Error, ErrorKind, ErrorReport, NodeSet, Options, shorten};

use super::task::TaskState;

/// The end of an operation that panicked. The boards are read again for it: what the operation meant to do says nothing of
/// what it did.
pub(super) fn state(panic: &(dyn Any + Send), options: &Options, nodes: &NodeSet) -> TaskState {
    let why = panic.downcast_ref::<&str>().copied();
    let why = why.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let why = shorten(why.unwrap_or("no reason was told"));
    let status = read(options, nodes);
    let known = match &status {
        Ok(status) => powers(&status.nodes),
        Err(why) => format!("whether the nodes have power could not be read: {why}"),
    };
    let message = format!("a defect of clusterhatd ended the operation ({why}); {known}");
    let error = Arc::new(ErrorReport::new(ErrorKind::Internal, message));
    let report = status.ok().map(|status| Arc::new(Report::Status(status)));
    TaskState::Failed { report, error }
}

/// The nodes as their boards show them now. The same defect may be met again.
fn read(options: &Options, nodes: &NodeSet) -> Result<StatusReport, String> {
    let status = || -> Result<_, Error> { Controller::new(options)?.open()?.status(nodes) };
    match catch_unwind(AssertUnwindSafe(status)) {
        Ok(Ok(outcome)) => Ok(outcome.report),
        Ok(Err(error)) => Err(error.message()),
        Err(_) => Err("the same defect again".to_owned()),
    }
}

fn powers(nodes: &[NodeStatus]) -> String {
    let power = |row: &NodeStatus| {
        let power = match row.seen {
            Some(true) => "on",
            Some(false) => "off",
            None => "unknown",
        };
        format!("{} is {power}", row.node)
    };
    let all: Vec<_> = nodes.iter().map(power).collect();
    format!("power now: {}", all.join(", "))
}
