//! What the driver asks of the machine it runs on: a simulated machine answers in its stead.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};

use super::eeprom::Eeprom;
use super::lock::{FileLock, Lock};
use super::moment::Moment;
use super::record;
use crate::bus_error::BusError;
use crate::lines::Line;

/// What processes exclude each other from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Resource {
    /// One I2C bus, during a read-modify-write.
    Bus(u32),
    /// The GPIO lines of a v1.x board, during a change.
    Lines,
    /// Switching nodes on, from the first to the last.
    PowerOn,
    /// What callers tell each other beside the locks. Kept for no longer than a read and a write.
    Record,
}

/// A machine, real or simulated. Threads may share it.
pub trait Platform: Send + Sync {
    /// Opens an I2C bus.
    ///
    /// # Errors
    /// Where the bus does not exist or may not be used.
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError>;

    /// The GPIO line of a BCM number.
    ///
    /// # Errors
    /// Where the machine has no such line or it may not be used.
    fn line(&self, bcm: u8) -> Result<AnyLine, BusError>;

    /// The I2C buses that there are, in ascending order.
    fn buses(&self) -> Vec<u32>;

    /// The ClusterCTRL boards on the USB.
    fn usb_boards(&self) -> Vec<UsbBoard>;

    /// Where the hub of the one HAT is on the USB, as sysfs names it; `None` where no hub can be told.
    fn hat_hub(&self) -> Option<String>;

    /// Where a bus's device is, for messages.
    fn bus_path(&self, bus: u32) -> PathBuf;

    /// What the kernel calls a bus, which names the driver behind it; `None` where it does not say.
    fn bus_name(&self, bus: u32) -> Option<String> {
        let _ = bus;
        None
    }

    /// The primary HAT's EEPROM.
    fn eeprom(&self) -> Option<Eeprom>;

    /// The firmware's flags ([`super::throttled`]); `None` where there is no such firmware.
    fn throttled(&self) -> Option<u32>;

    /// The revision code of a Raspberry Pi; `None` on another machine.
    fn pi_revision(&self) -> Option<u32>;

    /// The lock file of a resource.
    ///
    /// # Errors
    /// Where no folder can hold it.
    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf>;

    /// The lock of a resource, not taken yet.
    ///
    /// # Errors
    /// Where no folder can hold it, or it cannot be opened.
    fn lock(&self, resource: Resource) -> io::Result<Box<dyn Lock>> {
        Ok(Box::new(FileLock::open(&self.lock_path(resource)?)?))
    }

    /// Reads the callers' record, and replaces it where `change` returns another text; no other
    /// caller comes between. The text is empty where there is none.
    ///
    /// # Errors
    /// Where the record cannot be read, or not be written.
    fn record(&self, change: &mut dyn FnMut(&str) -> Option<String>) -> io::Result<()> {
        record::change(&self.lock_path(Resource::Record)?, change)
    }

    /// Now, for the record.
    fn moment(&self) -> Moment {
        Moment::now()
    }

    /// Sleeps.
    fn sleep(&self, duration: Duration);

    /// Sleeps, but returns early if the machine reports a change of the firmware's flags. Returns how
    /// much time has passed.
    fn sleep_or_sag(&self, duration: Duration) -> Duration {
        self.sleep(duration);
        duration
    }

    /// What was searched for a board, for the message that says that there is none.
    fn searched(&self) -> Vec<String>;

    /// The kernel driver that holds a chip, where one does.
    fn kernel_driver(&self, bus: u32, address: u8) -> Option<String>;
}

/// A ClusterCTRL board as the USB shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbBoard {
    /// The USB product ID.
    pub product: u16,
    /// Where it hangs, as sysfs names it: `1-1.2`.
    pub path: String,
    /// Its I2C bus; absent where no driver is bound to it.
    pub bus: Option<u32>,
    /// The number that the kernel gave it when it was plugged in; another one at each time.
    pub device: Option<u32>,
}

/// Any I2C bus of a Linux machine.
pub struct AnyBus(pub Box<dyn I2c<Error = BusError> + Send>);

impl ErrorType for AnyBus {
    type Error = BusError;
}

impl I2c for AnyBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        self.0.transaction(address, operations)
    }
}

impl std::fmt::Debug for AnyBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyBus")
    }
}

/// Any GPIO line of a Linux machine.
pub struct AnyLine(pub Box<dyn Line<Error = BusError> + Send>);

impl Line for AnyLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        self.0.is_output()
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        self.0.is_high()
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        self.0.drive(high)
    }
}

impl std::fmt::Debug for AnyLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyLine")
    }
}
