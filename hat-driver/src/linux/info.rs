//! What is known of a board before its nodes are asked for.

use std::{fmt, io};

use super::eeprom::Eeprom;
use super::error::{ClusterError, Obstacle};
use super::obstacle;
use super::platform::Platform;
use super::unit::LinuxHat;
use crate::ctrl::products::Product;
use crate::ctrl::protocol::ADDRESS;
use crate::expander::Expander;
use crate::hat::{Backend, Hat};
use crate::lines::Lines;
use crate::retry::Retry;
use crate::revisions::{Revision, V1_ALERT_LINE, V1_NODE_LINES, Version};

/// How a board came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum BoardSource {
    /// The HAT's EEPROM, through the device tree.
    Eeprom,
    /// The configuration.
    Configuration,
    /// The USB, by vendor and product ID.
    Usb,
}

/// What a board is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum BoardModel {
    /// A Cluster HAT, with its row of the table.
    #[cfg_attr(feature = "serde", serde(rename = "revision"))]
    Hat(&'static Revision),
    /// A ClusterCTRL board.
    #[cfg_attr(feature = "serde", serde(rename = "clusterctrl"))]
    Ctrl {
        /// Its kind.
        product: &'static Product,
        /// Its order among the ClusterCTRL boards; 0 where it could not be asked for it.
        #[cfg_attr(feature = "serde", serde(serialize_with = "known_order"))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<u8>"))]
        order: u8,
    },
    /// A HAT of no known revision, with the version that its EEPROM or its owner names.
    #[cfg_attr(feature = "serde", serde(rename = "unknown"))]
    Unknown(#[cfg_attr(feature = "schema", schemars(with = "Option<String>"))] Option<Version>),
}

impl BoardModel {
    /// What no document settles about the board; empty where all is documented.
    #[must_use]
    pub const fn unverified(&self) -> &'static str {
        match self {
            Self::Hat(revision) => revision.unverified,
            Self::Ctrl { product, .. } => product.unverified,
            Self::Unknown(_) => "",
        }
    }
}

/// An order that is not known is none.
#[cfg(feature = "serde")]
fn known_order<S: serde::Serializer>(order: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    match order {
        0 => serializer.serialize_none(),
        order => serializer.serialize_u8(*order),
    }
}

impl fmt::Display for BoardModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hat(revision) => write!(f, "v{}", revision.version),
            Self::Ctrl { product, order: 0 } => write!(f, "ClusterCTRL {product}"),
            Self::Ctrl { product, order } => write!(f, "ClusterCTRL {product}, order {order}"),
            Self::Unknown(Some(version)) => write!(f, "unknown revision {version}"),
            Self::Unknown(None) => f.write_str("unknown revision"),
        }
    }
}

/// What is known of a board before anything is asked of it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BoardInfo {
    /// Its name.
    pub name: String,
    /// How it came to be known.
    pub source: BoardSource,
    /// What it is.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub model: BoardModel,
    /// The I2C bus; absent on v1.x.
    pub bus: Option<u32>,
    /// The chip's address; absent on v1.x.
    pub address: Option<u8>,
    /// How many nodes it has; 0 where a ClusterCTRL board could not be asked.
    pub size: u8,
    /// The EEPROM's texts, where the board is the primary HAT.
    pub eeprom: Option<Eeprom>,
    /// Where a ClusterCTRL board hangs on the USB, as sysfs names it: `1-1.2`.
    pub usb_path: Option<String>,
}

impl BoardInfo {
    /// A ClusterCTRL board that has not been asked for its order.
    pub(super) fn unasked(product: &'static Product, usb_path: String, bus: Option<u32>) -> Self {
        Self {
            name: format!("ctrl@{usb_path}"),
            source: BoardSource::Usb,
            model: BoardModel::Ctrl { product, order: 0 },
            bus,
            address: bus.map(|_| ADDRESS),
            size: 0,
            eeprom: None,
            usb_path: Some(usb_path),
        }
    }

    /// Where the board is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match (self.bus, self.address, &self.usb_path) {
            (Some(bus), Some(address), _) => format!("i2c-{bus} {address:#04x}"),
            (_, _, Some(path)) => format!("USB {path}"),
            _ => "GPIO".to_owned(),
        }
    }

    /// The board's name and place, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        format!("board {} ({}, {})", self.name, self.model, self.place())
    }

    pub(super) fn open_hat(
        &self,
        revision: &'static Revision,
        platform: &dyn Platform,
    ) -> Result<LinuxHat, ClusterError> {
        let backend = match (self.bus, self.address) {
            (Some(bus), Some(address)) => {
                let opened = platform.i2c(bus).map_err(|source| {
                    let obstacle = match source.io().kind() {
                        io::ErrorKind::NotFound => Obstacle::NoI2cBus,
                        _ => obstacle::obstacle(&source),
                    };
                    obstacle::cannot_open(platform, self.label(), bus, obstacle, source)
                })?;
                Backend::Expander(Expander::new(Retry::new(opened), address))
            }
            _ => Backend::Lines(self.open_lines(platform)?),
        };
        Ok(Hat::new(backend, revision).with_size(self.size))
    }

    fn open_lines(
        &self,
        platform: &dyn Platform,
    ) -> Result<Lines<super::platform::AnyLine>, ClusterError> {
        let open = |bcm: u8| {
            platform.line(bcm).map_err(|source| ClusterError::Open {
                board: self.label(),
                device: format!("GPIO line {bcm}"),
                obstacle: obstacle::obstacle(&source),
                source,
            })
        };
        let [p1, p2, p3, p4] = V1_NODE_LINES;
        Ok(Lines::new([open(p1)?, open(p2)?, open(p3)?, open(p4)?], open(V1_ALERT_LINE)?))
    }
}
