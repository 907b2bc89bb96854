//! A simulation: what hardware a simulated controller has, and its present state.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::chip::{ChipPlace, SimChip, SimExpander};
use super::ctrl::SimCtrl;
use super::fault::Fault;
use super::node::{Behaviour, NodePlace};
use super::power_record::PowerRecord;
use crate::ctrl::protocol::ADDRESS;

/// The firmware's "under-voltage now" and "has occurred" flags.
const UNDER_VOLTAGE: u32 = 0x0001_0001;

/// A simulated controller with its boards.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Simulation {
    /// The object as it was read; what is not known here stays in it.
    pub(super) raw: Map<String, Value>,
    /// The expanders by their bus and address.
    pub expanders: BTreeMap<ChipPlace, SimExpander>,
    /// The ClusterCTRL boards by their bus.
    pub ctrls: BTreeMap<u32, SimCtrl>,
    /// The lines that are outputs, by BCM number, and whether they are high.
    pub gpio: BTreeMap<u8, bool>,
    /// Faults to come.
    pub faults: Vec<Fault>,
    /// How nodes behave that do not behave well, by their names: `p3`.
    pub behaviours: BTreeMap<String, Behaviour>,
    pub(super) power_record: PowerRecord,
}

/// What of a simulation a transfer may change.
#[derive(PartialEq, Eq)]
pub(super) struct State {
    expanders: Vec<(ChipPlace, [u8; 5])>,
    ctrls: BTreeMap<u32, SimCtrl>,
    gpio: BTreeMap<u8, bool>,
    power_record: PowerRecord,
}

impl Simulation {
    /// What of the object may change: two states that are equal have the same text.
    pub(super) fn state(&self) -> State {
        let registers = |(&place, chip): (&ChipPlace, &SimExpander)| (place, chip.registers());
        State {
            expanders: self.expanders.iter().map(registers).collect(),
            ctrls: self.ctrls.clone(),
            gpio: self.gpio.clone(),
            power_record: self.power_record.clone(),
        }
    }

    /// The object's text, but for the registers in which ClusterCTRL boards answer questions.
    pub(super) fn but_for_answers(&self) -> String {
        let mut simulation = self.clone();
        for ctrl in simulation.ctrls.values_mut() {
            (ctrl.data, ctrl.status, ctrl.busy) = ([0; 8], 0, 0);
        }
        simulation.to_text()
    }

    /// The chip at a bus and address, of whichever kind.
    pub fn chip(&mut self, place: ChipPlace) -> Option<&mut dyn SimChip> {
        if let Some(chip) = self.expanders.get_mut(&place) {
            return Some(chip);
        }
        let here = |ctrl: &&mut SimCtrl| place.1 == ADDRESS && ctrl.away == 0;
        let ctrl = self.ctrls.get_mut(&place.0).filter(here)?;
        Some(ctrl)
    }

    /// Whether the ClusterCTRL board of a bus has left the USB for a moment.
    #[must_use]
    pub fn is_away(&self, bus: u32) -> bool {
        self.ctrls.get(&bus).is_some_and(|ctrl| ctrl.away > 0)
    }

    /// A text of the HAT's EEPROM: `product`, `product_ver`, `uuid`, `vendor` or `product_id`.
    #[must_use]
    pub fn hat(&self, key: &str) -> Option<&str> {
        self.raw.get("hat")?.get(key)?.as_str()
    }

    /// The text of `/etc/default/clusterctrl`.
    #[must_use]
    pub fn legacy_config(&self) -> Option<&str> {
        self.raw.get("config")?.as_str()
    }

    /// The text of `/etc/clusterhat/clusterhat.toml`.
    #[must_use]
    pub fn config(&self) -> Option<&str> {
        self.raw.get("clusterhat_toml")?.as_str()
    }

    /// The firmware's throttling flags, where the simulation has a firmware.
    #[must_use]
    pub fn throttled(&self) -> Option<u32> {
        let set = self.raw.get("throttled").and_then(Value::as_u64).map(|flags| flags as u32);
        let limit = self.raw.get("undervoltage_above").and_then(Value::as_u64);
        match limit {
            Some(limit) if self.powered_nodes() > limit => Some(set.unwrap_or(0) | UNDER_VOLTAGE),
            Some(_) => Some(set.unwrap_or(0)),
            None => set,
        }
    }

    /// The level of a GPIO line: what drives or pulls it, unless it is stuck.
    #[must_use]
    pub fn line_level(&self, bcm: u8) -> bool {
        let level = |key: &str| {
            let level = self.raw.get(key)?.get(bcm.to_string())?.as_u64()?;
            Some(level != 0)
        };
        let driven = || self.gpio.get(&bcm).copied();
        level("gpio_stuck").or_else(driven).or_else(|| level("gpio_pulled")).unwrap_or(false)
    }

    fn powered_nodes(&self) -> u64 {
        self.powered().into_iter().map(|(_, on)| u64::from(on)).sum()
    }

    /// Which nodes have power: of the expanders by their bus and address, of the ClusterCTRL boards by their
    /// bus, of the lines.
    pub(super) fn powered(&self) -> Vec<(NodePlace, bool)> {
        let node = |chip, position| NodePlace { chip, position };
        let pins = |(&chip, expander): (&ChipPlace, &SimExpander)| {
            let pins = expander.pins();
            (0..4).map(move |position| (node(Some(chip), position), pins >> position & 1 == 1))
        };
        let expanders = self.expanders.iter().flat_map(pins);
        let outputs = |(&bus, ctrl): (&u32, &SimCtrl)| {
            let power: Vec<_> = (0..).zip(ctrl.p.iter().map(|&p| p != 0)).collect();
            power.into_iter().map(move |(position, on)| (node(Some((bus, ADDRESS)), position), on))
        };
        let ctrls = self.ctrls.iter().flat_map(outputs);
        let lines = (0..).zip(crate::revisions::V1_NODE_LINES);
        let lines = lines
            .map(|(position, line)| (node(None, position), self.gpio.get(&line) == Some(&true)));
        expanders.chain(ctrls).chain(lines).collect()
    }

    /// Where the nodes' power is traced.
    pub(super) fn trace(&self) -> Option<&Path> {
        self.raw.get("trace")?.as_str().map(Path::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_nodes_than_the_supply_bears_set_the_flags() {
        let mut simulation =
            Simulation::parse(r#"{"undervoltage_above": 1, "gpio": {"6": 1}}"#).unwrap();
        assert_eq!(simulation.throttled(), Some(0));
        simulation.gpio.insert(13, true);
        assert_eq!(simulation.throttled(), Some(0x10001));
        assert_eq!(Simulation::parse("{}").unwrap().throttled(), None);
    }
}
