//! `alert`, `led`, `hub`, `wp` and `fan`: outputs of a board or of the controller.

use std::time::Duration;

use hat_driver::Signals;
use hat_driver::linux::Change;

use super::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{OutputChange, OutputReport, Report};

/// How long a reset keeps the hub off, so that it and its devices lose power for sure.
const HUB_OFF: Duration = Duration::from_secs(1);

/// Switches one output on every board.
pub(crate) fn set(
    context: &mut Context,
    output: &'static str,
    signal: Signals,
    on: bool,
) -> Result<Outcome, Failure> {
    let boards = each(context, |context, board| Ok(context.cluster.set(board, signal, on)?))?;
    finish(output, if on { "on" } else { "off" }, boards)
}

/// Switches every hub off and on.
pub(crate) fn reset_hub(context: &mut Context) -> Result<Outcome, Failure> {
    let boards = each(context, |context, board| {
        let change = context.cluster.set(board, Signals::HUB, false)?;
        if change != Change::Unsupported {
            context.cluster.platform().sleep(HUB_OFF);
            context.cluster.set(board, Signals::HUB, true)?;
        }
        Ok(if change == Change::Unsupported { change } else { Change::Switched })
    })?;
    finish("hub", "reset", boards)
}

/// Switches the controller's fan.
pub(crate) fn set_fan(context: &mut Context, on: bool) -> Result<Outcome, Failure> {
    let Some(line) = context.settings.fan_gpio else {
        return Err(Failure::Usage(
            "no fan is configured: set FANGPIO in /etc/default/clusterctrl, or fan-gpio in \
             /etc/clusterhat/clusterhat.toml"
                .to_owned(),
        ));
    };
    let changed = context.cluster.set_line(line, on)?;
    let board = format!("GPIO {line}");
    let result = if changed { Change::Switched } else { Change::AlreadySo };
    finish("fan", if on { "on" } else { "off" }, vec![OutputChange { board, result }])
}

fn each(
    context: &mut Context,
    mut act: impl FnMut(&mut Context, usize) -> Result<Change, Failure>,
) -> Result<Vec<OutputChange>, Failure> {
    let names: Vec<_> = context.cluster.boards().map(|info| info.name.clone()).collect();
    let mut changes = Vec::new();
    for (board, name) in names.into_iter().enumerate() {
        changes.push(OutputChange { board: name, result: act(context, board)? });
    }
    Ok(changes)
}

/// Asking for what no board has is a failure; what only some have is told board by board.
fn finish(
    output: &'static str,
    state: &'static str,
    boards: Vec<OutputChange>,
) -> Result<Outcome, Failure> {
    let nowhere = boards.iter().all(|change| change.result == Change::Unsupported);
    let report = Report::Outputs(OutputReport { output, state, boards });
    let failure = nowhere.then_some(Failure::NoSuchOutput(output));
    Ok(Outcome { report, failure })
}
