//! Other software that uses the node's USB device controller.

use std::fmt;

use crate::{GADGET, Gadget, Udc};

/// How older kernels name any gadget of configfs in a UDC's `function`; since 5.19 it is the
/// gadget's own name.
const CONFIGFS: &str = "configfs-gadget";

/// Another user of a UDC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UdcOwner {
    /// A gadget of configfs, by its folder.
    Gadget(String),
    /// A gadget driver of its own, as `g_ether`.
    Driver(String),
}

impl UdcOwner {
    /// Who has the UDC, if not our gadget.
    #[must_use]
    pub fn of(udc: &Udc, gadgets: &[Gadget]) -> Option<Self> {
        let bound = gadgets.iter().find(|gadget| gadget.udc.as_ref() == Some(&udc.name));
        match (bound, &udc.function) {
            (Some(gadget), _) if gadget.name == GADGET => None,
            (Some(gadget), _) => Some(Self::Gadget(gadget.name.clone())),
            (None, None) => None,
            (None, Some(function)) => {
                let of_configfs =
                    function == CONFIGFS || gadgets.iter().any(|gadget| gadget.name == *function);
                // Bound or freed between the two looks: the bind tells.
                (!of_configfs).then(|| Self::Driver(function.clone()))
            }
        }
    }

    /// How to free the port.
    fn fix(&self) -> String {
        match self {
            Self::Gadget(name) if name == "ClusterCTRL" => {
                "the vendor's clusterctrl-composite.service makes it: disable that service and reboot".into()
            }
            Self::Gadget(name) => {
                format!("stop the program that created it, or unbind it: write an empty line to usb_gadget/{name}/UDC")
            }
            Self::Driver(name) if name == "g_ether" => {
                "Raspberry Pi's rpi-usb-gadget loads it (`rpi-usb-gadget off`, then reboot), or \
                 modules-load in cmdline.txt or a file in /etc/modules-load.d does: remove it there \
                 and run `modprobe -r g_ether`"
                    .into()
            }
            Self::Driver(name) => format!(
                "remove it from /etc/modules-load.d and from modules-load in cmdline.txt, and run `modprobe -r {name}`"
            ),
        }
    }
}

impl fmt::Display for UdcOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gadget(name) => write!(f, "the gadget {name}: {}", self.fix()),
            Self::Driver(name) => write!(f, "the gadget driver {name}: {}", self.fix()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udc(function: Option<&str>) -> Udc {
        Udc {
            name: "a.usb".into(),
            function: function.map(str::to_owned),
            state: "configured".into(),
        }
    }

    fn gadget(name: &str, udc: Option<&str>) -> Gadget {
        Gadget { name: name.into(), udc: udc.map(str::to_owned) }
    }

    #[test]
    fn a_free_port_and_our_own_have_no_other_owner() {
        assert_eq!(UdcOwner::of(&udc(None), &[gadget("other", None)]), None);
        // It was just bound, or is just freed.
        assert_eq!(UdcOwner::of(&udc(Some("other")), &[gadget("other", None)]), None);
        let ours = [gadget("other", Some("b.usb")), gadget("clusterhat", Some("a.usb"))];
        assert_eq!(UdcOwner::of(&udc(Some("configfs-gadget")), &ours), None);
        assert_eq!(UdcOwner::of(&udc(Some("clusterhat")), &ours), None);
    }

    #[test]
    fn the_owner_is_named_with_the_fix() {
        let owner = |function, gadgets: &[Gadget]| {
            UdcOwner::of(&udc(Some(function)), gadgets).unwrap().to_string()
        };
        let ether = owner("g_ether", &[]);
        assert!(ether.starts_with("the gadget driver g_ether: Raspberry Pi's rpi-usb-gadget"));
        assert!(owner("g_serial", &[]).contains("modprobe -r g_serial"));
        let vendor = owner("configfs-gadget", &[gadget("ClusterCTRL", Some("a.usb"))]);
        assert!(vendor.contains("clusterctrl-composite.service"), "{vendor}");
        let other = owner("g1", &[gadget("g1", Some("a.usb"))]);
        assert!(other.starts_with("the gadget g1: "), "{other}");
    }
}
