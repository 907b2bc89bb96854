//! A node's USB device as the controller's kernel has it.

use std::io;

use crate::vm::Vm;

/// A node's device on a host controller of the guest.
#[derive(Debug)]
pub struct NodeDevice<'v> {
    vm: &'v Vm,
    /// Below `/sys/bus/usb/devices`.
    name: String,
}

impl<'v> NodeDevice<'v> {
    /// Waits for the device with this serial number, and until its drivers have bound.
    ///
    /// # Errors
    /// If it does not come, or they do not.
    pub fn find(vm: &'v Vm, serial: &str) -> io::Result<Self> {
        let find = format!("grep -lx {serial} /sys/bus/usb/devices/[0-9]*-*/serial 2>/dev/null");
        vm.until(&format!("{find} >/dev/null"))?;
        let path = vm.sh(&find)?;
        let name = path.trim_end_matches("/serial").rsplit('/').next().unwrap_or_default();
        let device = Self { vm, name: name.to_owned() };
        let [net, tty] = [0, 2].map(|number| device.interface(number));
        vm.until(&format!("[ -d {net}/net ] && [ -d {tty}/tty ]"))?;
        Ok(device)
    }

    /// A file of the device's folder in sysfs, trimmed.
    ///
    /// # Errors
    /// If there is none.
    pub fn attribute(&self, name: &str) -> io::Result<String> {
        let text = self.vm.read_file(&format!("{}/{name}", self.path()))?;
        Ok(text.trim().to_owned())
    }

    /// The driver of an interface.
    ///
    /// # Errors
    /// If it has none.
    pub fn driver(&self, interface: u8) -> io::Result<String> {
        let link = self.vm.sh(&format!("readlink {}/driver", self.interface(interface)))?;
        Ok(link.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// The network device.
    ///
    /// # Errors
    /// If there is none.
    pub fn network(&self) -> io::Result<String> {
        self.vm.sh(&format!("ls {}/net", self.interface(0)))
    }

    /// The terminal of an interface.
    ///
    /// # Errors
    /// If there is none.
    pub fn tty(&self, interface: u8) -> io::Result<String> {
        Ok(format!("/dev/{}", self.vm.sh(&format!("ls {}/tty", self.interface(interface)))?))
    }

    /// How many interfaces there are.
    ///
    /// # Errors
    /// If the guest does not answer.
    pub fn interfaces(&self) -> io::Result<usize> {
        Ok(self.vm.sh(&format!("ls -d {}:1.*", self.path()))?.lines().count())
    }

    /// The device's folder in sysfs.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/sys/bus/usb/devices/{}", self.name)
    }

    /// The folder of the interface of this number.
    fn interface(&self, number: u8) -> String {
        format!("{}:1.{number}", self.path())
    }
}
