//! The name that tells one cluster's nodes from another's on a shared network.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::hash::fnv1a;

/// 1 to 63 of ASCII letters, digits, `.`, `_` and `-`; upper and lower case are different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterName(String);

/// A text that is no cluster's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a cluster name: use 1 to 63 of letters, digits, \".\", \"_\" and \"-\"")]
pub struct ClusterNameError(String);

impl ClusterName {
    const LONGEST: usize = 63;

    /// One for a machine without a name for its cluster: 24 bits of a hash of the machine's ID, which is
    /// not to be told itself (machine-id(5)).
    #[must_use]
    pub fn of_machine(id: &str) -> Self {
        let hash = fnv1a(id.as_bytes());
        Self(format!("{:06x}", (hash ^ hash >> 24 ^ hash >> 48) & 0x00ff_ffff))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClusterName {
    type Error = ClusterNameError;

    fn try_from(text: String) -> Result<Self, ClusterNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(ClusterNameError(text))
        }
    }
}

impl FromStr for ClusterName {
    type Err = ClusterNameError;

    fn from_str(text: &str) -> Result<Self, ClusterNameError> {
        Self::try_from(text.to_owned())
    }
}

impl From<ClusterName> for String {
    fn from(name: ClusterName) -> Self {
        name.0
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_machine_has_one_name_and_another_machine_another() {
        let [a, b] = ["c1a57e4a000000000000000000000001", "c1a57e4a000000000000000000000002"];
        let name = ClusterName::of_machine(a);
        assert_eq!(name, ClusterName::of_machine(a));
        assert_ne!(name, ClusterName::of_machine(b));
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        assert_eq!(name.as_str().len(), 6);
    }

    #[test]
    fn names_are_short_and_plain() {
        for text in ["a", "rack-1", "Lab_2.east", &"x".repeat(63)] {
            assert_eq!(text.parse::<ClusterName>().unwrap().as_str(), text);
        }
        for text in ["", "two words", "ü", "a\nb", &"x".repeat(64)] {
            let error = text.parse::<ClusterName>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }
}
