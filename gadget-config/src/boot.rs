//! Where the node got its system from, which the controller sees in the USB identity.

use std::fmt;
use std::str::FromStr;

/// How the node boots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum BootMethod {
    /// From its SD card.
    #[default]
    Card,
    /// From the controller, over USB.
    Usbboot,
}

/// A text that names no boot method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a boot method: use card or usbboot")]
pub struct BootMethodError(String);

impl BootMethod {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Card, Self::Usbboot];

    /// The name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Usbboot => "usbboot",
        }
    }
}

impl FromStr for BootMethod {
    type Err = BootMethodError;

    fn from_str(text: &str) -> Result<Self, BootMethodError> {
        let named = Self::ALL.into_iter().find(|boot| boot.name() == text);
        named.ok_or_else(|| BootMethodError(text.to_owned()))
    }
}

impl fmt::Display for BootMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_and_nothing_else() {
        for (name, boot) in [("card", BootMethod::Card), ("usbboot", BootMethod::Usbboot)] {
            assert_eq!(name.parse(), Ok(boot));
            assert_eq!(boot.to_string(), name);
        }
        let error = "sd".parse::<BootMethod>().unwrap_err();
        assert_eq!(error.to_string(), "\"sd\" is not a boot method: use card or usbboot");
    }
}
