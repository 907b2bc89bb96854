//! The life of a simulated node as a list of events with their times: a pure function.

use std::time::Duration;

use hat_driver::linux::{Moment, Node};
use hat_driver::sim::{Behaviour, NodeRecord, Stage};

use crate::life::{Event, Facts, State};

/// How long a node takes from its agent's goodbye until its gadget leaves the USB.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// What a node's life follows from.
pub(super) struct Life {
    /// Whether it has power; `None` where its board is not here.
    pub(super) power: Option<bool>,
    /// Since when, and what was done to it since; absent where nobody knows.
    pub(super) record: Option<NodeRecord>,
    pub(super) behaviour: Behaviour,
    /// Whether the hub that it is connected to is switched off.
    pub(super) is_hub_off: bool,
    pub(super) boots_over_usb: bool,
    /// Whether starting and going down take time.
    pub(super) has_waits: bool,
}

/// What happens to a node, in the order of time; on the boot clock, `None` = before anybody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeline(Vec<(Option<Duration>, Event)>);

impl Life {
    /// What has happened and what will, if nobody does anything to the node.
    pub(super) fn timeline(&self) -> Timeline {
        let events = match (self.power, self.record) {
            (None, _) => vec![(None, Event::BoardGone)],
            (Some(false), _) => vec![(None, Event::PowerOff)],
            (Some(true), record) if self.is_hub_off && !record.is_some_and(has_halted) => {
                let at = record.and_then(seen_on);
                off_usb().map(|event| (at, event)).to_vec()
            }
            (Some(true), record) => self.lived(record.unwrap_or_default()),
        };
        Timeline(events)
    }

    fn lived(&self, record: NodeRecord) -> Vec<(Option<Duration>, Event)> {
        let mut events = match seen_on(record) {
            // Whoever missed that it was off in between is told.
            Some(on) => {
                let power = [(Some(on), Event::PowerOff), (Some(on), Event::PowerOn)];
                power.into_iter().chain(dated(self.start(on))).collect()
            }
            // What it is told adds to what was seen of it: it does not start anew by that.
            None => {
                let start = self.start(Duration::ZERO).into_iter();
                let start = start.map(|(_, event)| (None, event));
                std::iter::once((None, Event::PowerOn)).chain(start).collect::<Vec<_>>()
            }
        };
        if let Some(hung) = record.hung() {
            events.retain(|&(at, _)| at <= Some(hung));
            events.extend(dated([(hung, Event::AgentLost), (hung, Event::Lost)]));
            return events;
        }
        let Some(down) = record.down() else { return events };
        events.retain(|&(at, _)| at <= Some(down));
        let gone = down + if self.has_waits { SHUTDOWN } else { Duration::ZERO };
        let end = if record.reboot { Event::AgentLost } else { Event::Goodbye };
        events.extend(dated([(down, end), (gone, Event::GadgetGone)]));
        if record.reboot {
            events.extend(dated(self.start(gone)));
        }
        events
    }

    /// A start that begins at a time.
    fn start(&self, begin: Duration) -> Vec<(Duration, Event)> {
        let Behaviour { stays, boots_in, agent_ends_after, .. } = self.behaviour;
        // Sixths of the way from the power to the agent.
        let at = |share: u32| match self.has_waits {
            true => begin + boots_in * share / 6,
            false => begin,
        };
        let mut events = Vec::new();
        if self.boots_over_usb || stays == Some(Stage::BootRom) {
            events.push((Stage::BootRom, at(1), Event::RomSeen));
            events.push((Stage::Enumerated, at(2), Event::RomGone));
        }
        events.extend([
            (Stage::Enumerated, at(3), Event::GadgetSeen),
            (Stage::Link, at(4), Event::LinkUp),
            (Stage::Reachable, at(5), Event::Heard),
        ]);
        events.retain(|&(stage, ..)| stays.is_none_or(|last| stage <= last));
        let mut events: Vec<_> = events.into_iter().map(|(_, at, event)| (at, event)).collect();
        if stays.is_none() {
            events.push((at(6), Event::AgentHello));
            let lasts = |after| if self.has_waits { after } else { Duration::ZERO };
            let end = agent_ends_after.map(|after| at(6) + lasts(after));
            events.extend(end.map(|end| (end, Event::AgentLost)));
        }
        events
    }
}

/// When it was seen to get its power; a node that had it before anybody looked may have been told something since.
fn seen_on(record: NodeRecord) -> Option<Duration> {
    Some(record.on()).filter(|on| !on.is_zero())
}

fn dated(
    events: impl IntoIterator<Item = (Duration, Event)>,
) -> impl Iterator<Item = (Option<Duration>, Event)> {
    events.into_iter().map(|(at, event)| (Some(at), event))
}

/// Whether it was to power off. What is behind a hub without power cannot be asked to, so that this was before.
const fn has_halted(record: NodeRecord) -> bool {
    record.down.is_some() && !record.reboot
}

/// What has happened to a node behind a hub that is off: it has power, and has left the USB if it was there.
const fn off_usb() -> [Event; 4] {
    [Event::PowerOff, Event::PowerOn, Event::RomGone, Event::GadgetGone]
}

impl Timeline {
    /// What has happened up to a time.
    pub(super) fn past(&self, now: Duration) -> &[(Option<Duration>, Event)] {
        let is_past = |at: &Option<Duration>| at.is_none_or(|at| at <= now);
        &self.0[..self.0.iter().take_while(|(at, _)| is_past(at)).count()]
    }

    /// What has happened to a node up to now. The clock is read only if something has a time.
    pub(super) fn dated(&self, node: Node) -> Vec<(Node, Event, Option<Duration>)> {
        let is_dated = self.0.iter().any(|(at, _)| at.is_some());
        let now = if is_dated { Moment::now().uptime } else { Duration::ZERO };
        self.past(now).iter().map(|&(at, event)| (node, event, at)).collect()
    }

    /// When the next thing happens after a time.
    pub(super) fn next_after(&self, now: Duration) -> Option<Duration> {
        self.0.iter().filter_map(|(at, _)| *at).find(|at| *at > now)
    }

    /// How many events from the first on are the same.
    pub(super) fn common(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).take_while(|(a, b)| a == b).count()
    }

    /// The state at a time.
    pub(super) fn state(&self, now: Duration) -> State {
        let events = self.past(now).iter();
        events.fold(Facts::default(), |facts, (_, event)| facts.after(*event)).state()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(on: u64) -> NodeRecord {
        let mut record = NodeRecord::default();
        record.on = on * 1_000_000_000;
        record
    }

    fn life(text: &str) -> Life {
        let nodes = format!(r#"{{"nodes": {{"p1": {text}}}}}"#);
        let simulation = hat_driver::sim::Simulation::parse(&nodes).unwrap();
        Life {
            power: Some(true),
            record: Some(record(100)),
            behaviour: simulation.behaviours["p1"],
            is_hub_off: false,
            boots_over_usb: false,
            has_waits: true,
        }
    }

    /// The states that follow each other, with the time in tenths of a second since power.
    fn states(life: &Life) -> Vec<(u64, State)> {
        let timeline = life.timeline();
        let mut states: Vec<(u64, State)> = Vec::new();
        for tenth in 0..200 {
            let now = Duration::from_secs(100) + Duration::from_millis(tenth * 100);
            let state = timeline.state(now);
            if states.last().is_none_or(|last| last.1 != state) {
                states.push((tenth, state));
            }
        }
        states
    }

    #[test]
    fn a_start_passes_through_every_state() {
        use State::{Agent, BootRom, Enumerated, Link, Powered, Reachable};
        let plain = life("{}");
        let expected = [(0, Powered), (15, Enumerated), (20, Link), (25, Reachable), (30, Agent)];
        assert_eq!(states(&plain), expected);
        let usb = Life { boots_over_usb: true, ..life(r#"{"boots_in": 6}"#) };
        assert_eq!(states(&usb)[..3], [(0, Powered), (10, BootRom), (20, Powered)]);
    }

    #[test]
    fn a_node_stays_where_it_is_to_stay() {
        for (stage, state) in [
            ("powered", State::Powered),
            ("boot-rom", State::BootRom),
            ("enumerated", State::Enumerated),
            ("link", State::Link),
            ("reachable", State::Reachable),
        ] {
            let life = life(&format!(r#"{{"stays": "{stage}"}}"#));
            assert_eq!(states(&life).last().unwrap().1, state);
        }
        let ends = life(r#"{"agent_ends_after": 2}"#);
        assert_eq!(states(&ends)[4..], [(30, State::Agent), (50, State::Reachable)]);
    }

    #[test]
    fn without_waits_a_node_is_there_at_once() {
        let life = Life { has_waits: false, ..life("{}") };
        assert_eq!(states(&life), [(0, State::Agent)]);
        let unknown = Life { record: None, ..life };
        assert_eq!(states(&unknown), [(0, State::Agent)]);
        let off = Life { power: Some(false), ..unknown };
        assert_eq!(states(&off), [(0, State::Off)]);
        let gone = Life { power: None, ..off };
        assert_eq!(states(&gone), [(0, State::Absent)]);
    }

    /// Seen: it lost its power and got it again as soon as it was told to go down.
    #[test]
    fn what_a_node_is_told_whose_power_nobody_saw_comes_after_all_that_was_seen_of_it() {
        let unseen = Life { record: None, ..life("{}") };
        for (is_hub_off, reboot, last) in [
            (false, false, State::Halted),
            (false, true, State::Agent),
            (true, false, State::Halted),
        ] {
            let mut record = NodeRecord::default();
            (record.down, record.reboot) = (Some(110_000_000_000), reboot);
            let told = Life { record: Some(record), is_hub_off, ..life("{}") };
            let (before, after) = (unseen.timeline(), told.timeline());
            assert_eq!(before.common(&after), before.0.len(), "{after:?}");
            assert_eq!(states(&told).last().map(|last| last.1), Some(last));
        }
    }

    #[test]
    fn a_node_behind_a_hub_that_is_off_has_power_and_is_not_on_the_usb() {
        let off = Life { is_hub_off: true, ..life("{}") };
        assert_eq!(states(&off), [(0, State::Powered)]);
        assert_eq!(states(&Life { record: None, ..off }), [(0, State::Powered)]);
        let mut record = record(100);
        record.down = Some(110_000_000_000);
        let halted = Life { is_hub_off: true, record: Some(record), ..life("{}") };
        assert_eq!(states(&halted).last(), Some(&(105, State::Halted)));
    }

    #[test]
    fn what_goes_down_is_halted_or_comes_back() {
        let down = |reboot| {
            let mut record = record(100);
            (record.down, record.reboot) = (Some(110_000_000_000), reboot);
            Life { record: Some(record), ..life("{}") }
        };
        let halted = [(100, State::Enumerated), (105, State::Halted)];
        let seen = states(&down(false));
        assert_eq!(seen.last(), halted.last(), "{seen:?}");
        let seen = states(&down(true));
        assert!(seen.contains(&(105, State::Powered)), "{seen:?}");
        assert_eq!(seen.last(), Some(&(135, State::Agent)));
    }
}
