//! A virtual machine with a stock Debian kernel, in which programs of this workspace run against
//! real `/dev/i2c-N` nodes.
//!
//! QEMU emulates an x86-64 PC (no hardware virtualisation asked for). The kernel and all
//! else come as packages of one Debian release, whatever the host's is, unpacked and not installed;
//! the root is an initramfs of busybox and the payload.
//! [`Vm::plug`] puts a simulated chip ([`crate::usbip::Target`]), which lives in the test process,
//! on an I2C bus of the guest. The kernel's trace events ([`Vm::start_trace`]) tell every transfer
//! that was made.
//!
//! ```no_run
//! use std::path::Path;
//! use clusterhat_tests::vm::{Vm, built};
//!
//! let clusterhat = built("clusterhat")?;
//! let vm = Vm::boot(&[(&clusterhat, "/usr/bin/clusterhat")])?;
//! println!("{}", vm.run(&["clusterhat", "--version"])?.stdout);
//! # std::io::Result::Ok(())
//! ```

pub mod disk;
pub mod protocol;
pub mod system;
pub mod trace;

mod agent;
pub(crate) mod boot;
pub(crate) mod cpio;
pub(crate) mod debian;
mod guest;
mod host_libraries;
pub(crate) mod image;
pub(crate) mod modules;
pub(crate) mod packages;
mod plug;
mod programs;
pub(crate) mod renewal;
mod shell;
mod spec;
pub(crate) mod tools;
mod udev;
mod vmlinux;

pub use guest::{Vm, built};
pub use plug::{Device, Plugged};
pub use programs::Programs;
pub use protocol::Output;
pub use spec::{Devices, Spec};
pub use trace::{Message, Transfer};
