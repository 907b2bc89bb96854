//! `boards`: what was found, how, and what is unverified about it.

use hat_driver::linux::{BoardInfo, Platform, UnitStatus, probe};

use super::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{BoardEntry, BoardsReport, Report};

/// The boards, each asked for its chip.
pub(crate) fn run(context: &mut Context, with_probe: bool) -> Result<Outcome, Failure> {
    let infos: Vec<BoardInfo> = context.cluster.boards().cloned().collect();
    let (mut boards, mut failure) = (Vec::new(), None);
    for (board, info) in infos.into_iter().enumerate() {
        let first = context.cluster.first_node(board);
        let nodes = (first..first + usize::from(info.size)).map(|node| context.label(node));
        let nodes = nodes.collect();
        let (chip, error) = match context.cluster.status(board) {
            Ok(UnitStatus::Hat(status)) => (status.chip, None),
            Ok(_) => (None, None),
            Err(error) => {
                let error = Failure::Driver(error);
                let text = error.message();
                failure.get_or_insert(error);
                (None, Some(text))
            }
        };
        boards.push(BoardEntry { info, chip, nodes, error });
    }
    let probed = with_probe.then(|| probe(context.cluster.platform()));
    Ok(Outcome { report: Report::Boards(BoardsReport { boards, probed }), failure })
}

/// What a search finds where no board is known.
pub(crate) fn search(machine: &dyn Platform) -> Report {
    Report::Boards(BoardsReport { boards: Vec::new(), probed: Some(probe(machine)) })
}
