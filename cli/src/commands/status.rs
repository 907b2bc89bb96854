//! `status`: what is commanded and what the pins show. Writes nothing to any board.

use hat_driver::board::Status;
use hat_driver::linux::throttled::UNDER_VOLTAGE_NOW;
use hat_driver::{Signals, linux::BoardInfo};

use super::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::{BoardState, BoardStatus, Level, NodeStatus, Report, StatusReport};

/// A board that does not answer is reported, and the others all the same.
pub(crate) fn run(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let nodes = context.nodes(set)?;
    let mut report = StatusReport { nodes: Vec::new(), boards: Vec::new(), under_voltage: None };
    let mut failure = None;
    let infos: Vec<BoardInfo> = context.cluster.boards().cloned().collect();
    for (board, info) in infos.iter().enumerate() {
        let wanted = context.cluster.on_board(&nodes, board);
        if wanted.is_empty() {
            continue;
        }
        let result = context.cluster.status(board);
        let status = result.as_ref().ok();
        for node in context.cluster.node_numbers(board, wanted) {
            let first = context.cluster.first_node(board);
            let signal = Signals::node((node - first) as u8);
            report.nodes.push(NodeStatus {
                node: context.label(node),
                name: context.alias(node),
                board: info.name.clone(),
                commanded: status.and_then(|s| s.commanded).map(|on| on.contains(signal)),
                seen: status.map(|status| status.seen.contains(signal)),
            });
        }
        let error = result.as_ref().err().map(ToString::to_string);
        report.boards.push(BoardStatus {
            board: info.name.clone(),
            revision: info.revision.version.to_string(),
            place: info.place(),
            state: status.map(|status| state(info, status)),
            error,
        });
        if let Err(error) = result {
            failure.get_or_insert(Failure::Driver(error));
        }
    }
    let flags = context.cluster.platform().throttled();
    report.under_voltage = flags.map(|flags| flags & UNDER_VOLTAGE_NOW != 0);
    Ok(Outcome { report: Report::Status(report), failure })
}

fn state(info: &BoardInfo, status: &Status) -> BoardState {
    let level = |signal: Signals| {
        info.revision.signals().contains(signal).then(|| Level {
            commanded: status.commanded.map(|on| on.contains(signal)),
            seen: status.seen.contains(signal),
        })
    };
    BoardState {
        setup: status.setup,
        chip: status.chip,
        alert: level(Signals::ALERT),
        led: level(Signals::LED),
        hub: level(Signals::HUB),
        write_protect: level(Signals::WRITE_PROTECT),
        write_protect_link: status.write_protect_link,
    }
}
