//! What takes a ClusterCTRL board off the USB for a moment: a restart, and a cycle of the hub that it is
//! behind.
//!
//! Such a board is gone before the kernel's adapter has asked whether the command arrived, and the
//! write fails with EIO although it was carried out. What tells is the USB: the board leaves it and
//! comes back at the same place, under another number. The bus is closed until then, since the kernel
//! does not let go of an adapter that somebody has open, and with it of the hub.

use std::sync::Arc;
use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rustix::io::Errno;

use super::away;
use super::cluster::Cluster;
use super::discover::ctrl_name;
use super::error::{ClusterError, Done, Missing, Target};
use super::event::PowerEvent;
use super::handle::Board;
use super::info::BoardModel;
use super::ledger::{Asks, Ledger, change};
use super::output::{Output, OutputResult};
use super::platform::{AnyBus, UsbBoard};
use super::unit::{LinuxCtrl, Unit};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::positions::Positions;
use crate::power::ResultingState;

/// How long to ask a board that is back, each time.
const PATIENCE_MS: u32 = 50;

/// A restart begins 50 ms after the command; the rest is for the kernel.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// A restart takes 1 s for each node that goes on with it, before the board is on the USB again.
const RETURNS_WITHIN: Duration = Duration::from_secs(20);

/// How long to wait for another process before a hub is left off.
const HALF_DONE: Duration = Duration::from_secs(60);

/// The longest time that a ClusterCTRL board is told to keep its hub off: it counts it in one byte, in steps of 10 ms.
const LONGEST_HUB_OFF: Duration = Duration::from_millis(10 * u8::MAX as u64);

/// A command to a board.
struct Told {
    what: &'static str,
    /// How long it stays away at least.
    away: Duration,
    /// What the record says of its nodes from then on, with the board's name there.
    records: fn(&mut Ledger, &str, Positions),
    send: fn(&mut LinuxCtrl, u8) -> Result<(), ctrl::CtrlError<BusError>>,
}

impl Told {
    const fn target(&self) -> Target {
        Target::Setting(self.what)
    }
}

impl Cluster {
    /// Switches a board's hub off for a while and on again. The nodes' links go with it, and for a
    /// moment a ClusterCTRL board itself; it is waited for. A HAT's hub is off for as long as asked, that of a ClusterCTRL board for
    /// at least 100 ms and at most 2.55 s.
    ///
    /// # Errors
    /// As [`Self::set`]; [`ClusterError::HubOff`] where the hub may be off still; [`ClusterError::NotBack`] where a
    /// ClusterCTRL board was not seen to leave and to come back.
    pub fn cycle_hub(
        &mut self,
        board: Board,
        off: Duration,
        observer: &mut dyn FnMut(PowerEvent),
    ) -> Result<OutputResult, ClusterError> {
        match self.info(board)?.model {
            BoardModel::Hat(_) | BoardModel::Unknown(_) => self.cycle_hat_hub(board, off, observer),
            BoardModel::Ctrl { product, .. } if !product.is_behind_its_hub() => {
                Ok(OutputResult::Unsupported)
            }
            BoardModel::Ctrl { .. } => {
                let cycle = |device: &mut LinuxCtrl, tens_of_ms| device.cycle_hub(tens_of_ms);
                let records = |ledger: &mut Ledger, place: &str, _| ledger.hides(place);
                let away = off.min(LONGEST_HUB_OFF);
                let told = Told { what: "HUB", away, records, send: cycle };
                self.send_away(self.slot(board)?, &told)?;
                Ok(OutputResult::Switched)
            }
        }
    }

    /// Once the hub is off, or may be, it is switched on again whatever happens.
    fn cycle_hat_hub(
        &mut self,
        board: Board,
        off: Duration,
        observer: &mut dyn FnMut(PowerEvent),
    ) -> Result<OutputResult, ClusterError> {
        let first = match self.set(board, Output::Hub, false, observer) {
            Ok(OutputResult::Unsupported) => return Ok(OutputResult::Unsupported),
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
        second.map_err(|source| ClusterError::HubOff { board: label, source: Box::new(source) })?;
        first.map(|_| OutputResult::Switched)
    }

    /// Restarts a ClusterCTRL board and waits for it to come back. Its nodes' power becomes what its
    /// EEPROM says, and so does its order: a board that has another one keeps its place here until the
    /// boards are looked for anew.
    ///
    /// # Errors
    /// As [`Self::set`]; [`ClusterError::NotBack`] where it was not seen to leave and to come back.
    pub fn reset(&mut self, board: Board) -> Result<(), ClusterError> {
        let reset = |device: &mut LinuxCtrl, _| device.reset();
        // Whoever waits for the halt of one has another start before it.
        let records = |ledger: &mut Ledger, place: &str, nodes| {
            ledger.ask_on(place, nodes);
            ledger.starts(place, nodes);
        };
        let told = Told { what: "reset", away: Duration::ZERO, records, send: reset };
        self.send_away(self.slot(board)?, &told)
    }

    /// Tells a board something that takes it off the USB, and opens it again where it comes back.
    fn send_away(&mut self, slot: usize, told: &Told) -> Result<(), ClusterError> {
        self.ctrl(slot)?;
        let info = &self.slots[slot].info;
        let path = info.usb_path.clone().unwrap_or_default();
        let Some(before) = self.usb_board(&path) else {
            let (board, target) = (info.label(), told.target());
            return Err(ClusterError::Gone { board, target, done: Done::default() });
        };
        let label = info.label();
        let sent = self.send(slot, &before, told)?;
        let result = self.await_return(slot, &before, told.away);
        // One that is away still may come back: others go on waiting for it.
        if !matches!(result, Err((Missing::Return | Missing::Answer, ..))) {
            away::end(&*self.platform, &path);
        }
        result.map_err(|(missing, limit, source)| {
            let source = source.or(sent);
            let target = told.target();
            ClusterError::NotBack { board: label, target, missing, limit, source }
        })
    }

    fn ctrl(&mut self, slot: usize) -> Result<&mut LinuxCtrl, ClusterError> {
        let label = self.slots[slot].info.label();
        match self.unit(slot)? {
            Unit::Ctrl(device) => Ok(device),
            Unit::Hat(_) => Err(ClusterError::NotCtrl { board: label }),
        }
    }

    /// Records that the board is sent away, sends the command and closes the bus. What the bus said to it, if anything,
    /// proves nothing.
    ///
    /// # Errors
    /// Where the command cannot have arrived.
    fn send(
        &mut self,
        slot: usize,
        board: &UsbBoard,
        told: &Told,
    ) -> Result<Option<BusError>, ClusterError> {
        let exclusion = self.enter(slot)?;
        let (place, size) = (self.slots[slot].recorded_as(), self.slots[slot].info.size);
        // Its time begins now, however long another process kept the lock.
        let away =
            away::from_now(&*self.platform, board, LEAVES_WITHIN + RETURNS_WITHIN + told.away);
        let mut before = Asks::default();
        // Where it cannot be recorded, others behave as if nothing had been told.
        let _ = change(&*self.platform, |ledger| {
            before = ledger.asks(&place);
            ledger.send_away(&board.path, away.clone());
            (told.records)(ledger, &place, (0..size).collect());
        });
        let device = self.ctrl(slot)?;
        let tens_of_ms = u8::try_from(told.away.as_millis() / 10).unwrap_or(u8::MAX);
        let result = (told.send)(device, tens_of_ms);
        if matches!(result, Ok(()) | Err(ctrl::CtrlError::Bus { .. })) {
            close(device);
        }
        drop(exclusion);
        match result {
            Ok(()) => Ok(None),
            Err(ctrl::CtrlError::Bus { source, .. }) => Ok(Some(source)),
            Err(error) => {
                away::end(&*self.platform, &board.path);
                let _ = change(&*self.platform, |ledger| ledger.hides_not(&place, &before));
                Err(self.failed(slot, told.target(), ResultingState::Old, error.into()))
            }
        }
    }

    fn await_return(
        &mut self,
        slot: usize,
        before: &UsbBoard,
        away: Duration,
    ) -> Result<(), (Missing, Duration, Option<BusError>)> {
        let path = &before.path;
        let has_left = |now: Option<UsbBoard>| now.is_none_or(|now| now.device != before.device);
        if !away::looks(&*self.platform, LEAVES_WITHIN).any(|()| has_left(self.usb_board(path))) {
            if let Some(bus) = before.bus {
                // It answers as before, or whoever asks it next is told that it does not.
                let _ = self.reopen(slot, bus);
            }
            return Err((Missing::Leaving, LEAVES_WITHIN, None));
        }
        let limit = RETURNS_WITHIN + away;
        let (mut missing, mut source) = (Missing::Return, None);
        let platform = Arc::clone(&self.platform);
        for () in away::looks(&*platform, limit) {
            let Some(now) = self.usb_board(path) else { continue };
            missing = Missing::Answer;
            let Some(bus) = now.bus else { continue };
            match self.reopen(slot, bus) {
                Ok(()) => return Ok(()),
                Err(error) => source = error,
            }
        }
        Err((missing, limit, source))
    }

    fn usb_board(&self, path: &str) -> Option<UsbBoard> {
        self.platform.usb_boards().into_iter().find(|board| board.path == path)
    }

    /// Opens a board's bus and asks for its description. Its udev rule may still have to run, and its
    /// firmware to start.
    fn reopen(&mut self, slot: usize, bus: u32) -> Result<(), Option<BusError>> {
        let opened = self.platform.i2c(bus).map_err(Some)?;
        let slot = &mut self.slots[slot];
        let (info, unit) = (&mut slot.info, slot.unit.as_mut());
        let (Ok(Unit::Ctrl(device)), BoardModel::Ctrl { order, .. }) = (unit, &mut info.model)
        else {
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
                    ctrl::CtrlError::Bus { source, .. } => Some(source),
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
