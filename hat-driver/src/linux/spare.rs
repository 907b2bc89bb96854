//! Places of a HAT beyond its configured size: no node is meant to be there, but the power-on-state
//! jumper, or somebody else, may have powered them.

use super::cluster::Cluster;
use super::error::{BoardError, Done, Error, NodeState};
use super::unit::{LinuxHat, Unit, UnitStatus};
use crate::pins::Signals;
use crate::positions::Positions;
use crate::power::{Action, Stands, Switchable};

impl UnitStatus {
    /// The places beyond a board's size that have power. A ClusterCTRL board has none.
    #[must_use]
    pub fn beyond(&self, size: u8) -> Positions {
        match self {
            Self::Hat(_) => self.seen().without(Signals::first_nodes(size).positions()),
            Self::Ctrl(_) => Positions::NONE,
        }
    }
}

impl Cluster {
    /// Switches off the places of a board beyond its configured size that have power, and tells which
    /// they were. Writes nothing where none has.
    ///
    /// # Errors
    /// [`Error::NoSuchBoard`], [`Error::NotOpened`], [`Error::Board`], [`Error::Locked`] or
    /// [`Error::Lock`].
    pub fn off_beyond(&mut self, board: usize) -> Result<Positions, Error> {
        let spare = match self.unit(board)? {
            Unit::Hat(hat) => Signals::NODES.without(hat.nodes()).positions(),
            Unit::Ctrl(_) => Positions::NONE,
        };
        if spare.is_empty() {
            return Ok(Positions::NONE);
        }
        let exclusion = self.enter(board)?;
        let Unit::Hat(hat) = self.unit(board)? else { return Ok(Positions::NONE) };
        let result = switch_off(hat, spare);
        drop(exclusion);
        result.map_err(|(places, stands, source)| {
            let wrong = source.not_following();
            let failed = if wrong.is_empty() { places } else { wrong };
            let info = &self.slots[board].info;
            let what = format!("{failed}, beyond its size of {}", info.size);
            let done = places.without(failed).iter();
            let done = done.map(|place| format!("{}:{}", info.name, Positions::one(place)));
            let nodes: Box<[String]> = done.collect();
            let state = |name: &String| NodeState::new(name.clone(), Action::Off, Stands::New);
            let done = Done { states: nodes.iter().map(state).collect(), nodes, on: false };
            self.failed(board, what, stands, source).after(done)
        })
    }
}

/// The places that failed, and what stands of them.
type Failed = (Positions, Stands, BoardError);

fn switch_off(hat: &mut LinuxHat, spare: Positions) -> Result<Positions, Failed> {
    let old = |error: crate::Error<_>| (spare, Stands::Old, error.into());
    let on = hat.status().map_err(old)?.seen.positions().intersection(spare);
    if on.is_empty() {
        return Ok(on);
    }
    let state = match hat.state(on, Action::Off) {
        Err(crate::Error::NotInitialised) => {
            hat.init().map_err(old)?;
            hat.state(on, Action::Off).map_err(old)?
        }
        state => state.map_err(old)?,
    };
    let after = Switchable::apply(hat, state, on, Action::Off)
        .map_err(|error| (on, hat.stands(state, on, Action::Off), error.into()))?;
    let checked = Switchable::verify(hat, after, on);
    checked.map_err(|error| (on, Stands::New, error.into()))?;
    Ok(on)
}
