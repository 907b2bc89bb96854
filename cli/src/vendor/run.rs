//! The vendor's commands, over the cluster.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use hat_driver::HatError;
use hat_driver::linux::{
    Board, BoardError, BoardInfo, BoardModel, ClusterError as DriverError, Node, Output,
    OutputResult,
};
use hat_driver::power::Action;
use hat_driver::revisions::Wiring;
use signal_hook::low_level::emulate_default_handler;

use super::request::{Fan, Hub, NO_SUCH_ORDER, Request};
use super::{Answer, links, or_failed, status};
use crate::advice::Words;
use crate::progress;
use crate::signals::WholeSteps;
use clusterhat::nodes::label;
use clusterhat::{Cluster, Error};

/// What the tool says to `hub on` and `hub off` on a v1.x board.
const NO_HUB: &str = "ERROR: hub control not supported on Cluster HAT v1.x\n\n";

pub(super) fn run(context: &mut Cluster, request: Request, root: Option<&Path>) -> Answer {
    match request {
        Request::Power(on, nodes) => or_failed(power(context, on, nodes)),
        Request::Status => or_failed(status::status(context)),
        Request::MaxPi => Answer::new(format!("{}\n", context.driver().nodes().count()), 0),
        Request::Init => or_failed(init(context, root)),
        Request::Alert(on, nodes) => or_failed(alert(context, on, nodes)),
        Request::Led(on) => or_failed(everywhere(context, Output::Led, on)),
        Request::Hub(hub) => or_failed(switch_hub(context, hub)),
        Request::WriteProtect(on) => write_protect(context, on),
        Request::Act(on, order) => or_failed(by_order(context, Output::Act, on, order)),
        Request::Fan(on, fan) => or_failed(switch_fan(context, on, fan)),
        Request::UsbBoot(on, nodes) => or_failed(usb_boot(context, on, &nodes)),
        Request::GetPath(nodes) => or_failed(get_path(context, nodes)),
        Request::SetOrder(old, new) => or_failed(set_order(context, old, new)),
        Request::Save(what, order) => match context.driver().board_of_order(order) {
            None => Answer::new(NO_SUCH_ORDER, 0),
            Some(board) => {
                let result = context.driver_mut().save(board, what);
                or_failed(result.map(|()| Answer::new("saved\n", 0)))
            }
        },
        Request::Reset(order) => match context.driver().board_of_order(order) {
            None => Answer::new(NO_SUCH_ORDER, 0),
            Some(board) => {
                let result = context.driver_mut().reset(board);
                or_failed(result.map(|()| Answer::new("reset\n", 0)))
            }
        },
    }
}

/// Without nodes all are switched, with the ALERT LEDs lit meanwhile. Whatever fails, the nodes are
/// switched where they can be, and no LED stays lit.
fn power(context: &mut Cluster, on: bool, nodes: Option<Vec<Node>>) -> Result<Answer, Error> {
    let action = if on { Action::On } else { Action::Off };
    let Some(nodes) = nodes else {
        let mut lit = Vec::new();
        let lighting = each(context, |context, board| {
            match context.driver_mut().set(board, Output::Alert, true, &mut |_| {}) {
                Ok(OutputResult::Switched) => lit.push(board),
                // Nor can nodes be switched on there; those whose pins are outputs can be switched off.
                Err(DriverError::Board {
                    source: BoardError::Hat(HatError::PartlyConfigured { .. }),
                    ..
                }) if !on => {}
                result => drop(result?),
            }
            Ok(())
        });
        let mut all: Vec<_> = context.driver().nodes().collect();
        let absent = context.driver_mut().absent(&all)?;
        all.retain(|node| !absent.contains(node));
        let switching = switch(context, &all, action);
        let dimming = each(context, |context, board| match lit.contains(&board) {
            true => context.driver_mut().set(board, Output::Alert, false, &mut |_| {}).map(drop),
            false => Ok(()),
        });
        return switching
            .and(lighting.map_err(Error::from))
            .and(dimming.map_err(Error::from))
            .map(|()| Answer::nothing());
    };
    switch(context, &nodes, action)?;
    Ok(Answer::nothing())
}

/// With hooks, whose output is not for those who read ours.
fn switch(context: &mut Cluster, nodes: &[Node], action: Action) -> Result<(), Error> {
    let outcome = context.switch_nodes(nodes, action, &mut |event| progress::hook(&event));
    outcome.into_result().map(drop)
}

/// Does something with each board. One that fails does not keep the others from their turn.
fn each(
    context: &mut Cluster,
    mut act: impl FnMut(&mut Cluster, Board) -> Result<(), DriverError>,
) -> Result<(), DriverError> {
    let boards: Vec<_> = context.driver().boards().map(|(board, _)| board).collect();
    let results: Vec<_> = boards.into_iter().map(|board| act(context, board)).collect();
    let mut failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    // Boards of one order have one error.
    failures.dedup_by_key(|error| error.describe(&Words).to_string());
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        _ => Err(DriverError::Boards(failures)),
    }
}

fn init(context: &mut Cluster, root: Option<&Path>) -> Result<Answer, DriverError> {
    let link = context.settings().legacy.as_ref().is_some_and(|legacy| legacy.link);
    let (true, Some(root)) = (link, root) else { return Ok(Answer::nothing()) };
    let nodes = context.driver().nodes().collect();
    let (paths, errors) = paths(context, nodes);
    let answer = match links::update(root, &paths) {
        Ok(()) => Answer::nothing(),
        Err(error) => Answer::new(format!("ERROR: {error}\n"), 1),
    };
    Ok(answer.but(&errors))
}

/// The boards of these nodes; all where none are named.
fn alert(context: &mut Cluster, on: bool, nodes: Option<Vec<Node>>) -> Result<Answer, DriverError> {
    let Some(nodes) = nodes else { return everywhere(context, Output::Alert, on) };
    each(context, |context, board| match board.positions(&nodes).is_empty() {
        true => Ok(()),
        false => context.driver_mut().set(board, Output::Alert, on, &mut |_| {}).map(drop),
    })?;
    Ok(Answer::nothing())
}

/// A board without such an output is passed over in silence.
fn everywhere(context: &mut Cluster, output: Output, on: bool) -> Result<Answer, DriverError> {
    each(context, |context, board| {
        context.driver_mut().set(board, output, on, &mut |_| {}).map(drop)
    })?;
    Ok(Answer::nothing())
}

fn switch_hub(context: &mut Cluster, hub: Hub) -> Result<Answer, DriverError> {
    let wired_by_lines = |info: &BoardInfo| match info.model {
        BoardModel::Hat(revision) => revision.wiring == Wiring::Lines,
        _ => false,
    };
    let on_lines = context.driver().boards().any(|(_, info)| wired_by_lines(info));
    let delay = context.settings().delay;
    match hub {
        Hub::On | Hub::Off => {
            everywhere(context, Output::Hub, hub == Hub::On)?;
        }
        Hub::Reset => {
            let off = delay.max(Duration::from_millis(100));
            let end = |signal| drop(emulate_default_handler(signal));
            // Without a thread for them, signals end the process as ever.
            let steps = WholeSteps::watch(end).ok();
            each(context, |context, board| {
                let is_hat = context.driver().info(board)?.address.is_some();
                let mut cycle =
                    || context.driver_mut().cycle_hub(board, off, &mut |_| {}).map(drop);
                let Some(steps) = steps.as_ref().filter(|_| is_hat) else { return cycle() };
                let step = steps.begin();
                cycle()?;
                drop(step);
                steps.signal().into_iter().for_each(end);
                Ok(())
            })?;
        }
    }
    let text = if on_lines && hub != Hub::Reset { NO_HUB } else { "" };
    Ok(Answer::new(text, 0))
}

fn write_protect(context: &mut Cluster, on: bool) -> Answer {
    let is_linked = |error: &DriverError| {
        let DriverError::Board { source, .. } = error else { return false };
        matches!(source, BoardError::Hat(HatError::WriteProtectLinked))
    };
    let are_linked = |error: &DriverError| match error {
        DriverError::Boards(errors) => errors.iter().all(is_linked),
        error => is_linked(error),
    };
    match everywhere(context, Output::WriteProtect, on) {
        Err(error) if are_linked(&error) => {
            Answer::new("Unable to disable EEPROM WP (Solder link set)\n", 0)
        }
        result => or_failed(result),
    }
}

/// An order that no board has is passed over in silence.
fn by_order(
    context: &mut Cluster,
    output: Output,
    on: bool,
    order: Option<u32>,
) -> Result<Answer, DriverError> {
    let Some(order) = order else { return everywhere(context, output, on) };
    let order = u8::try_from(order).ok();
    if let Some(board) = order.and_then(|order| context.driver().board_of_order(order)) {
        context.driver_mut().set(board, output, on, &mut |_| {})?;
    }
    Ok(Answer::nothing())
}

fn switch_fan(context: &mut Cluster, on: bool, fan: Fan) -> Result<Answer, DriverError> {
    let has_hat =
        context.driver().boards().any(|(_, info)| matches!(info.model, BoardModel::Hat(_)));
    let line = context.settings().legacy.as_ref().and_then(|legacy| legacy.fan_gpio);
    match (line.filter(|_| has_hat), fan) {
        (Some(line), Fan::All | Fan::Controller) => {
            context.driver_mut().set_line(line, on)?;
        }
        (None, _) | (_, Fan::Board(_)) => {}
    }
    match fan {
        Fan::Controller => Ok(Answer::nothing()),
        Fan::All => by_order(context, Output::Fan, on, None),
        Fan::Board(order) => by_order(context, Output::Fan, on, Some(order)),
    }
}

fn usb_boot(context: &mut Cluster, on: bool, nodes: &[Node]) -> Result<Answer, DriverError> {
    let set = |&node: &Node| context.driver_mut().set_usb_boot(node, on).map(drop);
    let results: Vec<_> = nodes.iter().map(set).collect();
    results.into_iter().collect::<Result<(), _>>()?;
    Ok(Answer::nothing())
}

/// Sorted as texts: p1, p10, p2. A node whose path is not known is left out.
fn get_path(context: &mut Cluster, nodes: Option<Vec<Node>>) -> Result<Answer, DriverError> {
    let nodes = nodes.unwrap_or_else(|| context.driver().nodes().collect());
    let (mut lines, errors) = paths(context, nodes);
    lines.sort();
    lines.dedup();
    let mut text = String::new();
    for (node, path) in lines {
        let _ = writeln!(text, "{node}:{path}");
    }
    Ok(Answer::new(text, 0).but(&errors))
}

/// Names and USB paths of nodes, but for those whose path is not known; and what kept us from asking.
fn paths(context: &mut Cluster, nodes: Vec<Node>) -> (Vec<(String, String)>, Vec<DriverError>) {
    let (ready, mut errors) = context.ready(nodes);
    let mut paths = Vec::new();
    for node in ready {
        match context.usb_path(node) {
            Ok(Some(path)) => paths.push((label(node), path)),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    (paths, errors)
}

/// Nothing happens where no board has the old order; an order that another board has is refused.
fn set_order(context: &mut Cluster, old: u8, new: u8) -> Result<Answer, DriverError> {
    let Some(board) = context.driver().board_of_order(old) else { return Ok(Answer::nothing()) };
    if old != new && context.driver().board_of_order(new).is_some() {
        return Ok(Answer::new("ERROR: Duplicate ClusterCTRL 'order' found\n", 1));
    }
    context.driver_mut().set_order(board, new)?;
    Ok(Answer::nothing())
}
