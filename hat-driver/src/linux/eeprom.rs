//! The HAT's identification EEPROM, as the firmware hands it over in the device tree.

use std::path::Path;

use crate::revisions::Version;

/// The product text of every Cluster HAT.
pub const PRODUCT: &str = "ZC4:ClusterHAT";

/// The texts below `/proc/device-tree/hat`. Only the primary HAT's EEPROM gets there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Eeprom {
    /// `ZC4:ClusterHAT` for a Cluster HAT.
    pub product: String,
    /// The version in hexadecimal: `0x0025` is 2.5.
    pub product_ver: String,
    /// `0x0004` for a Cluster HAT.
    pub product_id: Option<String>,
    /// The board's own identifier.
    pub uuid: Option<String>,
    /// The maker.
    pub vendor: Option<String>,
}

impl Eeprom {
    /// Reads through `text`, which returns one of the texts by its name.
    pub fn from_texts(text: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            product: text("product")?,
            product_ver: text("product_ver").unwrap_or_default(),
            product_id: text("product_id"),
            uuid: text("uuid"),
            vendor: text("vendor"),
        })
    }

    /// Reads the device tree below a root. `None` where no HAT has been found at boot.
    #[must_use]
    pub fn read(root: &Path) -> Option<Self> {
        let folder = root.join("proc/device-tree/hat");
        Self::from_texts(|name| {
            let bytes = std::fs::read(folder.join(name)).ok()?;
            Some(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
        })
    }

    /// Whether it is a Cluster HAT's.
    #[must_use]
    pub fn is_cluster_hat(&self) -> bool {
        self.product == PRODUCT
    }

    /// The board's version, where the text is one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        let digits = self.product_ver.strip_prefix("0x")?;
        u16::from_str_radix(digits, 16).ok().map(Version::from_product_ver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_with_a_nul_in_the_device_tree() {
        let root = tempfile::tempdir().unwrap();
        let hat = root.path().join("proc/device-tree/hat");
        std::fs::create_dir_all(&hat).unwrap();
        assert_eq!(Eeprom::read(root.path()), None);
        std::fs::write(hat.join("product"), "ZC4:ClusterHAT\0").unwrap();
        std::fs::write(hat.join("product_ver"), "0x0025\0").unwrap();
        let eeprom = Eeprom::read(root.path()).unwrap();
        assert!(eeprom.is_cluster_hat());
        assert_eq!(eeprom.version(), Some(Version { major: 2, minor: 5 }));
    }
}
