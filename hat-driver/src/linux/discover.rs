//! Which boards there are: configured HATs in their order, else the one that the EEPROM speaks of;
//! then the ClusterCTRL boards on the USB by their order.

use std::sync::Arc;

use super::eeprom::Eeprom;
use super::error::{Done, Error};
use super::info::{BoardInfo, Model, Source};
use super::platform::{Platform, UsbBoard};
use super::unit::{Clock, LinuxCtrl};
use crate::ctrl::device::Device;
use crate::ctrl::products::{Product, VENDOR};
use crate::ctrl::protocol::ADDRESS;
use crate::expander::FIRST_ADDRESS;
use crate::power::Stands;
use crate::retry::Retry;
use crate::revisions::{Revision, Version, Wiring};

/// The bus of the header's I2C pins on a Raspberry Pi.
pub const HEADER_BUS: u32 = 1;

/// One board as its owner describes it. What is absent comes from the EEPROM. Start from the
/// default and set what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoardOptions {
    /// What to call it.
    pub name: Option<String>,
    /// The I2C bus; absent = the header's.
    pub bus: Option<u32>,
    /// The expander's address; absent = 0x20.
    pub address: Option<u8>,
    /// The revision.
    pub revision: Option<Version>,
    /// How many nodes it has; absent = 4.
    pub size: Option<u8>,
}

/// The HATs, in the order in which their nodes are numbered; none where there is none.
pub(super) fn find_hats(
    platform: &dyn Platform,
    options: &[BoardOptions],
    detected_size: Option<u8>,
) -> Result<Vec<BoardInfo>, Error> {
    let eeprom = platform.eeprom().filter(Eeprom::is_cluster_hat);
    if options.is_empty() {
        let detected = BoardOptions { size: detected_size, ..BoardOptions::default() };
        return eeprom.map(|eeprom| describe(&detected, 0, Some(eeprom))).into_iter().collect();
    }
    let boards: Vec<_> = options
        .iter()
        .enumerate()
        .map(|(index, board)| describe(board, index, eeprom.clone()))
        .collect::<Result<_, _>>()?;
    check_places(&boards)?;
    Ok(boards)
}

/// The ClusterCTRL boards in their order, opened, since each says itself what its order is.
pub(super) fn open_ctrls(
    platform: &Arc<dyn Platform>,
) -> Result<Vec<(BoardInfo, LinuxCtrl)>, Error> {
    let mut boards = Vec::new();
    for found in platform.usb_boards() {
        if let Some(product) = Product::of(found.product) {
            boards.push(open_ctrl(platform, product, found)?);
        }
    }
    boards.sort_by_key(|(info, _)| (order(info), info.bus));
    let twins = boards.windows(2).find(|pair| order(&pair[0].0) == order(&pair[1].0));
    let Some(order) = twins.and_then(|pair| order(&pair[0].0)) else { return Ok(boards) };
    let buses = boards.iter().filter(|(info, _)| self::order(info) == Some(order));
    Err(Error::DuplicateOrder { order, buses: buses.filter_map(|(info, _)| info.bus).collect() })
}

fn open_ctrl(
    platform: &Arc<dyn Platform>,
    product: &'static Product,
    found: UsbBoard,
) -> Result<(BoardInfo, LinuxCtrl), Error> {
    let label = format!("ClusterCTRL {product} at USB {}", found.path);
    let Some(bus) = found.bus else {
        let id = found.product;
        return Err(Error::Setup(format!(
            "{label} has no I2C bus, since no driver is bound to it: load i2c-tiny-usb and write \
             \"{VENDOR:04x} {id:04x}\" to /sys/bus/usb/drivers/i2c-tiny-usb/new_id"
        )));
    };
    let opened = platform.i2c(bus).map_err(|source| Error::Open {
        board: label.clone(),
        device: platform.bus_path(bus).display().to_string(),
        advice: None,
        source,
    })?;
    let clock = Clock(Arc::clone(platform));
    let (device, description) =
        Device::open(Retry::counting(opened), clock).map_err(|source| Error::Board {
            board: label,
            what: String::new(),
            stands: Stands::Old,
            done: Done::default(),
            source: source.into(),
        })?;
    let info = BoardInfo {
        name: format!("ctrl{}", description.order),
        source: Source::Usb,
        model: Model::Ctrl { product, order: description.order },
        bus: Some(bus),
        address: Some(ADDRESS),
        size: description.nodes.min(32),
        eeprom: None,
        usb_path: Some(found.path),
    };
    Ok((info, device))
}

fn order(info: &BoardInfo) -> Option<u8> {
    match info.model {
        Model::Ctrl { order, .. } => Some(order),
        Model::Hat(_) => None,
    }
}

fn describe(
    options: &BoardOptions,
    index: usize,
    eeprom: Option<Eeprom>,
) -> Result<BoardInfo, Error> {
    let name = options.name.clone().unwrap_or_else(|| format!("hat{}", index + 1));
    let bus = options.bus.unwrap_or(HEADER_BUS);
    let address = options.address.unwrap_or(FIRST_ADDRESS);
    // The EEPROM speaks for the primary HAT alone.
    let eeprom = eeprom.filter(|_| bus == HEADER_BUS && address == FIRST_ADDRESS);
    let version = match (options.revision, &eeprom) {
        (Some(version), _) => version,
        (None, Some(eeprom)) => eeprom.version().ok_or_else(|| {
            let text = &eeprom.product_ver;
            Error::Setup(format!("the HAT's EEPROM has product_ver {text:?}, which is no version"))
        })?,
        (None, None) => {
            return Err(Error::Setup(format!(
                "{name}: no EEPROM tells its revision; set revision = \"...\" in its [[board]] in \
                 /etc/clusterhat/clusterhat.toml"
            )));
        }
    };
    let revision = Revision::of(version).ok_or_else(|| {
        Error::Setup(format!(
            "{name}: revision {version} is not known; if it is wired as a known one, set that one in \
             /etc/clusterhat/clusterhat.toml: [[board]] with revision = \"...\""
        ))
    })?;
    let on_bus = revision.wiring == Wiring::Expander;
    Ok(BoardInfo {
        name,
        source: options.revision.map_or(Source::Eeprom, |_| Source::Configuration),
        model: Model::Hat(revision),
        bus: on_bus.then_some(bus),
        address: on_bus.then_some(address),
        size: options.size.unwrap_or(4).clamp(1, 4),
        eeprom,
        usb_path: None,
    })
}

/// Two boards cannot share an expander or the lines.
fn check_places(boards: &[BoardInfo]) -> Result<(), Error> {
    for (index, board) in boards.iter().enumerate() {
        let twin =
            boards[..index].iter().find(|b| (b.bus, b.address) == (board.bus, board.address));
        if let Some(twin) = twin {
            let place = board.place();
            return Err(Error::Setup(format!(
                "boards {} and {} are both configured at {place}; give one another address",
                twin.name, board.name
            )));
        }
    }
    Ok(())
}
