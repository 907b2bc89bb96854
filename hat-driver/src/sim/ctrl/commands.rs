//! What a simulated ClusterCTRL board does at each command, as its firmware does it.

use super::SimCtrl;
use crate::ctrl::protocol::{ABSENT, Command, CommandStatus, Selector};

/// Refused writes while the EEPROM is written.
const SAVE_REFUSALS: u32 = 2;
/// How many looks at the USB find nothing before a board that has left it is back.
const LOOKS_AWAY: u32 = 3;
/// What the factory's EEPROM holds as the order.
const FACTORY_ORDER: u8 = 20;
/// The nodes of one HAT.
const HAT: usize = 4;

impl SimCtrl {
    pub(super) fn run(&mut self, code: u8) {
        self.busy = self.slow;
        let status = match Command::from_code(code) {
            Some(command) => self.obey(command),
            None => Some(CommandStatus::UnknownCommand),
        };
        if let Some(status) = status {
            self.status = status as u8;
        }
    }

    /// The status that the command leaves; `None` where it sets none.
    fn obey(&mut self, command: Command) -> Option<CommandStatus> {
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
            Command::Fan => return Some(if_fitted(&mut self.fan, |fan| *fan = data0)),
            Command::UsbPath => return Some(self.answer_path()),
            Command::UsbBootOn | Command::UsbBootOff => {
                let on = u8::from(command == Command::UsbBootOn);
                return Some(if_fitted(&mut self.u, |u| set(u, data0, on)));
            }
            Command::UsbBootStatus => {
                self.data[0] = self.u.as_ref().and_then(|u| get(u, data0)).unwrap_or(0xff);
            }
            Command::SetOrder if data0 == 0 => return Some(CommandStatus::Unsupported),
            Command::SetOrder => self.set_order(data0),
            Command::ActOn | Command::ActOff => {
                let on = u8::from(command == Command::ActOn);
                return Some(if_fitted(&mut self.act, |act| *act = on));
            }
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
        Some(CommandStatus::Ok)
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
    pub(in crate::sim) fn is_absent(&self, node: u8) -> bool {
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

    fn answer_power(&mut self) -> CommandStatus {
        let stuck = self.stuck.as_ref().and_then(|stuck| get(stuck, self.data[0])).flatten();
        match get(&self.p, self.data[0]) {
            Some(_) if self.is_absent(self.data[0]) => {
                self.data[0] = ABSENT;
                CommandStatus::Ok
            }
            Some(level) => {
                self.data[0] = stuck.unwrap_or(level);
                CommandStatus::Ok
            }
            None => {
                self.data[0] = 0xff;
                CommandStatus::NoSuchNode
            }
        }
    }

    fn answer_path(&mut self) -> CommandStatus {
        let path = self.paths.get(usize::from(self.data[0])).cloned();
        self.data = [0xff; 8];
        let Some(path) = path else { return CommandStatus::Unsupported };
        // The first port is data7.
        for (place, port) in self.data.iter_mut().rev().zip(path) {
            *place = port;
        }
        CommandStatus::Ok
    }

    fn answer_data(&mut self) -> CommandStatus {
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
                CommandStatus::Ok
            }
            None => CommandStatus::Unsupported,
        }
    }
}

/// Does something with a part that not every board has; a board without it does not know the command.
fn if_fitted<T>(part: &mut Option<T>, act: impl FnOnce(&mut T)) -> CommandStatus {
    part.as_mut().map(act).map_or(CommandStatus::UnknownCommand, |()| CommandStatus::Ok)
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
