//! Records which nodes of a simulation get and lose their power.

use std::time::Duration;

use super::node::{NodePlace, NodeRecord};
use super::simulation::Simulation;
use crate::linux::Moment;
use crate::revisions::Revision;
use crate::{PinSet, Signals};

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Changes a simulation, and keeps which nodes got or lost their power by it, and when.
pub(super) fn recorded<R>(
    simulation: &mut Simulation,
    change: impl FnOnce(&mut Simulation) -> R,
) -> R {
    let before = simulation.powered();
    let result = change(simulation);
    let now = simulation.powered();
    if now != before {
        let was_on = |place: &NodePlace| before.contains(&(*place, true));
        let Moment { boot, uptime } = Moment::now();
        let records = simulation.power_record.of_boot(boot);
        for (place, on) in now {
            if !on {
                records.remove(&place.to_string());
            } else if !was_on(&place) {
                let record = NodeRecord { on: nanoseconds(uptime), ..NodeRecord::default() };
                records.insert(place.to_string(), record);
            }
        }
    }
    result
}

impl Simulation {
    /// What happened to a node since it got its power. `None` where it has none, and if it was not observed to get
    /// its power since this machine started.
    #[must_use]
    pub fn node_record(&self, place: NodePlace) -> Option<NodeRecord> {
        let record = self.power_record.nodes.get(&place.to_string())?;
        (self.power_record.boot == Moment::now().boot).then_some(*record)
    }

    /// Whether a node has power; `None` where it is on no board or HAT that is here.
    #[must_use]
    pub fn has_power(&self, place: NodePlace) -> Option<bool> {
        let ctrl = place.chip.and_then(|(bus, _)| self.ctrls.get(&bus));
        if ctrl.is_some_and(|ctrl| ctrl.away > 0 || ctrl.is_absent(place.position + 1)) {
            return None;
        }
        self.powered().into_iter().find(|node| node.0 == place).map(|node| node.1)
    }

    /// A node obeys, and goes down now: to stay so until its power is switched, or to start again.
    pub fn bring_down(&mut self, place: NodePlace, reboot: bool) {
        let Moment { boot, uptime } = Moment::now();
        let records = self.power_record.of_boot(boot);
        let record = records.entry(place.to_string()).or_default();
        (record.down, record.reboot) = (Some(nanoseconds(uptime)), reboot);
    }

    /// A node hangs from now on, until its power is switched: it stays on the USB, and answers nothing.
    pub fn hang(&mut self, place: NodePlace) {
        let Moment { boot, uptime } = Moment::now();
        let records = self.power_record.of_boot(boot);
        records.entry(place.to_string()).or_default().hung = Some(nanoseconds(uptime));
    }

    /// Whether the hub that a node of a HAT of this revision is connected to is switched off. A board that is not initialised has not
    /// switched it.
    #[must_use]
    pub fn is_hub_off(&self, place: NodePlace, revision: &Revision) -> bool {
        let chip = place.chip.and_then(|chip| self.expanders.get(&chip));
        let has_hub = revision.signals().contains(Signals::HUB);
        chip.is_some_and(|chip| {
            let is_output = !Signals::from_bits(chip.direction).contains(Signals::HUB);
            let signals = revision.to_signals(PinSet::from_bits(chip.pins()));
            has_hub && is_output && !signals.contains(Signals::HUB)
        })
    }

    /// Whether a node's board is set to boot it over USB.
    #[must_use]
    pub fn boots_over_usb(&self, place: NodePlace) -> bool {
        let ctrl = place.chip.and_then(|(bus, _)| self.ctrls.get(&bus));
        let settings = ctrl.and_then(|ctrl| ctrl.u.as_ref());
        settings.is_some_and(|u| u.get(usize::from(place.position)).is_some_and(|&u| u != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P1: NodePlace = NodePlace { chip: None, position: 0 };

    fn switch(simulation: &mut Simulation, on: bool) {
        recorded(simulation, |simulation| simulation.gpio.insert(6, on));
    }

    #[test]
    fn a_node_s_record_begins_with_its_power_and_ends_with_it() {
        let mut simulation = Simulation::default();
        let before = Moment::now().uptime;
        switch(&mut simulation, true);
        let record = simulation.node_record(P1).unwrap();
        assert!((before..=Moment::now().uptime).contains(&record.on()), "{record:?}");
        simulation.bring_down(P1, true);
        switch(&mut simulation, true);
        // It had power before.
        let again = Simulation::parse(&simulation.to_text()).unwrap().node_record(P1).unwrap();
        assert!(again.on() == record.on() && again.reboot && again.down() > Some(record.on()));
        switch(&mut simulation, false);
        assert_eq!(simulation.node_record(P1), None);
        assert_eq!(simulation.has_power(P1), Some(false));
        assert!(!simulation.to_text().contains("lives"), "as if nothing had been");
    }

    #[test]
    fn a_node_without_its_hat_is_on_no_board() {
        let mut simulation = crate::sim::builtin::simulation("da").unwrap();
        let ctrl = simulation.ctrls.get_mut(&11).unwrap();
        let node = |position| NodePlace { chip: Some((11, 0x20)), position };
        ctrl.hats.as_mut().unwrap()[1] = 0;
        assert_eq!(
            (simulation.has_power(node(3)), simulation.has_power(node(4))),
            (Some(false), None)
        );
    }

    #[test]
    fn the_times_of_another_boot_say_nothing() {
        let text = r#"{"gpio": {"6": 1}, "lives": {"boot": "x", "nodes": {"gpio/1": {"on": 1}}}}"#;
        let mut simulation = Simulation::parse(text).unwrap();
        assert_eq!((simulation.has_power(P1), simulation.node_record(P1)), (Some(true), None));
        // The next that is switched begins anew.
        recorded(&mut simulation, |simulation| simulation.gpio.insert(13, true));
        assert!(!simulation.to_text().contains("gpio/1"), "{}", simulation.to_text());
    }
}
