//! What the library asks of the kernel. [`crate::Linux`] is the running one.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Gadget, GadgetError, Profile, Tree, TtyHolder, Udc};

/// The kernel's configfs, sysfs and clock.
pub trait Kernel {
    /// Where a gadget is, for messages.
    fn path(&self, gadget: &str) -> PathBuf;

    /// All gadgets of configfs.
    ///
    /// # Errors
    /// If configfs has no folder for gadgets or cannot be read.
    fn gadgets(&self) -> Result<Vec<Gadget>, GadgetError>;

    /// What a gadget's folder holds; nothing if it is not there.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tree(&self, gadget: &str) -> Result<Option<Tree>, GadgetError>;

    /// All USB device controllers.
    ///
    /// # Errors
    /// If sysfs cannot be read.
    fn udcs(&self) -> Result<Vec<Udc>, GadgetError>;

    /// Makes the gadget [`crate::GADGET`] of a profile, bound to nothing.
    ///
    /// # Errors
    /// If the kernel refuses a part of it. What was made until then stays, to tell which.
    fn register(&mut self, profile: &Profile) -> io::Result<()>;

    /// Takes a function out of the configuration of a gadget that is bound to nothing: the link at this
    /// path below the gadget's folder.
    ///
    /// # Errors
    /// If the kernel refuses.
    fn unlink(&mut self, gadget: &str, path: &str) -> io::Result<()>;

    /// Binds a gadget to a UDC, or takes it from its own.
    ///
    /// # Errors
    /// If the kernel refuses.
    fn bind(&mut self, gadget: &str, udc: Option<&str>) -> io::Result<()>;

    /// Removes a gadget and all that it holds. The kernel blocks while one of its terminals is open.
    ///
    /// # Errors
    /// If the kernel refuses.
    fn remove(&mut self, gadget: &str) -> io::Result<()>;

    /// Which other processes have one of these terminals open.
    ///
    /// # Errors
    /// If processes cannot be listed.
    fn holders(&self, ttys: &[String]) -> io::Result<Vec<TtyHolder>>;

    /// A clock that never goes back.
    fn now(&self) -> Duration;

    /// Lets time pass.
    fn sleep(&mut self, time: Duration);
}
