//! A search for expanders that no EEPROM and no configuration speaks of. Reads only.

use super::platform::{AnyBus, Platform};
use crate::expander::{Chip, Expander, FIRST_ADDRESS, LAST_ADDRESS, Register};
use crate::retry::Retry;

/// What the latch and the direction register hold after a reset.
const RESET: u8 = 0xff;

/// A chip that answers at one of the addresses of a Cluster HAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Candidate {
    /// The bus.
    pub bus: u32,
    /// The address.
    pub address: u8,
    /// What it looks like; absent where its registers are not those of either chip.
    pub chip: Option<Chip>,
}

/// Asks every address that a Cluster HAT can have on every bus. Reads only, but an unknown chip at
/// one of these addresses sees the reads too.
#[must_use]
pub fn probe(platform: &dyn Platform) -> Vec<Candidate> {
    let mut found = Vec::new();
    let boards = platform.usb_boards();
    // At 0x20 of a ClusterCTRL board's own bus sits no expander.
    let buses = platform.buses().into_iter();
    for bus in buses.filter(|&bus| boards.iter().all(|board| board.bus != Some(bus))) {
        for address in FIRST_ADDRESS..=LAST_ADDRESS {
            let Ok(opened) = platform.i2c(bus) else { continue };
            let mut chip = Expander::new(Retry::new(opened), address);
            if let Ok(direction) = chip.read(Register::Direction) {
                found.push(Candidate { bus, address, chip: judge(&mut chip, direction) });
            }
        }
    }
    found
}

/// The chip is in a state that a Cluster HAT can be in: reset, or all outputs that show their latch.
fn judge(chip: &mut Expander<Retry<AnyBus>>, direction: u8) -> Option<Chip> {
    let polarity = chip.read(Register::Polarity).ok()?;
    let plausible = match direction {
        RESET => true,
        0x00 => chip.read(Register::Latch).ok()? == chip.read(Register::Input).ok()?,
        _ => false,
    };
    if polarity != 0x00 || !plausible {
        return None;
    }
    chip.identify(None).ok().map(|(kind, _)| kind)
}
