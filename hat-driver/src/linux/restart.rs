//! What takes a ClusterCTRL board off the USB for a moment: a restart, and a cycle of the hub that it is
//! behind.
//!
//! Such a board is gone before the kernel's adapter has asked whether the command arrived, and the
//! write fails with EIO although it was carried out. What tells is the USB: the board leaves it and
//! comes back at the same place, under another number. The bus is closed meanwhile, since the kernel
//! does not let go of an adapter that somebody has open, and with it of the hub.

use std::sync::Arc;
use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rustix::io::Errno;

use super::cluster::Cluster;
use super::discover::ctrl_name;
use super::error::{Done, Error, Missing};
use super::event::Event;
use super::info::Model;
use super::outputs::{Change, Output};
use super::platform::{AnyBus, UsbBoard};
use super::unit::{LinuxCtrl, Unit};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::power::Stands;

/// How often to look: nothing tells an ordinary user of the USB's events everywhere, and each look is a
/// few small files of sysfs.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to ask a board that is back, each time.
const PATIENCE_MS: u32 = 50;

/// A restart begins 50 ms after the command; the rest is for the kernel.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// A restart takes 1 s for each node that goes on with it, before the board is on the USB again.
const RETURNS_WITHIN: Duration = Duration::from_secs(20);

/// How long to wait for another process before a hub is left off.
const HALF_DONE: Duration = Duration::from_secs(60);

/// What a board is told.
struct Told {
    what: &'static str,
    /// How long it stays away at least.
    away: Duration,
    send: fn(&mut LinuxCtrl, u8) -> Result<(), ctrl::Error<BusError>>,
}

impl Cluster {
    /// Switches a board's hub off for a while and on again. The nodes' links go with it, and for a
    /// moment a ClusterCTRL board itself; it is waited for.
    ///
    /// # Errors
    /// As [`Self::set`]; [`Error::HubOff`] where the hub may be off still; [`Error::NotBack`] where a
    /// ClusterCTRL board was not seen to leave and to come back.
    pub fn cycle_hub(
        &mut self,
        board: usize,
        off: Duration,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Change, Error> {
        match self.info(board)?.model {
            Model::Hat(_) | Model::Unknown(_) => self.cycle_hat_hub(board, off, observer),
            Model::Ctrl { product, .. } if !product.is_behind_its_hub() => Ok(Change::Unsupported),
            Model::Ctrl { .. } => {
                let cycle = |device: &mut LinuxCtrl, tens_of_ms| device.cycle_hub(tens_of_ms);
                self.send_away(board, &Told { what: "HUB", away: off, send: cycle })?;
                Ok(Change::Switched)
            }
        }
    }

    /// Once the hub is off, or may be, it is switched on again whatever happens.
    fn cycle_hat_hub(
        &mut self,
        board: usize,
        off: Duration,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Change, Error> {
        let first = match self.set(board, Output::Hub, false, observer) {
            Ok(Change::Unsupported) => return Ok(Change::Unsupported),
            Err(error) if !error.may_have_changed() => return Err(error),
            Err(error) => Err(error),
            Ok(change) => {
                self.platform.sleep(off);
                Ok(change)
            }
        };
        let limit = self.options.lock_limit;
        self.options.lock_limit = limit.max(HALF_DONE);
        let second = self.set(board, Output::Hub, true, observer);
        self.options.lock_limit = limit;
        let label = self.info(board)?.label();
        second.map_err(|source| Error::HubOff { board: label, source: Box::new(source) })?;
        first.map(|_| Change::Switched)
    }

    /// Restarts a ClusterCTRL board and waits for it to come back. Its nodes' power becomes what its
    /// EEPROM says, and so does its order: a board that has another one keeps its place here until the
    /// boards are looked for anew.
    ///
    /// # Errors
    /// As [`Self::set`]; [`Error::NotBack`] where it was not seen to leave and to come back.
    pub fn reset(&mut self, board: usize) -> Result<(), Error> {
        let reset = |device: &mut LinuxCtrl, _| device.reset();
        self.send_away(board, &Told { what: "reset", away: Duration::ZERO, send: reset })
    }

    /// Tells a board something that takes it off the USB, and opens it again where it comes back.
    fn send_away(&mut self, board: usize, told: &Told) -> Result<(), Error> {
        self.ctrl(board)?;
        let info = self.info(board)?;
        let path = info.usb_path.clone().unwrap_or_default();
        let Some(before) = self.usb_board(&path) else {
            let (board, what) = (info.label(), told.what.to_owned());
            return Err(Error::Gone { board, what, done: Done::default() });
        };
        let label = info.label();
        let sent = self.send(board, told)?;
        let result = self.await_return(board, &before, told.away);
        result.map_err(|(missing, limit, source)| {
            let source = source.or(sent);
            Error::NotBack { board: label, what: told.what, missing, limit, source }
        })
    }

    fn ctrl(&mut self, board: usize) -> Result<&mut LinuxCtrl, Error> {
        let label = self.info(board)?.label();
        match self.unit(board)? {
            Unit::Ctrl(device) => Ok(device),
            Unit::Hat(_) => Err(Error::NotCtrl { board: label }),
        }
    }

    /// Sends the command and closes the bus. What the bus said to it, if anything, proves nothing.
    ///
    /// # Errors
    /// Where the command cannot have arrived.
    fn send(&mut self, board: usize, told: &Told) -> Result<Option<BusError>, Error> {
        let exclusion = self.enter(board)?;
        let device = self.ctrl(board)?;
        let tens_of_ms = u8::try_from(told.away.as_millis() / 10).unwrap_or(u8::MAX);
        let result = (told.send)(device, tens_of_ms);
        if matches!(result, Ok(()) | Err(ctrl::Error::Bus { .. })) {
            close(device);
        }
        drop(exclusion);
        match result {
            Ok(()) => Ok(None),
            Err(ctrl::Error::Bus { source, .. }) => Ok(Some(source)),
            Err(error) => Err(self.failed(board, told.what.to_owned(), Stands::Old, error.into())),
        }
    }

    fn await_return(
        &mut self,
        board: usize,
        before: &UsbBoard,
        away: Duration,
    ) -> Result<(), (Missing, Duration, Option<BusError>)> {
        let path = &before.path;
        let has_left = |now: Option<UsbBoard>| now.is_none_or(|now| now.device != before.device);
        if !self.looks(LEAVES_WITHIN).any(|()| has_left(self.usb_board(path))) {
            if let Some(bus) = before.bus {
                // It answers as before, or whoever asks it next is told that it does not.
                let _ = self.reopen(board, bus);
            }
            return Err((Missing::Leaving, LEAVES_WITHIN, None));
        }
        let limit = RETURNS_WITHIN + away;
        let (mut missing, mut source) = (Missing::Return, None);
        for () in self.looks(limit) {
            let Some(now) = self.usb_board(path) else { continue };
            missing = Missing::Answer;
            let Some(bus) = now.bus else { continue };
            match self.reopen(board, bus) {
                Ok(()) => return Ok(()),
                Err(error) => source = error,
            }
        }
        Err((missing, limit, source))
    }

    /// Moments to look at the USB, for this long at least.
    fn looks(&self, limit: Duration) -> impl Iterator<Item = ()> + use<> {
        let platform = Arc::clone(&self.platform);
        let count = limit.as_millis() / PAUSE.as_millis();
        (0..count).map(move |_| platform.sleep(PAUSE))
    }

    fn usb_board(&self, path: &str) -> Option<UsbBoard> {
        self.platform.usb_boards().into_iter().find(|board| board.path == path)
    }

    /// Opens a board's bus and asks for its description. Its udev rule may still have to run, and its
    /// firmware to start.
    fn reopen(&mut self, board: usize, bus: u32) -> Result<(), Option<BusError>> {
        let opened = self.platform.i2c(bus).map_err(Some)?;
        let slot = self.slots.get_mut(board).ok_or(None)?;
        let (info, unit) = (&mut slot.info, slot.unit.as_mut());
        let (Ok(Unit::Ctrl(device)), Model::Ctrl { order, .. }) = (unit, &mut info.model) else {
            return Err(None);
        };
        *device.bus().inner() = opened;
        match device.describe_within(PATIENCE_MS) {
            Ok(description) => {
                *order = description.order;
                (info.bus, info.name) = (Some(bus), ctrl_name(description.order));
                Ok(())
            }
            Err(error) => {
                close(device);
                Err(match error {
                    ctrl::Error::Bus { source, .. } => Some(source),
                    _ => None,
                })
            }
        }
    }
}

/// Closes a board's bus.
fn close(device: &mut LinuxCtrl) {
    *device.bus().inner() = AnyBus(Box::new(Closed));
}

/// The bus of a board that is away.
struct Closed;

impl ErrorType for Closed {
    type Error = BusError;
}

impl I2c for Closed {
    fn transaction(&mut self, _: u8, _: &mut [Operation<'_>]) -> Result<(), BusError> {
        Err(BusError::from_errno(Errno::NODEV))
    }
}
