//! Switching the nodes of one board: a plan of what to write and when to wait, and its execution.
//!
//! Nodes are switched on one after the other, because of their inrush current, and off all at once. There
//! is a delay only between two nodes that are both switched on.
//!
//! [`switch`] executes a [`Plan`] on anything that is [`Switchable`] (a [`Hat`](crate::hat::Hat), a
//! ClusterCTRL [`Device`](crate::ctrl::device::Device)), within [`SwitchHooks`]: how others are kept off
//! the bus, how time passes, and when to stop. [`SoleOwner`] is enough for a program that owns the bus:
//!
//! ```
//! use embedded_hal::delay::DelayNs;
//! use embedded_hal::i2c::I2c;
//! use hat_driver::Positions;
//! use hat_driver::hat::Hat;
//! use hat_driver::lines::NoLine;
//! use hat_driver::power::{Action, SoleOwner, switch};
//!
//! /// Switches P1 and P3 on, a second apart.
//! fn two_nodes<B: I2c, D: DelayNs>(hat: &mut Hat<B, NoLine<B::Error>>, delay: D) -> bool {
//!     let nodes: Positions = [0, 2].into_iter().collect();
//!     let second = core::time::Duration::from_secs(1);
//!     let none = core::time::Duration::ZERO;
//!     switch(hat, nodes, Action::On, |_| second, none, &mut SoleOwner(delay)).is_ok()
//! }
//! ```

use core::time::Duration;

use embedded_hal::delay::DelayNs;

use crate::positions::Positions;

mod plan;
mod run;

pub use plan::{Plan, Step};
pub use run::{Cause, Failure, Finished, switch};

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Action {
    /// Give power.
    On,
    /// Cut power.
    Off,
}

/// A board whose nodes can be switched. The caller keeps others off its bus.
pub trait Switchable {
    /// What can go wrong.
    type Error;
    /// What the board said of its nodes: where a change starts from.
    type State: Copy;

    /// Asks for the state of at least these nodes, where `action` starts from.
    ///
    /// # Errors
    /// Where the board fails, or is not ready to be switched.
    fn state(&mut self, nodes: Positions, action: Action) -> Result<Self::State, Self::Error>;

    /// Asks again after a pause, in which others may have used the board. Costs as little as may be.
    ///
    /// # Errors
    /// As [`Self::state`].
    fn state_again(
        &mut self,
        nodes: Positions,
        action: Action,
    ) -> Result<Self::State, Self::Error> {
        self.state(nodes, action)
    }

    /// The nodes that are on in a state.
    fn on(&self, state: Self::State) -> Positions;

    /// The nodes that [`Self::on`] counts as on although the board did not say so: none of them is switched on.
    fn unknown(&self, _state: Self::State) -> Positions {
        Positions::NONE
    }

    /// Switches nodes and reads back the register that does it. Returns the new state.
    ///
    /// # Errors
    /// Where the board fails.
    fn apply(
        &mut self,
        state: Self::State,
        nodes: Positions,
        action: Action,
    ) -> Result<Self::State, Self::Error>;

    /// Those of the nodes just switched that do not show it, before others may use the board. None
    /// where [`Self::on`] tells what is commanded, whatever the nodes show.
    ///
    /// # Errors
    /// Where the board fails.
    fn not_following(
        &mut self,
        _nodes: Positions,
        _action: Action,
    ) -> Result<Positions, Self::Error> {
        Ok(Positions::NONE)
    }

    /// Those of the nodes that are off since their board lost its power, which this error of [`Self::state_again`] says.
    fn lost(&mut self, _nodes: Positions, _error: &Self::Error) -> Positions {
        Positions::NONE
    }

    /// Compares what the nodes show with what they are told, which is `action` for all of them.
    ///
    /// # Errors
    /// Where they differ, or the board fails.
    fn verify(
        &mut self,
        state: Self::State,
        nodes: Positions,
        action: Action,
    ) -> Result<(), Self::Error>;

    /// After a failed [`Self::apply`]: the nodes that are as asked all the same. None where nodes are
    /// switched by one write.
    fn reached(&mut self, _nodes: Positions, _action: Action) -> Positions {
        Positions::NONE
    }

    /// After a failed [`Self::apply`]: the resulting state.
    fn resulting_state(
        &mut self,
        before: Self::State,
        nodes: Positions,
        action: Action,
    ) -> ResultingState;
}

/// What surrounds a plan's writes: exclusion of others, time, and reasons to stop.
pub trait SwitchHooks {
    /// Why the plan has to stop.
    type Stop;

    /// Excludes others from the board's bus.
    ///
    /// # Errors
    /// Where exclusion cannot be had in time.
    fn enter(&mut self) -> Result<(), Self::Stop>;

    /// Those of the nodes asked for that are still to be switched, now that others are excluded.
    fn still_asked(&mut self, request: Positions) -> Positions {
        request
    }

    /// Lets others in.
    fn leave(&mut self);

    /// Lets time pass, outside of the exclusion.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop>;

    /// The board was asked, with others excluded: these nodes are on, and these have to be, since
    /// they were found on or were switched on.
    ///
    /// # Errors
    /// Where somebody else has switched off what this plan is to have on.
    fn asked(&mut self, _on: Positions, _expected: Positions) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// These nodes are about to be switched.
    fn switching(&mut self, _nodes: Positions) {}

    /// The board failed to switch these nodes.
    fn failed(&mut self, _nodes: Positions, _resulting: ResultingState) {}

    /// These nodes were switched, and the register that switches them was read back.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn switched(&mut self, nodes: Positions) -> Result<(), Self::Stop>;
}

/// The hooks of a program that owns the bus alone.
#[derive(Debug)]
pub struct SoleOwner<D>(pub D);

impl<D: DelayNs> SwitchHooks for SoleOwner<D> {
    type Stop = core::convert::Infallible;

    fn enter(&mut self) -> Result<(), Self::Stop> {
        Ok(())
    }

    fn leave(&mut self) {}

    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop> {
        self.0.delay_ms(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX));
        Ok(())
    }

    fn switched(&mut self, _nodes: Positions) -> Result<(), Self::Stop> {
        Ok(())
    }
}

/// Which state a failed step left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ResultingState {
    /// The one before the step.
    Old,
    /// The one that the step was to reach.
    New,
    /// The board no longer answers, or holds something else.
    Unknown,
}
