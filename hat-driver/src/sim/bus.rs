//! The I2C buses and GPIO lines of a simulated controller.

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rustix::io::Errno;

use super::chip::{NoAck, SimChip};
use super::machine::Machine;
use super::simulation::Simulation;
use crate::bus_error::BusError;
use crate::lines::Line;

/// One simulated bus.
pub(super) struct Bus {
    pub(super) machine: Machine,
    pub(super) number: u32,
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let place = (self.number, address);
        let number = self.number;
        let transfer = |simulation: &mut Simulation| {
            let result = match simulation.chip(place) {
                Some(chip) => transfer(chip, operations),
                None => Err(NoAck),
            };
            (result, simulation.is_away(number))
        };
        match self.machine.access(transfer)? {
            // Gone before the adapter has heard that the bytes arrived, or long ago.
            (_, true) => Err(BusError::from_errno(Errno::IO)),
            (Err(NoAck), false) => Err(BusError::from_errno(Errno::REMOTEIO)),
            (Ok(()), false) => Ok(()),
        }
    }
}

fn transfer(chip: &mut dyn SimChip, operations: &mut [Operation<'_>]) -> Result<(), NoAck> {
    operations.iter_mut().try_for_each(|operation| match operation {
        Operation::Write(bytes) => chip.write(bytes),
        Operation::Read(buffer) => chip.read(buffer),
    })
}

/// One simulated GPIO line.
pub(super) struct SimLine {
    pub(super) machine: Machine,
    pub(super) bcm: u8,
}

impl Line for SimLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        self.machine.access(|simulation| simulation.gpio.contains_key(&self.bcm))
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        self.machine.access(|simulation| simulation.line_level(self.bcm))
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        self.machine.access(|simulation| {
            simulation.gpio.insert(self.bcm, high);
        })
    }
}
