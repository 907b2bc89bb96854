//! The machine that the program runs on, below a root that tests may move.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::eeprom::Eeprom;
use super::i2c::DeviceBus;
use super::lock::{FileLock, Lock};
use super::platform::{AnyBus, AnyLine, Platform, Resource, UsbBoard};
use super::{gpio, throttled, usb};
use crate::bus_error::BusError;

/// A real controller.
#[derive(Clone, Debug)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// The machine whose files are below `root`; `/` for this one.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Platform for Host {
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        Ok(AnyBus(Box::new(DeviceBus::open(&self.bus_path(bus))?)))
    }

    fn line(&self, bcm: u8) -> Result<AnyLine, BusError> {
        gpio::line(&self.root, bcm)
    }

    fn buses(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(self.root.join("dev")) else { return Vec::new() };
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut buses: Vec<u32> =
            names.filter_map(|name| name.to_str()?.strip_prefix("i2c-")?.parse().ok()).collect();
        buses.sort_unstable();
        buses
    }

    fn usb_boards(&self) -> Vec<UsbBoard> {
        usb::boards(&self.root)
    }

    fn hat_hub(&self) -> Option<String> {
        usb::hat_hub(&self.root)
    }

    fn bus_path(&self, bus: u32) -> PathBuf {
        self.root.join(format!("dev/i2c-{bus}"))
    }

    fn bus_name(&self, bus: u32) -> Option<String> {
        let file = self.root.join(format!("sys/class/i2c-dev/i2c-{bus}/name"));
        Some(fs::read_to_string(file).ok()?.trim_end().to_owned())
    }

    fn eeprom(&self) -> Option<Eeprom> {
        Eeprom::read(&self.root)
    }

    fn throttled(&self) -> Option<u32> {
        throttled::read(&self.root)
    }

    /// Four bytes, the highest first (the firmware's `linux,revision`).
    fn pi_revision(&self) -> Option<u32> {
        let bytes = fs::read(self.root.join("proc/device-tree/system/linux,revision")).ok()?;
        bytes.try_into().ok().map(u32::from_be_bytes)
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        Ok(match resource {
            Resource::Bus(bus) => self.bus_path(bus),
            Resource::Lines => self.root.join("run/lock/clusterhat-lines.lock"),
            Resource::PowerOn => self.root.join("run/lock/clusterhat-power-on.lock"),
            Resource::Record => self.root.join("run/lock/clusterhat-power.record"),
        })
    }

    /// A bus's own device: programs that know nothing of our runtime folder can lock it, too.
    fn lock(&self, resource: Resource) -> io::Result<Box<dyn Lock>> {
        let path = self.lock_path(resource)?;
        let lock = match resource {
            Resource::Bus(_) => FileLock::device(&path),
            Resource::Lines | Resource::PowerOn | Resource::Record => FileLock::open(&path),
        };
        Ok(Box::new(lock?))
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn sleep_or_sag(&self, duration: Duration) -> Duration {
        throttled::wait(&self.root, duration)
    }

    fn searched(&self) -> Vec<String> {
        let hat = self.root.join("proc/device-tree/hat/product");
        let found = match self.eeprom() {
            Some(eeprom) => format!("holds {:?}", eeprom.product),
            None => "absent".to_owned(),
        };
        let buses: Vec<_> = self.buses().iter().map(|bus| format!("i2c-{bus}")).collect();
        let buses = if buses.is_empty() { "none".to_owned() } else { buses.join(" ") };
        vec![
            format!("{}: {found}", hat.display()),
            format!("I2C buses in {}: {buses}", self.root.join("dev").display()),
            format!(
                "USB devices 3171:0011 to 3171:0016 in {}: none",
                usb::folder(&self.root).display()
            ),
        ]
    }

    fn kernel_driver(&self, bus: u32, address: u8) -> Option<String> {
        let device = format!("sys/bus/i2c/devices/{bus}-{address:04x}/driver");
        let driver = fs::read_link(self.root.join(device)).ok()?;
        Some(driver.file_name()?.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_named_after_its_driver() {
        let root = tempfile::tempdir().unwrap();
        let class = root.path().join("sys/class/i2c-dev/i2c-1");
        fs::create_dir_all(&class).unwrap();
        fs::write(class.join("name"), "bcm2835 (i2c@7e804000)\n").unwrap();
        let host = Host::new(root.path());
        assert_eq!(host.bus_name(1).as_deref(), Some("bcm2835 (i2c@7e804000)"));
        assert_eq!(host.bus_name(2), None);
    }
}
