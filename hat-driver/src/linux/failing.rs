//! From what failed below to the error that says which board and which nodes it concerns.

use std::io::ErrorKind;

use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, Done, Target};
use super::exclusion::Stop;
use super::handle::Node;
use super::info::BoardInfo;
use super::obstacle::{cannot_open, held_by_driver, is_busy, obstacle};
use super::platform::UsbBoard;
use crate::ctrl::CtrlError;
use crate::error::HatError;
use crate::power::ResultingState;

impl Cluster {
    /// What failed on the board of a slot.
    pub(super) fn failed(
        &self,
        slot: usize,
        target: Target,
        resulting: ResultingState,
        source: BoardError,
    ) -> ClusterError {
        let info = &self.slots[slot].info;
        let (board, done) = (info.label(), Done::default());
        match source {
            BoardError::Hat(HatError::Bus { source, .. }) if is_busy(&source) => {
                let place = (info.bus.unwrap_or_default(), info.address.unwrap_or_default());
                held_by_driver(&*self.platform, board, place, source)
            }
            BoardError::Ctrl(CtrlError::Bus { .. }) if self.is_gone(info) => {
                ClusterError::Gone { board, target, done }
            }
            source => ClusterError::Board { board, target, resulting, done, source },
        }
    }

    /// Why an operation stopped, with the nodes that it did not come to.
    pub(super) fn stopped(stop: Stop, done: Done, left: &[Node]) -> ClusterError {
        let left = left.into();
        match stop {
            Stop::Locked { path, holder, waited } => {
                ClusterError::Locked { what: path.display().to_string(), holder, waited, done }
            }
            Stop::Lock { path, source } => ClusterError::Lock { path, source }.after(done),
            Stop::UnderVoltage { node } => ClusterError::UnderVoltage { node, left, done },
            Stop::Undone { nodes } => ClusterError::Undone { nodes: nodes.into(), left, done },
            Stop::Observer => ClusterError::Stopped { left, done },
        }
    }

    /// Why a board's lock was not taken. A bus is locked by its device: where that is no more, the
    /// board is what went.
    pub(super) fn not_entered(&self, slot: usize, target: Target, stop: Stop) -> ClusterError {
        let info = &self.slots[slot].info;
        match stop {
            Stop::Lock { source, .. }
                if source.kind() == ErrorKind::NotFound && self.is_gone(info) =>
            {
                ClusterError::Gone { board: info.label(), target, done: Done::default() }
            }
            Stop::Lock { path, source } => match info.bus {
                Some(bus) if path == self.platform.bus_path(bus) => {
                    let source = source.into();
                    cannot_open(&*self.platform, info.label(), bus, obstacle(&source), source)
                }
                _ => ClusterError::Lock { path, source },
            },
            stop => Self::stopped(stop, Done::default(), &[]),
        }
    }

    /// Whether a board that was on the USB is there no more, or with another bus only. A board that is
    /// being unplugged loses its bus first.
    fn is_gone(&self, info: &BoardInfo) -> bool {
        let Some(path) = &info.usb_path else { return false };
        let is_same = |board: &UsbBoard| board.path == *path && board.bus == info.bus;
        !self.platform.usb_boards().iter().any(is_same)
    }
}
