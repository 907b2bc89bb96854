//! `boards`: what was found, how, and what is unverified about it.

use hat_driver::linux::{BoardInfo, Model, Platform, UnitStatus, chain, probe};

use super::{Outcome, of_boards};
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{BoardEntry, BoardsReport, Report};

/// The boards, each asked for its chip.
pub(crate) fn run(context: &mut Context, with_probe: bool) -> Result<Outcome, Failure> {
    let infos: Vec<BoardInfo> = context.cluster.boards().cloned().collect();
    let (mut boards, mut errors) = (Vec::new(), Vec::new());
    for (board, info) in infos.into_iter().enumerate() {
        let first = context.cluster.first_node(board);
        let nodes = (first..first + usize::from(info.size)).map(|node| context.label(node));
        let nodes = nodes.collect();
        let (chip, error) = match context.cluster.status(board) {
            Ok(UnitStatus::Hat(status)) => (status.chip, None),
            Ok(_) => (None, None),
            Err(error) => {
                let text = chain(&error);
                errors.push(error);
                (None, Some(text))
            }
        };
        let bus_unverified = bus_unverified(&info, context.cluster.platform());
        let uncertain = !context.cluster.is_certain(board);
        let is_open = context.cluster.board_error(board).is_none();
        boards.push(BoardEntry { info, chip, bus_unverified, nodes, uncertain, is_open, error });
    }
    let probed = with_probe.then(|| probe(context.cluster.platform()));
    Ok(Outcome {
        report: Report::Boards(BoardsReport { boards, probed }),
        failure: of_boards(errors),
    })
}

/// What a search finds where no board is known.
pub(crate) fn search(machine: &dyn Platform) -> Report {
    Report::Boards(BoardsReport { boards: Vec::new(), probed: Some(probe(machine)) })
}

/// Linux calls the controller of the Pi 0 to 4 so: drivers/i2c/busses/i2c-bcm2835.c.
const BCM2835: &str = "bcm2835 ";

/// What no document settles about the bus that a HAT is on.
fn bus_unverified(info: &BoardInfo, platform: &dyn Platform) -> Option<&'static str> {
    let name = platform.bus_name(info.bus?)?;
    (matches!(info.model, Model::Hat(_)) && name.starts_with(BCM2835)).then_some(
        "its bus is the I2C controller of a Pi 0 to 4: the vendor's image has i2c-gpio there instead, because of clock stretching",
    )
}
