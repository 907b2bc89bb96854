//! Switches outputs of boards of either kind, and of the controller.

use std::sync::Arc;

use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, Target};
use super::event::PowerEvent;
use super::handle::Board;
use super::info::{BoardInfo, BoardModel};
use super::ledger::{Asks, change};
use super::output::{Output, OutputResult};
use super::platform::{Platform, Resource};
use super::unit::{LinuxCtrl, LinuxHat, Unit};
use crate::bus_error::BusError;
use crate::ctrl;
use crate::lines::Line as _;
use crate::pins::Signals;
use crate::power::{Action, ResultingState};
use crate::revisions::{V1_ALERT_LINE, V1_NODE_LINES, Wiring};

impl Cluster {
    /// Switches one output of one board, with its initialisation where that is due.
    ///
    /// # Errors
    /// [`ClusterError::Board`], [`ClusterError::Locked`] or [`ClusterError::Lock`].
    pub fn set(
        &mut self,
        board: Board,
        output: Output,
        on: bool,
        observer: &mut dyn FnMut(PowerEvent),
    ) -> Result<OutputResult, ClusterError> {
        let slot = self.slot(board)?;
        let exclusion = self.enter(slot)?;
        let hides = (output, on) == (Output::Hub, false);
        let (platform, place) = (Arc::clone(&self.platform), self.slots[slot].recorded_as());
        let mut before = Asks::default();
        let initialiser = self.initialiser(slot);
        let result = match self.unit(slot)? {
            Unit::Hat(hat) => {
                let init = &mut |hat: &mut LinuxHat| {
                    initialiser.init(hat)?;
                    observer(PowerEvent::Initialised { board });
                    Ok(())
                };
                let switching = &mut || {
                    if hides {
                        before = hide(&*platform, &place);
                    }
                };
                set_hat(hat, output, on, init, switching)
            }
            Unit::Ctrl(device) => set_ctrl(device, output, on),
        };
        if matches!(result, Err((ResultingState::Old, _))) && hides {
            let _ = change(&*platform, |ledger| ledger.hides_not(&place, &before));
        }
        drop(exclusion);
        result.map_err(|(resulting, source)| {
            self.failed(slot, Target::Output(output), resulting, source)
        })
    }

    /// Drives a GPIO line of the controller that belongs to no board, such as the fan's, and reads
    /// it back. Returns whether it changed.
    ///
    /// # Errors
    /// [`ClusterError::LineTaken`] for a line of a v1.x board that is there; [`ClusterError::Line`],
    /// [`ClusterError::LineStuck`], [`ClusterError::Locked`] or [`ClusterError::Lock`].
    pub fn set_line(&self, bcm: u8, on: bool) -> Result<bool, ClusterError> {
        self.check_free(bcm)?;
        let failed = |source| ClusterError::Line { line: bcm, source };
        let mut line = self.platform.line(bcm).map_err(failed)?;
        let _exclusion = self.take(Resource::Lines)?;
        if line.is_output().map_err(failed)? && line.is_high().map_err(failed)? == on {
            return Ok(false);
        }
        line.drive(on).map_err(failed)?;
        if line.is_high().map_err(failed)? == on {
            return Ok(true);
        }
        Err(ClusterError::LineStuck { line: bcm, on })
    }

    /// Refuses a line that a board is switched by.
    fn check_free(&self, bcm: u8) -> Result<(), ClusterError> {
        let is_taken = V1_NODE_LINES.contains(&bcm) || bcm == V1_ALERT_LINE;
        let on_lines = |info: &&BoardInfo| match info.model {
            BoardModel::Hat(revision) => revision.wiring == Wiring::Lines,
            _ => false,
        };
        match self.boards().map(|(_, info)| info).find(on_lines).filter(|_| is_taken) {
            None => Ok(()),
            Some(info) => Err(ClusterError::LineTaken { line: bcm, board: info.label() }),
        }
    }
}

/// Records that a hub is about to be switched off. Returns what the record said of its board's nodes. Who cannot read of it behaves
/// as if it was not switched.
fn hide(platform: &dyn Platform, place: &str) -> Asks {
    let mut before = Asks::default();
    let _ = change(platform, |ledger| {
        before = ledger.asks(place);
        ledger.hides(place);
    });
    before
}

type Failed = (ResultingState, BoardError);

fn set_hat(
    board: &mut LinuxHat,
    output: Output,
    on: bool,
    init: &mut dyn FnMut(&mut LinuxHat) -> Result<(), crate::HatError<BusError>>,
    switching: &mut dyn FnMut(),
) -> Result<OutputResult, Failed> {
    let Some(signal) = output.signal().filter(|&s| board.revision().signals().contains(s)) else {
        return Ok(OutputResult::Unsupported);
    };
    let old = |error: crate::HatError<BusError>| (ResultingState::Old, error.into());
    let action = if on { Action::On } else { Action::Off };
    let latch = match board.latch_for(action) {
        Err(crate::HatError::NotInitialised) => {
            init(board).map_err(old)?;
            board.latch_for(action).map_err(old)?
        }
        result => result.map_err(old)?,
    };
    switching();
    let (set, clear) = if on { (signal, Signals::NONE) } else { (Signals::NONE, signal) };
    let after = board
        .apply(latch, set, clear)
        .map_err(|error| (board.state_after_failure(latch, signal, on), error.into()))?;
    board.verify(after, signal).map_err(|error| (ResultingState::New, error.into()))?;
    Ok(if after == latch { OutputResult::Unchanged } else { OutputResult::Switched })
}

fn set_ctrl(device: &mut LinuxCtrl, output: Output, on: bool) -> Result<OutputResult, Failed> {
    let result = match output {
        Output::Alert => device.set_alert(on),
        Output::Led => device.set_leds(on),
        Output::Act => device.set_act(on),
        Output::Fan => device.set_fan(on),
        Output::Hub | Output::WriteProtect => return Ok(OutputResult::Unsupported),
    };
    match result {
        Ok(()) => Ok(OutputResult::Switched),
        Err(ctrl::CtrlError::Refused { .. }) => Ok(OutputResult::Unsupported),
        Err(error) => Err((ctrl_resulting(&error), error.into())),
    }
}

/// What is sure about a setting that failed: a refused or never sent command changed nothing.
pub(super) const fn ctrl_resulting(error: &ctrl::CtrlError<BusError>) -> ResultingState {
    match error {
        ctrl::CtrlError::Bus { .. } | ctrl::CtrlError::Timeout { .. } => ResultingState::Unknown,
        _ => ResultingState::Old,
    }
}
