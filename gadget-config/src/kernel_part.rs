//! Which option of the kernel brings what is missing.

use std::fmt;

/// A kernel option and its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelPart {
    /// As in the kernel's configuration.
    pub option: String,
    /// The module's name.
    pub module: String,
}

impl KernelPart {
    /// What makes the folder `usb_gadget` of configfs.
    #[must_use]
    pub fn composite() -> Self {
        Self { option: "CONFIG_USB_CONFIGFS".into(), module: "libcomposite".into() }
    }

    /// What makes a path below a gadget's folder.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let function = path.strip_prefix("functions/").and_then(|rest| rest.split_once('.'));
        function.map_or_else(Self::composite, |(driver, _)| Self {
            option: format!("CONFIG_USB_CONFIGFS_{}", driver.to_uppercase()),
            module: format!("usb_f_{driver}"),
        })
    }
}

impl fmt::Display for KernelPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (module {})", self.option, self.module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_options_of_their_own() {
        for (path, expected) in [
            ("functions/ncm.clusterhat-0", "CONFIG_USB_CONFIGFS_NCM (module usb_f_ncm)"),
            ("functions/rndis.x/host_addr", "CONFIG_USB_CONFIGFS_RNDIS (module usb_f_rndis)"),
            ("functions/acm.clusterhat-1", "CONFIG_USB_CONFIGFS_ACM (module usb_f_acm)"),
            ("idVendor", "CONFIG_USB_CONFIGFS (module libcomposite)"),
        ] {
            assert_eq!(KernelPart::of(path).to_string(), expected);
        }
    }
}
