//! The driver of one board. Whoever calls it keeps others off the bus: a command is two transfers,
//! and its data registers belong to it in between.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::error::Error;
use super::protocol::{Command, Register, SCHEMA, Selector, Status};
use super::readings::{Firmware, Temperature, UsbPath, Voltage};
use crate::positions::Positions;
use crate::power::{Action, Stands, Switchable};

/// What a board says of itself in its first registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// How many nodes it has.
    pub nodes: u8,
    /// Its place among several boards.
    pub order: u8,
    /// Its type register.
    pub kind: u8,
}

/// What a board says of some of its nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodesPower {
    /// Those that have power.
    pub on: Positions,
    /// Those whose HAT is not there: neither on nor off.
    pub absent: Positions,
    /// Those of which the board did not tell.
    pub unread: Positions,
}

/// The power status of a node whose HAT is not there.
const ABSENT: u8 = 0xff;

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
    /// [`Error::Bus`], or [`Error::Schema`] where the chip is no ClusterCTRL board.
    pub fn open(bus: B, delay: D) -> Result<(Self, Description), Error<B::Error>> {
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
    /// [`Error::Bus`] or [`Error::Schema`].
    pub fn describe(&mut self) -> Result<Description, Error<B::Error>> {
        self.describe_within(1000)
    }

    /// The same of a board that may still be starting, and be asked again.
    pub(crate) fn describe_within(
        &mut self,
        limit_ms: u32,
    ) -> Result<Description, Error<B::Error>> {
        let mut head = [0; 5];
        // The pointer is a write, which a command that still runs refuses.
        self.read_when_idle(None, Register::Schema as u8, &mut head, limit_ms)?;
        let [schema, nodes, order, _mode, kind] = head;
        if schema != SCHEMA {
            return Err(Error::Schema { found: schema });
        }
        Ok(Description { nodes, order, kind })
    }

    /// Whether a node (from 1) has power; `None` where its HAT is not there.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`] before anything is sent, or where the board fails.
    pub fn power(&mut self, node: u8) -> Result<Option<bool>, Error<B::Error>> {
        self.check(node)?;
        let data0 = self.run(Command::PowerStatus, &[node])?[0];
        Ok((data0 != ABSENT).then_some(data0 == 1))
    }

    /// What the board says of these nodes.
    ///
    /// # Errors
    /// Where the board fails for one of them.
    pub fn nodes_power(&mut self, nodes: Positions) -> Result<NodesPower, Error<B::Error>> {
        match self.ask(nodes) {
            (power, None) => Ok(power),
            (_, Some(error)) => Err(error),
        }
    }

    /// The same, as far as it can be had, and what the first node failed with. A board of which the
    /// first two nodes fail is not asked for more.
    fn ask(&mut self, nodes: Positions) -> (NodesPower, Option<Error<B::Error>>) {
        let (mut power, mut first) = (NodesPower { unread: nodes, ..NodesPower::default() }, None);
        let mut has_answered = false;
        for position in nodes.iter() {
            let node = Positions::one(position);
            let answer = self.power(position + 1);
            has_answered |= answer.is_ok();
            match answer {
                Ok(state) => {
                    power.unread = power.unread.without(node);
                    match state {
                        Some(true) => power.on = power.on.union(node),
                        Some(false) => {}
                        None => power.absent = power.absent.union(node),
                    }
                }
                Err(_) if first.is_some() && !has_answered => break,
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        (power, first)
    }

    /// Switches a node (from 1). The board accepting it says nothing of the node: ask
    /// [`Self::power`] afterwards.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`] before anything is sent, or where the board fails.
    pub fn set_power(&mut self, node: u8, on: bool) -> Result<(), Error<B::Error>> {
        self.check(node)?;
        self.run(if on { Command::On } else { Command::Off }, &[node]).map(drop)
    }

    /// Whether a node (from 1) boots over USB; `None` where the board cannot choose.
    ///
    /// # Errors
    /// As [`Self::power`].
    pub fn usb_boot(&mut self, node: u8) -> Result<Option<bool>, Error<B::Error>> {
        self.check(node)?;
        let answer = self.optional(Command::UsbBootStatus, &[node])?;
        Ok(answer.map(|data| data[0]).filter(|&data0| data0 != 0xff).map(|data0| data0 == 1))
    }

    /// Chooses whether a node (from 1) boots over USB, and asks whether it does.
    ///
    /// # Errors
    /// As [`Self::power`]; [`Error::Refused`] where the board cannot choose.
    pub fn set_usb_boot(&mut self, node: u8, on: bool) -> Result<(), Error<B::Error>> {
        self.check(node)?;
        let command = if on { Command::UsbBootOn } else { Command::UsbBootOff };
        self.run(command, &[node])?;
        match self.usb_boot(node)? {
            Some(is_on) if is_on == on => Ok(()),
            Some(_) => Err(Error::NotFollowed { command, nodes: Positions::one(node - 1) }),
            None => Err(Error::Refused { command, status: Status::Unsupported as u8 }),
        }
    }

    /// Switches the ALERT LED. The board has no way to tell it back but its status.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn set_alert(&mut self, on: bool) -> Result<(), Error<B::Error>> {
        self.run(if on { Command::AlertOn } else { Command::AlertOff }, &[]).map(drop)
    }

    /// Switches the ACT LED.
    ///
    /// # Errors
    /// Where the board fails, or [`Error::Refused`] where it has none.
    pub fn set_act(&mut self, on: bool) -> Result<(), Error<B::Error>> {
        self.run(if on { Command::ActOn } else { Command::ActOff }, &[]).map(drop)
    }

    /// Switches the power LED and the nodes' LEDs one by one: the command for all of them at once
    /// would power every node of a pHAT or a Single.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn set_leds(&mut self, on: bool) -> Result<(), Error<B::Error>> {
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
    /// A board behind its hub leaves the USB meanwhile and comes back: open it anew afterwards. It may
    /// leave before the kernel's adapter has heard that the command arrived, so that an error of the
    /// bus does not mean that it did not.
    ///
    /// # Errors
    /// Where the command cannot be sent.
    pub fn cycle_hub(&mut self, tens_of_ms: u8) -> Result<(), Error<B::Error>> {
        self.send(Command::HubCycle, &[tens_of_ms])
    }

    /// Switches the fan and asks for its state where the firmware can tell.
    ///
    /// # Errors
    /// Where the board fails, or [`Error::Refused`] where it has none.
    pub fn set_fan(&mut self, on: bool) -> Result<(), Error<B::Error>> {
        self.run(Command::Fan, &[u8::from(on)])?;
        match self.fan()? {
            Some(bits) if (bits & 1 == 1) != on => {
                Err(Error::NotFollowed { command: Command::Fan, nodes: Positions::NONE })
            }
            _ => Ok(()),
        }
    }

    /// Gives the board another order (1 to 255), until its next reset.
    ///
    /// # Errors
    /// [`Error::OrderZero`] before anything is sent, or where the board fails.
    pub fn set_order(&mut self, order: u8) -> Result<(), Error<B::Error>> {
        if order == 0 {
            return Err(Error::OrderZero);
        }
        self.run(Command::SetOrder, &[order])?;
        if self.describe()?.order == order {
            return Ok(());
        }
        Err(Error::NotFollowed { command: Command::SetOrder, nodes: Positions::NONE })
    }

    /// Writes settings to the EEPROM.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn save(&mut self, what: Save) -> Result<(), Error<B::Error>> {
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
    pub fn reset(&mut self) -> Result<(), Error<B::Error>> {
        self.send(Command::Reset, &[])
    }

    /// The firmware's version; `None` where it is too old to tell.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn firmware(&mut self) -> Result<Option<Firmware>, Error<B::Error>> {
        let data = self.get(Selector::Firmware, 0)?;
        Ok(data.map(|data| Firmware { major: data[1], minor: data[0] }))
    }

    /// How many ADCs the board has.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn adc_count(&mut self) -> Result<u8, Error<B::Error>> {
        Ok(self.get(Selector::AdcCount, 0)?.map_or(0, |data| data[0]))
    }

    /// One ADC, from 1; `None` where there is none of that number.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn adc(&mut self, number: u8) -> Result<Option<Voltage>, Error<B::Error>> {
        let data = self.get(Selector::Adc, number)?;
        Ok(data.map(|data| Voltage { kind: data[0], raw: u16::from_le_bytes([data[1], data[2]]) }))
    }

    /// The temperature, where the board measures it.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn temperature(&mut self) -> Result<Option<Temperature>, Error<B::Error>> {
        let data = self.get(Selector::Temperature, 0)?;
        Ok(data
            .map(|data| Temperature { kind: data[0], raw: u16::from_le_bytes([data[1], data[2]]) }))
    }

    /// The fan's bits: bit 0 = switched on, the rest as the board has it; `None` where it cannot tell.
    ///
    /// # Errors
    /// Where the board fails.
    pub fn fan(&mut self) -> Result<Option<u8>, Error<B::Error>> {
        Ok(self.get(Selector::Fan, 0)?.map(|data| data[0]))
    }

    /// The USB path of a node (from 1), or of the board itself (0), below the board's own port;
    /// `None` where the firmware has none.
    ///
    /// # Errors
    /// As [`Self::power`].
    pub fn usb_path(&mut self, node: u8) -> Result<Option<UsbPath>, Error<B::Error>> {
        if node != 0 {
            self.check(node)?;
        }
        let data = self.optional(Command::UsbPath, &[node])?;
        Ok(data.map(|[d0, d1, d2, d3, d4, d5, d6, d7]| UsbPath([d7, d6, d5, d4, d3, d2, d1, d0])))
    }
}

/// Each node is a command of its own, so that one that fails keeps the others from nothing.
impl<B: I2c, D: DelayNs> Switchable for Device<B, D> {
    type Error = Error<B::Error>;
    type State = NodesPower;

    fn state(&mut self, nodes: Positions, _action: Action) -> Result<NodesPower, Self::Error> {
        match self.ask(nodes) {
            (power, Some(error)) if power.unread == nodes => Err(error),
            (power, _) => Ok(power),
        }
    }

    /// Those whose state could not be read are told to be off where that is asked; those that are
    /// absent or could not be read are found out by [`Self::verify`] where they are to be on.
    fn on(&self, state: NodesPower) -> Positions {
        state.on.union(state.unread).union(state.absent)
    }

    fn apply(
        &mut self,
        state: NodesPower,
        nodes: Positions,
        action: Action,
    ) -> Result<NodesPower, Self::Error> {
        let mut first = None;
        for position in nodes.without(state.absent).iter() {
            match self.set_power(position + 1, action == Action::On) {
                Ok(()) => {}
                Err(error) if action == Action::On => return Err(error),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        let on = match action {
            Action::On => state.on.union(nodes),
            Action::Off => state.on.without(nodes),
        };
        let unread = state.unread.without(nodes);
        first.map_or(Ok(NodesPower { on, unread, ..state }), Err)
    }

    fn verify(&mut self, state: NodesPower, nodes: Positions) -> Result<(), Self::Error> {
        let (seen, error) = self.ask(nodes);
        let told = self.on(state).without(state.absent);
        let differs = |&position: &u8| seen.on.has(position) != told.has(position);
        let readable = nodes.without(seen.unread).without(seen.absent);
        let wrong: Positions = readable.iter().filter(differs).collect();
        if let Some(position) = wrong.iter().next() {
            let command = if told.has(position) { Command::On } else { Command::Off };
            return Err(Error::NotFollowed { command, nodes: wrong });
        }
        match error {
            Some(error) => Err(error),
            None if seen.absent.is_empty() => Ok(()),
            None => Err(Error::Absent { nodes: seen.absent }),
        }
    }

    fn reached(&mut self, nodes: Positions, action: Action) -> Positions {
        let (seen, _) = self.ask(nodes);
        match action {
            Action::On => seen.on,
            Action::Off => nodes.without(seen.on).without(seen.unread).without(seen.absent),
        }
    }

    fn stands(&mut self, before: NodesPower, nodes: Positions, action: Action) -> Stands {
        let Ok(now) = self.nodes_power(nodes) else { return Stands::Unknown };
        let wanted = if action == Action::On { nodes } else { Positions::NONE };
        if now.on == wanted {
            Stands::New
        } else if now.on == self.on(before).intersection(nodes) {
            Stands::Old
        } else {
            Stands::Unknown
        }
    }
}
