//! Registers, commands and status codes, with nothing of a transport.
//!
//! Reads and writes move on to the next register byte by byte. A command runs after the write of
//! [`CtrlRegister::Command`] has returned; until it is done writes are not acknowledged.

/// The emulated chip's address.
pub const ADDRESS: u8 = 0x20;
/// The content of [`CtrlRegister::Schema`] that this protocol is for.
pub const SCHEMA: u8 = 2;
/// The power status of a node whose HAT is not there.
pub const ABSENT: u8 = 0xff;

/// Registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CtrlRegister {
    /// The version of this layout.
    Schema = 0x00,
    /// How many nodes the board has.
    MaxPi = 0x01,
    /// The board's order among several. 0 is stored as 1.
    Order = 0x02,
    /// Not used.
    Mode = 0x03,
    /// The kind of board; two kinds share one number.
    Type = 0x04,
    /// The highest of eight data bytes; data n is at 0x0c - n.
    Data7 = 0x05,
    /// The lowest data byte.
    Data0 = 0x0c,
    /// The command that runs; 0 = none.
    Command = 0x0d,
    /// How the last command ended.
    Status = 0x0e,
}

/// The register of data byte `n`, 0 to 7.
#[must_use]
pub const fn data_register(n: u8) -> u8 {
    CtrlRegister::Data0 as u8 - n
}

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant = $code,)* }

        impl $name {
            /// The meaning of a code, where it has one.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// Commands. `x` is the board's node number, from 1.
    Command {
        /// Power for node data0 = x.
        On = 0x03,
        /// No power for node data0 = x.
        Off = 0x04,
        /// ALERT LED on.
        AlertOn = 0x05,
        /// ALERT LED off.
        AlertOff = 0x06,
        /// The hub off for data0 x 10 ms, at least 100 ms, and on again.
        HubCycle = 0x07,
        /// The LED of node data0 = x. With data0 = 0 this powers the nodes of some boards.
        LedOn = 0x0a,
        /// The LED of node data0 = x off; 0 = all and the power LED.
        LedOff = 0x0b,
        /// Power LED on.
        PowerLedOn = 0x0c,
        /// Power LED off.
        PowerLedOff = 0x0d,
        /// Restart of the board from its EEPROM; the nodes' power goes as the EEPROM says.
        Reset = 0x0e,
        /// Whether node data0 = x has power: data0.
        PowerStatus = 0x0f,
        /// Fan on (data0 = 1) or off (data0 = 0).
        Fan = 0x10,
        /// The USB path of node data0 = x, 0 = the board: data7 to data0, 0xff = unused.
        UsbPath = 0x11,
        /// USB boot on for node data0 = x.
        UsbBootOn = 0x12,
        /// USB boot off for node data0 = x.
        UsbBootOff = 0x13,
        /// Whether node data0 = x has USB boot on: data0, 0xff = unsupported.
        UsbBootStatus = 0x14,
        /// The order := data0.
        SetOrder = 0x15,
        /// ACT LED on.
        ActOn = 0x16,
        /// ACT LED off.
        ActOff = 0x17,
        /// All settings to the EEPROM.
        SaveAll = 0xf0,
        /// The factory's settings to the EEPROM: order 20, all nodes off, USB boot on.
        SaveDefaults = 0xf1,
        /// A reading, by [`Selector`] in data0.
        GetData = 0xf2,
        /// The order to the EEPROM.
        SaveOrder = 0xf3,
        /// The USB boot settings to the EEPROM.
        SaveUsbBoot = 0xf4,
        /// The nodes' power to the EEPROM, as their state when the board's power comes on.
        SavePower = 0xf5,
        /// The LEDs to the EEPROM.
        SaveLeds = 0xf6,
    }
}

codes! {
    /// What [`Command::GetData`] reads.
    Selector {
        /// data1.data0.
        Firmware = 0,
        /// How many ADCs: data0.
        AdcCount = 1,
        /// ADC data1, from 1: data0 = kind, data1 and data2 = low and high byte.
        Adc = 2,
        /// data0 = kind, data1 and data2 = low and high byte.
        Temperature = 3,
        /// data0.
        Fan = 4,
    }
}

codes! {
    /// How a command ended.
    CommandStatus {
        /// Done.
        Ok = 0,
        /// This board cannot do it.
        Unsupported = 1,
        /// It has no such node.
        NoSuchNode = 2,
        /// Its firmware does not know the command.
        UnknownCommand = 3,
    }
}

impl Command {
    /// How long the command may run, in ms, with its first data byte.
    ///
    /// The EEPROM takes 3.4 ms a byte (ATmega datasheet), and saving writes at most 14; a
    /// temperature or ADC conversion takes less than 1 ms. The rest is a margin for the main loop.
    #[must_use]
    pub const fn limit_ms(self, data0: u8) -> u32 {
        match self {
            Self::HubCycle => {
                let asked = data0 as u32 * 10;
                (if asked < 100 { 100 } else { asked }) * 2 + 500
            }
            Self::SaveAll
            | Self::SaveDefaults
            | Self::SaveOrder
            | Self::SaveUsbBoot
            | Self::SavePower
            | Self::SaveLeds => 500,
            // A DA reaches its nodes through a multiplexer that takes 100 ms to switch.
            _ => 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_bytes_count_down_from_0x0c() {
        assert_eq!(data_register(0), 0x0c);
        assert_eq!(data_register(1), 0x0b);
        assert_eq!(data_register(7), 0x05);
    }

    #[test]
    fn codes_without_a_meaning_have_none() {
        for (code, command) in
            [(0x03, Command::On), (0x17, Command::ActOff), (0xf6, Command::SaveLeds)]
        {
            assert_eq!(Command::from_code(code), Some(command));
        }
        for code in [0x00, 0x01, 0x08, 0x09, 0x18, 0x90, 0xf7] {
            assert_eq!(Command::from_code(code), None, "{code:#04x}");
        }
        assert_eq!(CommandStatus::from_code(4), None);
    }

    #[test]
    fn a_hub_cycle_may_take_as_long_as_asked() {
        // Twice as long as the hub is off, which is 100 ms at the least, and half a second.
        for (asked, limit) in [(0, 700), (9, 700), (10, 700), (11, 720), (255, 5600)] {
            assert_eq!(Command::HubCycle.limit_ms(asked), limit, "{asked}");
        }
    }

    #[test]
    fn what_is_saved_is_saved_in_half_a_second() {
        use Command::{SaveAll, SaveDefaults, SaveLeds, SaveOrder, SavePower, SaveUsbBoot};
        for save in [SaveAll, SaveDefaults, SaveOrder, SaveUsbBoot, SavePower, SaveLeds] {
            assert_eq!(save.limit_ms(0), 500, "{save:?}");
        }
        for other in [Command::On, Command::PowerStatus, Command::Reset] {
            assert_eq!(other.limit_ms(0), 1000, "{other:?}");
        }
    }
}
