//! Which node an interface says it belongs to, and at which USB path it is plugged in.

use std::fs;
use std::path::Path;

use node_link::{End, Mac, NodeId};

use super::{Link, NetworkSettings};

/// The USB device of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gadget {
    /// Such as `1-1.2`.
    pub(super) path: String,
    /// The USB interface, such as `1-1.2:1.0`.
    interface: String,
    /// The controller's driver of it, such as `cdc_ncm`.
    driver: Option<String>,
    serial: Option<String>,
}

impl Gadget {
    /// Of an interface; nothing if it is none of the USB (Documentation/ABI/stable/sysfs-bus-usb: the
    /// device of a link is an interface, `1-1.2:1.0`, in the folder of its device, `1-1.2`).
    pub(super) fn of(root: &Path, link: &str) -> Option<Self> {
        let interface = root.join("sys/class/net").join(link).join("device").canonicalize().ok()?;
        let name = interface.file_name()?.to_str().filter(|name| name.contains(':'))?;
        let driver = fs::read_link(interface.join("driver")).ok();
        let driver = driver.and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let device = interface.parent()?;
        let serial = fs::read_to_string(device.join("serial")).ok();
        let serial = serial.map(|serial| serial.trim().to_owned());
        let path = device.file_name()?.to_str()?.to_owned();
        Some(Self { path, interface: name.to_owned(), driver, serial })
    }

    /// What makes the kernel ask the node for the state of its end: the driver, unbound from the interface and
    /// bound again (<https://lwn.net/Articles/143397/>). `tee` writes to the files in their order.
    pub(super) fn rebind(&self) -> Option<String> {
        let (interface, driver) = (&self.interface, self.driver.as_ref()?);
        let folder = format!("/sys/bus/usb/drivers/{driver}");
        Some(format!("echo {interface} | tee {folder}/unbind {folder}/bind"))
    }

    fn node(&self) -> Option<NodeId> {
        self.serial.as_ref()?.parse().ok()
    }
}

/// The node that an interface of the controller calls itself, if that is another than `own`: by its USB
/// serial number, its name, or the controller's MAC address of the link.
pub(super) fn another(
    own: NodeId,
    link: &Link,
    gadget: &Gadget,
    settings: &NetworkSettings,
) -> Option<NodeId> {
    let claims = [gadget.node(), NodeId::of_interface(&link.name), by_mac(link, settings)];
    claims.into_iter().flatten().find(|id| *id != own)
}

fn by_mac(link: &Link, settings: &NetworkSettings) -> Option<NodeId> {
    let id = link.mac.rsplit(':').next().and_then(|last| u8::from_str_radix(last, 16).ok())?;
    let id = NodeId::try_from(id).ok()?;
    let clusters = [settings.cluster.as_ref(), None];
    let macs = clusters.map(|cluster| Mac::new(cluster, End::Host, id).to_string());
    macs.contains(&link.mac).then_some(id)
}
