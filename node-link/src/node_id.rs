//! A node's number, from which its USB serial number, MAC and IP addresses follow.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;

/// 1 to 252: the last byte of the node's MAC and IP addresses. 0 and 255 are no host addresses;
/// 253 and 254 are an unconfigured node and the controller in the vendor's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u8", into = "u8")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeId(u8);

/// A number or a text that is no node's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a node ID: use a whole number from 1 to 252")]
pub struct NodeIdError(String);

impl NodeId {
    /// The lowest.
    pub const MIN: Self = Self(1);
    /// The highest.
    pub const MAX: Self = Self(252);

    /// The ID of the node with a number, as a controller counts its nodes.
    ///
    /// # Errors
    /// For a number that is not from 1 to 252: the links of such nodes have no addresses.
    pub fn from_number(number: u32) -> Result<Self, NodeIdError> {
        match u8::try_from(number) {
            Ok(id) if (Self::MIN.0..=Self::MAX.0).contains(&id) => Ok(Self(id)),
            _ => Err(NodeIdError(number.to_string())),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for NodeId {
    type Error = NodeIdError;

    fn try_from(number: u8) -> Result<Self, NodeIdError> {
        Self::from_number(number.into())
    }
}

impl From<NodeId> for u8 {
    fn from(id: NodeId) -> Self {
        id.0
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    /// Digits alone: a sign or leading zeros would make two texts for one node.
    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let error = || NodeIdError(text.to_owned());
        if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with('0') {
            return Err(error());
        }
        text.parse::<u8>().ok().and_then(|number| Self::try_from(number).ok()).ok_or_else(error)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn one_to_252_and_nothing_else() {
        for number in 0..=u8::MAX {
            let valid = (1..=252).contains(&number);
            assert_eq!(NodeId::try_from(number).is_ok(), valid, "{number}");
            assert_eq!(number.to_string().parse::<NodeId>().is_ok(), valid, "{number}");
        }
        // 257 is 1 in eight bits.
        for number in [256, 257, u32::MAX] {
            assert_eq!(NodeId::from_number(number).unwrap_err().0, number.to_string());
        }
        for text in ["", "+1", "01", " 1", "1 ", "256", "x", "-1", "99999999999"] {
            let error = text.parse::<NodeId>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }
}
