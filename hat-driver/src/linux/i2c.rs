//! `/dev/i2c-N` through linux-embedded-hal, in the two shapes that every adapter takes: a write, or
//! a write and a read (the Pi's own controller refuses longer ones). An adapter without plain I2C
//! gets the same as SMBus byte data, and the read-back of a write as a transfer of its own.

use std::io;
use std::path::Path;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use linux_embedded_hal::i2cdev::core::{I2CDevice, I2CMessage, I2CTransfer};
use linux_embedded_hal::i2cdev::linux::{LinuxI2CDevice, LinuxI2CError, LinuxI2CMessage};
use rustix::io::Errno;

use crate::bus_error::BusError;

/// One bus device, opened once: further openings would look like somebody else's (see `watch`).
pub(super) struct DeviceBus {
    device: LinuxI2CDevice,
    /// The address that the kernel was asked for, which it refuses where a driver holds the chip.
    address: Option<u8>,
    /// The adapter has refused plain I2C.
    smbus: bool,
}

impl DeviceBus {
    pub(super) fn open(path: &Path) -> Result<Self, BusError> {
        let device = LinuxI2CDevice::new(path, 0).map_err(from_i2cdev)?;
        Ok(Self { device, address: None, smbus: false })
    }

    fn claim(&mut self, address: u8) -> Result<(), BusError> {
        if self.address != Some(address) {
            self.device.set_slave_address(address.into()).map_err(from_i2cdev)?;
            self.address = Some(address);
        }
        Ok(())
    }

    fn plain_transaction(&mut self, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let mut messages: Vec<_> = operations
            .iter_mut()
            .map(|operation| match operation {
                Operation::Write(bytes) => LinuxI2CMessage::write(bytes),
                Operation::Read(buffer) => LinuxI2CMessage::read(buffer),
            })
            .collect();
        self.device.transfer(&mut messages).map(drop).map_err(from_i2cdev)
    }

    fn smbus_transaction(&mut self, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let device = &mut self.device;
        match operations {
            [Operation::Write([register, value])] => {
                device.smbus_write_byte_data(*register, *value).map_err(from_i2cdev)
            }
            [Operation::Write([register, values @ ..]), Operation::Read([answer])] => {
                for &value in values.iter() {
                    device.smbus_write_byte_data(*register, value).map_err(from_i2cdev)?;
                }
                *answer = device.smbus_read_byte_data(*register).map_err(from_i2cdev)?;
                Ok(())
            }
            _ => Err(BusError::from_errno(Errno::OPNOTSUPP)),
        }
    }
}

impl ErrorType for DeviceBus {
    type Error = BusError;
}

impl I2c for DeviceBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        self.claim(address)?;
        if !self.smbus {
            match self.plain_transaction(operations) {
                Err(error) if error.errno() == Some(Errno::OPNOTSUPP) => self.smbus = true,
                result => return result,
            }
        }
        self.smbus_transaction(operations)
    }
}

fn from_i2cdev(error: LinuxI2CError) -> BusError {
    match error {
        LinuxI2CError::Errno(errno) => io::Error::from_raw_os_error(errno).into(),
        LinuxI2CError::Io(error) => error.into(),
    }
}
