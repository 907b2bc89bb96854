//! The driver of one board. Whoever calls it keeps others off the bus: a command is two transfers,
//! and its data registers belong to it in between.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::error::CtrlError;
use super::protocol::{ABSENT, Command, CommandStatus, CtrlRegister, SCHEMA, Selector};
use super::readings::{Firmware, Temperature, UsbPath, Voltage};
use crate::positions::Positions;

/// What a board says of itself in its first registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// How many nodes it has.
    pub nodes: u8,
    /// Its order among several boards.
    pub order: u8,
    /// Its type register.
    pub kind: u8,
}

/// Which settings go to the EEPROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Save {
    /// All of them.
    All,
    /// The order.
    Order,
    /// The nodes' USB boot settings.
    UsbBoot,
    /// The nodes' power.
    Power,
    /// The LEDs.
    Leds,
    /// Those of the factory.
    Defaults,
}

/// One board.
#[derive(Debug)]
pub struct Device<B, D> {
    pub(super) bus: B,
    pub(super) delay: D,
    pub(super) nodes: u8,
    pub(super) retries: u32,
}

impl<B: I2c, D: DelayNs> Device<B, D> {
    /// Opens a board: reads its description in one transfer.
    ///
    /// # Errors
    /// [`CtrlError::Bus`], or [`CtrlError::Schema`] where the chip is no ClusterCTRL board.
    pub fn open(bus: B, delay: D) -> Result<(Self, Description), CtrlError<B::Error>> {
        let mut device = Self { bus, delay, nodes: 0, retries: 0 };
        let description = device.describe()?;
        device.nodes = description.nodes;
        Ok((device, description))
    }

    /// The bus.
    pub const fn bus(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Transfers repeated so far because the bus had spoilt the one before.
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// How many nodes the board has.
    pub const fn nodes(&self) -> u8 {
        self.nodes
    }

    /// The first registers.
    ///
    /// # Errors
    /// [`CtrlError::Bus`] or [`CtrlError::Schema`].
    pub fn describe(&mut self) -> Result<Description, CtrlError<B::Error>> {
        self.describe_within(1000)
    }

    /// The same of a board that may still be starting, and be asked again.
    pub(crate) fn describe_within(
        &mut self,
        limit_ms: u32,
    ) -> Result<Description, CtrlError<B::Error>> {
        let mut head = [0; 5];
        // The pointer is a write, which a command that still runs refuses.
        self.read_when_idle(None, CtrlRegister::Schema as u8, &mut head, limit_ms)?;
        let [schema, nodes, order, _mode, kind] = head;
        if schema != SCHEMA {
            return Err(CtrlError::Schema { found: schema });
        }
        Ok(Description { nodes, order, kind })
    }

    /// Whether a node (from 1) has power; `None` where its HAT is not there.
    ///
    /// # Errors
    /// [`CtrlError::NoSuchNode`] before anything is sent, or where the board fails.
    pub fn power(&mut self, node: u8) -> Result<Option<bool>, CtrlError<B::Error>> {
        self.check(node)?;
        let data0 = self.run(Command::PowerStatus, &[node])?[0];
        Ok((data0 != ABSENT).then_some(data0 == 1))
    }

    /// Switches a node (from 1). The board accepting it says nothing of the node: ask
    /// [`Self::power`] afterwards.
    ///
    /// # Errors
    /// [`CtrlError::NoSuchNode`] before anything is sent, or where the board fails.
    pub fn set_power(&mut self, node: u8, on: bool) -> Result<(), CtrlError<B::Error>> {
        self.check(node)?;
        self.run(if on { Command::On } else { Command::Off }, &[node]).map(drop)
    }

    /// Whether a node (from 1) boots over USB; `None` where the board cannot choose.
    ///
    /// # Errors
    /// As [`Self::power`].
    pub fn usb_boot(&mut self, node: u8) -> Result<Option<bool>, CtrlError<B::Error>> {
        self.check(node)?;
        let answer = self.optional(Command::UsbBootStatus, &[node])?;
        Ok(answer.map(|data| data[0]).filter(|&data0| data0 != 0xff).map(|data0| data0 == 1))
    }

    /// Chooses whether a node (from 1) boots over USB, and asks whether it does.
    ///
    /// # Errors
    /// As [`Self::power`]; [`CtrlError::Refused`] where the board cannot choose.
    pub fn set_usb_boot(&mut self, node: u8, on: bool) -> Result<(), CtrlError<B::Error>> {
        self.check(node)?;
        let command = if on { Command::UsbBootOn } else { Command::UsbBootOff };
        self.run(command, &[node])?;
        match self.usb_boot(node)? {
            Some(is_on) if is_on == on => Ok(()),
            Some(_) => Err(CtrlError::NotFollowed { command, nodes: Positions::one(node - 1) }),
            None => Err(CtrlError::Refused { command, status: CommandStatus::Unsupported as u8 }),
        }
    }

    /// Switches the ALERT LED. The board has no way to tell it back but its status.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn set_alert(&mut self, on: bool) -> Result<(), CtrlError<B::Error>> {
        self.run(if on { Command::AlertOn } else { Command::AlertOff }, &[]).map(drop)
    }

    /// Switches the ACT LED.
    ///
    /// # Errors
    /// Where the board fails, or [`CtrlError::Refused`] where it has none.
    pub fn set_act(&mut self, on: bool) -> Result<(), CtrlError<B::Error>> {
        self.run(if on { Command::ActOn } else { Command::ActOff }, &[]).map(drop)
    }

    /// Switches the power LED and the nodes' LEDs one by one: the command for all of them at once
    /// would power every node of a pHAT or a Single.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn set_leds(&mut self, on: bool) -> Result<(), CtrlError<B::Error>> {
        if !on {
            return self.run(Command::LedOff, &[0]).map(drop);
        }
        self.run(Command::PowerLedOn, &[])?;
        for node in 1..=self.nodes {
            self.run(Command::LedOn, &[node])?;
        }
        Ok(())
    }

    /// Switches the hub off for `tens_of_ms` x 10 ms (at least 100 ms) and on again. Sets no status.
    ///
    /// A board behind its own hub leaves the USB and comes back: open it anew afterwards. It may
    /// leave before the kernel's adapter has heard that the command arrived, so that an error of the
    /// bus does not mean that it did not.
    ///
    /// # Errors
    /// Where the command cannot be sent.
    pub fn cycle_hub(&mut self, tens_of_ms: u8) -> Result<(), CtrlError<B::Error>> {
        self.send(Command::HubCycle, &[tens_of_ms])
    }

    /// Switches the fan and asks for its state where the firmware can tell.
    ///
    /// # Errors
    /// Where the board fails, or [`CtrlError::Refused`] where it has none.
    pub fn set_fan(&mut self, on: bool) -> Result<(), CtrlError<B::Error>> {
        self.run(Command::Fan, &[u8::from(on)])?;
        match self.fan()? {
            Some(bits) if (bits & 1 == 1) != on => {
                Err(CtrlError::NotFollowed { command: Command::Fan, nodes: Positions::NONE })
            }
            _ => Ok(()),
        }
    }

    /// Gives the board another order (1 to 255), until its next reset.
    ///
    /// # Errors
    /// [`CtrlError::OrderZero`] before anything is sent, or where the board fails.
    pub fn set_order(&mut self, order: u8) -> Result<(), CtrlError<B::Error>> {
        if order == 0 {
            return Err(CtrlError::OrderZero);
        }
        self.run(Command::SetOrder, &[order])?;
        if self.describe()?.order == order {
            return Ok(());
        }
        Err(CtrlError::NotFollowed { command: Command::SetOrder, nodes: Positions::NONE })
    }

    /// Writes settings to the EEPROM.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn save(&mut self, what: Save) -> Result<(), CtrlError<B::Error>> {
        let command = match what {
            Save::All => Command::SaveAll,
            Save::Order => Command::SaveOrder,
            Save::UsbBoot => Command::SaveUsbBoot,
            Save::Power => Command::SavePower,
            Save::Leds => Command::SaveLeds,
            Save::Defaults => Command::SaveDefaults,
        };
        self.run(command, &[]).map(drop)
    }

    /// Restarts the board, which leaves the USB and comes back: open it anew afterwards. As with
    /// [`Self::cycle_hub`], an error of the bus does not mean that the command did not arrive.
    ///
    /// # Errors
    /// Where the command cannot be sent.
    pub fn reset(&mut self) -> Result<(), CtrlError<B::Error>> {
        self.send(Command::Reset, &[])
    }

    /// The firmware's version; `None` where it is too old to tell.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn firmware(&mut self) -> Result<Option<Firmware>, CtrlError<B::Error>> {
        let data = self.get(Selector::Firmware, 0)?;
        Ok(data.map(|data| Firmware { major: data[1], minor: data[0] }))
    }

    /// How many ADCs the board has.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn adc_count(&mut self) -> Result<u8, CtrlError<B::Error>> {
        Ok(self.get(Selector::AdcCount, 0)?.map_or(0, |data| data[0]))
    }

    /// One ADC, from 1; `None` where there is none of that number.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn adc(&mut self, number: u8) -> Result<Option<Voltage>, CtrlError<B::Error>> {
        let data = self.get(Selector::Adc, number)?;
        Ok(data.map(|data| Voltage { kind: data[0], raw: u16::from_le_bytes([data[1], data[2]]) }))
    }

    /// The temperature, where the board measures it.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn temperature(&mut self) -> Result<Option<Temperature>, CtrlError<B::Error>> {
        let data = self.get(Selector::Temperature, 0)?;
        Ok(data
            .map(|data| Temperature { kind: data[0], raw: u16::from_le_bytes([data[1], data[2]]) }))
    }

    /// The fan's bits: bit 0 = switched on, the rest as the board has it; `None` where it cannot tell.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn fan(&mut self) -> Result<Option<u8>, CtrlError<B::Error>> {
        Ok(self.get(Selector::Fan, 0)?.map(|data| data[0]))
    }

    /// The USB path of a node (from 1), or of the board itself (0), below the board's own port;
    /// `None` where the firmware has none.
    ///
    /// # Errors
    /// As [`Self::power`].
    pub fn usb_path(&mut self, node: u8) -> Result<Option<UsbPath>, CtrlError<B::Error>> {
        if node != 0 {
            self.check(node)?;
        }
        let data = self.optional(Command::UsbPath, &[node])?;
        Ok(data.map(|[d0, d1, d2, d3, d4, d5, d6, d7]| UsbPath([d7, d6, d5, d4, d3, d2, d1, d0])))
    }
}
