//! `off` without nodes, as for what has power beyond a board's configured size: all off means all.

use hat_driver::Positions;
use hat_driver::linux::{Board, ClusterError as DriverError};
use hat_driver::power::Action;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::outcome::{Outcome, of_boards};
use crate::report::{BeyondSize, PlanStep, PowerReport};

/// Also switches the positions off that no node is meant to be at; `outcome` is what the nodes came to.
pub(super) fn off(
    cluster: &mut Cluster,
    outcome: Result<Outcome<PowerReport>, Error>,
) -> Result<Outcome<PowerReport>, Error> {
    let (beyond_size, error) = switch_off(cluster);
    match outcome {
        Ok(mut outcome) => {
            outcome.report.beyond_size = beyond_size;
            Ok(outcome.or(error))
        }
        Err(error) if !beyond_size.is_empty() => {
            let report = PowerReport { beyond_size, ..PowerReport::default() };
            Ok(Outcome { report, error: Some(error) })
        }
        Err(error) => Err(error),
    }
}

/// Switches these positions off, and says where and with what boards failed.
pub(super) fn switch_off(cluster: &mut Cluster) -> (Vec<BeyondSize>, Option<Error>) {
    let (beyond_size, errors) = each(cluster, |cluster, board| cluster.driver.off_beyond(board));
    (beyond_size, of_boards(errors))
}

impl Cluster {
    /// The positions that have power although no node is meant to be there: those beyond a board's configured size. Switches
    /// nothing, and leaves boards out that do not answer.
    pub fn powered_beyond_size(&mut self) -> Vec<BeyondSize> {
        each(self, powered).0
    }

    /// What [`off`] would do. Writes nothing. What fails here has failed at the nodes before.
    pub(super) fn steps_beyond(&mut self) -> Vec<PlanStep> {
        let step = |BeyondSize { board, places }| PlanStep {
            wait_s: 0.0,
            action: Action::Off,
            nodes: places.into_iter().map(|place| format!("{board}:{place}")).collect(),
            shut_down: false,
        };
        self.powered_beyond_size().into_iter().map(step).collect()
    }
}

fn powered(cluster: &mut Cluster, board: Board) -> Result<Positions, DriverError> {
    let size = cluster.driver.info(board)?.size;
    if size >= 4 {
        return Ok(Positions::NONE);
    }
    cluster.driver.status(board).map(|status| status.beyond(size))
}

/// What `act` finds on each open board, and what it fails with.
fn each(
    cluster: &mut Cluster,
    act: impl Fn(&mut Cluster, Board) -> Result<Positions, DriverError>,
) -> (Vec<BeyondSize>, Vec<DriverError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let boards: Vec<_> =
        cluster.driver.boards().map(|(board, i)| (board, i.name.clone())).collect();
    for (board, name) in boards {
        // Its nodes have said so already.
        if cluster.driver.check_open(board).is_err() {
            continue;
        }
        match act(cluster, board) {
            Ok(places) if places.is_empty() => {}
            Ok(places) => found.push(BeyondSize::new(name, places)),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}
