//! Outputs of boards of either kind, of the controller, and what a ClusterCTRL board alone can do.

use std::fmt;

use super::cluster::Cluster;
use super::error::{BoardError, Error};
use super::event::Event;
use super::info::{BoardInfo, Model};
use super::platform::Resource;
use super::unit::{LinuxCtrl, LinuxHat, Unit};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::ctrl::device::Save;
use crate::lines::Line as _;
use crate::pins::Signals;
use crate::power::{Action, Stands};
use crate::revisions::{V1_ALERT_LINE, V1_NODE_LINES, Wiring};

/// An output that a board may have beside its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Output {
    /// The ALERT LED.
    Alert,
    /// The nodes' LEDs.
    Led,
    /// The USB hub.
    Hub,
    /// The write protection of the EEPROM.
    WriteProtect,
    /// The ACT LED of a ClusterCTRL board.
    Act,
    /// The fan of a ClusterCTRL board.
    Fan,
}

/// What an output of one board did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Change {
    /// It was switched.
    Switched,
    /// It was so already.
    AlreadySo,
    /// The board has no such output.
    Unsupported,
}

impl Output {
    /// The signal of a HAT.
    const fn signal(self) -> Option<Signals> {
        match self {
            Self::Alert => Some(Signals::ALERT),
            Self::Led => Some(Signals::LED),
            Self::Hub => Some(Signals::HUB),
            Self::WriteProtect => Some(Signals::WRITE_PROTECT),
            Self::Act | Self::Fan => None,
        }
    }
}

impl Cluster {
    /// Switches one output of one board, with its initialisation where that is due.
    ///
    /// # Errors
    /// [`Error::Board`], [`Error::Locked`] or [`Error::Lock`].
    pub fn set(
        &mut self,
        board: usize,
        output: Output,
        on: bool,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Change, Error> {
        let exclusion = self.enter(board)?;
        let result = match self.unit(board)? {
            Unit::Hat(hat) => {
                set_hat(hat, output, on, &mut || observer(Event::Initialised { board }))
            }
            Unit::Ctrl(device) => set_ctrl(device, output, on),
        };
        drop(exclusion);
        result.map_err(|(stands, source)| self.failed(board, output.to_string(), stands, source))
    }

    /// Chooses whether a node, counted from 0, boots over USB. `Unsupported` where its board cannot
    /// choose.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn set_usb_boot(&mut self, node: usize, on: bool) -> Result<Change, Error> {
        let place = self.place(node)?;
        let number = place.position + 1;
        let what = self.node_name(node);
        if matches!(self.unit(place.board)?, Unit::Hat(_)) {
            return Ok(Change::Unsupported);
        }
        self.on_ctrl(place.board, &what, |device| match device.usb_boot(number)? {
            None => Ok(Change::Unsupported),
            Some(is_on) if is_on == on => Ok(Change::AlreadySo),
            Some(_) => device.set_usb_boot(number, on).map(|()| Change::Switched),
        })
    }

    /// Those of the nodes, counted from 0, whose HAT is not there, as a DA tells. A board that does not
    /// answer is left to whatever is asked of it next.
    pub fn absent(&mut self, nodes: &[usize]) -> Vec<usize> {
        let models: Vec<_> = self.boards().map(|info| info.model).collect();
        let mut absent = Vec::new();
        for (board, model) in models.into_iter().enumerate() {
            let asked = self.on_board(nodes, board);
            let has_hats = matches!(model, Model::Ctrl { product, .. } if product.has_hats());
            if !has_hats || asked.is_empty() {
                continue;
            }
            if let Ok(power) = self.on_ctrl(board, "", |device| device.nodes_power(asked)) {
                absent.extend(self.node_numbers(board, power.absent));
            }
        }
        absent
    }

    /// The ClusterCTRL board of an order, counted from 0 among all boards.
    #[must_use]
    pub fn board_of_order(&self, order: u8) -> Option<usize> {
        self.boards()
            .position(|info| matches!(info.model, Model::Ctrl { order: o, .. } if o == order))
    }

    /// Refuses an order that a ClusterCTRL board may have that could not be asked for its own.
    ///
    /// # Errors
    /// [`Error::Setup`] names the boards.
    pub fn check_unasked(&self, order: u8) -> Result<(), Error> {
        let unasked = |info: &&BoardInfo| matches!(info.model, Model::Ctrl { order: 0, .. });
        let boards: Vec<_> = self.boards().filter(unasked).map(BoardInfo::label).collect();
        if boards.is_empty() {
            return Ok(());
        }
        let boards = boards.join(" and ");
        Err(Error::Setup(format!(
            "{boards} cannot be opened and may have the order {order}; make it answer, or unplug it, and \
             repeat this"
        )))
    }

    /// Gives a ClusterCTRL board another order, until its next reset.
    ///
    /// # Errors
    /// As [`Self::set`] and [`Self::check_unasked`].
    pub fn set_order(&mut self, board: usize, order: u8) -> Result<(), Error> {
        if self.board_of_order(order) != Some(board) {
            self.check_unasked(order)?;
        }
        self.on_ctrl(board, "order", |device| device.set_order(order))
    }

    /// Writes a ClusterCTRL board's settings to its EEPROM.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn save(&mut self, board: usize, what: Save) -> Result<(), Error> {
        self.on_ctrl(board, "EEPROM", |device| device.save(what))
    }

    /// Where a node, counted from 0, is on the USB, as sysfs names it: `1-1.2.4`. `None` where that
    /// is not known. Switches nothing: a HAT's hub is told by the gadgets behind it.
    ///
    /// # Errors
    /// As [`Self::set`], for a ClusterCTRL board.
    pub fn usb_path(&mut self, node: usize) -> Result<Option<String>, Error> {
        let place = self.place(node)?;
        let info = self.info(place.board)?;
        if let Model::Hat(revision) = info.model {
            let configured = self.options.v1_hub.clone();
            let configured = configured.filter(|_| revision.wiring == Wiring::Lines);
            let hats = self.boards().filter(|info| matches!(info.model, Model::Hat(_))).count();
            // Nothing tells which of several HATs a hub belongs to.
            let hub = configured.or_else(|| self.platform.hat_hub().filter(|_| hats == 1));
            return Ok(hub.map(|hub| format!("{hub}.{}", revision.hub_port(place.position))));
        }
        let own_port = info.usb_path.clone();
        let paths = self.on_ctrl(place.board, "", |device| {
            let own = device.usb_path(0)?;
            let node = device.usb_path(place.position + 1)?;
            Ok(own.zip(node))
        })?;
        // The board's own path ends with the ports that it says of itself; the rest leads to the
        // hub that it shares with its nodes.
        Ok(own_port.zip(paths).and_then(|(port, (own, node))| {
            let hub = port.strip_suffix(&format!(".{own}"))?;
            Some(format!("{hub}.{node}"))
        }))
    }

    /// Drives a GPIO line of the controller that belongs to no board, such as the fan's, and reads
    /// it back. Returns whether it changed.
    ///
    /// # Errors
    /// [`Error::Setup`] for a line of a v1.x board that is there; [`Error::Line`], [`Error::LineStuck`], [`Error::Locked`] or [`Error::Lock`].
    pub fn set_line(&self, bcm: u8, on: bool) -> Result<bool, Error> {
        self.check_free(bcm)?;
        let failed = |source| Error::Line { line: bcm, source };
        let mut line = self.platform.line(bcm).map_err(failed)?;
        let _exclusion = self.take(Resource::Lines)?;
        if line.is_output().map_err(failed)? && line.is_high().map_err(failed)? == on {
            return Ok(false);
        }
        line.drive(on).map_err(failed)?;
        if line.is_high().map_err(failed)? == on {
            return Ok(true);
        }
        Err(Error::LineStuck { line: bcm, on })
    }

    /// Refuses a line that a board is switched by.
    fn check_free(&self, bcm: u8) -> Result<(), Error> {
        let is_taken = V1_NODE_LINES.contains(&bcm) || bcm == V1_ALERT_LINE;
        let on_lines = |info: &&BoardInfo| match info.model {
            Model::Hat(revision) => revision.wiring == Wiring::Lines,
            _ => false,
        };
        match self.boards().find(on_lines).filter(|_| is_taken) {
            None => Ok(()),
            Some(info) => Err(Error::Setup(format!(
                "GPIO line {bcm} belongs to {}; set fan-gpio in /etc/clusterhat/clusterhat.toml, or FANGPIO \
                 in /etc/default/clusterctrl, to the line of the fan",
                info.label()
            ))),
        }
    }

    /// Does something with a ClusterCTRL board under its lock; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::NotCtrl`] for a HAT.
    fn on_ctrl<R>(
        &mut self,
        board: usize,
        what: &str,
        act: impl FnOnce(&mut LinuxCtrl) -> Result<R, ctrl::Error<BusError>>,
    ) -> Result<R, Error> {
        let exclusion = self.enter(board)?;
        let result = match self.unit(board)? {
            Unit::Ctrl(device) => act(device),
            Unit::Hat(_) => return Err(Error::NotCtrl { board: self.info(board)?.label() }),
        };
        drop(exclusion);
        result.map_err(|source| {
            let stands = ctrl_stands(&source);
            self.failed(board, what.to_owned(), stands, source.into())
        })
    }
}

type Failed = (Stands, BoardError);

fn set_hat(
    board: &mut LinuxHat,
    output: Output,
    on: bool,
    initialised: &mut dyn FnMut(),
) -> Result<Change, Failed> {
    let Some(signal) = output.signal().filter(|&s| board.revision().signals().contains(s)) else {
        return Ok(Change::Unsupported);
    };
    let old = |error: crate::Error<BusError>| (Stands::Old, error.into());
    let action = if on { Action::On } else { Action::Off };
    let latch = match board.latch_for(action) {
        Err(crate::Error::NotInitialised) => {
            board.init().map_err(old)?;
            initialised();
            board.latch_for(action).map_err(old)?
        }
        result => result.map_err(old)?,
    };
    let (set, clear) = if on { (signal, Signals::NONE) } else { (Signals::NONE, signal) };
    let after = board
        .apply(latch, set, clear)
        .map_err(|error| (board.what_stands(latch, signal, on), error.into()))?;
    board.verify(after, signal).map_err(|error| (Stands::New, error.into()))?;
    Ok(if after == latch { Change::AlreadySo } else { Change::Switched })
}

fn set_ctrl(device: &mut LinuxCtrl, output: Output, on: bool) -> Result<Change, Failed> {
    let result = match output {
        Output::Alert => device.set_alert(on),
        Output::Led => device.set_leds(on),
        Output::Act => device.set_act(on),
        Output::Fan => device.set_fan(on),
        Output::Hub | Output::WriteProtect => return Ok(Change::Unsupported),
    };
    match result {
        Ok(()) => Ok(Change::Switched),
        Err(ctrl::Error::Refused { .. }) => Ok(Change::Unsupported),
        Err(error) => Err((ctrl_stands(&error), error.into())),
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alert => "ALERT LED",
            Self::Led => "LEDs of the nodes",
            Self::Hub => "USB hub",
            Self::WriteProtect => "EEPROM write protection",
            Self::Act => "ACT LED",
            Self::Fan => "fan",
        })
    }
}

/// What is sure about a setting that failed: a refused or never sent command changed nothing.
const fn ctrl_stands(error: &ctrl::Error<BusError>) -> Stands {
    match error {
        ctrl::Error::Bus { .. } | ctrl::Error::Timeout { .. } => Stands::Unknown,
        _ => Stands::Old,
    }
}
