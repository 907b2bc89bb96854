//! A simulated ClusterCTRL board, as its firmware behaves.
//!
//! A command runs after the write that starts it has returned, and writes are refused until it is
//! done; how long that is counts in refused writes here, since a simulation has no clock. A restart, and on
//! most boards a cycle of the hub, takes the board off the USB: how long that is counts in looks.

use serde::{Deserialize, Serialize};

mod commands;

use super::chip::{NoAck, SimChip};
use crate::ctrl::protocol::{CtrlRegister, SCHEMA};

/// A board's state: the keys of its object in a simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimCtrl {
    /// Its order among several boards.
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
    /// What the EEPROM holds; absent = the order as the simulation has it, and all nodes off.
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

impl SimCtrl {
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

    /// What a simulation says of a board without `eeprom` is what its EEPROM holds: it stays there.
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
}

impl SimChip for SimCtrl {
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
                (pointer, 1..) if pointer == CtrlRegister::Command as u8 => 0xff,
                (pointer, _) => self.read_register(pointer),
            };
            self.pointer = self.pointer.wrapping_add(1);
        }
        Ok(())
    }
}
