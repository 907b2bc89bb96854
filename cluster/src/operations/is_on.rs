//! `is-on`: whether nodes have power.

use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::NodeSet;
use crate::outcome::{Outcome, of_boards};

impl Cluster {
    /// Whether all nodes of a set show power at their pins; an empty set means all nodes. Switches nothing. Beside an error, what
    /// boards that answered show.
    ///
    /// # Errors
    /// [`Error::Nodes`]. What boards fail with, nodes whose numbers are uncertain, and nodes whose HAT is not connected are the
    /// outcome's error.
    pub fn are_on(&mut self, set: &NodeSet) -> Result<Outcome<bool>, Error> {
        let nodes = self.nodes(set)?;
        let boards: Vec<_> = self.driver.boards().map(|(board, _)| board).collect();
        let (mut are_on, mut errors, mut absent) = (true, Vec::new(), Vec::new());
        for board in boards {
            let wanted = board.positions(&nodes);
            if wanted.is_empty() {
                continue;
            }
            // What a node shows that may not be the one that is meant is no answer.
            let ready = self.driver.check_ready(board, wanted);
            match ready.and_then(|()| self.driver.status(board)) {
                Ok(reading) => {
                    are_on &= wanted.without(reading.seen()).is_empty();
                    let gone = nodes.iter().filter(|node| node.board() == board);
                    let gone = gone.filter(|node| reading.absent().has(node.position()));
                    absent.extend(gone.copied().map(crate::nodes::label));
                }
                Err(error) => errors.push(error),
            }
        }
        let absent = (!absent.is_empty()).then_some(Error::Absent(absent));
        let left_out = if set.is_all() { self.uncounted() } else { None };
        Ok(Outcome { report: are_on, error: of_boards(errors).or(absent) }.beside(left_out))
    }
}
