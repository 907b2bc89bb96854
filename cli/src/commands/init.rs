//! `init`: initialises boards that never were.

use hat_driver::Positions;
use hat_driver::init::Outcome as Init;
use hat_driver::linux::{Model, chain};

use super::{Outcome, of_boards};
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{BoardInit, InitReport, Report};

/// Each board on its own: one that fails does not keep the others from their turn.
pub(crate) fn run(context: &mut Context) -> Result<Outcome, Failure> {
    let names = context.board_names();
    let models: Vec<_> = context.cluster.boards().map(|info| info.model).collect();
    let (mut boards, mut errors) = (Vec::new(), Vec::new());
    for (board, name) in names.into_iter().enumerate() {
        let by_itself = matches!(models[board], Model::Ctrl { .. });
        let (initialised, kept_on, error) = (false, None, None);
        let mut entry = BoardInit { board: name, by_itself, initialised, kept_on, error };
        match if by_itself { Ok(Init::AlreadyDone) } else { context.cluster.init(board) } {
            Ok(Init::AlreadyDone) => {}
            Ok(Init::Initialised(latch)) => {
                let on = match models[board] {
                    Model::Hat(revision) => revision.to_signals(latch).positions(),
                    _ => Positions::NONE,
                };
                let nodes = context.cluster.node_numbers(board, on);
                entry.initialised = true;
                entry.kept_on = Some(nodes.map(|node| context.label(node)).collect());
            }
            Err(error) => {
                entry.error = Some(chain(&error));
                errors.push(error);
            }
        }
        boards.push(entry);
    }
    Ok(Outcome { report: Report::Init(InitReport { boards }), failure: of_boards(errors) })
}
