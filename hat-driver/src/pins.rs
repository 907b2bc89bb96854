//! Two typed sets over the eight bits that a board has: the expander's pins, and what they mean.
//!
//! A [`PinSet`] holds electrical levels (1 = high). [`Signals`] holds meaning (1 = on). They differ
//! where an output is active low, as the hub is from v2.1 on; [`crate::revisions::Revision`] converts.

use core::fmt;

use crate::bits::bit_set;
use crate::positions::Positions;

/// Pins 0-7 of the expander. As a level: the pins that are high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct PinSet(u8);

bit_set!(PinSet, u8);

/// What a board can switch, in the order of the expander's pins. As a state: what is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Signals(u8);

bit_set!(Signals, u8);

impl Signals {
    /// The status LED of the nodes' power (v2 only).
    pub const LED: Self = Self(1 << 4);
    /// The on-board USB hub.
    pub const HUB: Self = Self(1 << 5);
    /// The ALERT LED.
    pub const ALERT: Self = Self(1 << 6);
    /// The write protection of the identification EEPROM.
    pub const WRITE_PROTECT: Self = Self(1 << 7);
    /// The four nodes.
    pub const NODES: Self = Self(0x0f);

    /// The power of one node, 0 to 3 for P1 to P4; empty for any other position.
    #[must_use]
    pub const fn node(position: u8) -> Self {
        if position < 4 { Self(1 << position) } else { Self(0) }
    }

    /// The power of the first `count` nodes.
    #[must_use]
    pub(crate) const fn first_nodes(count: u8) -> Self {
        if count >= 4 { Self::NODES } else { Self((1 << count) - 1) }
    }
}

impl Signals {
    /// The nodes among these signals.
    #[must_use]
    pub const fn positions(self) -> Positions {
        Positions::from_bits(self.intersection(Self::NODES).0 as u32)
    }
}

/// A HAT has four nodes; further positions are left out.
impl From<Positions> for Signals {
    fn from(nodes: Positions) -> Self {
        Self(nodes.bits() as u8).intersection(Self::NODES)
    }
}

impl fmt::Display for PinSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}", self.0)
    }
}

/// The members' names, as the board's silk screen and the documentation have them.
impl fmt::Display for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = ["P1", "P2", "P3", "P4", "LED", "HUB", "ALERT", "WP"];
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut separator = "";
        for (bit, name) in NAMES.iter().enumerate() {
            if self.0 & (1 << bit) != 0 {
                write!(f, "{separator}{name}")?;
                separator = " ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn bits_are_those_of_the_vendor_documentation() {
        assert_eq!(Signals::node(0).bits(), 0x01);
        assert_eq!(Signals::node(3).bits(), 0x08);
        assert_eq!(Signals::LED.bits(), 0x10);
        assert_eq!(Signals::HUB.bits(), 0x20);
        assert_eq!(Signals::ALERT.bits(), 0x40);
        assert_eq!(Signals::WRITE_PROTECT.bits(), 0x80);
        assert_eq!(Signals::node(4), Signals::NONE);
        assert_eq!(Signals::first_nodes(2).bits(), 0x03);
    }

    #[test]
    fn signals_print_their_names() {
        let set = Signals::node(1).union(Signals::ALERT);
        assert_eq!(set.to_string(), "P2 ALERT");
        assert_eq!(Signals::NONE.to_string(), "none");
        assert_eq!(PinSet::from_bits(0x90).to_string(), "0x90");
    }
}
