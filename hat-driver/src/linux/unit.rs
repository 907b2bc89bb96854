//! A board of either kind, as the cluster works with it.

use std::sync::Arc;
use std::time::Duration;

use embedded_hal::delay::DelayNs;

use super::error::BoardError;
use super::platform::{AnyBus, AnyLine, Platform};
use crate::board::{self, Backend, Board};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::ctrl::device::Device;
use crate::ctrl::readings::{Firmware, Temperature, Voltage};
use crate::pins::PinSet;
use crate::positions::Positions;
use crate::power::{Action, Stands, Switchable};
use crate::retry::Retry;

/// A Cluster HAT on Linux.
pub(super) type LinuxHat = Board<Retry<AnyBus>, AnyLine>;
/// A ClusterCTRL board on Linux.
pub(super) type LinuxCtrl = Device<Retry<AnyBus>, Clock>;

/// The machine's clock, as embedded-hal wants it.
pub(super) struct Clock(pub(super) Arc<dyn Platform>);

impl DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        self.0.sleep(Duration::from_nanos(ns.into()));
    }

    fn delay_ms(&mut self, ms: u32) {
        self.0.sleep(Duration::from_millis(ms.into()));
    }
}

/// A board of either kind.
pub(super) enum Unit {
    Hat(LinuxHat),
    Ctrl(LinuxCtrl),
}

/// What a board of either kind says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitStatus {
    /// A HAT.
    Hat(board::Status),
    /// A ClusterCTRL board.
    Ctrl(CtrlStatus),
}

/// What a ClusterCTRL board says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CtrlStatus {
    /// The nodes that have power.
    pub on: Positions,
    /// The nodes that boot over USB; `None` where the board cannot choose.
    pub usb_boot: Option<Positions>,
    /// The firmware's version; `None` where it is too old to tell.
    pub firmware: Option<Firmware>,
    /// The voltages, from ADC 1 on.
    pub voltages: Vec<Voltage>,
    /// The temperature, where the board measures it.
    pub temperature: Option<Temperature>,
    /// The fan's bits, where the firmware can tell.
    pub fan: Option<u8>,
}

impl UnitStatus {
    /// The nodes that are told to have power; `None` where nothing is commanded yet. A ClusterCTRL
    /// board tells one state only.
    #[must_use]
    pub fn commanded(&self) -> Option<Positions> {
        match self {
            Self::Hat(status) => status.commanded.map(|signals| signals.positions()),
            Self::Ctrl(status) => Some(status.on),
        }
    }

    /// The nodes that are seen to have power.
    #[must_use]
    pub fn seen(&self) -> Positions {
        match self {
            Self::Hat(status) => status.seen.positions(),
            Self::Ctrl(status) => status.on,
        }
    }
}

impl Unit {
    /// Transfers and retries on the board's bus.
    pub(super) fn transfers(&mut self) -> (u32, u32) {
        match self {
            Self::Hat(board) => match board.backend() {
                Backend::Expander(chip) => (chip.bus().transfers(), chip.bus().retries()),
                Backend::Lines(_) => (0, 0),
            },
            Self::Ctrl(device) => (device.bus().transfers(), device.retries()),
        }
    }

    pub(super) fn status(&mut self) -> Result<UnitStatus, BoardError> {
        Ok(match self {
            Self::Hat(board) => UnitStatus::Hat(board.status()?),
            Self::Ctrl(device) => UnitStatus::Ctrl(ctrl_status(device)?),
        })
    }
}

fn ctrl_status(device: &mut LinuxCtrl) -> Result<CtrlStatus, ctrl::Error<BusError>> {
    let firmware = device.firmware()?;
    let mut voltages = Vec::new();
    for number in 1..=device.adc_count()? {
        voltages.extend(device.adc(number)?);
    }
    let temperature = device.temperature()?;
    let fan = device.fan()?;
    let all: Positions = (0..device.nodes()).collect();
    let on = device.state(all)?;
    Ok(CtrlStatus { on, usb_boot: usb_boot(device, all)?, firmware, voltages, temperature, fan })
}

/// A board that cannot choose for its first node cannot for any.
fn usb_boot(
    device: &mut LinuxCtrl,
    nodes: Positions,
) -> Result<Option<Positions>, ctrl::Error<BusError>> {
    let mut on = Positions::NONE;
    for position in nodes.iter() {
        match device.usb_boot(position + 1)? {
            None => return Ok(None),
            Some(true) => on = on.union(Positions::one(position)),
            Some(false) => {}
        }
    }
    Ok(Some(on))
}

/// A state's bits: the latch of a HAT, or the powered nodes of a ClusterCTRL board.
impl Switchable for Unit {
    type Error = BoardError;
    type State = u32;

    fn state(&mut self, nodes: Positions) -> Result<u32, BoardError> {
        Ok(match self {
            Self::Hat(board) => board.state(nodes)?.bits().into(),
            Self::Ctrl(device) => device.state(nodes)?.bits(),
        })
    }

    fn on(&self, state: u32) -> Positions {
        match self {
            Self::Hat(board) => board.on(latch(state)),
            Self::Ctrl(_) => Positions::from_bits(state),
        }
    }

    fn apply(&mut self, state: u32, nodes: Positions, action: Action) -> Result<u32, BoardError> {
        Ok(match self {
            Self::Hat(board) => {
                Switchable::apply(board, latch(state), nodes, action)?.bits().into()
            }
            Self::Ctrl(device) => device.apply(Positions::from_bits(state), nodes, action)?.bits(),
        })
    }

    fn verify(&mut self, state: u32, nodes: Positions) -> Result<(), BoardError> {
        match self {
            Self::Hat(board) => Ok(Switchable::verify(board, latch(state), nodes)?),
            Self::Ctrl(device) => Ok(device.verify(Positions::from_bits(state), nodes)?),
        }
    }

    fn stands(&mut self, before: u32, nodes: Positions, action: Action) -> Stands {
        match self {
            Self::Hat(board) => board.stands(latch(before), nodes, action),
            Self::Ctrl(device) => device.stands(Positions::from_bits(before), nodes, action),
        }
    }
}

const fn latch(state: u32) -> PinSet {
    PinSet::from_bits(state as u8)
}
