//! `init`: initialises boards that are not initialised since power-up.

use hat_driver::init::InitOutcome as Init;
use hat_driver::linux::{Board, BoardInfo, BoardModel};
use hat_driver::{PinSet, Positions};

use crate::cluster::Cluster;
use crate::nodes::{Labels, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{self, BoardInit, InitReport};

impl Cluster {
    /// Initialises the boards that are not initialised since power-up; every node's power stays as it is.
    /// What `at-boot` says of their nodes is noted for [`Self::restore`].
    /// A board that fails does not affect the others. A ClusterCTRL board initialises itself, so that one that cannot be
    /// opened has that in its entry, and is no failure.
    pub fn init(&mut self) -> Outcome<InitReport> {
        init(self)
    }
}

fn init(context: &mut Cluster) -> Outcome<InitReport> {
    let infos: Vec<_> =
        context.driver.boards().map(|(board, info)| (board, info.clone())).collect();
    let (mut boards, mut errors) = (Vec::new(), Vec::new());
    for (board, info) in infos {
        let by_itself = matches!(info.model, BoardModel::Ctrl { .. });
        let mut entry = BoardInit { board: info.name.clone(), by_itself, ..BoardInit::default() };
        if by_itself {
            // Nothing is left out, whether it answers or not: at boot it may have no driver yet.
            let error = context.driver.check_open(board).err();
            entry.error = error.map(|error| error.describe(&Labels).to_string());
            boards.push(entry);
            continue;
        }
        match context.driver.init(board) {
            Ok(Init::AlreadyDone) => {}
            Ok(Init::Initialised(latch)) => tell(&mut entry, context, board, &info, latch),
            Err(error) => {
                entry.error = Some(error.describe(&Labels).to_string());
                errors.push(error);
            }
        }
        boards.push(entry);
    }
    Outcome { report: InitReport { boards }, error: of_boards(errors) }
}

/// What was on before an initialisation, and still is.
fn tell(entry: &mut BoardInit, context: &Cluster, board: Board, info: &BoardInfo, latch: PinSet) {
    let on = match info.model {
        BoardModel::Hat(revision) => revision.to_signals(latch).positions(),
        _ => Positions::NONE,
    };
    let places: Positions = (0..info.size).collect();
    let kept = on.intersection(places);
    let nodes = kept.iter().filter_map(|position| context.driver.node_at(board, position));
    entry.initialised = true;
    entry.kept_on = Some(nodes.map(label).collect());
    entry.beyond_size = report::names(on.without(places));
}
