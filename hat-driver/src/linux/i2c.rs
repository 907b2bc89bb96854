//! `/dev/i2c-N` through linux-embedded-hal, in the two shapes that every adapter takes: a write, or
//! a write and a read (the Pi's own controller refuses longer ones). An adapter without plain I2C
//! gets the same as SMBus byte data, and the read-back of a write as a transfer of its own.

use std::io;
use std::path::{Path, PathBuf};

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use linux_embedded_hal::I2cdev;
use linux_embedded_hal::i2cdev::core::I2CDevice;
use linux_embedded_hal::i2cdev::linux::{LinuxI2CDevice, LinuxI2CError};
use rustix::io::Errno;

use crate::bus_error::BusError;

/// One bus device.
pub(super) struct DeviceBus {
    path: PathBuf,
    plain: I2cdev,
    /// The device as SMBus at one address, once the adapter has refused plain I2C.
    smbus: Option<(u8, LinuxI2CDevice)>,
}

impl DeviceBus {
    pub(super) fn open(path: &Path) -> Result<Self, BusError> {
        let plain = I2cdev::new(path).map_err(from_i2cdev)?;
        Ok(Self { path: path.to_owned(), plain, smbus: None })
    }

    /// The device at this address, after a first transfer has shown that plain I2C is refused.
    fn smbus(&mut self, address: u8) -> Result<&mut LinuxI2CDevice, BusError> {
        let device = match self.smbus.take() {
            Some((at, device)) if at == address => device,
            _ => LinuxI2CDevice::new(&self.path, address.into()).map_err(from_i2cdev)?,
        };
        Ok(&mut self.smbus.insert((address, device)).1)
    }

    fn smbus_transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let device = self.smbus(address)?;
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
        if self.smbus.is_none() {
            let result = I2c::transaction(&mut self.plain, address, operations);
            match result.map_err(|error| from_i2cdev_ref(error.inner())) {
                Err(error) if error.errno() == Some(Errno::OPNOTSUPP) => {}
                result => return result,
            }
        }
        self.smbus_transaction(address, operations)
    }
}

fn from_i2cdev(error: LinuxI2CError) -> BusError {
    from_i2cdev_ref(&error)
}

fn from_i2cdev_ref(error: &LinuxI2CError) -> BusError {
    match error {
        LinuxI2CError::Errno(errno) => io::Error::from_raw_os_error(*errno).into(),
        LinuxI2CError::Io(error) => match error.raw_os_error() {
            Some(errno) => io::Error::from_raw_os_error(errno).into(),
            None => io::Error::new(error.kind(), error.to_string()).into(),
        },
    }
}
