//! One file a command: each takes an opened cluster and returns a report.

pub(crate) mod board;
pub(crate) mod boards;
pub(crate) mod init;
pub(crate) mod inventory;
pub(crate) mod network;
pub(crate) mod outputs;
pub(crate) mod path;
pub(crate) mod power;
pub(crate) mod setup;
pub(crate) mod spare;
pub(crate) mod status;

use std::path::Path;

use hat_driver::linux::{Error as DriverError, Model, chain};

use crate::args::Global;
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::Report;

/// What a command came to. A report can come with a failure: what could be done was done.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) failure: Option<Failure>,
}

impl Outcome {
    /// The same with this failure, where it has none of its own.
    pub(crate) fn or(mut self, failure: Option<Failure>) -> Self {
        self.failure = self.failure.or(failure);
        self
    }
}

/// What several boards failed with, as one failure; none for none.
fn of_boards(mut errors: Vec<DriverError>) -> Option<Failure> {
    // Boards of one order have one error.
    errors.dedup_by_key(|error| chain(error));
    match errors.len() {
        0 | 1 => errors.pop().map(Failure::Driver),
        _ => Some(Failure::Driver(DriverError::Boards(errors))),
    }
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Self { report, failure: None }
    }
}

/// The system that is set up. Beside a simulated board it has to be named: who plays with one does not
/// mean the machine that it is played on.
fn system_root(global: &Global) -> Result<&Path, Failure> {
    match global.root.as_deref() {
        None if global.sim.is_some() => Err(Failure::Usage(
            "a simulated board has no system around it: --root DIR sets up the one that is mounted there"
                .to_owned(),
        )),
        given => Ok(given.unwrap_or(Path::new("/"))),
    }
}

/// The nodes of a set whose HAT is there, and what is to be said of the others: nothing where all nodes
/// are meant.
fn present(context: &mut Context, set: &NodeSet) -> Result<(Vec<usize>, Option<Failure>), Failure> {
    let mut nodes = context.nodes(set)?;
    let absent = context.cluster.absent(&nodes);
    let asked_for_all = nodes.len() == context.cluster.nodes();
    nodes.retain(|node| !absent.contains(node));
    let names = || absent.iter().map(|&node| context.label(node)).collect();
    let failure = (!absent.is_empty() && !asked_for_all).then(|| Failure::Absent(names()));
    Ok((nodes, failure))
}

/// The ClusterCTRL boards, counted from 0 among all boards.
fn ctrl_boards(context: &Context) -> Vec<usize> {
    let boards = context.cluster.boards().enumerate();
    boards.filter(|(_, info)| matches!(info.model, Model::Ctrl { .. })).map(|(n, _)| n).collect()
}

/// The ClusterCTRL board of an order, counted from 0 among all boards.
fn ctrl_board(context: &Context, order: u8) -> Result<usize, Failure> {
    context.cluster.board_of_order(order).ok_or_else(|| {
        let orders = context.cluster.boards().filter_map(|info| match info.model {
            Model::Ctrl { order, .. } => Some(order.to_string()),
            _ => None,
        });
        let known: Vec<_> = orders.collect();
        let known = match known[..] {
            [] => "none is connected".to_owned(),
            _ => format!("connected: {}", known.join(", ")),
        };
        Failure::NoSuchOrder { order, known }
    })
}
