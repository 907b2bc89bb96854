//! The kinds of ClusterCTRL board, by USB product ID: two of them share a type register.

use core::fmt;

/// The USB vendor ID of every board.
pub const VENDOR: u16 = 0x3171;

/// One kind of board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Product {
    /// The USB product ID.
    pub id: u16,
    /// The board's name.
    pub name: &'static str,
    /// The content of its type register.
    pub kind: u8,
    /// How many nodes it has.
    pub nodes: u8,
    /// What no document settles; empty where all is documented.
    pub unverified: &'static str,
}

const fn product(id: u16, name: &'static str, kind: u8, nodes: u8) -> Product {
    Product { id, name, kind, nodes, unverified: "" }
}

/// Every known product.
pub const PRODUCTS: &[Product] = &[
    product(0x0011, "DA", 0, 32),
    product(0x0012, "pHAT", 2, 2),
    product(0x0013, "A+6", 3, 5),
    product(0x0014, "Triple", 1, 3),
    product(0x0015, "Single", 3, 1),
    product(0x0016, "Stack", 4, 5),
];

impl Product {
    /// The product of a USB product ID.
    #[must_use]
    pub fn of(id: u16) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.id == id)
    }

    /// Whether the board switches the hub that it is itself behind: a cycle of the hub takes it off the
    /// USB. The others have no hub to switch (the firmware's `HUBENPIN`).
    #[must_use]
    pub const fn is_behind_its_hub(&self) -> bool {
        matches!(self.kind, 1..=3)
    }

    /// Whether its nodes are on HATs, which may be missing.
    #[must_use]
    pub const fn has_hats(&self) -> bool {
        self.kind == 0
    }

    /// Whether it has a fan; the firmware of the others reports one that is off.
    #[must_use]
    pub const fn has_fan(&self) -> bool {
        matches!(self.id, 0x0013 | 0x0014 | 0x0016)
    }

    /// The product that best fits what the registers say, where no USB ID is known.
    #[must_use]
    pub fn guess(kind: u8, nodes: u8) -> Option<&'static Self> {
        let fits = PRODUCTS.iter().filter(|product| product.kind == kind);
        fits.clone().find(|product| product.nodes == nodes).or_else(|| fits.clone().next())
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_6_and_single_differ_in_their_usb_id_alone() {
        let (six, single) = (Product::of(0x0013).unwrap(), Product::of(0x0015).unwrap());
        assert_eq!(six.kind, single.kind);
        assert_eq!(Product::guess(3, 1), Some(single));
        assert_eq!(Product::guess(3, 5), Some(six));
        assert_eq!(Product::guess(9, 1), None);
        assert_eq!(Product::of(0x0017), None);
    }
}
