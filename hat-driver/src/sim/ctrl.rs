//! A simulated ClusterCTRL board, as its firmware behaves.
//!
//! A command runs after the write that starts it has returned, and writes are refused until it is
//! done; how long that is counts in refused writes here, since a world has no clock. A restart, and on
//! most boards a cycle of the hub, takes the board off the USB: how long that is counts in looks.

use serde::{Deserialize, Serialize};

use super::chip::{Chip, NoAck};
use crate::ctrl::protocol::{Command, Register, SCHEMA, Selector, Status};

/// Refused writes while the EEPROM is written.
const SAVE_REFUSALS: u32 = 2;
/// How often somebody looks at the USB in vain before a board that has left it is back.
const LOOKS_AWAY: u32 = 3;
/// The nodes of one HAT.
const HAT: usize = 4;
/// The power status of a node whose HAT is not there.
const ABSENT: u8 = 0xff;
/// What the factory's EEPROM holds as the order.
const FACTORY_ORDER: u8 = 20;

/// A board's state: the keys of its object in a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ctrl {
    /// Its place among several boards.
    pub order: u8,
    /// How many nodes it has.
    pub maxpi: u8,
    /// Its type register.
    #[serde(rename = "type")]
    pub kind: u8,
    /// The firmware's version.
    pub fw: [u8; 2],
    /// The nodes' power, 1 = on.
    pub p: Vec<u8>,
    /// The nodes' USB boot settings; none where the board cannot choose.
    #[serde(default)]
    pub u: Option<Vec<u8>>,
    /// Kind and raw value of each ADC.
    #[serde(default)]
    pub adc: Vec<[u16; 2]>,
    /// Kind and raw value of the temperature; none where it is not measured.
    #[serde(default)]
    pub temp: Option<[u16; 2]>,
    /// The ALERT LED.
    #[serde(default)]
    pub alert: u8,
    /// The power LED.
    #[serde(default)]
    pub led: u8,
    /// The ACT LED; none where the board has none.
    #[serde(default)]
    pub act: Option<u8>,
    /// The fan; none where the board has none.
    #[serde(default)]
    pub fan: Option<u8>,
    /// Data bytes, data0 first.
    #[serde(default)]
    pub data: [u8; 8],
    /// How the last command ended.
    #[serde(default)]
    pub status: u8,
    /// The USB paths: of the board itself, then of each node; empty where the firmware has none.
    #[serde(default)]
    pub paths: Vec<Vec<u8>>,
    /// The EEPROM commands that were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Vec<String>>,
    /// What the EEPROM holds; absent = the order as the world has it, and all nodes off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eeprom: Option<Eeprom>,
    /// Writes that are refused yet, since a command runs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub busy: u32,
    /// Refused writes after every command: a slow board.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slow: u32,
    /// Which HATs are there, four nodes each, 1 = it is; absent = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hats: Option<Vec<u8>>,
    /// What a node's power reads, whatever was commanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Vec<Option<u8>>>,
    /// How often it will be looked for in vain, since it has left the USB.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub away: u32,
    /// Whether it does not come back where it leaves the USB.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// How often it was plugged in anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returns: u32,
    /// The USB product ID as text (`"0x0013"`), where the type register leaves a doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(skip)]
    pointer: u8,
}

/// The contents of a board's EEPROM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eeprom {
    order: u8,
    led: u8,
    act: Option<u8>,
    p: Vec<u8>,
    u: Option<Vec<u8>>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants a reference
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Ctrl {
    /// The EEPROM as it is, or as a board has it that nothing was saved on.
    fn eeprom(&self) -> Eeprom {
        self.eeprom.clone().unwrap_or_else(|| Eeprom {
            order: self.order,
            led: 1,
            act: self.act.map(|_| 1),
            p: vec![0; self.p.len()],
            u: self.u.as_ref().map(|u| vec![1; u.len()]),
        })
    }

    /// What a world says of a board without `eeprom` is what its EEPROM holds: it stays there.
    fn set_order(&mut self, order: u8) {
        self.eeprom = Some(self.eeprom());
        self.order = order;
    }

    fn read_register(&self, register: u8) -> u8 {
        match register {
            0x00 => SCHEMA,
            0x01 => self.maxpi,
            0x02 => self.order,
            0x03 => 0,
            0x04 => self.kind,
            0x05..=0x0c => self.data[usize::from(0x0c - register)],
            // What runs is done by the time that the pointer could be set.
            0x0d => 0,
            0x0e => self.status,
            _ => 0xff,
        }
    }

    fn write_register(&mut self, register: u8, value: u8) {
        match register {
            0x02 => self.set_order(value.max(1)),
            0x05..=0x0c => self.data[usize::from(0x0c - register)] = value,
            0x0d if value != 0 => self.run(value),
            _ => {}
        }
    }

    fn run(&mut self, code: u8) {
        self.busy = self.slow;
        let status = match Command::from_code(code) {
            Some(command) => self.obey(command),
            None => Some(Status::UnknownCommand),
        };
        if let Some(status) = status {
            self.status = status as u8;
        }
    }

    /// The status that the command leaves; `None` where it sets none.
    fn obey(&mut self, command: Command) -> Option<Status> {
        let data0 = self.data[0];
        match command {
            Command::On | Command::Off if self.is_absent(data0) => {}
            Command::On => set(&mut self.p, data0, 1),
            Command::Off => set(&mut self.p, data0, 0),
            Command::AlertOn => self.alert = 1,
            Command::AlertOff => self.alert = 0,
            Command::HubCycle if self.is_behind_its_hub() => {
                self.leave();
                return None;
            }
            Command::HubCycle => {
                self.busy += u32::from(data0.max(10) / 10);
                return None;
            }
            Command::LedOn if data0 == 0 => {
                self.led = 1;
                if self.leds_power_nodes() {
                    self.p.fill(1);
                }
            }
            Command::LedOff if data0 == 0 => self.led = 0,
            Command::LedOn | Command::LedOff => {}
            Command::PowerLedOn => self.led = 1,
            Command::PowerLedOff => self.led = 0,
            Command::Reset => {
                self.note(command);
                self.restart();
            }
            Command::PowerStatus => return Some(self.answer_power()),
            Command::Fan => match &mut self.fan {
                Some(fan) => *fan = data0,
                None => return Some(Status::UnknownCommand),
            },
            Command::UsbPath => return Some(self.answer_path()),
            Command::UsbBootOn | Command::UsbBootOff => match &mut self.u {
                Some(u) => set(u, data0, u8::from(command == Command::UsbBootOn)),
                None => return Some(Status::UnknownCommand),
            },
            Command::UsbBootStatus => {
                self.data[0] = self.u.as_ref().and_then(|u| get(u, data0)).unwrap_or(0xff);
            }
            Command::SetOrder if data0 == 0 => return Some(Status::Unsupported),
            Command::SetOrder => self.set_order(data0),
            Command::ActOn | Command::ActOff => match &mut self.act {
                Some(act) => *act = u8::from(command == Command::ActOn),
                None => return Some(Status::UnknownCommand),
            },
            Command::GetData => return Some(self.answer_data()),
            Command::SaveAll
            | Command::SaveDefaults
            | Command::SaveOrder
            | Command::SaveUsbBoot
            | Command::SavePower
            | Command::SaveLeds => {
                self.note(command);
                self.save(command);
            }
        }
        Some(Status::Ok)
    }

    /// The DA and the Stack have no hub to switch.
    const fn is_behind_its_hub(&self) -> bool {
        !matches!(self.kind, 0 | 4)
    }

    fn leave(&mut self) {
        (self.away, self.busy) = (if self.lost { u32::MAX } else { LOOKS_AWAY }, 0);
        self.returns += 1;
    }

    /// Whether a node's HAT is not there.
    fn is_absent(&self, node: u8) -> bool {
        let hat = usize::from(node.saturating_sub(1)) / HAT;
        self.hats.as_ref().is_some_and(|hats| hats.get(hat) != Some(&1))
    }

    /// The firmware's trap: on these boards switching all LEDs on powers the nodes.
    const fn leds_power_nodes(&self) -> bool {
        self.kind == 2 || self.kind == 3 && self.maxpi == 1
    }

    fn note(&mut self, command: Command) {
        let text = match command {
            Command::Reset => "reset".to_owned(),
            command => format!("{:#04x}", command as u8),
        };
        self.saved.get_or_insert_default().push(text);
    }

    fn save(&mut self, command: Command) {
        self.busy += SAVE_REFUSALS;
        let mut eeprom = self.eeprom();
        let all = command == Command::SaveAll;
        if all || command == Command::SaveOrder {
            eeprom.order = self.order;
        }
        if all || command == Command::SaveLeds {
            (eeprom.led, eeprom.act) = (self.led, self.act);
        }
        if all || command == Command::SavePower {
            eeprom.p.clone_from(&self.p);
        }
        if all || command == Command::SaveUsbBoot {
            eeprom.u.clone_from(&self.u);
        }
        if command == Command::SaveDefaults {
            eeprom.order = FACTORY_ORDER;
            (eeprom.led, eeprom.act) = (1, self.act.map(|_| 1));
            eeprom.p.fill(0);
            eeprom.u.iter_mut().flatten().for_each(|u| *u = 1);
        }
        self.eeprom = Some(eeprom);
    }

    fn restart(&mut self) {
        let eeprom = self.eeprom();
        (self.order, self.led, self.act) = (eeprom.order, eeprom.led, eeprom.act);
        self.p.clone_from(&eeprom.p);
        self.u.clone_from(&eeprom.u);
        self.eeprom = Some(eeprom);
        (self.alert, self.data, self.status) = (0, [0; 8], 0);
        self.fan = self.fan.map(|_| 0);
        self.leave();
    }

    fn answer_power(&mut self) -> Status {
        let stuck = self.stuck.as_ref().and_then(|stuck| get(stuck, self.data[0])).flatten();
        match get(&self.p, self.data[0]) {
            Some(_) if self.is_absent(self.data[0]) => {
                self.data[0] = ABSENT;
                Status::Ok
            }
            Some(level) => {
                self.data[0] = stuck.unwrap_or(level);
                Status::Ok
            }
            None => {
                self.data[0] = 0xff;
                Status::NoSuchNode
            }
        }
    }

    fn answer_path(&mut self) -> Status {
        let path = self.paths.get(usize::from(self.data[0])).cloned();
        self.data = [0xff; 8];
        let Some(path) = path else { return Status::Unsupported };
        // The first port is data7.
        for (place, port) in self.data.iter_mut().rev().zip(path) {
            *place = port;
        }
        Status::Ok
    }

    fn answer_data(&mut self) -> Status {
        let reading = |[kind, raw]: [u16; 2]| {
            let [low, high] = raw.to_le_bytes();
            [kind as u8, low, high]
        };
        let answer = match Selector::from_code(self.data[0]) {
            Some(Selector::Firmware) => {
                self.data = [0xff; 8];
                Some([self.fw[1], self.fw[0], 0xff])
            }
            Some(Selector::AdcCount) => Some([self.adc.len() as u8, self.data[1], self.data[2]]),
            Some(Selector::Adc) => {
                let number = usize::from(self.data[1]);
                number.checked_sub(1).and_then(|index| self.adc.get(index)).copied().map(reading)
            }
            Some(Selector::Temperature) => self.temp.map(reading),
            Some(Selector::Fan) => Some([self.fan.unwrap_or(0), self.data[1], self.data[2]]),
            None => None,
        };
        match answer {
            Some(bytes) => {
                self.data[..3].copy_from_slice(&bytes);
                Status::Ok
            }
            None => Status::Unsupported,
        }
    }
}

/// A node's entry, from 1; the firmware ignores a node that it does not have.
fn set(entries: &mut [u8], node: u8, value: u8) {
    if let Some(entry) = usize::from(node).checked_sub(1).and_then(|index| entries.get_mut(index)) {
        *entry = value;
    }
}

fn get<T: Copy>(entries: &[T], node: u8) -> Option<T> {
    usize::from(node).checked_sub(1).and_then(|index| entries.get(index)).copied()
}

impl Chip for Ctrl {
    fn write(&mut self, bytes: &[u8]) -> Result<(), NoAck> {
        if self.busy > 0 {
            self.busy -= 1;
            return Err(NoAck);
        }
        let Some((&pointer, values)) = bytes.split_first() else { return Ok(()) };
        self.pointer = pointer;
        for &value in values {
            self.write_register(self.pointer, value);
            self.pointer = self.pointer.wrapping_add(1);
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), NoAck> {
        for place in buffer {
            // A read is answered while a command runs, and shows that it does.
            *place = match (self.pointer, self.busy) {
                (pointer, 1..) if pointer == Register::Command as u8 => 0xff,
                (pointer, _) => self.read_register(pointer),
            };
            self.pointer = self.pointer.wrapping_add(1);
        }
        Ok(())
    }
}
