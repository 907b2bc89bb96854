//! `status`: what is commanded and what the pins show. Switches nothing on any board.

use hat_driver::hat::HatStatus;
use hat_driver::linux::throttled::UNDER_VOLTAGE_NOW;
use hat_driver::linux::{Board, BoardInfo, BoardModel, BoardReading, CtrlStatus, Node};
use hat_driver::{Positions, Signals};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::life::{NodeState, Snapshot};
use crate::nodes::{Labels, NodeSet, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{
    BoardState, BoardStatus, CtrlState, HatState, Level, NodeStatus, Since, StatusReport, names,
};

impl Cluster {
    /// What is commanded and what the pins show; an empty set means all boards. Switches nothing. A board that
    /// does not answer is reported with its error, and the others all the same.
    ///
    /// # Errors
    /// [`Error::Nodes`].
    pub fn status(&mut self, set: &NodeSet) -> Result<Outcome<StatusReport>, Error> {
        status(self, set)
    }
}

fn status(context: &mut Cluster, set: &NodeSet) -> Result<Outcome<StatusReport>, Error> {
    let nodes = context.nodes(set)?;
    let mut report = StatusReport { nodes: Vec::new(), boards: Vec::new(), under_voltage: None };
    let mut errors = Vec::new();
    let mut snapshot = Snapshot::take(context, &nodes);
    let infos: Vec<_> =
        context.driver.boards().map(|(board, info)| (board, info.clone())).collect();
    for (board, info) in &infos {
        let board = *board;
        let wanted = board.positions(&nodes);
        // A board that could not be asked for its nodes is among all boards.
        if wanted.is_empty() && !(set.is_empty() && info.size == 0) {
            continue;
        }
        let result = context.driver.status(board);
        let status = result.as_ref().ok();
        for &node in nodes.iter().filter(|node| node.board() == board) {
            let state = snapshot.state(context, node, status);
            report.nodes.push(node_status(context, node, info, status, state));
        }
        report.boards.push(BoardStatus {
            board: info.name.clone(),
            model: info.model.into(),
            place: info.place(),
            beyond_size: status.map_or(Vec::new(), |status| names(status.beyond(info.size))),
            state: status.and_then(|status| state(context, board, info, status)),
            is_open: context.driver.check_open(board).is_ok(),
            error: result.as_ref().err().map(|error| error.describe(&Labels).to_string()),
        });
        errors.extend(result.err());
    }
    let flags = context.driver.platform().throttled();
    report.under_voltage = flags.map(|flags| flags & UNDER_VOLTAGE_NOW != 0);
    Ok(Outcome { report, error: of_boards(errors) })
}

/// A node's row, from what its board shows, where that answers.
fn node_status(
    context: &Cluster,
    node: Node,
    board: &BoardInfo,
    status: Option<&BoardReading>,
    state: Option<NodeState>,
) -> NodeStatus {
    let position = node.position();
    let absent = status.is_some_and(|status| status.absent().has(position));
    let shown = status.filter(|_| !absent);
    NodeStatus {
        node: label(node),
        name: context.alias(node),
        board: board.name.clone(),
        uncertain: !context.driver.is_certain(node.board()),
        commanded: shown.and_then(|status| status.commanded_at(position)),
        seen: shown.map(|status| status.seen().has(position)),
        absent,
        state: state.map(|state| state.state),
        since: state.and_then(|state| state.since).map(Since),
    }
}

fn state(
    context: &Cluster,
    board: Board,
    info: &BoardInfo,
    status: &BoardReading,
) -> Option<BoardState> {
    match (info.model, status) {
        (BoardModel::Hat(revision), BoardReading::Hat(status)) => {
            Some(BoardState::Hat(hat(revision.signals(), status)))
        }
        (BoardModel::Ctrl { order, product }, BoardReading::Ctrl(status)) => {
            let fan = status.fan.filter(|_| product.has_fan());
            let state = ctrl(context, board, order, status);
            Some(BoardState::Ctrl(CtrlState { fan, ..state }))
        }
        _ => None,
    }
}

fn hat(has: Signals, status: &HatStatus) -> HatState {
    let commanded = status.commanded;
    let level = |signal: Signals| {
        has.contains(signal).then(|| Level {
            commanded: commanded
                .filter(|_| !status.undriven.contains(signal))
                .map(|on| on.contains(signal)),
            seen: status.seen.contains(signal),
        })
    };
    HatState {
        setup: status.setup,
        chip: status.chip,
        alert: level(Signals::ALERT),
        led: level(Signals::LED),
        hub: level(Signals::HUB),
        write_protect: level(Signals::WRITE_PROTECT),
        write_protect_link: status.write_protect_link,
    }
}

fn ctrl(context: &Cluster, board: Board, order: u8, status: &CtrlStatus) -> CtrlState {
    let at = |position| context.driver.node_at(board, position).map(label);
    let names = |nodes: Positions| nodes.iter().filter_map(at).collect();
    CtrlState {
        order,
        firmware: status.firmware,
        voltages_mv: status.voltages.iter().map(|voltage| voltage.millivolts()).collect(),
        temperature_c: status.temperature.and_then(|t| t.celsius()),
        fan: status.fan,
        usb_boot: status.usb_boot.map(names),
    }
}
