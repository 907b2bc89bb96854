//! Which boards there are: configured HATs in their order, else the one that the EEPROM speaks of;
//! then the ClusterCTRL boards on the USB by their order, and last those that do not tell theirs.
//!
//! A board that cannot be opened keeps its slot and says why; it takes no other board away.

use std::sync::Arc;
use std::time::Duration;

use super::away;
use super::eeprom::Eeprom;
use super::error::{ClusterError, Done, Target};
use super::info::{BoardInfo, BoardModel, BoardSource};
use super::obstacle;
use super::options::BoardOptions;
use super::platform::{Platform, UsbBoard};
use super::slot::Slot;
use super::unit::{Clock, LinuxCtrl, Unit};
use crate::ctrl;
use crate::ctrl::device::{Description, Device};
use crate::ctrl::products::Product;
use crate::ctrl::protocol::ADDRESS;
use crate::expander::FIRST_ADDRESS;
use crate::power::ResultingState;
use crate::retry::Retry;
use crate::revisions::{Revision, Version, Wiring};

/// The bus of the header's I2C pins on a Raspberry Pi.
pub const HEADER_BUS: u32 = 1;

/// A HAT as it is described, and its revision or why it has none.
pub(super) type Described = (BoardInfo, Result<&'static Revision, ClusterError>);

/// The HATs, in the order in which their nodes are numbered; none where there is none.
///
/// # Errors
/// [`ClusterError::SamePlace`] where two of them would be one.
pub(super) fn describe_hats(
    platform: &dyn Platform,
    options: &[BoardOptions],
    detected_size: Option<u8>,
) -> Result<Vec<Described>, ClusterError> {
    let eeprom = platform.eeprom().filter(Eeprom::is_cluster_hat);
    if options.is_empty() {
        let detected = BoardOptions { size: detected_size, ..BoardOptions::default() };
        let hat = eeprom.map(|eeprom| describe(&detected, 0, Some(eeprom)));
        return Ok(hat.into_iter().collect());
    }
    let boards: Vec<_> = options
        .iter()
        .enumerate()
        .map(|(index, board)| describe(board, index, eeprom.clone()))
        .collect();
    check_places(&boards)?;
    Ok(boards)
}

/// Opens the boards that there are, and waits for those that are away for a moment. What is in `old`, answers, and is
/// still where it was stays open and is taken from there.
pub(super) fn open_all(
    platform: &Arc<dyn Platform>,
    hats: Vec<Described>,
    mut old: Vec<Slot>,
    patience: Duration,
) -> Vec<Slot> {
    let mut boards: Vec<_> =
        hats.into_iter().map(|hat| open_or_keep_hat(&**platform, hat, &mut old)).collect();
    let mut ctrls = away::open_all(&**platform, patience, |board| {
        Some(open_or_keep_ctrl(platform, Product::of(board.product)?, board, &mut old))
    });
    // Those that do not tell their order come last, and have no nodes as far as anybody knows.
    ctrls.sort_by_key(|slot| (slot.is_anywhere(), order(&slot.info), slot.info.bus));
    refuse_twins(&mut ctrls);
    boards.append(&mut ctrls);
    boards
}

/// The open board of `old` for which this holds.
fn take(old: &mut Vec<Slot>, is_it: impl Fn(&BoardInfo) -> bool) -> Option<Slot> {
    let index = old.iter().position(|slot| slot.unit.is_ok() && is_it(&slot.info))?;
    Some(Slot { is_fresh: false, ..old.swap_remove(index) })
}

fn open_or_keep_hat(platform: &dyn Platform, hat: Described, old: &mut Vec<Slot>) -> Slot {
    let (info, revision) = hat;
    let mut known = take(old, |known| {
        known.usb_path.is_none()
            && (known.bus, known.address, known.model) == (info.bus, info.address, info.model)
    });
    if let Some(slot) = known.take_if(Slot::is_alive) {
        return Slot { info, ..slot };
    }
    let unit = revision.and_then(|revision| info.open_hat(revision, platform)).map(Unit::Hat);
    let mut slot = Slot::opened(info, unit);
    // Opening asks nothing of a HAT: one that was silent and still is has not come back.
    slot.is_fresh = known.is_none() || slot.is_alive();
    slot
}

fn open_or_keep_ctrl(
    platform: &Arc<dyn Platform>,
    product: &'static Product,
    found: UsbBoard,
    old: &mut Vec<Slot>,
) -> Slot {
    let mut known = take(old, |known| {
        let same = matches!(known.model, BoardModel::Ctrl { product: p, .. } if p.id == product.id);
        same && known.bus == found.bus && known.usb_path.as_ref() == Some(&found.path)
    });
    if let Some(slot) = known.take_if(Slot::is_alive) {
        return slot;
    }
    let mut info = BoardInfo::unasked(product, found.path, found.bus);
    match open_ctrl(platform, product, &info) {
        Ok((device, Description { order, nodes, .. })) => {
            info.name = ctrl_name(order);
            info.model = BoardModel::Ctrl { product, order };
            info.size = nodes.min(32);
            Slot::opened(info, Ok(Unit::Ctrl(device)))
        }
        Err(error) => Slot::opened(info, Err(error)),
    }
}

/// Opens a board and asks for its order, which gives its position in the list.
fn open_ctrl(
    platform: &Arc<dyn Platform>,
    product: &Product,
    info: &BoardInfo,
) -> Result<(LinuxCtrl, Description), ClusterError> {
    let path = info.usb_path.as_deref().unwrap_or_default();
    let label = format!("ClusterCTRL {product} at USB {path}");
    let Some(bus) = info.bus else {
        return Err(ClusterError::NoI2cDriver { board: label, product: product.id });
    };
    let opened = platform.i2c(bus).map_err(|source| {
        obstacle::cannot_open(&**platform, label.clone(), bus, obstacle::obstacle(&source), source)
    })?;
    Device::open(Retry::counting(opened), Clock(Arc::clone(platform))).map_err(
        |source| match source {
            ctrl::CtrlError::Bus { source, .. } if obstacle::is_busy(&source) => {
                obstacle::held_by_driver(&**platform, label, (bus, ADDRESS), source)
            }
            source => ClusterError::Board {
                board: label,
                target: Target::None,
                resulting: ResultingState::Old,
                done: Done::default(),
                source: source.into(),
            },
        },
    )
}

/// The name of the ClusterCTRL board of an order.
pub(super) fn ctrl_name(order: u8) -> String {
    format!("ctrl{order}")
}

/// Boards of one order keep their slots, but none of their nodes has a sure number.
fn refuse_twins(ctrls: &mut [Slot]) {
    let known = |slot: &&Slot| !slot.is_anywhere();
    let orders: Vec<_> = ctrls.iter().filter(known).map(|slot| order(&slot.info)).collect();
    for run in orders.chunk_by(|one, other| one == other).filter(|run| run.len() > 1) {
        let is_twin = |slot: &Slot| order(&slot.info) == run[0];
        let buses = ctrls.iter().filter(|slot| is_twin(slot)).filter_map(|slot| slot.info.bus);
        let error =
            Arc::new(ClusterError::DuplicateOrder { order: run[0], buses: buses.collect() });
        for slot in ctrls.iter_mut().filter(|slot| is_twin(slot)) {
            slot.unit = Err(Arc::clone(&error));
        }
    }
}

const fn order(info: &BoardInfo) -> u8 {
    match info.model {
        BoardModel::Ctrl { order, .. } => order,
        _ => 0,
    }
}

fn describe(options: &BoardOptions, index: usize, eeprom: Option<Eeprom>) -> Described {
    let name = options.name.clone().unwrap_or_else(|| format!("hat{}", index + 1));
    let bus = options.bus.unwrap_or(HEADER_BUS);
    let address = options.address.unwrap_or(FIRST_ADDRESS);
    // The EEPROM speaks for the primary HAT alone.
    let eeprom = eeprom.filter(|_| bus == HEADER_BUS && address == FIRST_ADDRESS);
    let version = options.revision.or_else(|| eeprom.as_ref().and_then(Eeprom::version));
    let revision = version.and_then(Revision::of);
    let on_bus = revision.is_none_or(|revision| revision.wiring == Wiring::Expander);
    let revision = revision.ok_or_else(|| no_revision(&name, version, eeprom.as_ref()));
    let info = BoardInfo {
        name,
        source: options.revision.map_or(BoardSource::Eeprom, |_| BoardSource::Configuration),
        model: revision
            .as_ref()
            .map_or(BoardModel::Unknown(version), |revision| BoardModel::Hat(revision)),
        bus: on_bus.then_some(bus),
        address: on_bus.then_some(address),
        size: options.size.unwrap_or(4).clamp(1, 4),
        eeprom,
        usb_path: None,
    };
    (info, revision)
}

/// Why a HAT has no row in the table of revisions.
fn no_revision(name: &str, version: Option<Version>, eeprom: Option<&Eeprom>) -> ClusterError {
    let board = name.to_owned();
    match (version, eeprom) {
        (Some(version), _) => ClusterError::UnknownRevision { board, version },
        (None, Some(eeprom)) => ClusterError::BadEeprom { product_ver: eeprom.product_ver.clone() },
        (None, None) => ClusterError::NoRevision { board },
    }
}

/// Two boards cannot share an expander or the lines.
fn check_places(boards: &[Described]) -> Result<(), ClusterError> {
    for (index, (board, _)) in boards.iter().enumerate() {
        let mut others = boards[..index].iter().map(|(info, _)| info);
        if let Some(twin) = others.find(|b| (b.bus, b.address) == (board.bus, board.address)) {
            let boards = [twin.name.clone(), board.name.clone()];
            return Err(ClusterError::SamePlace { boards, place: board.place() });
        }
    }
    Ok(())
}
