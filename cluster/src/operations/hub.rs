//! Nodes behind a USB hub that is switched off: they may run, and nothing of them is on the USB.

use hat_driver::Signals;
use hat_driver::linux::{BoardInfo, BoardModel, BoardReading, Node};

use crate::cluster::Cluster;

/// Why nothing of them is seen.
pub(crate) const HUB_OFF: &str = "the USB hub of its board is off, so nothing of it is seen";

impl Cluster {
    /// Those of these nodes whose board says that its hub is off. A board that does not answer says nothing of it.
    pub(crate) fn behind_hub_off(&mut self, nodes: &[Node]) -> Vec<Node> {
        let boards = self.driver.boards().filter(|(board, _)| !board.positions(nodes).is_empty());
        let boards: Vec<_> = boards.map(|(board, info)| (board, info.clone())).collect();
        let off = boards.into_iter().filter(|(board, info)| {
            self.driver.status(*board).is_ok_and(|reading| is_hub_off(info, &reading))
        });
        let off: Vec<_> = off.map(|(board, _)| board).collect();
        nodes.iter().copied().filter(|node| off.contains(&node.board())).collect()
    }
}

/// Whether a board has a hub, and it is off.
pub(crate) fn is_hub_off(info: &BoardInfo, reading: &BoardReading) -> bool {
    let BoardModel::Hat(revision) = info.model else { return false };
    let BoardReading::Hat(status) = reading else { return false };
    let has_hub = revision.signals().contains(Signals::HUB);
    has_hub && status.commanded.is_some_and(|commanded| !commanded.contains(Signals::HUB))
}
