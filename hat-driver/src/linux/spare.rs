//! Places of a HAT beyond its configured size: no node is meant to be there, but the power-on-state
//! jumper, or somebody else, may have powered them.

use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, SparePlaces, Target};
use super::handle::Board;
use super::info::BoardInfo;
use super::initialise::Initialiser;
use super::unit::{BoardReading, LinuxHat, Unit};
use crate::pins::Signals;
use crate::positions::Positions;
use crate::power::{Action, ResultingState, Switchable};

impl BoardReading {
    /// The positions beyond a board's size that have power. A ClusterCTRL board has none.
    #[must_use]
    pub fn beyond(&self, size: u8) -> Positions {
        match self {
            Self::Hat(_) => self.seen().without(Signals::first_nodes(size).positions()),
            Self::Ctrl(_) => Positions::NONE,
        }
    }
}

impl Cluster {
    /// Switches off the positions of a board beyond its configured size that have power, and tells which
    /// they were. Writes nothing where none has.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`], [`ClusterError::NotOpened`], [`ClusterError::Board`], [`ClusterError::Locked`] or
    /// [`ClusterError::Lock`].
    pub fn off_beyond(&mut self, board: Board) -> Result<Positions, ClusterError> {
        let slot = self.slot(board)?;
        let spare = match self.unit(slot)? {
            Unit::Hat(hat) => Signals::NODES.without(hat.nodes()).positions(),
            Unit::Ctrl(_) => Positions::NONE,
        };
        if spare.is_empty() {
            return Ok(Positions::NONE);
        }
        let exclusion = self.enter(slot)?;
        let initialiser = self.initialiser(slot);
        let Unit::Hat(hat) = self.unit(slot)? else { return Ok(Positions::NONE) };
        let result = switch_off(hat, spare, &initialiser);
        drop(exclusion);
        result.map_err(|(places, resulting, source)| {
            let wrong = source.not_following();
            let failed = if wrong.is_empty() { places } else { wrong };
            let BoardInfo { name, size, .. } = &self.slots[slot].info;
            let off = SparePlaces { board: name.clone(), places: places.without(failed) };
            let switched_off = Some(Box::new(off)).filter(|off| !off.places.is_empty());
            let target = Target::Beyond { places: failed, size: *size, switched_off };
            self.failed(slot, target, resulting, source)
        })
    }
}

/// The positions that failed, and the state that they are in.
type Failed = (Positions, ResultingState, BoardError);

fn switch_off(
    hat: &mut LinuxHat,
    spare: Positions,
    initialiser: &Initialiser,
) -> Result<Positions, Failed> {
    let old = |error: crate::HatError<_>| (spare, ResultingState::Old, error.into());
    let on = hat.status().map_err(old)?.seen.positions().intersection(spare);
    if on.is_empty() {
        return Ok(on);
    }
    let state = match hat.state(on, Action::Off) {
        Err(crate::HatError::NotInitialised) => {
            initialiser.init(hat).map_err(old)?;
            hat.state(on, Action::Off).map_err(old)?
        }
        state => state.map_err(old)?,
    };
    let after = Switchable::apply(hat, state, on, Action::Off)
        .map_err(|error| (on, hat.resulting_state(state, on, Action::Off), error.into()))?;
    let checked = Switchable::verify(hat, after, on, Action::Off);
    checked.map_err(|error| (on, ResultingState::New, error.into()))?;
    Ok(on)
}
