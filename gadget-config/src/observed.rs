//! What the kernel says of gadgets, UDCs and terminals.

/// Drivers of UDCs that no cable leads to.
const VIRTUAL: [&str; 2] = ["dummy_udc", "usbip-vudc"];

/// A USB device controller (UDC): an entry of `/sys/class/udc`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Udc {
    /// Its name, as `20980000.usb` on a Pi Zero.
    pub name: String,
    /// What the kernel calls the gadget driver on it; none if it is free.
    pub function: Option<String>,
    /// The connection as the kernel has it: `configured` when a host uses the gadget.
    pub state: String,
}

impl Udc {
    /// Whether it is dummy_hcd's or USB/IP's: for tests, taken only when named.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        VIRTUAL
            .iter()
            .any(|driver| self.name.strip_prefix(driver).is_some_and(|rest| rest.starts_with('.')))
    }
}

/// A gadget in configfs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gadget {
    /// Its folder's name.
    pub name: String,
    /// The UDC that it is bound to.
    pub udc: Option<String>,
}

/// A process that has a terminal open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtyHolder {
    /// The terminal, as `/dev/ttyGS0`.
    pub tty: String,
    /// The process.
    pub pid: u32,
    /// Its program, as far as the kernel keeps the name.
    pub program: String,
}
