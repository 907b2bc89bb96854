//! The GPIO lines of a v1.x board: one for each node and one for the ALERT LED, all active high.

use embedded_hal::digital::{OutputPin, StatefulOutputPin};

use crate::error::{Access, HatError};
use crate::pins::PinSet;
use crate::revisions::{V1_ALERT_LINE, V1_NODE_LINES};

/// The bit of the ALERT line in a [`PinSet`], where the expander of later boards has it too.
const ALERT_BIT: u8 = 6;

/// One GPIO line whose direction can be asked for and which can become an output without a glitch.
pub trait Line {
    /// What the back end reports.
    type Error;

    /// Whether the line is an output.
    ///
    /// # Errors
    /// Where the back end cannot tell.
    fn is_output(&mut self) -> Result<bool, Self::Error>;

    /// Whether the line's level is high, as seen at the pin where the back end can see it.
    ///
    /// # Errors
    /// Where the back end cannot read.
    fn is_high(&mut self) -> Result<bool, Self::Error>;

    /// Sets the level first and makes the line an output second, so that it never shows the other
    /// level. The level has to outlive the process.
    ///
    /// # Errors
    /// Where the back end cannot write.
    fn drive(&mut self, high: bool) -> Result<(), Self::Error>;
}

/// A pin of any embedded-hal implementation that its owner has already made an output.
#[derive(Debug)]
pub struct OwnedOutput<P>(pub P);

impl<P: OutputPin + StatefulOutputPin> Line for OwnedOutput<P> {
    type Error = P::Error;

    fn is_output(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }

    fn is_high(&mut self) -> Result<bool, Self::Error> {
        self.0.is_set_high()
    }

    fn drive(&mut self, high: bool) -> Result<(), Self::Error> {
        self.0.set_state(high.into())
    }
}

/// For programs that drive expanders alone: a line that cannot exist.
#[derive(Debug)]
pub struct NoLine<E>(core::convert::Infallible, core::marker::PhantomData<E>);

impl<E> Line for NoLine<E> {
    type Error = E;

    fn is_output(&mut self) -> Result<bool, E> {
        match self.0 {}
    }

    fn is_high(&mut self) -> Result<bool, E> {
        match self.0 {}
    }

    fn drive(&mut self, _high: bool) -> Result<(), E> {
        match self.0 {}
    }
}

/// The five lines of a board.
#[derive(Debug)]
pub struct Lines<L> {
    nodes: [L; 4],
    alert: L,
}

impl<L: Line> Lines<L> {
    /// Takes the lines of P1 to P4 ([`V1_NODE_LINES`]) and ALERT ([`V1_ALERT_LINE`]). Touches nothing.
    pub const fn new(nodes: [L; 4], alert: L) -> Self {
        Self { nodes, alert }
    }

    /// The lines that are high.
    ///
    /// # Errors
    /// [`HatError::Line`] where one cannot be read.
    pub fn levels(&mut self) -> Result<PinSet, HatError<L::Error>> {
        self.collect(L::is_high)
    }

    /// The lines that are inputs, as the expander's direction register would have it.
    ///
    /// # Errors
    /// [`HatError::Line`] where one cannot be read.
    pub fn direction(&mut self) -> Result<PinSet, HatError<L::Error>> {
        self.collect(|line| line.is_output().map(|output| !output))
    }

    /// Drives these lines high and those low; leaves the rest alone.
    ///
    /// # Errors
    /// [`HatError::Line`] at the first line that refuses.
    pub fn drive(&mut self, set: PinSet, clear: PinSet) -> Result<(), HatError<L::Error>> {
        for (bit, number, line) in self.each() {
            if set.union(clear).contains(bit) {
                line.drive(set.contains(bit)).map_err(|source| HatError::Line {
                    access: Access::Write,
                    line: number,
                    source,
                })?;
            }
        }
        Ok(())
    }

    fn collect(
        &mut self,
        ask: impl Fn(&mut L) -> Result<bool, L::Error>,
    ) -> Result<PinSet, HatError<L::Error>> {
        let mut found = PinSet::NONE;
        for (bit, number, line) in self.each() {
            let yes = ask(line).map_err(|source| HatError::Line {
                access: Access::Read,
                line: number,
                source,
            })?;
            if yes {
                found = found.union(bit);
            }
        }
        Ok(found)
    }

    /// Each line with its bit and its BCM number.
    fn each(&mut self) -> impl Iterator<Item = (PinSet, u8, &mut L)> {
        let nodes = self.nodes.iter_mut().zip(V1_NODE_LINES).enumerate();
        nodes
            .map(|(position, (line, number))| (PinSet::from_bits(1 << position), number, line))
            .chain(core::iter::once((
                PinSet::from_bits(1 << ALERT_BIT),
                V1_ALERT_LINE,
                &mut self.alert,
            )))
    }
}
