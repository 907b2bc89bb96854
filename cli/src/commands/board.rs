//! `board` and `usbboot`: what ClusterCTRL boards alone can do.

use std::io::{self, BufRead, IsTerminal, Write};

use hat_driver::ctrl::device::Save as DeviceSave;
use hat_driver::linux::{Change, chain};

use super::{Outcome, ctrl_board, of_boards};
use crate::args::{Order, Reset, Save, What};
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::progress;
use crate::report::{BoardDone, BoardReport, NodeUsbBoot, Report, UsbBootReport};
use crate::shorten::shorten;

/// The order of every board that comes from the factory.
const FACTORY_ORDER: u8 = 20;

/// Gives a board another order, which nobody else may have.
pub(crate) fn order(context: &mut Context, arguments: &Order) -> Result<Outcome, Failure> {
    let Order { old, new } = *arguments;
    let board = ctrl_board(context, old)?;
    if old != new && context.cluster.board_of_order(new).is_some() {
        let problem = format!("another ClusterCTRL board has the order {new}; choose a free one");
        return Err(Failure::Usage(problem));
    }
    context.cluster.set_order(board, new)?;
    done(context, board, BoardDone::Order { old, new })
}

/// Writes settings to a board's EEPROM.
pub(crate) fn save(context: &mut Context, arguments: &Save) -> Result<Outcome, Failure> {
    let board = ctrl_board(context, arguments.order)?;
    if arguments.what == What::Defaults {
        refuse_twin(context, board)?;
        let danger = "the factory's settings replace all saved ones: order 20, all nodes off";
        confirm(arguments.yes, danger)?;
    }
    let what = match arguments.what {
        What::All => DeviceSave::All,
        What::Order => DeviceSave::Order,
        What::Usbboot => DeviceSave::UsbBoot,
        What::Power => DeviceSave::Power,
        What::Led => DeviceSave::Leds,
        What::Defaults => DeviceSave::Defaults,
    };
    context.cluster.save(board, what)?;
    done(context, board, BoardDone::Save { what: arguments.what })
}

/// The factory's order must be free: after the next reset two boards would have it, and no command
/// would work any more until one of them is unplugged.
fn refuse_twin(context: &Context, board: usize) -> Result<(), Failure> {
    match context.cluster.board_of_order(FACTORY_ORDER) {
        Some(other) if other != board => Err(Failure::Usage(format!(
            "another ClusterCTRL board has the order {FACTORY_ORDER}, which is the factory's; give it a \
             free one first with `clusterhat board order {FACTORY_ORDER} NEW`, and save that"
        ))),
        _ => Ok(context.cluster.check_unasked(FACTORY_ORDER)?),
    }
}

/// Restarts a board.
pub(crate) fn reset(context: &mut Context, arguments: &Reset) -> Result<Outcome, Failure> {
    let board = ctrl_board(context, arguments.order)?;
    confirm(
        arguments.yes,
        "its nodes get the power that its EEPROM says, and running ones may lose it",
    )?;
    progress::during("restarting the board", || context.cluster.reset(board))?;
    done(context, board, BoardDone::Reset)
}

/// Chooses whether nodes boot over USB.
pub(crate) fn usb_boot(context: &mut Context, set: &NodeSet, on: bool) -> Result<Outcome, Failure> {
    let (mut nodes, mut errors) = (Vec::new(), Vec::new());
    for node in context.nodes(set)? {
        let (result, error) = match context.cluster.set_usb_boot(node, on) {
            Ok(result) => (Some(result), None),
            Err(error) => {
                let text = shorten(&chain(&error)).into_owned();
                errors.push(error);
                (None, Some(text))
            }
        };
        nodes.push(NodeUsbBoot { node: context.label(node), result, error });
    }
    let is_unsupported = |node: &NodeUsbBoot| node.result == Some(Change::Unsupported);
    let unsupported = nodes.iter().all(is_unsupported).then_some(Failure::NoUsbBoot);
    let failure = of_boards(errors).or(unsupported);
    let state = if on { "on" } else { "off" };
    Ok(Outcome { report: Report::UsbBoot(UsbBootReport { state, nodes }), failure })
}

fn done(context: &Context, board: usize, done: BoardDone) -> Result<Outcome, Failure> {
    let board = context.board_names().swap_remove(board);
    Ok(Report::Board(BoardReport { board, done }).into())
}

/// Asks on a terminal; a script says so beforehand.
fn confirm(yes: bool, danger: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::NotConfirmed(format!("{danger}; add --yes if that is meant")));
    }
    write!(io::stderr(), "{danger}. Go on? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed("not confirmed".to_owned())),
    }
}
