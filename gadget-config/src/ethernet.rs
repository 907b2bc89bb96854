//! How Ethernet frames travel over the USB link.

use std::fmt;
use std::str::FromStr;

/// The gadget function that carries Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Ethernet {
    /// CDC NCM: several frames in one transfer.
    Ncm,
    /// CDC ECM: one frame a transfer. The vendor's choice for usbboot, where NCM gave 12-second pings
    /// and lost connections under load (clusterhat-image, commit 09710ff).
    Ecm,
    /// Microsoft's RNDIS, as the vendor's older images had it.
    Rndis,
}

/// A text that names no Ethernet function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an Ethernet function: use ncm, ecm or rndis")]
pub struct EthernetError(String);

impl Ethernet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ncm, Self::Ecm, Self::Rndis];

    /// The name in lower case, which is also that of the kernel's function driver.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ncm => "ncm",
            Self::Ecm => "ecm",
            Self::Rndis => "rndis",
        }
    }
}

impl FromStr for Ethernet {
    type Err = EthernetError;

    fn from_str(text: &str) -> Result<Self, EthernetError> {
        let named = Self::ALL.into_iter().find(|ethernet| ethernet.name() == text);
        named.ok_or_else(|| EthernetError(text.to_owned()))
    }
}

impl fmt::Display for Ethernet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_names_and_nothing_else() {
        for (name, ethernet) in
            [("ncm", Ethernet::Ncm), ("ecm", Ethernet::Ecm), ("rndis", Ethernet::Rndis)]
        {
            assert_eq!(name.parse(), Ok(ethernet));
            assert_eq!(ethernet.to_string(), name);
        }
        for text in ["", "NCM", "eem", " ncm"] {
            let error = text.parse::<Ethernet>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }
}
