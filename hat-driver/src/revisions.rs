//! What differs between the boards' revisions, as a table.
//!
//! Sources: the vendor's setup pages and FAQ for the pins and the hub, its image's scripts for the
//! first initialisation. Where they contradict each other, `unverified` says so.

use core::fmt;

use crate::pins::{PinSet, Signals};

/// BCM lines of a v1.x board (header pins 29, 31, 33, 35, 37).
pub const V1_ALERT_LINE: u8 = 5;
/// BCM lines of P1 to P4 on a v1.x board.
pub const V1_NODE_LINES: [u8; 4] = [6, 13, 19, 26];

/// How the nodes' power is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Wiring {
    /// GPIO lines of the controller, active high.
    Lines,
    /// An I2C expander.
    Expander,
}

/// Which level of the hub's pin switches the hub on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HubPolarity {
    /// The board has no control of its hub.
    None,
    /// High = on.
    ActiveHigh,
    /// Low = on.
    ActiveLow,
}

/// Which port of the hub carries which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum PortOrder {
    /// Port n carries Pn.
    Ascending,
    /// Port 5-n carries Pn.
    Descending,
}

/// A board's version as printed on it: 2.5 is major 2, minor 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u8,
    /// After the dot, 0 to 15.
    pub minor: u8,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Revision {
    /// The version that the row is for.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub version: Version,
    /// How the nodes are switched.
    pub wiring: Wiring,
    /// The hub's control.
    pub hub: HubPolarity,
    /// Whether the nodes' status LED can be switched.
    pub led: bool,
    /// Which hub port carries which node.
    pub ports: PortOrder,
    /// What no document settles and only a board can tell; empty where all is documented.
    pub unverified: &'static str,
}

const fn v1(minor: u8) -> Revision {
    Revision {
        version: Version { major: 1, minor },
        wiring: Wiring::Lines,
        hub: HubPolarity::None,
        led: false,
        ports: PortOrder::Descending,
        unverified: "",
    }
}

const fn v2(minor: u8, hub: HubPolarity, ports: PortOrder) -> Revision {
    Revision {
        version: Version { major: 2, minor },
        wiring: Wiring::Expander,
        hub,
        led: true,
        ports,
        unverified: "",
    }
}

const fn v3(minor: u8, ports: PortOrder, unverified: &'static str) -> Revision {
    Revision {
        version: Version { major: 3, minor },
        wiring: Wiring::Expander,
        hub: HubPolarity::ActiveLow,
        led: false,
        ports,
        unverified,
    }
}

/// Every known revision, in ascending order.
pub const REVISIONS: &[Revision] = &[
    v1(0),
    v1(1),
    v1(2),
    v1(3),
    v2(0, HubPolarity::ActiveHigh, PortOrder::Descending),
    // Never sold: its inrush current was too high.
    v2(1, HubPolarity::ActiveLow, PortOrder::Descending),
    v2(2, HubPolarity::ActiveLow, PortOrder::Descending),
    v2(3, HubPolarity::ActiveLow, PortOrder::Descending),
    v2(4, HubPolarity::ActiveLow, PortOrder::Descending),
    v2(5, HubPolarity::ActiveLow, PortOrder::Descending),
    v2(6, HubPolarity::ActiveLow, PortOrder::Ascending),
    v3(
        0,
        PortOrder::Descending,
        "hub polarity (the vendor's own scripts contradict each other; taken as active low)",
    ),
    v3(1, PortOrder::Ascending, ""),
];

impl Revision {
    /// The row of a version.
    #[must_use]
    pub fn of(version: Version) -> Option<&'static Self> {
        REVISIONS.iter().find(|row| row.version == version)
    }

    /// What this revision can switch.
    #[must_use]
    pub const fn signals(&self) -> Signals {
        match self.wiring {
            Wiring::Lines => Signals::NODES.union(Signals::ALERT),
            Wiring::Expander if self.led => Signals::ALL,
            Wiring::Expander => Signals::ALL.without(Signals::LED),
        }
    }

    /// The levels of the expander's pins for these signals.
    #[must_use]
    pub const fn to_pins(&self, signals: Signals) -> PinSet {
        PinSet::from_bits(signals.difference(self.active_low()).bits())
    }

    /// The signals for these levels of the expander's pins; pins without a meaning are off.
    #[must_use]
    pub const fn to_signals(&self, pins: PinSet) -> Signals {
        Signals::from_bits(pins.bits()).difference(self.active_low()).intersection(self.signals())
    }

    const fn active_low(&self) -> Signals {
        match self.hub {
            HubPolarity::ActiveLow => Signals::HUB,
            HubPolarity::ActiveHigh | HubPolarity::None => Signals::NONE,
        }
    }

    /// The hub port (1 to 4) that carries the node at `position` (0 to 3 for P1 to P4).
    #[must_use]
    pub const fn hub_port(&self, position: u8) -> u8 {
        match self.ports {
            PortOrder::Ascending => position + 1,
            PortOrder::Descending => 4 - position,
        }
    }
}

impl Version {
    /// From the EEPROM's `product_ver`: 0x25 is 2.5. The upper byte is not used.
    #[must_use]
    pub const fn from_product_ver(value: u16) -> Self {
        Self { major: (value >> 4) as u8 & 0x0f, minor: value as u8 & 0x0f }
    }

    /// From text like `2.5` or `v2.5`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix(['v', 'V']).unwrap_or(text).split_once('.')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(major: u8, minor: u8) -> &'static Revision {
        Revision::of(Version { major, minor }).unwrap()
    }

    #[test]
    fn the_table_has_v1_0_to_1_3_v2_0_to_2_6_v3_0_to_3_1_in_order() {
        assert_eq!(REVISIONS.len(), 4 + 7 + 2);
        assert!(REVISIONS.windows(2).all(|w| w[0].version < w[1].version));
    }

    #[test]
    fn a_running_v2_5_holds_0x90() {
        // First-run initialisation: LED on, hub on (active low), alert off, write protect on.
        let on = Signals::LED.union(Signals::HUB).union(Signals::WRITE_PROTECT);
        assert_eq!(row(2, 5).to_pins(on), PinSet::from_bits(0x90));
        assert_eq!(row(2, 5).to_signals(PinSet::from_bits(0x90)), on);
    }

    #[test]
    fn the_hub_is_active_high_on_v2_0_alone() {
        assert_eq!(row(2, 0).to_pins(Signals::HUB), PinSet::from_bits(0x20));
        for version in [(2, 1), (2, 5), (2, 6), (3, 0), (3, 1)] {
            assert_eq!(row(version.0, version.1).to_pins(Signals::HUB), PinSet::NONE);
        }
    }

    #[test]
    fn ports_count_down_but_on_v2_6_and_v3_1() {
        for row in REVISIONS {
            let ascending = matches!((row.version.major, row.version.minor), (2, 6) | (3, 1));
            assert_eq!(row.hub_port(0), if ascending { 1 } else { 4 }, "{}", row.version);
            assert_eq!(row.hub_port(3), if ascending { 4 } else { 1 }, "{}", row.version);
        }
    }

    #[test]
    fn v1_has_no_hub_led_or_write_protect_and_v3_no_led() {
        assert_eq!(row(1, 3).signals().bits(), 0x4f);
        assert_eq!(row(2, 5).signals().bits(), 0xff);
        assert_eq!(row(3, 1).signals().bits(), 0xef);
    }

    #[test]
    fn versions_come_from_the_eeprom_and_from_text() {
        assert_eq!(Version::from_product_ver(0x0025), Version { major: 2, minor: 5 });
        assert_eq!(Version::parse("v3.0"), Some(Version { major: 3, minor: 0 }));
        assert_eq!(Version::parse("2"), None);
        assert_eq!(Version::parse("2.x"), None);
    }
}
