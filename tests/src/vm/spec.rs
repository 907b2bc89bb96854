//! What a machine is made of.

use std::path::Path;

use super::Programs;

/// What to boot.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// Files of the host, each with its path in the guest. The shared libraries they load come along.
    pub payload: &'a [(&'a Path, &'a str)],
    /// Programs of Debian.
    pub programs: &'a [Programs],
    /// Who makes device nodes and loads drivers.
    pub devices: Devices,
    /// A TCP port of the guest that the host is to reach: by [`super::Vm::forwarded`].
    pub forward: Option<u16>,
    /// A file of the host that is the guest's `/dev/vda`. What the guest has written is in it, however the machine
    /// ends; what only its kernel had is not.
    pub disk: Option<&'a Path>,
}

/// Who makes the guest's device nodes and loads its drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Devices {
    /// The kernel makes the nodes; all drivers are loaded at boot.
    Kernel,
    /// systemd-udevd with Debian's rules, on top of the kernel.
    Udev,
}

impl Default for Spec<'_> {
    /// No udev, nothing else.
    fn default() -> Self {
        Self { payload: &[], programs: &[], devices: Devices::Kernel, forward: None, disk: None }
    }
}
