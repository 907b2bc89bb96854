//! A board of either kind, as the cluster works with it.

use std::sync::Arc;
use std::time::Duration;

use embedded_hal::delay::DelayNs;

use super::error::BoardError;
use super::platform::{AnyBus, AnyLine, Platform};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::ctrl::NodesPower;
use crate::ctrl::device::Device;
use crate::ctrl::readings::{Firmware, Temperature, Voltage};
use crate::hat::{self, Backend, Driven, Hat, PinSetup};
use crate::positions::Positions;
use crate::power::{Action, ResultingState, Switchable};
use crate::retry::Retry;

/// A Cluster HAT on Linux.
pub(super) type LinuxHat = Hat<Retry<AnyBus>, AnyLine>;
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
pub enum BoardReading {
    /// A HAT.
    Hat(hat::HatStatus),
    /// A ClusterCTRL board.
    Ctrl(CtrlStatus),
}

/// What a ClusterCTRL board says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CtrlStatus {
    /// The nodes that have power.
    pub on: Positions,
    /// The nodes whose HAT is not there: neither on nor off.
    pub absent: Positions,
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

impl BoardReading {
    /// The nodes that are commanded on; `None` where nothing is commanded yet. A ClusterCTRL
    /// board tells one state only.
    #[must_use]
    pub fn commanded(&self) -> Option<Positions> {
        match self {
            Self::Hat(status) => status.commanded.map(|signals| signals.positions()),
            Self::Ctrl(status) => Some(status.on),
        }
    }

    /// What is commanded of the node at a position; `None` where nothing is.
    #[must_use]
    pub fn commanded_at(&self, position: u8) -> Option<bool> {
        match self {
            Self::Hat(status) if status.undriven.positions().has(position) => None,
            status => status.commanded().map(|on| on.has(position)),
        }
    }

    /// Whether switching a node on initialises the board first. The lines of a v1.x board need none.
    fn needs_init(&self) -> bool {
        match self {
            Self::Hat(status) => {
                status.chip.is_some() && status.setup == PinSetup::NeverInitialised
            }
            Self::Ctrl(_) => false,
        }
    }

    /// The nodes that count as on where `action` starts: what is driven, and for switching off what
    /// shows on without being driven, too.
    #[must_use]
    pub fn on_before(&self, action: Action) -> Positions {
        let Self::Hat(status) = self else { return self.seen() };
        let undriven = status.seen.intersection(status.undriven).positions();
        let driven = self.commanded().unwrap_or_default();
        // The first initialisation keeps what the pins show.
        let counts = self.needs_init() || action == Action::Off;
        if counts { driven.union(undriven) } else { driven }
    }

    /// The nodes whose HAT is not there, which are neither on nor off.
    #[must_use]
    pub const fn absent(&self) -> Positions {
        match self {
            Self::Hat(_) => Positions::NONE,
            Self::Ctrl(status) => status.absent,
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

    pub(super) fn status(&mut self) -> Result<BoardReading, BoardError> {
        Ok(match self {
            Self::Hat(board) => BoardReading::Hat(board.status()?),
            Self::Ctrl(device) => BoardReading::Ctrl(ctrl_status(device)?),
        })
    }
}

fn ctrl_status(device: &mut LinuxCtrl) -> Result<CtrlStatus, ctrl::CtrlError<BusError>> {
    let firmware = device.firmware()?;
    let mut voltages = Vec::new();
    for number in 1..=device.adc_count()? {
        voltages.extend(device.adc(number)?);
    }
    let temperature = device.temperature()?;
    let fan = device.fan()?;
    let all: Positions = (0..device.nodes()).collect();
    let NodesPower { on, absent, .. } = device.nodes_power(all)?;
    let usb_boot = usb_boot(device, all)?;
    Ok(CtrlStatus { on, absent, usb_boot, firmware, voltages, temperature, fan })
}

/// A board that cannot choose for its first node cannot for any.
fn usb_boot(
    device: &mut LinuxCtrl,
    nodes: Positions,
) -> Result<Option<Positions>, ctrl::CtrlError<BusError>> {
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

/// Where switching a board of either kind starts from.
#[derive(Clone, Copy)]
pub(super) enum UnitState {
    Hat(Driven),
    Ctrl(NodesPower),
}

impl Switchable for Unit {
    type Error = BoardError;
    type State = UnitState;

    fn state(&mut self, nodes: Positions, action: Action) -> Result<UnitState, BoardError> {
        Ok(match self {
            Self::Hat(board) => UnitState::Hat(board.state(nodes, action)?),
            Self::Ctrl(device) => UnitState::Ctrl(device.state(nodes, action)?),
        })
    }

    fn state_again(&mut self, nodes: Positions, action: Action) -> Result<UnitState, BoardError> {
        Ok(match self {
            Self::Hat(board) => UnitState::Hat(board.state_again(nodes, action)?),
            Self::Ctrl(device) => UnitState::Ctrl(device.state_again(nodes, action)?),
        })
    }

    fn on(&self, state: UnitState) -> Positions {
        match (self, state) {
            (Self::Hat(board), UnitState::Hat(state)) => board.on(state),
            (Self::Ctrl(device), UnitState::Ctrl(nodes)) => device.on(nodes),
            _ => Positions::NONE,
        }
    }

    fn unknown(&self, state: UnitState) -> Positions {
        match (self, state) {
            (Self::Hat(board), UnitState::Hat(state)) => board.unknown(state),
            (Self::Ctrl(device), UnitState::Ctrl(nodes)) => device.unknown(nodes),
            _ => Positions::NONE,
        }
    }

    fn apply(
        &mut self,
        state: UnitState,
        nodes: Positions,
        action: Action,
    ) -> Result<UnitState, BoardError> {
        Ok(match (self, state) {
            (Self::Hat(board), UnitState::Hat(state)) => {
                UnitState::Hat(Switchable::apply(board, state, nodes, action)?)
            }
            (Self::Ctrl(device), UnitState::Ctrl(on)) => {
                UnitState::Ctrl(device.apply(on, nodes, action)?)
            }
            (_, state) => state,
        })
    }

    fn not_following(&mut self, nodes: Positions, action: Action) -> Result<Positions, BoardError> {
        Ok(match self {
            Self::Hat(board) => board.not_following(nodes, action)?,
            Self::Ctrl(device) => device.not_following(nodes, action)?,
        })
    }

    fn lost(&mut self, nodes: Positions, error: &BoardError) -> Positions {
        match (self, error) {
            (Self::Hat(board), BoardError::Hat(error)) => board.lost(nodes, error),
            _ => Positions::NONE,
        }
    }

    fn verify(
        &mut self,
        state: UnitState,
        nodes: Positions,
        action: Action,
    ) -> Result<(), BoardError> {
        match (self, state) {
            (Self::Hat(board), UnitState::Hat(state)) => {
                Ok(Switchable::verify(board, state, nodes, action)?)
            }
            (Self::Ctrl(device), UnitState::Ctrl(on)) => Ok(device.verify(on, nodes, action)?),
            _ => Ok(()),
        }
    }

    fn reached(&mut self, nodes: Positions, action: Action) -> Positions {
        match self {
            Self::Hat(board) => board.reached(nodes, action),
            Self::Ctrl(device) => device.reached(nodes, action),
        }
    }

    fn resulting_state(
        &mut self,
        before: UnitState,
        nodes: Positions,
        action: Action,
    ) -> ResultingState {
        match (self, before) {
            (Self::Hat(board), UnitState::Hat(before)) => {
                board.resulting_state(before, nodes, action)
            }
            (Self::Ctrl(device), UnitState::Ctrl(on)) => device.resulting_state(on, nodes, action),
            _ => ResultingState::Unknown,
        }
    }
}
