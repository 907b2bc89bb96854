//! The running kernel: configfs through the crate `usb-gadget`, sysfs and `/proc`.

mod attribute;
mod holders;
mod lock;
mod register;
mod sysfs;
mod tree;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use usb_gadget::RegGadget;

use crate::{Gadget, GadgetError, Kernel, Profile, Tree, TtyHolder, Udc};

pub use lock::GadgetLock;

/// Where systemd mounts configfs.
const USB_GADGET: &str = "/sys/kernel/config/usb_gadget";

/// The running kernel.
#[derive(Debug)]
pub struct Linux {
    start: Instant,
}

impl Linux {
    /// Nothing is touched yet.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for Linux {
    fn default() -> Self {
        Self::new()
    }
}

impl Kernel for Linux {
    fn path(&self, gadget: &str) -> PathBuf {
        PathBuf::from(USB_GADGET).join(gadget)
    }

    fn gadgets(&self) -> Result<Vec<Gadget>, GadgetError> {
        let registered = usb_gadget::registered()
            .map_err(|source| GadgetError::NoConfigfs { path: USB_GADGET.into(), source })?;
        let read = |gadget: &RegGadget| {
            let udc = match gadget.udc() {
                // Removed since it was listed.
                Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
                udc => udc,
            };
            let path = gadget.path().join("UDC");
            Some(udc.map_err(|source| GadgetError::Read { path, source }).map(|udc| Gadget {
                name: gadget.name().to_string_lossy().into_owned(),
                udc: udc.map(|name| name.to_string_lossy().into_owned()),
            }))
        };
        registered.iter().filter_map(read).collect()
    }

    fn tree(&self, gadget: &str) -> Result<Option<Tree>, GadgetError> {
        tree::read(&self.path(gadget))
    }

    fn udcs(&self) -> Result<Vec<Udc>, GadgetError> {
        sysfs::udcs()
    }

    fn register(&mut self, profile: &Profile) -> io::Result<()> {
        register::register(profile)
    }

    fn unlink(&mut self, gadget: &str, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(gadget).join(path))
    }

    fn bind(&mut self, gadget: &str, udc: Option<&str>) -> io::Result<()> {
        let udc = udc.map(sysfs::udc).transpose()?;
        registered(gadget)?.bind(udc.as_ref())
    }

    fn remove(&mut self, gadget: &str) -> io::Result<()> {
        registered(gadget)?.remove()
    }

    fn holders(&self, ttys: &[String]) -> io::Result<Vec<TtyHolder>> {
        holders::holders(ttys)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

fn registered(name: &str) -> io::Result<RegGadget> {
    let found = usb_gadget::registered()?.into_iter().find(|gadget| gadget.name() == name);
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no gadget {name}")))
}
