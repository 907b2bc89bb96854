//! ClusterCTRL boards that are away from the USB for a moment, because somebody has restarted them or the hub that
//! they are behind.
//!
//! Nodes are numbered through all boards that are there. Who looked for boards in such a moment would give the
//! missing board's numbers to another board's nodes, and cut the power of the wrong ones. So a board is recorded before it is
//! sent away, and who looks for boards waits for it, also where the caller that sent it has been killed. One that does not
//! come back in time has a slot of its own, as one that cannot be asked for its order.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{ClusterError, Missing, Target};
use super::info::BoardInfo;
use super::ledger::{Away, change, read};
use super::platform::{Platform, UsbBoard};
use super::slot::Slot;
use crate::ctrl::products::Product;

/// What is recorded of a board before it is sent away.
pub(super) fn from_now(platform: &dyn Platform, board: &UsbBoard, limit: Duration) -> Away {
    Away { product: board.product, since: platform.moment(), limit }
}

/// Records that it is back, or has never left.
pub(super) fn end(platform: &dyn Platform, path: &str) {
    let _ = change(platform, |ledger| ledger.end_away(path));
}

/// Opens the boards on the USB, and those that are away as they come back, until they have been waited for `limit`.
pub(super) fn open_all(
    platform: &dyn Platform,
    limit: Duration,
    mut open: impl FnMut(UsbBoard) -> Option<Slot>,
) -> Vec<Slot> {
    // Before and after: one may leave or come back while the others are looked for.
    let mut away = recorded(platform);
    let mut slots: Vec<_> = platform.usb_boards().into_iter().filter_map(&mut open).collect();
    away.append(&mut recorded(platform));
    let mut looks = looks(platform, limit);
    loop {
        away.retain(|path, _| !slots.iter().any(|slot| slot.unit.is_ok() && is_at(slot, path)));
        if away.is_empty() || looks.next().is_none() {
            break;
        }
        let boards = platform.usb_boards().into_iter();
        for board in boards.filter(|board| board.bus.is_some() && away.contains_key(&board.path)) {
            slots.retain(|slot| !is_at(slot, &board.path));
            slots.extend(open(board));
        }
    }
    away.retain(|path, _| !slots.iter().any(|slot| is_at(slot, path)));
    let missing =
        |(path, away): (String, Away)| Some(missing(path, Product::of(away.product)?, limit));
    slots.extend(away.into_iter().filter_map(missing));
    slots
}

/// Moments to look at the USB, for this long at least: nothing tells an ordinary user of its events everywhere, and
/// each look is a few small files of sysfs.
pub(super) fn looks(platform: &dyn Platform, limit: Duration) -> impl Iterator<Item = ()> {
    const PAUSE: Duration = Duration::from_millis(50);
    let count = limit.as_millis() / PAUSE.as_millis();
    (0..count).map(move |_| platform.sleep(PAUSE))
}

fn recorded(platform: &dyn Platform) -> BTreeMap<String, Away> {
    let ledger = read(platform).unwrap_or_default();
    ledger.away(|| platform.moment())
}

fn is_at(slot: &Slot, path: &str) -> bool {
    slot.info.usb_path.as_deref() == Some(path)
}

/// The slot of a board that is away still.
fn missing(path: String, product: &'static Product, limit: Duration) -> Slot {
    let info = BoardInfo::unasked(product, path, None);
    let board = info.label();
    let (target, missing) = (Target::Setting("restart"), Missing::Return);
    Slot::opened(info, Err(ClusterError::NotBack { board, target, missing, limit, source: None }))
}
