//! The expander's registers.

use core::fmt;

/// The registers that a Cluster HAT needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Register {
    /// The pins' levels. Read only.
    Input = 0,
    /// The levels that output pins are driven to. Reset: 0xff.
    Latch = 1,
    /// Pins whose level reads inverted. Reset: 0x00.
    Polarity = 2,
    /// Pins that are inputs. Reset: 0xff.
    Direction = 3,
    /// Pins with a pull-up (XRA1200P only). Reset on the P part: 0xff.
    PullUp = 4,
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input (0x00)",
            Self::Latch => "latch (0x01)",
            Self::Polarity => "polarity (0x02)",
            Self::Direction => "direction (0x03)",
            Self::PullUp => "pull-up (0x04)",
        })
    }
}
