//! Boards that come, go, or are plugged in elsewhere while a cluster is in use.

use super::cluster::Cluster;
use super::discover;
use super::error::ClusterError;
use super::handle::Board;
use super::info::BoardInfo;
use super::slot::Slot;

/// What became of a board since it was last looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BoardChange {
    /// A board is there that was not. Whether it could be opened, [`Cluster::check_open`] tells.
    Came {
        /// The board.
        board: Board,
    },
    /// A board was opened anew: it was plugged in again, maybe at another bus, or could not be
    /// opened before.
    Reopened {
        /// The board.
        board: Board,
    },
    /// A board is there still, but can no longer be used; [`Cluster::check_open`] tells why.
    Failed {
        /// The board.
        board: Board,
    },
    /// A board is no longer there.
    Went {
        /// The handle that it had, which is no longer one of the cluster's.
        board: Board,
        /// What was known of it.
        info: Box<BoardInfo>,
    },
}

impl Cluster {
    /// Looks for boards that came, went or are somewhere else now, and tries those again that could
    /// not be opened. A board that answers where it was stays open, and one that somebody has restarted is waited for, as
    /// in [`Self::open`]. Switches nothing.
    ///
    /// A board that is still there keeps its handle. The nodes are numbered anew: the handles of those
    /// that have another number now are no longer the cluster's.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    ///
    /// use hat_driver::linux::{BoardChange, Cluster, Options};
    /// use hat_driver::sim::{Machine, builtin};
    ///
    /// let machine = Machine::memory(builtin::simulation("mixed").ok_or("no such simulation")?)?;
    /// let mut cluster = Cluster::open(Arc::new(machine.clone()), Options::default())?;
    /// assert_eq!(cluster.nodes().count(), 9);
    /// let p6 = cluster.node(6).ok_or("no such node")?;
    ///
    /// // The Triple is pulled out, and comes back as another bus.
    /// let triple = machine.change(|simulation| simulation.ctrls.remove(&11))?.ok_or("no Triple")?;
    /// assert!(matches!(cluster.rescan()?[..], [BoardChange::Went { .. }]));
    /// assert_eq!(cluster.nodes().count(), 6);
    /// assert_ne!(cluster.node(6), Some(p6), "the pHAT has that number now");
    ///
    /// machine.change(|simulation| simulation.ctrls.insert(13, triple))?;
    /// let [BoardChange::Came { board }] = cluster.rescan()?[..] else { return Err("no change".into()) };
    /// assert_eq!(cluster.info(board)?.bus, Some(13));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClusterError::SamePlace`] as of [`Cluster::open`]; the boards are as they were then.
    pub fn rescan(&mut self) -> Result<Vec<BoardChange>, ClusterError> {
        let Self { platform, options, .. } = &*self;
        let hats = discover::describe_hats(&**platform, &options.boards, options.detected_size)?;
        let known = |slot: &Slot| (slot.board, slot.info.clone(), slot.unit.is_ok());
        let before = self.slots.iter().map(known).collect();
        let slots = std::mem::take(&mut self.slots);
        self.slots = discover::open_all(&self.platform, hats, slots, self.options.lock_limit);
        Ok(changes(before, &mut self.slots))
    }
}

/// What differs. A board is the same, and keeps its handle, where its name is, else where its place on
/// the USB is.
fn changes(mut before: Vec<(Board, BoardInfo, bool)>, now: &mut [Slot]) -> Vec<BoardChange> {
    let mut matched: Vec<Option<(Board, bool)>> = vec![None; now.len()];
    // The surest sign first: boards of one order share a name.
    let signs: [fn(&BoardInfo, &BoardInfo) -> bool; 3] = [
        |known, now| known.name == now.name && known.usb_path == now.usb_path,
        |known, now| known.name == now.name,
        |known, now| known.usb_path.is_some() && known.usb_path == now.usb_path,
    ];
    for is_same in signs {
        for (slot, known) in now.iter().zip(&mut matched).filter(|(_, known)| known.is_none()) {
            let found = before.iter().position(|(_, info, _)| is_same(info, &slot.info));
            *known = found.map(|index| before.remove(index)).map(|(board, _, open)| (board, open));
        }
    }
    let here = now.iter_mut().zip(matched).filter_map(|(slot, known)| {
        slot.board = known.map_or_else(Board::new, |(board, _)| board);
        let board = slot.board;
        match (known, slot.unit.is_ok()) {
            (None, _) => Some(BoardChange::Came { board }),
            (Some((_, true)), false) => Some(BoardChange::Failed { board }),
            (Some(_), true) if slot.is_fresh => Some(BoardChange::Reopened { board }),
            _ => None,
        }
    });
    let went = |(board, info, _)| BoardChange::Went { board, info: Box::new(info) };
    here.chain(before.into_iter().map(went)).collect()
}
