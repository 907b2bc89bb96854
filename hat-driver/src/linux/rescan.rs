//! Boards that come, go, or are plugged in elsewhere while a cluster is in use.

use super::cluster::Cluster;
use super::discover;
use super::error::Error;
use super::info::BoardInfo;
use super::slot::Slot;

/// What became of a board since it was last looked for. Boards count from 0 in their new order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BoardChange {
    /// A board is there that was not. Whether it could be opened, [`Cluster::board_error`] tells.
    Came {
        /// The board.
        board: usize,
    },
    /// A board was opened anew: it was plugged in again, maybe at another bus, or could not be
    /// opened before.
    Reopened {
        /// The board.
        board: usize,
    },
    /// A board is there still, but can no longer be used; [`Cluster::board_error`] tells why.
    Failed {
        /// The board.
        board: usize,
    },
    /// A board is no longer there.
    Went {
        /// What was known of it.
        info: Box<BoardInfo>,
    },
}

impl Cluster {
    /// Looks for boards that came, went or are somewhere else now, and tries those again that could
    /// not be opened. A board that answers where it was stays open. Switches nothing.
    ///
    /// The boards' nodes are numbered anew: what a caller remembers of numbers and of boards' places
    /// in the row may not hold where something changed.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    ///
    /// use hat_driver::linux::{BoardChange, Cluster, Options};
    /// use hat_driver::sim::{Machine, builtin};
    ///
    /// let machine = Machine::memory(builtin::world("mixed").ok_or("no such world")?)?;
    /// let mut cluster = Cluster::open(Arc::new(machine.clone()), Options::default())?;
    /// assert_eq!(cluster.nodes(), 9);
    ///
    /// // The Triple is pulled out, and comes back as another bus.
    /// let triple = machine.change(|world| world.ctrls.remove(&11))?.ok_or("no Triple")?;
    /// assert!(matches!(cluster.rescan()?[..], [BoardChange::Went { .. }]));
    /// assert_eq!(cluster.nodes(), 6);
    ///
    /// machine.change(|world| world.ctrls.insert(13, triple))?;
    /// assert!(matches!(cluster.rescan()?[..], [BoardChange::Came { board: 1 }]));
    /// assert_eq!(cluster.boards().nth(1).and_then(|info| info.bus), Some(13));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Setup`] as of [`Cluster::open`]; the boards are as they were then.
    pub fn rescan(&mut self) -> Result<Vec<BoardChange>, Error> {
        let Self { platform, options, .. } = &*self;
        let hats = discover::describe_hats(&**platform, &options.boards, options.detected_size)?;
        let before: Vec<_> =
            self.slots.iter().map(|slot| (slot.info.clone(), slot.unit.is_ok())).collect();
        self.slots = discover::open_all(&self.platform, hats, &mut self.slots);
        Ok(changes(before, &self.slots))
    }
}

/// What differs. A board is the same where its name is, else where its place on the USB is.
fn changes(mut before: Vec<(BoardInfo, bool)>, now: &[Slot]) -> Vec<BoardChange> {
    let mut matched: Vec<Option<bool>> = vec![None; now.len()];
    // The surest sign first: boards of one order share a name.
    let signs: [fn(&BoardInfo, &BoardInfo) -> bool; 3] = [
        |known, now| known.name == now.name && known.usb_path == now.usb_path,
        |known, now| known.name == now.name,
        |known, now| known.usb_path.is_some() && known.usb_path == now.usb_path,
    ];
    for is_same in signs {
        for (slot, known) in now.iter().zip(&mut matched).filter(|(_, known)| known.is_none()) {
            let found = before.iter().position(|(info, _)| is_same(info, &slot.info));
            *known = found.map(|index| before.remove(index).1);
        }
    }
    let here = now.iter().zip(matched).enumerate().filter_map(|(board, (slot, was_open))| {
        match (was_open, slot.unit.is_ok()) {
            (None, _) => Some(BoardChange::Came { board }),
            (Some(true), false) => Some(BoardChange::Failed { board }),
            (Some(_), true) if slot.is_fresh => Some(BoardChange::Reopened { board }),
            _ => None,
        }
    });
    let gone = before.into_iter().map(|(info, _)| BoardChange::Went { info: Box::new(info) });
    here.chain(gone).collect()
}
